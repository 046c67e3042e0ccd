"""What a file of trained weights says about the network that it is for.

`python -m explainer train` writes it into the head of the safetensors file. Weights that are read
by another preprocessing, or another form of probabilities, would give answers that are silently
wrong, so what is asked for is compared.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_args

import safetensors

from explainer.errors import ExplainerError
from explainer.passes.targets import Probabilities

KEY = "discern"


@dataclass(frozen=True)
class Declared:
    """The builder, its options, and what the outputs become."""

    builder: str
    options: Mapping[str, Any]
    probabilities: Probabilities

    def metadata(self) -> dict[str, str]:
        """For the head of a safetensors file."""
        return {KEY: json.dumps(asdict(self), sort_keys=True)}

    def refuse_others(
        self, name: str, options: Mapping[str, Any], probabilities: Probabilities | None
    ) -> None:
        """ExplainerError where the file was trained for another network, or used otherwise."""
        if name != self.builder:
            raise ExplainerError(
                f"the weights were trained for {self.builder}, not {name}", "name that network"
            )
        given = json.loads(json.dumps(dict(options)))  # tuples as the file has them
        # How many classes there are, the shape of the weights says
        for key in sorted((self.options.keys() | given.keys()) - {"num_classes"}):
            if given.get(key) != self.options.get(key):
                said = "without" if given.get(key) is None else f"with {key}={given[key]}, not"
                value = self.options.get(key)
                raise ExplainerError(
                    f"the weights are asked for {said} the {key} that they were trained with "
                    f"({'the default' if value is None else value})",
                    f"leave {key} out" if value is None else f"write {key} = {json.dumps(value)}",
                )
        if probabilities not in (None, self.probabilities):
            raise ExplainerError(
                f"the weights were trained for probabilities by {self.probabilities}, not "
                f"{probabilities}",
                f'write probabilities = "{self.probabilities}", or leave it out',
            )


def declared_in(weights: str | Path | None) -> Declared | None:
    """What the file says; None where it says nothing, is none, or can't be read.

    ExplainerError where it says something that is not understood.
    """
    if weights is None or Path(weights).suffix != ".safetensors" or not Path(weights).is_file():
        return None
    try:
        with safetensors.safe_open(weights, framework="numpy") as file:
            said = (file.metadata() or {}).get(KEY)
    except (OSError, ValueError, safetensors.SafetensorError):
        return None  # whoever loads the weights tells what is wrong with the file
    return None if said is None else _read(said, Path(weights))


def _read(said: str, file: Path) -> Declared:
    try:
        found = Declared(**json.loads(said))
    except (ValueError, TypeError, RecursionError) as error:
        raise _not_understood(file) from error
    is_one = isinstance(found.builder, str) and isinstance(found.options, dict)
    if not is_one or found.probabilities not in get_args(Probabilities):
        raise _not_understood(file)
    return found


def _not_understood(file: Path) -> ExplainerError:
    return ExplainerError(
        f"{file.name} says what it was trained for in a form that is not known here",
        "use the version that trained it, or train it again",
    )
