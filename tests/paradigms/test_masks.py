"""Regions as pixels, and beside a map: by hand, by a slow loop, and where nothing can be said."""

import numpy as np
import pytest

from studyapp.paradigms.drawn_maps import drawn_map
from studyapp.paradigms.masks import compared, mask_of
from studyapp.paradigms.regions import region_of_squares


def box(*ends: float) -> dict[str, object]:
    return {"version": 1, "tool": "box", "boxes": [list(ends)]}


def test_pixels_belong_to_a_box_by_their_middles() -> None:
    assert mask_of(box(0, 0, 0.5, 1)).sum() == 112 * 224
    mask = mask_of(box(0.25, 0.5, 0.75, 0.625))
    assert mask[112:140, 56:168].all()
    assert mask.sum() == 28 * 112
    # The row comes first: top and bottom are rows.
    assert not mask[56:100].any()


def test_a_brush_fills_its_cells_and_squares_theirs() -> None:
    runs = {"side": 56, "runs": [[2, 0, 3], [5, 55, 55]]}
    mask = mask_of(runs)
    assert mask[8:12, 0:16].all()
    assert mask[20:24, 220:224].all()
    assert mask.sum() == 5 * 16
    squares = region_of_squares([23], "brush", 1, 5)
    middle = mask_of(squares)
    assert middle[56, 78]
    assert middle.sum() == pytest.approx(22.4**2, abs=23)
    # The same square as a box has the same pixels.
    assert (middle == mask_of(region_of_squares([23], "box", 1, 5))).all()


def test_a_point_is_a_disc_with_the_pointing_games_tolerance() -> None:
    mask = mask_of({"points": [[0.5, 0.25]]})
    rows, columns = np.nonzero(mask)
    assert (rows.mean(), columns.mean()) == pytest.approx((55.5, 111.5))
    assert mask.sum() == pytest.approx(np.pi * 15**2, rel=0.02)
    assert mask_of({"points": [[0, 0], [1, 1]]}).any()


@pytest.mark.parametrize("side", [56, 112, 224])
def test_the_smallest_box_is_never_nothing(side: int) -> None:
    for start in np.linspace(0, 0.98, 37):
        assert mask_of(box(start, start, start + 0.02, start + 0.02), side).any()


def test_a_region_beside_a_map_by_hand() -> None:
    # The two right quarters have all of the map, the lower one most of it.
    drawn = np.zeros((4, 4))
    drawn[:2, 2:], drawn[2:, 2:] = 1, 3
    mask = np.zeros((4, 4), dtype=bool)
    mask[2:] = True
    found = compared(mask, drawn)
    # Highest eight: the right half; it shares four with the lower half.
    assert found.iou == pytest.approx(4 / 12)
    assert found.kappa == pytest.approx(0)
    assert found.mass == pytest.approx(12 / 16)
    assert (found.hit, found.area) == (1.0, 0.5)


def test_equal_values_at_the_cut_count_in_part() -> None:
    drawn = np.ones((4, 4))
    mask = np.zeros((4, 4), dtype=bool)
    mask[0] = True
    found = compared(mask, drawn)
    # A constant map lies anywhere: what chance gives, and no more
    assert found.iou == pytest.approx(0.25 / 1.75)
    assert (found.kappa, found.mass, found.hit) == pytest.approx((0, 0.25, 0.25))


def test_an_empty_map_has_no_mass_and_a_whole_photo_no_kappa() -> None:
    mask = np.zeros((4, 4), dtype=bool)
    mask[0] = True
    found = compared(mask, np.zeros((4, 4)))
    assert (found.mass, found.hit) == (None, None)
    whole = compared(np.ones((4, 4), dtype=bool), np.arange(16.0).reshape(4, 4))
    assert (whole.iou, whole.kappa, whole.mass) == (1.0, None, 1.0)


def test_of_a_map_with_both_signs_only_the_evidence_for_counts_as_mass() -> None:
    drawn = np.array([[-5.0, 1.0], [0.0, 1.0]])
    mask = np.array([[True, True], [False, False]])
    assert compared(mask, drawn).mass == pytest.approx(0.5)


def test_it_is_what_a_loop_over_sorted_pixels_says() -> None:
    random = np.random.default_rng(4)
    drawn = drawn_map(random.random((7, 7), dtype=np.float32))
    mask = mask_of(box(0.1, 0.3, 0.55, 0.8))
    order = np.argsort(-drawn, axis=None)[: mask.sum()]
    top = np.zeros(mask.size, dtype=bool)
    top[order] = True
    top = top.reshape(mask.shape)
    found = compared(mask, drawn)
    assert found.iou == pytest.approx((mask & top).sum() / (mask | top).sum(), abs=1e-3)
    assert found.mass == pytest.approx(drawn[mask].sum() / drawn.sum())
    assert found.hit == float(mask.ravel()[drawn.argmax()])
