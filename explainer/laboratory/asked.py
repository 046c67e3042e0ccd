"""A photo file with what a network is asked about it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from explainer.errors import ExplainerError
from explainer.networks.contexts import digest_of_context


@dataclass(frozen=True)
class Asked:
    """A photo file and its context (see `Network.asked`); two with equal ones are equal.

    ExplainerError for a context that holds more than numbers, texts and arrays, in lists and
    mappings: of another one nobody could tell whether its maps are there already.
    """

    path: Path
    context: Any = field(compare=False)
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

    def __str__(self) -> str:
        said = repr(self.context)
        return f"{self.path} asked {said if len(said) <= 80 else f'{said[:79]}…'}"
