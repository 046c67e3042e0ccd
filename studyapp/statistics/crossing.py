"""Random effects of people crossed with random effects of photos, solved by their blocks.

The penalised information H = I + M′WM, M = ZΛ, has one block a cluster on each side. The side with
more effects is eliminated cluster by cluster, and the Schur complement on the other is dense.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from .labels import Floats, Integers


@dataclass(frozen=True)
class RandomTerm:
    """A scalar random effect: (1|participant), (1|image:method), (0+s|participant), …

    side: 0 for people, 1 for photos. slots: effects of one cluster; slot: (N,) which of them a row
    has; values: (N,) what it is multiplied with, 1 for an intercept.
    """

    name: str
    side: int
    slot: Integers
    slots: int
    values: Floats


class Crossing:
    """The random part of a model of N rows.

    clusters: for people and for photos, 0, 1, … of each row. Effects are numbered with the
    eliminated side first; `columns[t]` is the effect of each row by term t.
    """

    def __init__(self, clusters: tuple[Integers, Integers], terms: Sequence[RandomTerm]) -> None:
        self.terms = terms
        self.values = np.stack([term.values for term in terms])
        counts = [int(one.max()) + 1 for one in clusters]
        widths = [sum(term.slots for term in terms if term.side == side) for side in (0, 1)]
        wide = int(counts[1] * widths[1] > counts[0] * widths[0])
        self.wide, self.narrow = (
            [place for place, term in enumerate(terms) if term.side == side]
            for side in (wide, 1 - wide)
        )
        self.count, self.width, self.others = counts[wide], widths[wide], counts[1 - wide]
        self.wide_size = counts[wide] * widths[wide]
        self.narrow_size = counts[1 - wide] * widths[1 - wide]
        self.size = self.wide_size + self.narrow_size
        self.clusters = clusters[wide]
        self.places: dict[int, Integers] = {}
        for side, members in ((wide, self.wide), (1 - wide, self.narrow)):
            self._number(clusters[side] * widths[side], members)

    def _number(self, first: Integers, members: Sequence[int]) -> None:
        """Give every row its effect by each term of one side, counted on that side."""
        offset = 0
        for place in members:
            self.places[place] = first + offset + self.terms[place].slot
            offset += self.terms[place].slots

    def column(self, term: int) -> Integers:
        """(N,) the effect of each row by one term, among all."""
        return self.places[term] + (0 if term in self.wide else self.wide_size)

    def effects(self, term: int) -> Integers:
        """All effects of one term, cluster after cluster."""
        is_wide = term in self.wide
        members, clusters = (self.wide, self.count) if is_wide else (self.narrow, self.others)
        width = sum(self.terms[place].slots for place in members)
        before = sum(self.terms[place].slots for place in members if place < term)
        slots = np.arange(self.terms[term].slots) + before
        found: Integers = (np.arange(clusters)[:, None] * width + slots).ravel()
        return found + (0 if is_wide else self.wide_size)

    def spread(self, u: Floats, scales: Floats) -> Floats:
        """M u: what the effects add to each row, (N,)."""
        parts = [
            scale * values * u[self.column(term)]
            for term, (scale, values) in enumerate(zip(scales, self.values, strict=True))
        ]
        return np.sum(parts, axis=0)  # type: ignore[no-any-return]

    def gather(self, rows: Floats, scales: Floats) -> Floats:
        """M′ r: the sums of (N,) rows by effect, (size,)."""
        total = np.zeros(self.size)
        for term, (scale, values) in enumerate(zip(scales, self.values, strict=True)):
            total += np.bincount(self.column(term), scale * values * rows, self.size)
        return total

    def factor(self, weights: Floats, scales: Floats) -> "Factor":
        """H for these weights (N,) and standard deviations (terms,), ready to be solved."""
        loads = self.values * scales[:, None]
        return Factor(self, weights, loads)


class Factor:
    """H = I + M′WM, factored.  logdet: the logarithm of its determinant."""

    def __init__(self, crossing: Crossing, weights: Floats, loads: Floats) -> None:
        self.crossing = crossing
        wide, narrow, mixed = self._blocks(weights, loads)
        self.wide, self.mixed = wide, mixed
        self.eliminated = np.linalg.solve(wide, mixed)
        flat = (crossing.wide_size, crossing.narrow_size)
        schur = narrow - mixed.reshape(flat).T @ self.eliminated.reshape(flat)
        self.schur = cho_factor(schur, lower=True) if len(schur) else None
        diagonal = np.diagonal(np.linalg.cholesky(wide), axis1=1, axis2=2)
        self.logdet = 2 * float(np.log(diagonal).sum())
        if self.schur is not None:
            self.logdet += 2 * float(np.log(np.diagonal(self.schur[0])).sum())

    def _blocks(self, weights: Floats, loads: Floats) -> tuple[Floats, Floats, Floats]:
        """Eliminated (clusters, width, width), the other side (size, size), and what joins them."""
        here = self.crossing
        width, columns = here.width, here.narrow_size
        wide = np.zeros(here.count * width * width)
        for one, other in product(here.wide, repeat=2):
            index = here.places[one] * width + here.places[other] % width
            wide += np.bincount(index, weights * loads[one] * loads[other], len(wide))
        narrow, mixed = np.zeros(columns * columns), np.zeros(here.wide_size * columns)
        for one, other in product(here.narrow, repeat=2):
            index = here.places[one] * columns + here.places[other]
            narrow += np.bincount(index, weights * loads[one] * loads[other], len(narrow))
        for one, other in product(here.wide, here.narrow):
            index = here.places[one] * columns + here.places[other]
            mixed += np.bincount(index, weights * loads[one] * loads[other], len(mixed))
        return (
            wide.reshape(here.count, width, width) + np.eye(width),
            narrow.reshape(columns, columns) + np.eye(columns),
            mixed.reshape(here.count, width, columns),
        )

    def solve(self, right: Floats) -> Floats:
        """H⁻¹ x for x of (size,)."""
        here = self.crossing
        first = right[: here.wide_size].reshape(here.count, here.width, 1)
        found = np.linalg.solve(self.wide, first).reshape(-1)
        if self.schur is None:
            return np.asarray(found, dtype=np.float64)
        mixed = self.mixed.reshape(here.wide_size, -1)
        rest = cho_solve(self.schur, right[here.wide_size :] - mixed.T @ found)
        found = found - self.eliminated.reshape(mixed.shape) @ rest
        return np.concatenate([found, rest])

    def row_inverse(self) -> Floats:
        """The entries of H⁻¹ between the effects of each row: (terms, terms, N)."""
        here = self.crossing
        count, (rows, columns) = len(here.terms), (here.wide_size, here.narrow_size)
        found = np.empty((count, count, len(here.clusters)))
        inverse = np.zeros((0, 0))
        if self.schur is not None:
            inverse = cho_solve(self.schur, np.eye(columns))
        joined = self.eliminated.reshape(rows, columns) @ inverse
        blocks = np.linalg.inv(self.wide) + np.einsum(
            "pkb,plb->pkl", joined.reshape(self.mixed.shape), self.eliminated, optimize=True
        )
        flat = blocks.reshape(-1, here.width)
        for one, other in product(here.wide, repeat=2):
            found[one, other] = flat[here.places[one], here.places[other] % here.width]
        for one, other in product(here.narrow, repeat=2):
            found[one, other] = inverse[here.places[one], here.places[other]]
        for one, other in product(here.wide, here.narrow):
            found[one, other] = -joined[here.places[one], here.places[other]]
            found[other, one] = found[one, other]
        return found
