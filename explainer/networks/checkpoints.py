"""The state dict inside a checkpoint, in the forms that training writes.

A checkpoint holds one state dict as it is, or several beside an optimiser and counters; wrappers
put prefixes before every key. A state dict is taken where it fits the module to the last key and
shape, and where no other one of the same file could.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from explainer.errors import ExplainerError

State = Mapping[str, Tensor]

# DataParallel and AveragedModel; Lightning; torch.compile
PREFIXES = ("module.", "model.", "_orig_mod.")
OPTIMISERS = frozenset({"state", "param_groups"})  # what an optimiser's own state is known by
COUNTER = "n_averaged"  # how many states an AveragedModel has seen


@dataclass(frozen=True)
class Checkpoint:
    """What a file holds: by the way to them ("" for the file itself) its mappings that hold
    tensors by name, and its SHA-256."""

    name: str
    digest: str
    states: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Reading:
    """A state dict, where it was found, what was taken off to get it, and keys that don't belong
    to it."""

    state: State
    where: str = ""
    taken_off: str = ""
    strays: tuple[str, ...] = ()

    def complaints(self, own: State) -> list[str]:
        """What keeps it from filling a module whose state dict is `own`."""
        wrong = [f"unknown {key}" for key in self.strays]
        wrong += [f"missing {key}" for key in own if key not in self.state]
        wrong += [f"unknown {key}" for key in self.state if key not in own]
        return wrong + [
            f"{key} is {said}"
            for key in own
            if key in self.state and (said := _unlike(self.state[key], own[key]))
        ]

    def holds(self, own: State) -> bool:
        """Whether all of a module's weights are there, whatever else is."""
        return own.keys() <= self.state.keys() and not any(
            _unlike(self.state[key], values) for key, values in own.items()
        )

    def in_common(self, own: State) -> int:
        return len(own.keys() & self.state.keys())


def _unlike(given: Tensor, own: Tensor) -> str:
    """How a tensor can't stand for another without being changed; "" where it can."""
    if given.shape != own.shape:
        return f"{tuple(given.shape)}, not {tuple(own.shape)}"
    if given.is_meta or given.layout != torch.strided or given.is_quantized:
        form = "quantised" if given.is_quantized else str(given.layout).removeprefix("torch.")
        return "on the device “meta”, without values" if given.is_meta else f"{form}, not plain"
    if _kind(given.dtype) != _kind(own.dtype):
        kinds = (str(kind).removeprefix("torch.") for kind in (given.dtype, own.dtype))
        return ", not ".join(kinds)
    return ""


def _kind(dtype: torch.dtype) -> str:
    if dtype.is_complex or dtype.is_floating_point:
        return "complex" if dtype.is_complex else "float"
    return "bool" if dtype == torch.bool else "int"


def states_in(loaded: Any) -> dict[str, Mapping[str, Any]]:
    """The mappings in what was loaded, however deep, that hold tensors by name; by the keys that
    lead to them, "" where it is one itself."""
    found: dict[str, Mapping[str, Any]] = {}
    waiting, seen = deque([("", loaded)]), {id(loaded)}
    while waiting:
        where, value = waiting.popleft()
        if _is_state(value):
            found[where] = value
        for key, held in _entries(value):
            if isinstance(held, (Mapping, list, tuple)) and id(held) not in seen:
                seen.add(id(held))  # a damaged file's list may hold itself
                waiting.append((f"{where}.{key}" if where else str(key), held))
    return found


def _entries(value: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(value, Mapping):
        return () if value.keys() >= OPTIMISERS else value.items()
    return enumerate(value) if isinstance(value, (list, tuple)) else ()


def _is_state(value: Any) -> bool:
    return isinstance(value, Mapping) and any(
        isinstance(key, str) and isinstance(one, Tensor) for key, one in value.items()
    )


def load_checkpoint(module: nn.Module, checkpoint: Checkpoint) -> str:
    """Fill the module; what was taken off on the way, "" where nothing was.

    ExplainerError, with keys and shapes, where no state dict of the file fits, or where several
    hold all of the module's weights, be it beside others.
    """
    own = module.state_dict()
    readings = [
        one for where, state in checkpoint.states.items() for one in _readings(where, state)
    ]
    holding = [one for one in readings if one.holds(own)]
    fitting = [one for one in holding if not one.complaints(own)]
    if not fitting:
        nearest = max(one.in_common(own) for one in readings)
        near = [one.complaints(own) for one in readings if one.in_common(own) == nearest]
        _refuse(checkpoint.name, min(near, key=len))
    if len(holding) > 1:
        named = " and ".join(f'"{where}"' for where in dict.fromkeys(one.where for one in holding))
        raise ExplainerError(
            f"{checkpoint.name} holds {named}, and more than one of them fits the network",
            'save the one that you mean: torch.save(checkpoint["…"], "weights.pth")',
        )
    module.load_state_dict(dict(fitting[0].state), strict=True)
    return fitting[0].taken_off


def _readings(where: str, held: Mapping[str, Any]) -> Iterator[Reading]:
    """The state dict as it is, and without one common prefix after the other."""
    state = {key: one for key, one in held.items() if isinstance(one, Tensor)}
    strays = tuple(str(key) for key in held if key not in state)
    found = Reading(state, where, f'from "{where}"' if where else "", strays)
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
        reading.where,
        ", ".join(said),
        (*reading.strays, *others),
    )


def _refuse(name: str, complaints: list[str]) -> None:
    listed = "; ".join(complaints[:5]) + (
        f"; and {len(complaints) - 5} more" if len(complaints) > 5 else ""
    )
    raise ExplainerError(
        f"{name} does not fit the network: {listed}",
        "name the network that the file was saved from, and a `labels` file with one class for "
        "each of its outputs; the file must hold exactly that network's weights",
    )
