"""Whether maps lie on what a photo shows."""

import numpy as np
import pytest
import torch

from ready.errors import MakingError
from ready.maps_and_masks import (
    AREA,
    Explained,
    centre,
    energy,
    energy_rows,
    of_other_photos,
    only,
    peaks,
)

SIDE = 16
MASKS = np.zeros((3, 4, 4), dtype=bool)
MASKS[:, :2, :2] = True
MAPS = torch.zeros(3, 4, 4)
MAPS[0, 0, 0], MAPS[0, 3, 3] = 3, 1
MAPS[1, 3, 0] = 2


def test_an_empty_map_has_no_energy_and_no_peak_on_the_object() -> None:
    assert energy(MAPS, MASKS).tolist() == [0.75, 0, 0]
    assert peaks(MAPS, MASKS).tolist() == [True, False, False]


def test_a_map_is_measured_as_large_as_people_see_it() -> None:
    coarse = torch.tensor([[[1.0, 0.0], [0.0, 0.0]]])
    # Of each side 1, .75, .25, 0: the corner has (1.75 / 2)² of it
    assert energy(coarse, MASKS[:1]) == pytest.approx([(1.75 / 2) ** 2])


def test_the_other_photo_is_never_of_the_same_object() -> None:
    found = of_other_photos(MAPS, ["a", "a", "b"])
    assert torch.equal(found, MAPS[[2, 2, 0]])


def test_where_all_photos_are_of_one_object_there_is_no_other_photo() -> None:
    with pytest.raises(MakingError, match="all photos are of one group"):
        of_other_photos(MAPS, ["a", "a", "a"])


def test_energy_has_to_lie_above_that_of_the_same_photos_other_maps() -> None:
    whole, *less = energy_rows("it", MAPS, {"another": MAPS[[1, 0, 2]]}, MASKS, ["a", "b", "c"])
    assert (whole.what, whole.score.value, whole.faults) == ("it", 0.25, [])
    assert [one.what for one in less] == ["it: minus another", f"it: minus {AREA}"]
    assert [one.score.value for one in less] == [0, 0]
    assert all(one.faults for one in less)


def seen() -> Explained:
    """Two photos of one object at the top left, one of another at the bottom right."""
    masks = np.zeros((3, SIDE, SIDE), dtype=bool)
    masks[:2, :8, :8] = masks[2, 8:, 8:] = True
    maps = torch.zeros(3, SIDE, SIDE)
    maps[0, 2:4, 2:4] = 1  # on it
    maps[1, 2:4, 2:4] = maps[1, 2:4, 12:14] = 1  # half of it
    maps[1, 3, 13] = 2
    maps[2, 14, 14] = 1
    return Explained(
        images=torch.zeros(3, 3, SIDE, SIDE),
        targets=torch.tensor([0, 0, 1]),
        maps=maps,
        masks=masks,
        groups=["dog", "dog", "cat"],
        right=[True, False, True],
    )


def test_energy_is_the_share_of_the_map_on_the_object() -> None:
    assert seen().energies() == pytest.approx([1, 4 / 9, 1])


def test_a_peak_beside_the_object_is_no_hit() -> None:
    assert seen().hits().tolist() == [True, False, True]


def test_negative_values_say_nothing_of_the_object() -> None:
    photos = seen()
    photos.maps[0, 9, 9] = -100
    assert photos.energies()[0] == pytest.approx(1)


def test_the_map_of_another_photo_is_that_of_another_object() -> None:
    photos = seen()
    others = photos.of_others()
    assert torch.equal(others[0], photos.maps[2])
    assert torch.equal(others[1], photos.maps[2])
    assert torch.equal(others[2], photos.maps[0])
    assert photos.energies(others) == pytest.approx([0, 0, 0])


def test_a_blob_at_the_centre_is_the_same_for_every_photo() -> None:
    blob = centre(seen())
    assert torch.equal(blob[0], blob[2])
    assert blob[0].argmax() in (7 * SIDE + 7, 7 * SIDE + 8, 8 * SIDE + 7, 8 * SIDE + 8)
    assert seen().energies(blob)[:2] == pytest.approx([0.25, 0.25])


def test_what_is_left_out_is_left_out_everywhere() -> None:
    kept = only(seen(), seen().right)
    assert kept.groups == ["dog", "cat"]
    assert kept.targets.tolist() == [0, 1]
    assert kept.energies() == pytest.approx([1, 1])
