"""Round each forward pass: a module is left as it was found, and what stops a pass is told."""

import copy
import pickle
import random
import sys
import threading
from collections.abc import Iterator, MutableMapping, MutableSequence, MutableSet, Sequence
from contextlib import contextmanager, nullcontext
from enum import Enum
from types import SimpleNamespace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor, nn

from explainer.errors import ExplainerError

from .modules import modules_of

IN_PLACE = "write the call that works in place so that it gives a new tensor"
NO_CHECKPOINTS = "explain the network without checkpoints"
NO_DERIVATIVE = "replace that call by one that has a derivative"
ONE_TYPE = "give images and all weights one type, or explain under torch.autocast"
ITS_SIZE = "give images of the size and channels that its preprocessing makes"
HOOKED = "remove its full backward hooks, or let the call after them run out of place"
FIXES = (
    ("BackwardHookFunction", HOOKED),
    ("inplace", IN_PLACE),
    ("in-place", IN_PLACE),
    ("saved during the original forward", NO_CHECKPOINTS),
    ("have different metadata than", NO_CHECKPOINTS),
    ("use_reentrant=True", "checkpoint with use_reentrant=False, or not at all"),
    ("donated buffers", "pass the original module, not the compiled one"),
    ("derivative for", NO_DERIVATIVE),
    ("not differentiable", NO_DERIVATIVE),
    ("should be the same", ONE_TYPE),
    ("same dtype", ONE_TYPE),
    ("same data type", ONE_TYPE),
    ("expected scalar type", ONE_TYPE),
    ("shapes cannot be multiplied", ITS_SIZE),
    ("expected input[", ITS_SIZE),
    ("Kernel size can't be greater than", ITS_SIZE),
    ("Output size is too small", ITS_SIZE),
)


@contextmanager
def told() -> Iterator[None]:
    """What PyTorch says of a network that it can't run or walk back, as one sentence."""
    try:
        yield
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:
        said = str(error)
        fix = next((fix for part, fix in FIXES if part in said), None)
        if fix is None:
            raise
        first = said.splitlines()[0].split(". ")[0].rstrip(".")
        raise ExplainerError(f"PyTorch can't run the network this way ({first})", fix) from error


@contextmanager
def passing(module: nn.Module) -> Iterator[list[Tensor]]:
    """Round a forward pass: the module works on copies of what it keeps beside its weights.

    So each pass starts from the state in which the caller left it, and nothing that is kept holds
    a graph. Threads take turns at a module that keeps something, and at one not yet known. Gives
    the copies of buffers and other tensors.
    """
    with told(), _turn(module):
        kept = _Kept(module)
        try:
            yield kept.tensors
        finally:
            changed = kept.put_back()
            with _REGISTER:
                _CHANGING[module] = _CHANGING.get(module, False) or changed
        kept.refuse_changed_weights()


_CHANGING: "WeakKeyDictionary[nn.Module, bool]" = WeakKeyDictionary()
_TURNS: "WeakKeyDictionary[nn.Module, threading.RLock]" = WeakKeyDictionary()
_REGISTER = threading.Lock()
MODULES_OWN = frozenset(vars(nn.Module()))
NOBODYS = frozenset({*sys.stdlib_module_names, "numpy", "torch"})
PLAIN = frozenset({int, float, bool, str, type(None)})
LIMITED = (nn.Embedding, nn.EmbeddingBag)
DRAWING = (random.Random, np.random.Generator, np.random.RandomState)


def _turn(module: nn.Module) -> Any:
    with _REGISTER:
        if _CHANGING.get(module) is False:
            return nullcontext()
        return _TURNS.setdefault(module, threading.RLock())


def _is_pytorchs(kind: type) -> bool:
    """PyTorch's own layers keep nothing in evaluation mode; scripts can't be looked into."""
    return kind.__module__.startswith("torch.nn.") or issubclass(kind, torch.jit.ScriptModule)


class _Kept:
    """Puts copies in the place of all that modules hold beside weights and submodules.

    `tensors`: the copies of tensors. A value that is held twice has one copy. An object stays the
    same object, as others may know it too: what it holds is copied, and put back.
    """

    def __init__(self, module: nn.Module) -> None:
        self.tensors: list[Tensor] = []
        self._copies: dict[int, tuple[Any, Any, Any]] = {}  # the value, its copy, and its contents
        self._rooms: list[tuple[Any, dict[str, Any]]] = []
        self._entered: set[int] = set()
        self._modules: list[nn.Module] = []
        self._slots: dict[type, list[str]] = {}
        self._enter_modules(modules_of(module))
        # With whose they are now: a pass may put others in their place.
        self._weights = [
            (child, name, weights)
            for child in self._modules
            for name, weights in child._parameters.items()
            if weights is not None and not weights.is_inference()
        ]
        self._versions = [weights._version for _, _, weights in self._weights]

    def put_back(self) -> bool:
        """Whether the pass had changed anything."""
        changed = [_contents(twin) != before for _, twin, before in self._copies.values()]
        for room, own in self._rooms:
            for name in [name for name in room if name not in own and name not in MODULES_OWN]:
                changed.append(True)
                del room[name]
            for name, value in own.items():
                changed.append(name not in room or room[name] is not self._known(value))
                room[name] = value
        return any(changed)

    def refuse_changed_weights(self) -> None:
        """Weights are no copies: a pass that changed them has changed the caller's network."""
        versions = [weights._version for _, _, weights in self._weights]
        if versions == self._versions:
            return
        compared = zip(self._weights, self._versions, versions, strict=True)
        for (owner, name, _), before, after in compared:
            # With `max_norm` an embedding shortens its own rows.
            if after != before and not isinstance(owner, LIMITED):
                raise ExplainerError(
                    f'the network changes its weights "{name}" ({type(owner).__name__}) while '
                    "it runs",
                    "let it work on a copy of them, or keep what it changes as a buffer",
                )

    def _enter_modules(self, modules: Sequence[nn.Module]) -> None:
        """Copy what these modules hold, except those that have been met before."""
        met = [child for child in modules if id(child) not in self._entered]
        self._modules += met
        self._entered.update(map(id, met))
        pytorchs = {kind: _is_pytorchs(kind) for kind in set(map(type, met))}
        for child in met:
            if not pytorchs[type(child)]:
                self._replace_slots(child)
                self._replace(vars(child), MODULES_OWN)
                self._replace(child._buffers, frozenset())
                self._rooms += [(room, dict(room)) for room in (child._parameters, child._modules)]

    def _enter(self, value: Any) -> None:
        """Copy what an object holds."""
        self._entered.add(id(value))
        self._replace_slots(value)
        if hasattr(value, "__dict__"):
            self._replace(vars(value), frozenset())

    def _replace_slots(self, value: Any) -> None:
        kind = type(value)
        if kind not in self._slots:
            self._slots[kind] = _slots_of(kind)
        if names := self._slots[kind]:
            self._replace(_Slots(value, names), frozenset())

    def _replace(self, room: Any, fixed: frozenset[str]) -> None:
        own = {name: value for name, value in room.items() if name not in fixed}
        self._rooms.append((room, own))
        for name, value in own.items():
            room[name] = self._copy(value)

    def _known(self, value: Any) -> Any:
        return self._copies[id(value)][1] if id(value) in self._copies else value

    def _copy(self, value: Any) -> Any:
        if type(value) in PLAIN or id(value) in self._entered:
            return value
        if id(value) in self._copies or isinstance(value, (nn.Parameter, type)):
            return self._known(value)
        if isinstance(value, nn.Module):  # one in a list is none of the network's own modules
            self._enter_modules(modules_of(value))
            return value
        twin = self._twin(value)
        if twin is not value:
            self._copies[id(value)] = (value, twin, _contents(twin))
        elif _holds(value):
            self._enter(value)
        return twin

    def _twin(self, value: Any) -> Any:
        if isinstance(value, Tensor) and not value.is_meta:
            twin = value.detach().clone()
            self.tensors.append(twin)
            return twin.requires_grad_(value.requires_grad)
        if isinstance(value, tuple):
            parts = [self._copy(part) for part in value]
            same = all(a is b for a, b in zip(parts, value, strict=True))
            return value if same or hasattr(value, "_fields") else tuple(parts)
        if isinstance(value, (MutableMapping, MutableSequence, MutableSet, np.ndarray)):
            return self._filled(copy.copy(value))
        if isinstance(value, torch.Generator):
            return value.clone_state()
        return copy.deepcopy(value) if isinstance(value, DRAWING) else value

    def _filled(self, twin: Any) -> Any:
        if isinstance(twin, MutableMapping):
            for key in list(twin):
                twin[key] = self._copy(twin[key])
        elif isinstance(twin, MutableSequence):
            for place, held in enumerate(list(twin)):
                twin[place] = self._copy(held)
        return twin


class _Slots(MutableMapping[str, Any]):
    """What an object holds beside its dictionary."""

    def __init__(self, value: Any, names: Sequence[str]) -> None:
        self.value, self.names = value, names

    def __getitem__(self, name: str) -> Any:
        return getattr(self.value, name)

    def __setitem__(self, name: str, held: Any) -> None:
        object.__setattr__(self.value, name, held)

    def __delitem__(self, name: str) -> None:
        object.__delattr__(self.value, name)

    def __iter__(self) -> Iterator[str]:
        return (name for name in self.names if hasattr(self.value, name))

    def __len__(self) -> int:
        return len(list(iter(self)))


def _slots_of(own: type) -> list[str]:
    names = []
    for kind in own.__mro__:
        slots = vars(kind).get("__slots__", ())
        for name in [slots] if isinstance(slots, str) else slots:
            if not name.startswith("__"):
                names.append(name)
            elif not name.endswith("__"):  # its class gives a private name its own
                names.append(f"_{kind.__name__.lstrip('_')}{name}")
    return names


def _holds(value: Any) -> bool:
    """Whether it is an object of somebody's class that may hold something of a pass."""
    room = type(value).__module__.partition(".")[0]
    if isinstance(value, Enum) or (room in NOBODYS and not isinstance(value, SimpleNamespace)):
        return False
    return isinstance(getattr(value, "__dict__", None), dict) or bool(_slots_of(type(value)))


def _contents(value: Any) -> Any:
    """What tells whether a copy was changed in place."""
    if isinstance(value, Tensor):
        return value._version
    if isinstance(value, np.ndarray):
        return value.tobytes()
    if isinstance(value, MutableMapping):
        return [(key, id(held)) for key, held in value.items()]
    if isinstance(value, (MutableSequence, tuple)):
        return [id(held) for held in value]
    if isinstance(value, MutableSet):
        return set(value)
    if isinstance(value, torch.Generator):
        return value.get_state().numpy().tobytes()
    return pickle.dumps(value)
