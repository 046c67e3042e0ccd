"""The wild cluster bootstrap has the robust t of every table that it draws, and finds effects."""

import numpy as np
import pytest

from studyapp.statistics.clusters import Clusters
from studyapp.statistics.labels import codes
from studyapp.statistics.robust import two_way_contrast
from studyapp.statistics.wild import WEBB, Imposed, wild_contrast

PEOPLE, IMAGES = np.repeat(np.arange(20), 12), np.tile(np.arange(12), 20)
SECOND = (PEOPLE + IMAGES) % 2 == 0


def answers(effect: float, seed: int = 2) -> np.ndarray:
    random = np.random.default_rng(seed)
    base = random.normal(size=20)[PEOPLE] + random.normal(size=12)[IMAGES]
    return base + effect * SECOND + random.normal(size=len(PEOPLE))


@pytest.mark.parametrize("way", [0, 1])
def test_a_drawn_table_has_the_two_way_t_of_its_values(way: int) -> None:
    y = answers(0.3)
    clusters = Clusters(codes(PEOPLE), codes(IMAGES))
    drawn = np.random.default_rng(5).choice(WEBB, size=(3, clusters.counts[way]))
    found = Imposed(clusters, SECOND, way).t(y - y.mean(), drawn)
    # The program's variance has (N − 1) ÷ (N − 2) besides, the same for every table
    scale = np.sqrt((len(y) - 2) / (len(y) - 1))
    for t, weights in zip(found, drawn, strict=True):
        table = y.mean() + weights[clusters.ways[way]] * (y - y.mean())
        one = two_way_contrast(table, PEOPLE, IMAGES, SECOND)
        assert t * scale == pytest.approx(one.estimate / one.se)


def test_a_clear_effect_is_found_and_none_is_not() -> None:
    found = wild_contrast(answers(1.5), PEOPLE, IMAGES, SECOND, seed=1)
    nothing = wild_contrast(answers(0), PEOPLE, IMAGES, SECOND, seed=1)
    assert found is not None
    assert nothing is not None
    assert found.p < 0.01
    assert nothing.p > 0.05
    assert found == wild_contrast(answers(1.5), PEOPLE, IMAGES, SECOND, seed=1)


def test_the_less_favourable_way_is_told_where_three_photos_carry_one_side() -> None:
    random = np.random.default_rng(11)
    second = IMAGES < 3
    effects = random.normal(size=12)[IMAGES]
    found = wild_contrast(effects + random.normal(size=240), PEOPLE, IMAGES, second, seed=1)
    assert found is not None
    assert found.p == max(found.people, found.photos)
    assert found.people != found.photos


def test_where_nothing_varies_within_the_two_there_is_nothing_to_draw() -> None:
    assert wild_contrast(SECOND.astype(float), PEOPLE, IMAGES, SECOND, seed=1) is None
    assert wild_contrast(answers(0), PEOPLE, IMAGES, np.ones(240, dtype=bool), seed=1) is None
