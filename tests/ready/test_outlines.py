"""How much of a map lies on an object, and what maps that know nothing are taken for comparison."""

import numpy as np
import pytest

from ready.measures import Measured, exactly, mean
from ready.outlines import energy, even, of_other_photos, peaks

MASKS = np.zeros((3, 4, 4), dtype=bool)
MASKS[:, :2, :2] = True
MAPS = np.zeros((3, 4, 4), dtype=np.float32)
MAPS[0, 0, 0], MAPS[0, 3, 3] = 3, 1
MAPS[1, 3, 0] = 2


def test_energy_is_the_share_of_the_map_on_the_object_and_nothing_of_an_empty_map() -> None:
    assert energy(MAPS, MASKS).tolist() == [0.75, 0, 0]
    assert energy(even(MAPS), MASKS).tolist() == [0.25, 0.25, 0.25]


def test_an_empty_map_has_no_peak_on_the_object() -> None:
    assert peaks(MAPS, MASKS).tolist() == [True, False, False]


def test_the_other_photo_is_never_of_the_same_object() -> None:
    found = of_other_photos(MAPS, ["a", "a", "b"])
    assert found[0].tolist() == found[1].tolist() == MAPS[2].tolist()
    assert found[2].tolist() == MAPS[0].tolist()


def test_a_mean_has_an_interval_over_groups() -> None:
    found = mean([0.2] * 10 + [0.6] * 10, ["a"] * 10 + ["b"] * 10)
    assert (found.value, found.low, found.high) == pytest.approx((0.4, 0.2, 0.6))
    assert found.groups == 2
    assert Measured("more", found, {"no difference": exactly(0)}).not_beaten == []
    assert Measured("more", found, {"much": exactly(0.2)}).not_beaten == ["much"]


def test_what_could_not_be_measured_beats_nothing() -> None:
    nothing = exactly(float("nan"))
    assert Measured("nothing", nothing, {"no difference": exactly(0)}).faults
    assert Measured("more", exactly(1), {"nothing": nothing}).faults
