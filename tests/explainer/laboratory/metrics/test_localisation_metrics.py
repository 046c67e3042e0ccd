"""Metrics against boxes, on maps small enough to count by hand."""

from typing import Any

import pytest
import torch
from torch import Tensor

from explainer import ExplainerError
from explainer.laboratory.metrics import energy_in_box, localization_iou, pointing_game
from explainer.laboratory.metrics.localisation import map_box, overlap


def spots(*places: tuple[int, int, float], side: int = 40) -> Tensor:
    """One map, zero but for (row, column, value)."""
    values = torch.zeros(1, side, side)
    for row, column, value in places:
        values[0, row, column] = value
    return values


@pytest.mark.parametrize(
    ("row", "column", "hit"),
    [(10, 10, 1), (12, 14, 1), (10, 29, 1), (10, 30, 0), (24, 23, 1), (25, 23, 0)],
)
def test_pointing_allows_fifteen_pixels_beside_the_box(row: int, column: int, hit: int) -> None:
    """The box covers the columns 10 to 14 and the rows 8 to 12; 9 and 12 beside it are 15."""
    boxes = [[(10, 8, 15, 13)]]
    assert pointing_game(spots((row, column, 1)), boxes, (40, 40)).tolist() == [hit]


def test_any_of_several_boxes_counts_and_an_empty_map_points_nowhere() -> None:
    boxes = [[(30, 30, 40, 40), (0, 0, 2, 2)]]
    assert pointing_game(spots((1, 1, 1)), boxes, (40, 40), tolerance=0).tolist() == [1]
    assert pointing_game(spots(), boxes, (40, 40)).tolist() == [0]


def test_energy_is_the_share_inside_and_overlapping_boxes_count_once() -> None:
    maps = spots((0, 0, 3), (5, 5, 1), (20, 20, 4), (30, 30, -7))
    boxes = [[(0, 0, 6, 6), (0, 0, 1, 1)]]
    assert energy_in_box(maps, boxes, (40, 40)).tolist() == [0.5]
    assert energy_in_box(spots(), boxes, (40, 40)).isnan().all()


def test_the_maps_box_is_round_the_largest_part_above_the_threshold() -> None:
    maps = torch.zeros(1, 20, 20)
    maps[0, 2:6, 3:8] = 0.5  # 20 pixels
    maps[0, 6, 8] = 0.5  # touches by a corner only: another part
    maps[0, 15, 15] = 1.0
    maps[0, 10:19, 0:2] = 0.14  # large, but below
    assert map_box(maps[0]) == (3, 2, 8, 6)
    # 4×4 of the part's 4×5 lie in a box of 4×4.
    assert localization_iou(maps, [[(3, 2, 7, 6)]], (20, 20)).tolist() == pytest.approx([0.8])
    best = localization_iou(maps, [[(3, 2, 7, 6), (3, 2, 8, 6)]], (20, 20))
    assert best.tolist() == pytest.approx([1])
    assert localization_iou(spots(), [[(0, 0, 5, 5)]], (40, 40)).tolist() == [0]


def test_overlap_is_intersection_over_union() -> None:
    assert overlap((0, 0, 4, 2), (2, 0, 6, 2)) == pytest.approx(4 / 12)
    assert overlap((0, 0, 1, 1), (2, 2, 3, 3)) == 0


def test_coarse_maps_are_enlarged_to_the_input_first() -> None:
    maps = torch.tensor([[[0.0, 0, 0, 1]] * 4])
    assert energy_in_box(maps, [[(16, 0, 32, 32)]], (32, 32)).tolist() == [1]


@pytest.mark.parametrize(
    ("boxes", "told"),
    [
        ([], "boxes of 0 images"),
        ([[]], "no box"),
        ([[(5, 5, 5, 9)]], "inside the input"),
        ([[(0, 0, 41, 9)]], "inside the input"),
    ],
)
@pytest.mark.parametrize("metric", [pointing_game, energy_in_box, localization_iou])
def test_bad_boxes_are_told(metric: Any, boxes: Any, told: str) -> None:
    with pytest.raises(ExplainerError, match=told):
        metric(spots((1, 1, 1)), boxes, (40, 40))
