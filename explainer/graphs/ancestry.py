"""The autograd graph between images and a score: which calls made the one of the other."""

import re
from collections.abc import Iterable, Iterator

from torch import Tensor
from torch.autograd.graph import Node


def between(scores: Iterable[Tensor], sources: Iterable[Tensor]) -> tuple[Node, ...]:
    """The nodes on the ways from `sources` to `scores`, each after those that it is made of.

    A node is one call of the forward pass, as the backward pass knows it. What leads to weights
    alone, or to nothing that is scored, isn't among them: a tensor takes part in the scores where
    its `grad_fn` is. A source that was made by a call stands for all before it.
    """
    starts = [source for source in sources if source.requires_grad]
    leaves = {id(source) for source in starts if source.grad_fn is None}
    leads = {source.grad_fn: True for source in starts if source.grad_fn is not None}
    for score in scores:
        if score.grad_fn is not None and score.grad_fn not in leads:
            _search(score.grad_fn, leaves, leads)
    return tuple(node for node, reached in leads.items() if reached)


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


def _search(root: Node, leaves: set[int], leads: dict[Node, bool]) -> None:
    """Notes of all under `root` whether it leads to a leaf; a graph is too deep for recursion."""
    waiting, entered = [(root, parents(root))], {root}
    while waiting:
        node, rest = waiting[-1]
        parent = next((p for p in rest if p and p not in entered and p not in leads), None)
        if parent is not None:
            entered.add(parent)
            waiting.append((parent, parents(parent)))
            continue
        waiting.pop()
        known = (leads.get(parent, False) for parent in parents(node) if parent)
        leads[node] = _is_leaf(node, leaves) or any(known)


def _is_leaf(node: Node, leaves: set[int]) -> bool:
    return id(getattr(node, "variable", None)) in leaves
