"""Which axes of a tensor are places of the picture: the grid of a map, told by its proportions."""

from collections.abc import Sequence
from typing import Literal

from torch import Tensor

Layout = Literal["first", "last"]  # N×K×u×v, or N×u×v×K: where the channels are
Grid = tuple[int, int]
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


def channels_first(tensor: Tensor, layout: Layout) -> Tensor:
    """N×K×u×v, whatever the layout."""
    return tensor if layout == "first" else tensor.permute(LAST_TO_FIRST)


def as_laid_out(map: Tensor, layout: Layout) -> Tensor:
    """N×K×u×v back in the layout it was given in."""
    return map if layout == "first" else map.permute(FIRST_TO_LAST)


def shape_shown(shape: Sequence[int]) -> str:
    """A shape as people write it: 1×197×768."""
    return "×".join(str(length) for length in shape)
