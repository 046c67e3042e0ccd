"""Orders of options in which everybody sees each option at each place equally often (pure).

The orders are the rows of one Latin square. Which row a page has is an equitable edge colouring of
the bipartite graph of people and things: every vertex has all colours equally often, within one
(de Werra, INFOR 9, 1971), found by splitting vertices into parts of as many edges as there are
colours (König 1916).
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from random import Random

Order = tuple[int, ...]
# A vertex: whether it is a thing, its name, and which part of its edges
Vertex = tuple[bool, Hashable, int]


def latin_orders(count: int, random: Random) -> list[Order]:
    """As many orders of `count` options as there are, each option once at each place.

    Of an even count, each also stands once right before each other one (Williams, Australian
    Journal of Scientific Research A 2, 1949).
    """
    names = random.sample(range(count), count)
    zigzag = [(place + 1) // 2 * (-1) ** (place + 1) for place in range(count)]
    return [tuple(names[(step + turn) % count] for step in zigzag) for turn in range(count)]


def even_numbers(
    pairs: Sequence[tuple[Hashable, Hashable]], count: int, random: Random
) -> list[int]:
    """A number below `count` for each pair of a person and a thing: for every person, for every
    thing and over all, no number is given more than once more often than another."""
    colouring = _Colouring(pairs, count, random)
    for edge in random.sample(range(len(pairs)), len(pairs)):
        colouring.add(edge)
    colouring.even_out()
    return [colouring.numbers[edge] for edge in range(len(pairs))]


class _Colouring:
    """Numbers of edges, no two alike at one part of a vertex."""

    def __init__(
        self, pairs: Sequence[tuple[Hashable, Hashable]], count: int, random: Random
    ) -> None:
        self.count, self.random = count, random
        self.numbers: dict[int, int] = {}
        self.at: dict[Vertex, dict[int, int]] = defaultdict(dict)
        met: Counter[tuple[bool, Hashable]] = Counter()
        self.ends: list[tuple[Vertex, Vertex]] = []
        for person, thing in pairs:
            ends = (False, person), (True, thing)
            first, second = ((*end, met[end] // count) for end in ends)
            met.update(ends)
            self.ends.append((first, second))

    def add(self, edge: int) -> None:
        """Number one more edge; where its ends have no free number in common, a path of two numbers
        in turn is swapped, which never reaches the other end."""
        first, second = self.ends[edge]
        free, others = self._free(first), self._free(second)
        both = [number for number in free if number in others]
        number = self.random.choice(both or free)
        if not both:
            other = self.random.choice(others)
            self._swap(self._path(second, number, other), number, other)
        self._number(edge, number)

    def even_out(self) -> None:
        """Swap paths of the most and the least frequent number until they differ by one at most."""
        sizes = Counter(dict.fromkeys(range(self.count), 0))
        sizes.update(self.numbers.values())
        while True:
            (most, many), *_, (least, few) = sizes.most_common()
            if many - few < 2:
                return
            self._swap(self._longer_path(most, least), most, least)
            sizes[most] -= 1
            sizes[least] += 1

    def _longer_path(self, most: int, least: int) -> list[int]:
        """A path that has one edge of `most` more than of `least`; there is one where there are
        more of them over all."""
        starts = [one for one, known in self.at.items() if most in known and least not in known]
        paths = (self._path(one, most, least) for one in starts)
        return next(path for path in paths if len(path) % 2)

    def _free(self, vertex: Vertex) -> list[int]:
        return [number for number in range(self.count) if number not in self.at[vertex]]

    def _path(self, vertex: Vertex, number: int, other: int) -> list[int]:
        """The edges from `vertex` on that have the two numbers in turn."""
        path: list[int] = []
        while (edge := self.at[vertex].get(number)) is not None:
            path.append(edge)
            first, second = self.ends[edge]
            vertex = second if vertex == first else first
            number, other = other, number
        return path

    def _swap(self, path: list[int], one: int, other: int) -> None:
        """Give the edges of a path of two numbers each the other one."""
        turned = [(edge, other if self.numbers[edge] == one else one) for edge in path]
        for edge in path:
            for vertex in self.ends[edge]:
                del self.at[vertex][self.numbers[edge]]
        for edge, number in turned:
            self._number(edge, number)

    def _number(self, edge: int, number: int) -> None:
        self.numbers[edge] = number
        for vertex in self.ends[edge]:
            self.at[vertex][number] = edge
