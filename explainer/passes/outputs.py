"""What a network gave, without the graph that made it."""

import copy
from collections.abc import Mapping, MutableMapping
from typing import Any

from torch import Tensor, nn


def detached(output: Any) -> Any:
    """The output in its own form, every tensor in it without its graph and in the host's memory.

    A mapping, a sequence, a named tuple or an object of a class of its own is copied, not changed.
    """
    if isinstance(output, Tensor):
        return output.detach().cpu()
    if isinstance(output, Mapping):
        return _mapping(output)
    if isinstance(output, tuple):
        entries = [detached(entry) for entry in output]
        named = hasattr(output, "_fields")
        return type(output)(*entries) if named else tuple(entries)
    if isinstance(output, list):
        return [detached(entry) for entry in output]
    if hasattr(output, "__dict__") and not isinstance(output, (type, nn.Module)):
        return _object(output)
    return output


def _mapping(output: Mapping[Any, Any]) -> Any:
    entries = {key: detached(value) for key, value in output.items()}
    if type(output) is dict or not isinstance(output, MutableMapping):
        return entries
    twin: Any = copy.copy(output)
    for key, value in entries.items():
        twin[key] = value
    return twin


def _object(output: Any) -> Any:
    twin = copy.copy(output)
    for name, value in vars(output).items():
        object.__setattr__(twin, name, detached(value))  # of a frozen dataclass too
    return twin
