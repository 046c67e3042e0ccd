"""Whether a map's grid tells whose map it is, whatever is in it."""

import numpy as np
import torch
from torch import Tensor

from ready.grids import by_grid, grid_rows, shuffled

PHOTOS = 16
GROUPS = [f"object {number // 2}" for number in range(PHOTOS)]


def maps(cells: int, sharpness: float, seed: int) -> Tensor:
    """Of each photo a blob somewhere, as sharp as the network makes it."""
    chance = np.random.default_rng(seed)
    rows, columns = np.mgrid[:cells, :cells] / cells
    places = chance.uniform(0.2, 0.8, (PHOTOS, 2, 1, 1))
    distances = (rows - places[:, 0]) ** 2 + (columns - places[:, 1]) ** 2
    noise = chance.uniform(0, 0.2, distances.shape)
    return torch.from_numpy(np.exp(-sharpness * distances) + noise).float()


def test_maps_of_one_grid_are_not_told_apart_by_it() -> None:
    sharp, dull = maps(13, 60, 1), maps(13, 4, 2)
    found = by_grid((sharp, dull))
    assert found.low <= 0.5 <= found.high


def test_another_number_of_cells_tells_whose_map_it_is() -> None:
    alike = maps(14, 10, 1), maps(13, 10, 2)
    rows = grid_rows((maps(13, 10, 1), maps(13, 10, 2)), alike, GROUPS)
    assert [fault for row in rows for fault in row.faults] == []
    wrong = grid_rows(alike, (maps(13, 10, 1), maps(13, 10, 2)), GROUPS)
    faults = [fault for row in wrong for fault in row.faults]
    assert "(14 and 13 cells a side) does not include 50%" in faults[0]
    assert "(13 and 13 cells a side) does not lie above 90%" in faults[1]


def test_what_is_shuffled_has_the_values_of_both_networks_and_the_grid_of_each() -> None:
    given = maps(14, 60, 1), maps(13, 4, 2)
    found = shuffled(given)
    assert [one.shape for one in found] == [one.shape for one in given]
    both = [torch.cat([one.flatten() for one in side]).sort().values for side in (given, found)]
    assert torch.equal(*both)
    assert abs(found[0].mean() - found[1].mean()) < 0.05 < given[1].mean() - given[0].mean()
