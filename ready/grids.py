"""Whether a map tells by its grid alone whose it is.

Two networks whose last maps have different numbers of cells can be told apart by the edges of the
cells in the enlarged picture, whatever they looked at. To see it, the content of the maps is
shuffled: every cell gets the value of any cell of any map. What is left is the grid.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explainer.pictures.resizing import resize
from explainer.training.scores import Score
from ready.measures import Measured, exactly, share

SHOWN = 448  # pixels of a picture's side, as the study shows it
PENALTY = 1e-2
SHUFFLES = 5  # of which one alone may tell something by chance
TOLD = 0.9
Values = NDArray[np.float64]
Pair = tuple[Tensor, Tensor]


def shuffled(maps: Pair, seed: int = 0) -> Pair:
    """The same grids, filled with the values of both networks' cells in one random order."""
    chance = np.random.default_rng(seed)
    cells = np.concatenate([one.flatten().numpy() for one in maps])
    mixed = torch.from_numpy(chance.permutation(cells))
    first, second = maps
    return (
        mixed[: first.numel()].reshape(first.shape),
        mixed[first.numel() :].reshape(second.shape),
    )


def creases(maps: Tensor) -> Values:
    """N×(2·SHOWN − 4): how much each row and each column of the enlarged map bends, on average."""
    shown = resize(maps.float(), (SHOWN, SHOWN)).numpy()
    down = np.abs(np.diff(shown, 2, axis=1)).mean(2)
    across = np.abs(np.diff(shown, 2, axis=2)).mean(1)
    bends = np.concatenate([down, across], 1).astype(float)
    relative: Values = bends / np.maximum(bends.mean(1, keepdims=True), 1e-12)
    return relative


def told_apart(maps: Pair, groups: Sequence[str], seed: int = 0) -> NDArray[np.bool_]:
    """Of all maps, those of the first network first: whether a linear classifier says rightly
    whose it sees, by creases alone. Groups are dealt into two halves, each judged by what was
    learnt on the other."""
    pictures = np.concatenate([creases(one) for one in maps])
    whose = np.repeat([1.0, -1.0], [len(one) for one in maps])
    of_map = np.asarray([*groups, *groups])
    names = np.random.default_rng(seed).permutation(np.unique(of_map))
    first = np.isin(of_map, names[: len(names) // 2])
    right = np.zeros(len(whose), dtype=bool)
    for learnt in (first, ~first):
        right[~learnt] = _said(pictures, whose, learnt) == whose[~learnt]
    return right


def by_grid(maps: Pair) -> Score:
    """How often it says rightly whose map it sees, by the grid alone: over several shuffles, after
    which the maps of one photo or object are no more alike than any others."""
    photos = [str(number) for number in range(len(maps[0]))]
    right = [told_apart(shuffled(maps, seed), photos, seed) for seed in range(SHUFFLES)]
    cells = [f"{seed}/{photo}" for seed in range(SHUFFLES) for photo in (*photos, *photos)]
    return share(list(np.concatenate(right)), cells)


def _said(pictures: Values, whose: Values, learnt: NDArray[np.bool_]) -> Values:
    """Ridge regression on the pictures, of which there are fewer than creases."""
    middle, spread = pictures[learnt].mean(0), pictures[learnt].std() + 1e-12
    known, asked = ((pictures[side] - middle) / spread for side in (learnt, ~learnt))
    alike = known @ known.T
    weights = np.linalg.solve(
        alike + PENALTY * np.trace(alike) / len(alike) * np.eye(len(alike)), whose[learnt]
    )
    said: Values = np.sign(asked @ (known.T @ weights))
    return said


def grid_rows(pair: Pair, unmended: Pair, groups: Sequence[str]) -> list[Measured]:
    """The pair that people see, whose grids tell nothing, and the one that it would be if both
    networks were given photos of one size."""
    ours, theirs = (by_grid(one) for one in (pair, unmended))
    sides = (f"{one[0].shape[-1]} and {one[1].shape[-1]} cells a side" for one in (pair, unmended))
    names = [f"Whose map, by its grid alone ({side})" for side in sides]
    return [
        Measured(names[0], ours, includes=0.5),
        Measured(names[1], theirs, {f"{TOLD:.0%}": exactly(TOLD)}),
        Measured(
            "Whose map, by all of its content",
            share(list(told_apart(pair, groups)), [*groups, *groups]),
        ),
    ]
