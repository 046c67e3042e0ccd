"""Where robots may be: for each the probability of each edge of its map.

What the localiser says of one moment is put together with what it said before (a Bayes filter):
between two steps a robot stays on its edge or goes on to one that follows. Frames of two moments
in a row are nearly the same, so that what each says is trusted only in part.
"""

from collections.abc import Sequence

import numpy as np

from ready.navigator.maps import Map
from ready.navigator.rays import Floats
from ready.navigator.routes import Ints

LEAVES = 0.04  # the chance that a robot leaves its edge in a step
TRUST = 0.5  # the power of what is said in one step
UNHEARD = 0.1  # what an edge outside the subgraph is given, where an even share would be 1
LEAST = 1e-3  # what an edge of the subgraph is given at least, likewise


class Belief:
    """Of N robots, each of them at first on a known edge."""

    def __init__(self, maps: Sequence[Map], edges: Ints | Sequence[int]) -> None:
        self.maps = maps
        most = max(len(one.edges) for one in maps)
        onward = {id(one): _onward(one, most) for one in maps}
        begins = {id(one): _begins(one, most) for one in maps}
        self.onward = np.stack([onward[id(one)] for one in maps])
        self.begins = np.stack([begins[id(one)] for one in maps])
        self.shares = np.zeros((len(maps), most))
        self.shares[np.arange(len(maps)), edges] = 1

    def hear(self, robots: Ints, said: Sequence[Floats], centres: Sequence[int]) -> list[int]:
        """One step on for these robots: what is said of the edges of the subgraphs with these
        centres. Returns for each the likeliest edge of those that leave its likeliest node."""
        shares = np.einsum("ne,nef->nf", self.shares[robots], self.onward[robots])
        heard = np.full(shares.shape, UNHEARD)
        for row, robot, own, centre in zip(heard, robots, said, centres, strict=True):
            row[self.maps[robot].subgraphs[centre]] = own * len(own)
        shares *= np.maximum(heard, LEAST) ** TRUST
        self.shares[robots] = shares / shares.sum(1, keepdims=True)
        nodes = np.einsum("ne,nef->nf", self.shares[robots], self.begins[robots])
        likeliest = nodes >= nodes.max(1, keepdims=True) * (1 - 1e-9)
        return [int(one) for one in np.where(likeliest, self.shares[robots], -1).argmax(1)]


def _onward(whole: Map, most: int) -> Floats:
    """most×most: from each edge to each in one step."""
    found = np.eye(most)
    for number, edge in enumerate(whole.edges):
        after = whole.leaving[edge.end]
        if after:
            found[number, number] = 1 - LEAVES
            found[number, after] += LEAVES / len(after)
    return found


def _begins(whole: Map, most: int) -> Floats:
    """most×most: 1 where two edges begin at one node."""
    starts = np.full(most, -1)
    starts[: len(whole.edges)] = [edge.start for edge in whole.edges]
    alike: Floats = (starts[:, None] == starts).astype(float)
    return alike
