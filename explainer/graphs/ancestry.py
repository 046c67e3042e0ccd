"""The autograd graph between a photo and a score: what the score was made of, and by which calls.

A node of the graph is a call of the forward pass, as the backward pass knows it; a *place* is one
of its results. What leads to weights alone, or to nothing that is scored, isn't on the way.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from graphlib import TopologicalSorter

from torch import Tensor
from torch.autograd.graph import Node, get_gradient_edge

Place = tuple[Node, int]


def place_of(tensor: Tensor) -> Place | None:
    """Where the graph makes this tensor; None for a leaf, or where no graph was kept."""
    return None if tensor.grad_fn is None else (tensor.grad_fn, tensor.output_nr)


def made_of(places: Iterable[Place], without: Collection[Place]) -> set[Place]:
    """Everything that was needed for `places`, themselves included; never through `without`."""
    return set(_edges_from(places, without))


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
    for place, given in edges.items():
        for one in given:
            made_of.setdefault(one, []).append(place)
    found, waiting = set(), [origin] if origin in edges else []
    while waiting:
        place = waiting.pop()
        if place not in found:
            found.add(place)
            waiting += made_of.get(place, [])
    return found


def calls_between(tensor: Tensor, source: Tensor) -> tuple[Node, ...]:
    """The calls on a way from `source` to `tensor`, each after those whose results it takes."""
    edge = get_gradient_edge(source)  # of a leaf too
    calls = {node for node, _ in between([tensor], (edge.node, edge.output_nr))}
    given = {node: [parent for parent in parents(node) if parent in calls] for node in calls}
    return tuple(TopologicalSorter(given).static_order())


def _edges(tensors: Iterable[Tensor], without: Collection[Place]) -> dict[Place, list[Place]]:
    places = (place for tensor in tensors if (place := place_of(tensor)) is not None)
    return _edges_from(places, without)


def _edges_from(places: Iterable[Place], without: Collection[Place]) -> dict[Place, list[Place]]:
    """Each place that is reached, with what it was made of."""
    edges: dict[Place, list[Place]] = {}
    waiting = list(places)
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


def parents(node: Node) -> Iterator[Node | None]:
    """What the call was given: a node for each tensor, None for one that takes no gradient."""
    for parent, _ in node.next_functions:
        yield parent


def made_by(node: Node) -> Node:
    """The call itself, where the node is the change in place of a part of a larger tensor."""
    inner: Node | None = getattr(node, "_wrapped_node", None)
    return inner or node


def name_of(node: Node) -> str:
    """The call's name in small letters: `masked_fill` of a `MaskedFillBackward0`."""
    bare = made_by(node).name().rsplit("::", 1)[-1]
    bare = re.sub(r"(Backward\d*|Backwards)$", "", bare)
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", bare).lower()
