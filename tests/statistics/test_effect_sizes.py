"""Effect sizes against R's own, counted pair by pair, and where there is nothing to say."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from studyapp.statistics.effect_sizes import (
    NO_OVERLAP,
    NO_PAIRS,
    NO_RATIO,
    NO_SPREAD,
    Compared,
    odds_ratio,
    risk_ratio,
    standardised,
    superiority,
)
from studyapp.statistics.labels import codes
from studyapp.statistics.wald import tangent_of
from tests.analyses.oracles import oracle, r_effects
from tests.statistics.test_mixed import fit_of

SIZES = {
    "standardised": standardised, "superiority": superiority, "odds_ratio": odds_ratio,
    "risk_ratio": risk_ratio,
}  # fmt: skip


def compared(frame: pd.DataFrame, outcome: str, a: str, b: str) -> Compared:
    rows = frame[frame["method"].isin([a, b])]
    people, images = codes(rows["participant"]), codes(rows["image"])
    values = rows[outcome].to_numpy(dtype=np.float64)
    return Compared(values, people, images, (rows["method"] == a).to_numpy())


def of_values(values: list[float], people: int, images: int) -> Compared:
    """The first half of the judgments by the first method; photo after photo of each person."""
    half = np.arange(len(values)) < len(values) // 2
    place = np.arange(len(values)) % (people * images)
    return Compared(np.array(values), place // images, place % images, half)


@pytest.mark.parametrize(
    ("table", "outcome", "told"),
    [("interaction", "correct", "right"), ("scores", "score", "score")],
)
def test_sizes_and_their_standard_errors_are_those_of_r(
    table: str, outcome: str, told: str
) -> None:
    pair = compared(oracle(table)[0], outcome, "cam", "blur")
    for name, (estimate, se) in r_effects()[told].items():
        found = SIZES[name](pair)
        assert found.estimate == pytest.approx(estimate, rel=1e-9), name
        assert found.se == pytest.approx(se, rel=1e-6), name
        assert found.p is None


def test_a_size_has_the_degrees_of_its_contrast_and_ratios_are_told_by_logarithms() -> None:
    pair = compared(oracle("interaction")[0], "correct", "cam", "blur")
    contrast = pair.contrast(pair.values)
    for size in SIZES.values():
        assert size(pair).df == contrast.df
    found: Any = odds_ratio(pair)
    half = float(stats.t.ppf(0.975, found.df)) * found.se
    assert found.interval == pytest.approx(
        [found.estimate * math.exp(-half), found.estimate * math.exp(half)]
    )


def test_superiority_of_the_other_method_is_the_rest() -> None:
    pair = compared(oracle("scores")[0], "score", "cam", "blur")
    other = Compared(pair.values, pair.people, pair.images, ~pair.is_a)
    one, two = superiority(pair), superiority(other)
    assert one.estimate == pytest.approx(1 - (two.estimate or 0))
    assert one.low == pytest.approx(1 - (two.high or 0))


@pytest.mark.parametrize(
    ("size", "values", "people", "images", "note"),
    [
        (standardised, [1.0] * 8, 2, 2, NO_SPREAD),
        (standardised, [1.0, 2, 3, 4, 1, 2, 3, 4], 1, 4, NO_PAIRS),
        (superiority, [1.0, 2, 3, 4, 1, 2, 3, 4], 1, 4, NO_PAIRS),
        (superiority, [5.0, 6, 5, 6, 1, 2, 1, 2], 2, 2, NO_OVERLAP),
        (risk_ratio, [1.0, 0, 1, 1, 0, 0, 0, 0], 2, 2, NO_RATIO),
        (odds_ratio, [1.0, 1, 1, 1, 1, 0, 0, 1], 2, 2, NO_RATIO),
    ],
)
def test_what_cannot_be_said_has_a_sentence(
    size: Any, values: list[float], people: int, images: int, note: str
) -> None:
    found = size(of_values(values, people, images))
    assert (found.note, found.interval) == (note, None)


@pytest.mark.parametrize(
    ("table", "model"),
    [("interaction", "glmer"), ("interaction", "glmer_full"), ("scores", "clmm")],
)
def test_differences_of_marginal_means_are_those_of_r(table: str, model: str) -> None:
    found = fit_of(oracle(table)[0], model)
    told = r_effects()[model]
    margins = {name: tangent_of(found.fit, found.marginal(name)) for name in ("cam", "blur")}
    difference = (margins["cam"] - margins["blur"]).wald(found.fit)
    assert difference is not None
    assert difference.estimate == pytest.approx(told["marginal_difference"][0], abs=5e-5)
    # lme4's Hessian is noisy (see make_oracles.R)
    assert difference.se == pytest.approx(told["marginal_difference"][1], rel=0.006)
    if "odds_ratio" in told:
        ratio = tangent_of(found.fit, found.contrast("blur", "cam")).wald(found.fit)
        assert ratio is not None
        ends = [math.exp(one) for one in (ratio.estimate, *ratio.interval())]
        assert ends == pytest.approx(told["odds_ratio"], rel=0.003)
        assert told["odds_of"] == "cam / blur"


@pytest.mark.parametrize(
    ("table", "model"),
    [("interaction", "glmer"), ("interaction", "glmer_full"), ("scores", "clmm")],
)
def test_peoples_and_photos_effects_are_rs_conditional_modes(table: str, model: str) -> None:
    frame = oracle(table)[0]
    found = fit_of(frame, model)
    labels = {one: list(pd.unique(frame[one])) for one in ("participant", "image")}
    for told in r_effects()[model]["effects"]:
        term, side = told["term"], told["term"].split(":")[0]
        effects = found.fit.effects[term]
        cells = [
            f"{label}:{method}" if ":" in term else label
            for label in labels[side]
            for method in (found.methods if ":" in term else [""])
        ]
        place = [cells.index(label) for label in told["label"]]
        assert effects.modes[place] == pytest.approx(told["mode"], abs=2e-4)
        assert effects.deviations[place] == pytest.approx(told["sd"], rel=2e-3)
