"""What tells a function from others of its name: what it holds.

A function that a factory makes has one name, whatever prompts or weights it was made with. Maps
that are kept by a digest would be taken for those of another.
"""

import functools
import json
import operator
import types
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

import torch
from torch import nn

from explainer.errors import ExplainerError
from explainer.passes.state import MODULES_OWN

from .contexts import digest_of_context
from .digests import digest_of_state

GETTERS = (operator.itemgetter, operator.attrgetter, operator.methodcaller)
NAMED = (type, types.BuiltinFunctionType, types.ModuleType)


def name_of(function: Any) -> str:
    """A function's name, which is no digest of it."""
    name = getattr(function, "__qualname__", type(function).__qualname__)
    return f"{getattr(function, '__module__', '')}.{name}"


def told(function: Any) -> Any:
    """What goes into a digest: a function's name, and, as JSON, what it holds beside its code."""
    return _Telling().told(function)


def refuse_untold(function: Any) -> None:
    """ExplainerError for a function that can't be told from another of its name."""
    telling = _Telling()
    telling.told(function)
    if telling.lambdas:
        raise ExplainerError(
            "a lambda has no name, so its maps can't be told from those of another",
            "use functions with a name for call= and scores=",
        )
    if telling.unknown:
        raise ExplainerError(
            f"{name_of(function)} holds {telling.unknown[0]}, and maps made with it can't be told "
            "from those made with another",
            "let call= and scores= hold only texts, numbers, tensors, modules and functions; make "
            "anything else inside them",
        )


class _Telling:
    """One walk through what a function holds; `unknown`: what in it no digest can be taken of."""

    def __init__(self) -> None:
        self.unknown: list[str] = []
        self.lambdas = False
        self.on_the_way: set[int] = set()

    def told(self, value: Any, name: str = "") -> Any:
        if (own := digest_of_context(value)) is not None:
            return own
        if id(value) in self.on_the_way:
            return "itself"
        self.on_the_way.add(id(value))
        try:
            return self._held(value, name)
        finally:
            self.on_the_way.discard(id(value))

    def _held(self, value: Any, name: str) -> Any:
        if isinstance(value, types.FunctionType):
            return self._function(value)
        if isinstance(value, functools.partial):
            return ["partial", *map(self.told, (value.func, value.args, value.keywords))]
        if isinstance(value, types.MethodType):
            return ["method", name_of(value), self.told(value.__self__, "self")]
        if isinstance(value, GETTERS):
            return [type(value).__name__, self.told(value.__reduce__()[1:])]
        if isinstance(value, nn.Module):
            return [name_of(type(value)), digest_of_state(value), self._beside_state(value)]
        if _is_bound_in_c(value):
            return [value.__name__, self.told(value.__self__, "self")]
        if isinstance(value, NAMED):
            return name_of(value) if isinstance(value, type) else value.__name__
        if isinstance(value, (torch.dtype, torch.device, PurePath)):
            return str(value)
        if isinstance(value, Mapping):
            return [[self.told(key), self.told(held, str(key))] for key, held in value.items()]
        if isinstance(value, (set, frozenset)):
            return ["set", *sorted((self.told(held, name) for held in value), key=json.dumps)]
        if isinstance(value, (tuple, list)):
            return [self.told(held, name) for held in value]
        if _is_plain(value):
            return [name_of(type(value)), self.told(vars(value))]
        self.unknown.append(f'"{name}", a {type(value).__name__}' if name else type(value).__name__)
        return {"unknown": name_of(type(value))}

    def _beside_state(self, module: nn.Module) -> Any:
        """Attributes of a module and its submodules, and buffers that no checkpoint holds."""
        rooms = [
            {name: held for name, held in vars(child).items() if name not in MODULES_OWN}
            | dict(child.named_buffers(recurse=False))
            for child in module.modules()
        ]
        return [self.told(room) for room in rooms]

    def _function(self, function: types.FunctionType) -> Any:
        self.lambdas |= "<lambda>" in function.__name__
        held = dict(_held_by(function))
        name = name_of(function)
        return (
            [name, [[key, self.told(value, key)] for key, value in held.items()]] if held else name
        )


def _held_by(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    cells = function.__closure__ or ()
    for name, cell in zip(function.__code__.co_freevars, cells, strict=True):
        try:
            yield name, cell.cell_contents
        except ValueError:  # not yet given
            yield name, None
    if function.__defaults__:
        yield "its defaults", function.__defaults__
    if function.__kwdefaults__:
        yield "its named defaults", function.__kwdefaults__


def _is_plain(value: Any) -> bool:
    """Whether all that an object holds are its attributes."""
    own = type(value).__mro__[:-1]
    hidden = any(name in vars(base) for base in own for name in ("__slots__", "__getstate__"))
    return hasattr(value, "__dict__") and not hidden and type(value).__module__ != "builtins"


def _is_bound_in_c(value: Any) -> bool:
    """Whether it is a method of an object, written in C, as that of a tensor or a mapping."""
    function = isinstance(value, types.BuiltinFunctionType)
    return function and not isinstance(value.__self__, (types.ModuleType, type(None)))
