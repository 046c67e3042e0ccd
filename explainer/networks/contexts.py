"""What an image is asked with: a question, a caption so far, a second photo, a state to begin from.

An entry is any Python value, for the network's `call` to read. The explainer hands it on, knows its
form, by which what was measured of a network is found again, and its digest.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import is_dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
from torch import Tensor

from explainer.errors import ExplainerError

# What code that can't read a context raises; want of memory (RuntimeError) is no such fault
OF_THE_CALL = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, AssertionError)


class Entries(tuple[Any, ...]):
    """A context: one entry for each image, and `digests`, taken of each once (see
    `digest_of_context`)."""

    digests: tuple[str | None, ...]

    def __new__(
        cls, entries: Sequence[Any] = (), digests: Sequence[str | None] | None = None
    ) -> "Entries":
        made = super().__new__(cls, entries)
        taken = map(digest_of_context, made) if digests is None else digests
        made.digests = tuple(taken)
        return made

    def at(self, places: Sequence[int]) -> "Entries":
        """The entries at these places."""
        return Entries([self[place] for place in places], [self.digests[place] for place in places])

    @property
    def different(self) -> dict[str | int, int]:
        """The first place of each entry that is unlike those before it, by its digest, or by a
        number of this moment where it has none."""
        known = (digest or id(entry) for digest, entry in zip(self.digests, self, strict=True))
        found: dict[str | int, int] = {}
        for place, own in enumerate(known):
            found.setdefault(own, place)
        return found


def entries_of(context: Any) -> Entries:
    """The entries of a context, one for each image."""
    if isinstance(context, (str, Mapping)) or not isinstance(context, (Sequence, Tensor)):
        raise ExplainerError(
            f"the context is a {type(context).__name__}", "give a list with one entry per image"
        )
    return Entries(tuple(context))


def with_photos(context: Any, photos: Tensor) -> dict[str, Any]:
    """The entry of a case that has further photos, as `call` reads it: `photos` (T×C×H×W), which
    are made as the case's own is, beside the context."""
    return {"context": context, "photos": photos}


@contextmanager
def calling(name: str, context: Entries) -> Iterator[None]:
    """Tell in one sentence what a network's `call` raises, most likely of what it is asked with;
    and that it changes an entry, which each further pass would then be asked with."""
    before = [_marks(entry, set()) for entry in context]
    try:
        yield
    except ExplainerError:
        raise
    except OF_THE_CALL as error:
        raise refused_call(name, context, error) from error

    if before != [_marks(entry, set()) for entry in context]:
        raise ExplainerError(
            f"the call of {name} changes an entry of its context, so the next pass would get "
            "something else",
            "let call change a copy instead",
        )


def _marks(value: Any, within: set[int]) -> Any:
    """What tells whether an entry was changed in place."""
    if id(value) in within:
        return None
    inside = within | {id(value)}
    if isinstance(value, Tensor):
        return id(value), 0 if value.is_inference() else value._version
    if isinstance(value, np.ndarray):
        return id(value), value.tobytes()
    if isinstance(value, Mapping):
        return [(id(key), _marks(held, inside)) for key, held in value.items()]
    if isinstance(value, (tuple, list, set, frozenset)):
        return [_marks(held, inside) for held in value]
    if value is None or isinstance(value, (str, int, float)):
        return repr(value)
    if is_dataclass(value) or isinstance(value, SimpleNamespace):  # others may fill their caches
        return id(value), [_marks(held, inside) for held in getattr(value, "__dict__", {}).values()]
    return id(value)


def refused_call(name: str, context: Entries, error: Exception) -> ExplainerError:
    """What is told of an error that the `call` of the network with that name raised."""
    fix = "give each image a context that it can read, or fix the call"
    if not context:
        fix = "give each image the context that it reads, or, if it reads none, check their size"
    said = " ".join(str(error).split()).rstrip(" .")
    return ExplainerError(f"the call of {name} raises {type(error).__name__}: {said}", fix)


def refuse_other_length(context: Sequence[Any], images: int) -> None:
    """Refuse a context that is not one of so many images."""
    if len(context) != images:
        raise ExplainerError(
            f"a context for {len(context)} images was given with {images}",
            "give one entry for each image",
        )


def refuse_context(name: str, context: Entries) -> None:
    """Refuse a context where photos are read batch by batch: it is one batch's own."""
    if context:
        raise ExplainerError(
            f"{name} has the context of one batch, and photos are read batch by batch here",
            "give each photo its own (Asked or Case), or call explain(…, context=…) for each batch",
        )


def form_of(entry: Any) -> Any:
    """What decides the shapes that a pass computes with: types, and tensors' shapes."""
    if isinstance(entry, (Tensor, np.ndarray)):
        return type(entry).__name__, tuple(entry.shape), str(entry.dtype)
    if isinstance(entry, Mapping):
        return tuple((str(key), form_of(value)) for key, value in entry.items())
    if isinstance(entry, (tuple, list)):
        return tuple(form_of(value) for value in entry)
    return type(entry).__name__


def digest_of_context(entry: Any) -> str | None:
    """SHA-256 (hex) of an entry; None for one that holds more than numbers, texts and arrays."""
    try:
        said = json.dumps(_plain(entry), sort_keys=True)
    except (TypeError, ValueError):
        return None
    return hashlib.sha256(said.encode()).hexdigest()


def _plain(entry: Any) -> Any:
    if isinstance(entry, Tensor):
        return _plain(entry.detach().cpu().resolve_conj().resolve_neg().numpy())
    if isinstance(entry, np.ndarray):
        if entry.dtype.hasobject:
            raise TypeError("an array of objects")
        inside = hashlib.sha256(np.ascontiguousarray(entry).tobytes()).hexdigest()
        return {"array": inside, "dtype": entry.dtype.str, "shape": entry.shape}
    if isinstance(entry, Mapping):
        return {"mapping": sorted([json.dumps(_plain(k)), _plain(v)] for k, v in entry.items())}
    if isinstance(entry, (tuple, list)):
        return [_plain(value) for value in entry]
    if entry is None or isinstance(entry, (str, int, float, bool)):
        return entry
    raise TypeError(f"a {type(entry).__name__}")
