"""Round each forward pass: a module is left as it was found, and what stops a pass is told."""

import copy
import threading
from collections.abc import Iterator, MutableMapping, MutableSequence, MutableSet
from contextlib import contextmanager, nullcontext
from dataclasses import is_dataclass
from types import SimpleNamespace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor, nn

from explainer.errors import ExplainerError

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


_CHANGING: "WeakKeyDictionary[nn.Module, bool]" = WeakKeyDictionary()
_TURNS: "WeakKeyDictionary[nn.Module, threading.RLock]" = WeakKeyDictionary()
_REGISTER = threading.Lock()
_MODULES_OWN = frozenset(vars(nn.Module()))


def _turn(module: nn.Module) -> Any:
    with _REGISTER:
        if _CHANGING.get(module) is False:
            return nullcontext()
        return _TURNS.setdefault(module, threading.RLock())


def _is_pytorchs(module: nn.Module) -> bool:
    """PyTorch's own layers keep nothing in evaluation mode; scripts can't be looked into."""
    room = type(module).__module__
    return room.startswith("torch.nn.") or isinstance(module, torch.jit.ScriptModule)


class _Kept:
    """Puts copies in the place of all that modules hold beside weights and submodules.

    `tensors`: the copies of tensors. A value that is held twice has one copy.
    """

    def __init__(self, module: nn.Module) -> None:
        self.tensors: list[Tensor] = []
        self._copies: dict[int, tuple[Any, Any, Any]] = {}  # the value, its copy, and its contents
        self._rooms: list[tuple[dict[str, Any], dict[str, Any]]] = []
        for child in module.modules():
            if not _is_pytorchs(child):
                self._replace(vars(child), _MODULES_OWN, type(child).__module__)
                self._replace(child._buffers, frozenset(), "")

    def put_back(self) -> bool:
        """Whether the pass had changed anything."""
        changed = [_contents(twin) != before for _, twin, before in self._copies.values()]
        for room, own in self._rooms:
            for name in [name for name in room if name not in own and name not in _MODULES_OWN]:
                changed.append(True)
                del room[name]
            for name, value in own.items():
                changed.append(name not in room or room[name] is not self._known(value))
                room[name] = value
        return any(changed)

    def _replace(self, room: dict[str, Any], fixed: frozenset[str], file: str) -> None:
        own = {name: value for name, value in room.items() if name not in fixed}
        self._rooms.append((room, own))
        for name, value in own.items():
            room[name] = self._copy(value, file)

    def _known(self, value: Any) -> Any:
        return self._copies[id(value)][1] if id(value) in self._copies else value

    def _copy(self, value: Any, file: str) -> Any:
        if id(value) in self._copies or isinstance(value, (nn.Parameter, nn.Module, type)):
            return self._known(value)
        twin = self._twin(value, file)
        if twin is not value:
            self._copies[id(value)] = (value, twin, _contents(twin))
        return twin

    def _twin(self, value: Any, file: str) -> Any:
        if isinstance(value, Tensor) and not value.is_meta:
            twin = value.detach().clone()
            self.tensors.append(twin)
            return twin.requires_grad_(value.requires_grad)
        if isinstance(value, tuple):
            parts = [self._copy(part, file) for part in value]
            same = all(a is b for a, b in zip(parts, value, strict=True))
            return value if same or hasattr(value, "_fields") else tuple(parts)
        if isinstance(value, (MutableMapping, MutableSequence, MutableSet, np.ndarray)):
            return self._filled(copy.copy(value), file)
        if is_dataclass(value) or isinstance(value, SimpleNamespace) or _is_of(value, file):
            twin = copy.copy(value)
            for name, held in vars(twin).items():
                object.__setattr__(twin, name, self._copy(held, file))
            return twin
        return value

    def _filled(self, twin: Any, file: str) -> Any:
        if isinstance(twin, MutableMapping):
            for key in list(twin):
                twin[key] = self._copy(twin[key], file)
        elif isinstance(twin, MutableSequence):
            for place, held in enumerate(list(twin)):
                twin[place] = self._copy(held, file)
        return twin


def _is_of(value: Any, file: str) -> bool:
    """Whether the value's class stands beside the module's own, and holds something."""
    return bool(file) and type(value).__module__ == file and bool(getattr(value, "__dict__", None))


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
    return [(name, id(held)) for name, held in vars(value).items()]
