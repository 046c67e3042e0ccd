"""Which axes of a tensor are places of the picture: the grid of a map, told by its proportions,
and of tokens, of which a row may stand for places behind others that stand for none."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from explainer.errors import ExplainerError

Layout = Literal["first", "last"]  # N×K×u×v, or N×u×v×K: where the channels are
Grid = tuple[int, int]


class Tokens(NamedTuple):
    """N×T×K: `prefix` tokens of no place (class, registers), those of u×v places by rows, and
    `tail` more of no place."""

    u: int
    v: int
    prefix: int = 0
    tail: int = 0

    @property
    def length(self) -> int:
        return self.prefix + self.u * self.v + self.tail


class Folded(NamedTuple):
    """How a layer's output is laid out as a map N×K×u×v: its places, whether its channels come
    `last`, and how many rows it has for each case."""

    sizes: tuple[int, ...]
    last: bool = False
    rows: int = 1

    def fits(self, tensor: Tensor, cases: int) -> bool:
        places = tensor.shape[1:-1] if self.last else tensor.shape[2:]
        return tuple(places) == self.sizes and len(tensor) == cases * self.rows

    def folded(self, tensor: Tensor) -> Tensor:
        first = tensor.movedim(-1, 1) if self.last else tensor
        return first.reshape(*first.shape[:2], -1, self.sizes[-1])

    def unfolded(self, map: Tensor) -> Tensor:
        first = map.reshape(*map.shape[:2], *self.sizes)
        return first.movedim(1, -1) if self.last else first

    def by_case(self, maps: Tensor) -> Tensor:
        """Maps of all rows, R×u×v: N×u'×v, those of one case below each other."""
        return maps.reshape(len(maps) // self.rows, -1, maps.shape[-1])

    def places(self, maps: Tensor) -> Tensor:
        """…×u'×v of `by_case` as places: …×sizes, or …×rows×sizes where there are several."""
        rows = (self.rows,) if self.rows > 1 else ()
        return maps.reshape(*maps.shape[:-2], *rows, *self.sizes)


Arrangement = Layout | Tokens | Folded
LAST_TO_FIRST = (0, 3, 1, 2)
FIRST_TO_LAST = (0, 2, 3, 1)


def grid_of(tensor: Tensor, layout: Layout) -> Grid:
    """u and v of N×K×u×v or N×u×v×K."""
    places = tensor.shape[2:] if layout == "first" else tensor.shape[1:3]
    return int(places[0]), int(places[1])


def fitting(tensor: Tensor, size: Grid) -> tuple[Layout, ...]:
    """The layouts in which the four axes of `tensor` have the proportions of `size` pixels.

    A grid of places is the picture made smaller, so it is square where the picture is; where it is
    not, each side may be rounded up or down on the way.
    """
    layouts: tuple[Layout, ...] = ("first", "last")
    return tuple(layout for layout in layouts if _fits(grid_of(tensor, layout), size))


def _fits(grid: Grid, size: Grid) -> bool:
    if size[0] == size[1]:
        return grid[0] == grid[1]
    (low, high), (other_low, other_high) = (
        (length / (places + 1), length / (places - 1) if places > 1 else float("inf"))
        for places, length in zip(grid, size, strict=True)
    )
    return max(low, other_low) <= min(high, other_high)


def channels_first(tensor: Tensor, layout: Arrangement) -> Tensor:
    """N×K×u×v, whatever the layout; tokens of no place are left out."""
    if isinstance(layout, Folded):
        return layout.folded(tensor)
    if isinstance(layout, Tokens):
        u, v, prefix, _ = layout
        return (
            tensor[:, prefix : prefix + u * v].reshape(len(tensor), u, v, -1).permute(LAST_TO_FIRST)
        )
    return tensor if layout == "first" else tensor.permute(LAST_TO_FIRST)


def as_laid_out(map: Tensor, layout: Arrangement, given: Tensor) -> Tensor:
    """N×K×u×v back in the layout of `given`, from which tokens of no place are taken."""
    if isinstance(layout, Folded):
        return layout.unfolded(map)
    if isinstance(layout, Tokens):
        places = map.permute(FIRST_TO_LAST).flatten(1, 2)
        behind = given[:, given.shape[1] - layout.tail :]
        return torch.cat([given[:, : layout.prefix], places, behind], 1)
    return map if layout == "first" else map.permute(FIRST_TO_LAST)


def said_grid(grid: Sequence[int]) -> tuple[int, ...]:
    """(u, v) or (u, v, prefix), as a caller says that tokens lie; ExplainerError otherwise."""
    said = tuple(grid) if isinstance(grid, (tuple, list)) else ()
    whole = all(type(length) is int for length in said)
    if not whole or len(said) not in (2, 3) or min(said[:2]) < 1 or min(said) < 0:
        raise ExplainerError(
            f"grid={grid!r}",
            "give the rows and columns of the patches, and how many tokens come before them if "
            "need be: grid=(14, 14) or grid=(14, 14, 1)",
        )
    return said


def shape_shown(shape: Sequence[int]) -> str:
    """A shape as people write it: 1×197×768."""
    if not shape:
        return "one number"
    return "×".join(str(length) for length in shape)
