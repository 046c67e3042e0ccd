"""Contrasts in other ways against R's sandwich, and at the edges."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from studyapp.statistics.robust import two_way_contrast
from studyapp.statistics.specifications import log_odds_contrast, people_contrast

TESTS = Path(__file__).resolve().parent.parent
ORACLE = json.loads((TESTS / "statistics" / "oracles" / "specifications.json").read_text())


def interaction() -> pd.DataFrame:
    frame = pd.read_csv(TESTS / "analyses" / "oracles" / "interaction.csv.gz")
    return frame[frame["method"].isin(["blur", "cam"])]


def test_clusters_of_people_alone_are_those_of_sandwich() -> None:
    rows = interaction()
    found = people_contrast(rows["correct"], rows["participant"], rows["method"] == "cam")
    assert found.estimate == pytest.approx(ORACLE["people"]["estimate"], rel=1e-9)
    assert found.se == pytest.approx(ORACLE["people"]["se"], rel=1e-9)


def test_log_odds_with_two_way_clusters_are_those_of_sandwich() -> None:
    rows = interaction()
    found = log_odds_contrast(
        rows["correct"], rows["participant"], rows["image"], rows["method"] == "cam"
    )
    assert found.estimate == pytest.approx(ORACLE["log_odds"]["estimate"], rel=1e-8)
    assert found.se == pytest.approx(ORACLE["log_odds"]["se"], rel=1e-8)
    assert found.p is not None
    assert found.low is not None
    assert found.low < found.estimate


def test_both_have_the_effective_clusters_of_the_contrast_and_no_test_below_six() -> None:
    people, images = np.repeat(np.arange(40), 20), np.tile(np.arange(20), 40)
    right = (np.random.default_rng(1).random(800) < 0.6).astype(float)
    small = people < 2
    plain = two_way_contrast(right, people, images, small)
    for found in (
        people_contrast(right, people, small),
        log_odds_contrast(right, people, images, small),
    ):
        assert found.clusters == pytest.approx(plain.clusters)
        assert found.interval is not None
        assert found.p is None
        assert "no test" in found.note


def test_a_method_that_is_always_right_has_no_log_odds() -> None:
    right, second = [1, 1, 1, 0, 1, 0], [True, True, True, False, False, False]
    found = log_odds_contrast(right, list("abcabc"), list("xyzxyz"), second)
    assert found.estimate is None
    assert "no finite log odds" in found.note


def test_one_person_or_one_method_has_no_interval() -> None:
    assert people_contrast([1, 0, 1], list("aaa"), [True, False, True]).interval is None
    assert people_contrast([1, 0, 1], list("abc"), [True] * 3).estimate is None
