"""The state dict inside a checkpoint, in the forms that training writes.

A checkpoint holds one state dict as it is, or several beside an optimiser and counters; wrappers
put prefixes before every key. A state dict is taken where it fits the module to the last key and
shape, and where no other one of the same file does.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from explainer.errors import ExplainerError

State = Mapping[str, Tensor]

# DataParallel and AveragedModel; Lightning; torch.compile
PREFIXES = ("module.", "model.", "_orig_mod.")
COUNTER = "n_averaged"  # how many states an AveragedModel has seen


@dataclass(frozen=True)
class Checkpoint:
    """What a file holds: its state dicts by their key ("" for the file itself), and its SHA-256."""

    name: str
    digest: str
    states: Mapping[str, State]


@dataclass(frozen=True)
class Reading:
    """A state dict, what was taken off to get it, and keys that don't belong to it."""

    state: State
    taken_off: str = ""
    strays: tuple[str, ...] = ()

    def complaints(self, own: State) -> list[str]:
        """What keeps it from filling a module whose state dict is `own`."""
        wrong = [f"unknown {key}" for key in self.strays]
        wrong += [f"missing {key}" for key in own if key not in self.state]
        wrong += [f"unknown {key}" for key in self.state if key not in own]
        return wrong + [
            f"{key} is {tuple(self.state[key].shape)}, not {tuple(own[key].shape)}"
            for key in own
            if key in self.state and self.state[key].shape != own[key].shape
        ]


def states_in(loaded: Any) -> dict[str, State]:
    """The state dicts in what was loaded, by their key; "" where it is one itself."""
    if _is_state(loaded):
        return {"": loaded}
    entries = loaded.items() if isinstance(loaded, dict) else ()
    return {str(key): value for key, value in entries if value and _is_state(value)}


def _is_state(value: Any) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(key, str) and isinstance(one, Tensor) for key, one in value.items()
    )


def load_checkpoint(module: nn.Module, checkpoint: Checkpoint) -> str:
    """Fill the module; what was taken off on the way, "" where nothing was.

    ExplainerError, with keys and shapes, where no state dict of the file fits or several do.
    """
    own = module.state_dict()
    readings = [one for key, state in checkpoint.states.items() for one in _readings(key, state)]
    fitting = [one for one in readings if not one.complaints(own)]
    if not fitting:
        _refuse(checkpoint.name, min((one.complaints(own) for one in readings), key=len))
    if len(fitting) > 1:
        named = " and ".join(f'"{key}"' for key in checkpoint.states)
        raise ExplainerError(
            f"{checkpoint.name} holds {named}, and more than one of them fits the network",
            'save the one that you mean: torch.save(checkpoint["…"], "weights.pth")',
        )
    module.load_state_dict(dict(fitting[0].state), strict=True)
    return fitting[0].taken_off


def _readings(key: str, state: State) -> Iterator[Reading]:
    """The state dict as it is, and without one common prefix after the other."""
    found = Reading(state, f'from "{key}"' if key else "")
    while True:
        yield found
        prefix = next((one for one in PREFIXES if _is_common(one, found.state)), None)
        if prefix is None:
            return
        found = _without(prefix, found)


def _is_common(prefix: str, state: State) -> bool:
    """Whether most keys have it: those that have not are then strays, and are told."""
    return 2 * sum(key.startswith(prefix) for key in state) > len(state)


def _without(prefix: str, reading: Reading) -> Reading:
    others = [key for key in reading.state if not key.startswith(prefix)]
    said = [*filter(None, [reading.taken_off]), f'without the prefix "{prefix}"']
    if prefix == "module." and others == [COUNTER]:
        others = []
        said.append(f'without "{COUNTER}"')
    return Reading(
        {key[len(prefix) :]: v for key, v in reading.state.items() if key.startswith(prefix)},
        ", ".join(said),
        (*reading.strays, *others),
    )


def _refuse(name: str, complaints: list[str]) -> None:
    listed = "; ".join(complaints[:5]) + (
        f"; and {len(complaints) - 5} more" if len(complaints) > 5 else ""
    )
    raise ExplainerError(
        f"{name} does not fit the network: {listed}",
        "choose the network it was saved from, with its number of classes, and save that "
        "network's weights alone: torch.save(module.state_dict(), …)",
    )
