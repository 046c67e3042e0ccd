"""What an image is asked with: a question, a caption so far, a second photo, a state to begin from.

An entry is any Python value, for the network's `call` to read. The explainer hands it on, knows its
form, by which what was measured of a network is found again, and its digest.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from explainer.errors import ExplainerError


def entries_of(context: Any) -> tuple[Any, ...]:
    """The entries of a context, one for each image."""
    if isinstance(context, (str, Mapping)) or not isinstance(context, (Sequence, Tensor)):
        raise ExplainerError(
            f"the context is a {type(context).__name__}", "give a list with one entry per image"
        )
    return tuple(context)


def refuse_other_length(context: Sequence[Any], images: int) -> None:
    """Refuse a context that is not one of so many images."""
    if len(context) != images:
        raise ExplainerError(
            f"the context has {len(context)} entries for {images} images", "give one per image"
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
        return _plain(entry.detach().cpu().resolve_conj().numpy())
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
