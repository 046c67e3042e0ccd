"""Leaving out each cluster by subtraction is the contrast of the other judgments."""

import numpy as np
import pytest

from studyapp.statistics.influence import leave_one_out
from studyapp.statistics.robust import two_way_contrast

DESIGNS = {
    "crossed": (25, 15, 1.0, lambda people, images: (people + images) % 2 == 0),
    "arms": (20, 12, 0.7, lambda people, images: people < 8),
    "rare photos": (20, 15, 0.6, lambda people, images: images < 4),
    "a handful": (8, 8, 0.15, lambda people, images: (people + images) % 2 == 0),
}


@pytest.mark.parametrize("name", DESIGNS)
def test_every_estimate_and_interval_is_that_of_the_rest(name: str) -> None:
    count, photos, share, rule = DESIGNS[name]
    random = np.random.default_rng(3)
    people, images = np.repeat(np.arange(count), photos), np.tile(np.arange(photos), count)
    kept = random.random(len(people)) < share
    people, images = people[kept], images[kept]
    second = rule(people, images)
    right = (random.random(len(people)) < 0.5 + 0.2 * second).astype(float)
    found = leave_one_out(right, people, images, second)
    for labels, way in zip((people, images), found, strict=True):
        low, high = way.interval()
        for place, label in enumerate(dict.fromkeys(labels.tolist())):
            rest = labels != label
            one = two_way_contrast(right[rest], people[rest], images[rest], second[rest])
            if one.estimate is None:
                assert np.isnan(way.estimate[place])
                continue
            assert way.estimate[place] == pytest.approx(one.estimate)
            if one.low is None:
                assert np.isnan(low[place])
                continue
            assert (low[place], high[place]) == pytest.approx((one.low, one.high), abs=1e-8)
            assert way.clusters[place] == pytest.approx(one.clusters)
