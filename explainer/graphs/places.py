"""Walks from scores down the autograd graph: which results of a pass they were made of.

`ancestry` knows calls; here a call of several results is several places, and ways can be shut.
"""

from collections.abc import Collection, Iterable
from typing import Any

from torch import Tensor

Place = tuple[Any, int]  # a node of the autograd graph, and which of its results


def place_of(tensor: Tensor) -> Place | None:
    """Where the graph makes this tensor; None for a leaf, or where no graph was kept."""
    return None if tensor.grad_fn is None else (tensor.grad_fn, tensor.output_nr)


def ancestors(tensors: Iterable[Tensor], without: Collection[Place] = ()) -> set[Place]:
    """Everything that `tensors` were made of, themselves included; never through `without`."""
    return set(_edges(tensors, without))


def between(
    tensors: Iterable[Tensor], origin: Place, without: Collection[Place] = ()
) -> set[Place]:
    """What lies on a way from `origin` to `tensors`, both included; no way leads through `without`.

    Empty where no way is left: then `tensors` do not depend on the origin but through `without`.
    """
    edges = _edges(tensors, without)
    made_of: dict[Place, list[Place]] = {}
    for place, parents in edges.items():
        for parent in parents:
            made_of.setdefault(parent, []).append(place)
    found, waiting = set(), [origin] if origin in edges else []
    while waiting:
        place = waiting.pop()
        if place not in found:
            found.add(place)
            waiting += made_of.get(place, [])
    return found


def _edges(tensors: Iterable[Tensor], without: Collection[Place]) -> dict[Place, list[Place]]:
    """Each place that is reached, with what it was made of."""
    edges: dict[Place, list[Place]] = {}
    waiting = [place for tensor in tensors if (place := place_of(tensor)) is not None]
    while waiting:
        place = waiting.pop()
        if place in edges or place in without:
            continue
        edges[place] = [
            (node, number)
            for node, number in place[0].next_functions
            if node is not None and (node, number) not in without
        ]
        waiting += edges[place]
    return edges
