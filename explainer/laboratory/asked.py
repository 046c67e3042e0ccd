"""A photo file with what a network is asked about it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from explainer.errors import ExplainerError
from explainer.networks.contexts import digest_of_context, with_photos
from explainer.networks.network import Network


@dataclass(frozen=True)
class Asked:
    """A photo file and its context (see `Network.asked`); two with equal ones are equal.

    `further`: files of photos that the network gets as well, of each case as many as it takes. Then
    what `call` reads is {"context": context, "photos": T×C×H×W}, preprocessed as the first photo.

    ExplainerError for a context that holds more than numbers, texts and arrays, in lists and
    mappings: of another one nobody could tell whether its maps are there already.
    """

    path: Path
    context: Any = field(default=None, compare=False)
    further: Sequence[str | Path] = ()
    digest: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        digest = digest_of_context(self.context)
        if digest is None:
            raise ExplainerError(
                f"the context of {self.path} holds more than numbers, texts and arrays",
                "use only these in it, or call explain(…, context=…)",
            )
        object.__setattr__(self, "path", Path(self.path))
        object.__setattr__(self, "digest", digest)
        object.__setattr__(self, "further", tuple(map(Path, self.further)))

    def __str__(self) -> str:
        said = "" if self.context is None and self.further else f" asked {_short(self.context)}"
        beside = ", ".join(map(str, self.further))
        return f"{self.path}{said}{f' beside {beside}' if beside else ''}"

    def whole_digest(self) -> str:
        """SHA-256 (hex) of the context, and of the further photos' files where there are any."""
        files = [hashlib.sha256(Path(one).read_bytes()).hexdigest() for one in self.further]
        told = "\n".join([self.digest, *files]).encode()
        return hashlib.sha256(told).hexdigest() if files else self.digest


def _short(context: Any) -> str:
    said = repr(context)
    return said if len(said) <= 80 else f"{said[:79]}…"


def entry_of(network: Network, context: Any, further: Sequence[str | Path]) -> Any:
    """What the network's `call` reads of a case with these further photos, if there are any."""
    if not further:
        return context
    photos = [network.open(Path(one).read_bytes()) for one in further]
    return with_photos(context, network.prepare(photos))
