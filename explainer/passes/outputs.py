"""What a network gave: without the graph that made it, and image by image."""

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from typing import Any

from torch import Tensor, nn

from explainer.errors import ExplainerError


def detached(output: Any) -> Any:
    """The output in its own form, every tensor in it without its graph and in the host's memory.

    A mapping, a sequence, a named tuple or an object of a class of its own is copied, not changed.
    """
    return _mapped(output, lambda values: values.detach().cpu())


def with_scores(output: Any, scores: Tensor, others: Tensor) -> Any:
    """A copy of the output in its own form that has `others` where it holds `scores`."""
    return _mapped(output, lambda values: others if values is scores else values)


def _mapped(output: Any, change: Callable[[Tensor], Tensor]) -> Any:
    if isinstance(output, Tensor):
        return change(output)
    if isinstance(output, Mapping):
        return _mapping(output, change)
    if isinstance(output, tuple):
        entries = [_mapped(entry, change) for entry in output]
        named = hasattr(output, "_fields")
        return type(output)(*entries) if named else tuple(entries)
    if isinstance(output, list):
        return [_mapped(entry, change) for entry in output]
    if hasattr(output, "__dict__") and not isinstance(output, (type, nn.Module)):
        return _object(output, change)
    return output


def _mapping(output: Mapping[Any, Any], change: Callable[[Tensor], Tensor]) -> Any:
    entries = {key: _mapped(value, change) for key, value in output.items()}
    if type(output) is dict or not isinstance(output, MutableMapping):
        return entries
    twin: Any = copy.copy(output)
    for key, value in entries.items():
        twin[key] = value
    return twin


def _object(output: Any, change: Callable[[Tensor], Tensor]) -> Any:
    twin = copy.copy(output)
    for name, value in vars(output).items():
        object.__setattr__(twin, name, _mapped(value, change))  # of a frozen dataclass too
    return twin


def rows_of(output: Any) -> Iterator[Any]:
    """Each image's part of an output: of a tensor, of every tensor in a mapping or tuple, or the
    entries of a list of detections."""
    several = isinstance(output, (list, tuple))
    detections = several and all(isinstance(row, Mapping) for row in output)
    if isinstance(output, Tensor) and not output.dim():
        raise ExplainerError(
            "the network's output holds a number that belongs to no image, such as a loss",
            "let call= leave it out, or give targets as score(output) -> N",
        )
    if isinstance(output, Tensor) or detections:
        yield from output
    elif isinstance(output, Mapping):
        for values in _side_by_side(output.values()):
            yield dict(zip(output, values, strict=True))
    elif several:
        yield from _side_by_side(output)
    else:
        raise ExplainerError(
            f"the network's output is {type(output).__name__}, in which no row for each image is "
            "found",
            "give targets as score(output) -> N",
        )


def _side_by_side(parts: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
    rows = [[*rows_of(part)] for part in parts]
    counts = sorted({len(part) for part in rows})
    if len(counts) > 1:
        raise ExplainerError(
            f"parts of the network's output have {' and '.join(map(str, counts))} rows, so which "
            "belong to an image can't be told",
            "let call= give the part with a row for each image",
        )
    yield from zip(*rows, strict=True)
