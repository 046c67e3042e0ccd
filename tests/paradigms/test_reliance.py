"""Over-reliance, under-reliance and discrimination against R, each of its own cases."""

from typing import Any

import pandas as pd
import pytest

from studyapp.paradigms.reliance.analysis import advised, results, tables
from studyapp.statistics.families import Logit
from studyapp.statistics.glmm import crossed_of
from studyapp.statistics.mixed import MixedModel, fit_mixed
from tests.analyses.oracles import oracle

NAMES = {"over": "over_reliance", "under": "under_reliance", "discrimination": "discrimination"}


def analysed() -> tuple[dict[str, Any], dict[str, Any]]:
    frame, told = oracle("relied")
    return results(frame, ["a", "b"], 0)["following"]["one step"], told


def test_differences_in_reliance_are_those_of_r() -> None:
    found, told = analysed()
    (pair,) = found["contrasts"]
    assert (pair["a"], pair["b"]) == ("b", "a")
    for name in ("over", "under"):
        one = pair[NAMES[name]]
        assert (one["estimate"], one["se"]) == pytest.approx(tuple(told[name].values()), rel=1e-9)
    one = pair["discrimination"]
    assert one["estimate"] == pytest.approx(told["discrimination"]["estimate"], rel=1e-9)
    # Rightness is the photos', whose own clustering is the least that the variance can be
    assert one["se"] >= told["discrimination"]["se"] * (1 - 1e-9)


def test_the_crossed_logistic_model_gives_what_glmer_gives() -> None:
    frame, told = oracle("relied")
    crossed = crossed_of(frame, ["a", "b"])
    cell = 2 * crossed.method + frame["ai_right"].to_numpy()
    X = pd.get_dummies(cell).to_numpy(dtype=float)
    names = ["a0", "a1", "b0", "b1"]
    y = frame["accepted"].to_numpy()
    fit = fit_mixed(MixedModel(Logit(), y, X, names, crossed.clusters(), crossed.terms()))
    assert dict(zip(names, fit.values, strict=False)) == pytest.approx(told["glmer"], abs=1e-4)
    assert fit.sd == pytest.approx(told["sd"], abs=1e-3)


def test_the_model_stands_beside_in_log_odds_with_the_same_signs() -> None:
    found, told = analysed()
    assert found["model"]["converged"]
    assert {"image:method", "participant:signal"} <= set(found["model"]["sd"])
    for name, own in NAMES.items():
        one = found["contrasts"][0][own]["model"]
        assert one["estimate"] == pytest.approx(told["log_odds"][name], abs=0.25)


def test_two_steps_count_first_answers_that_differed() -> None:
    frame = pd.DataFrame(
        [
            ("cat", "dog", "dog", "dog"),  # right advice followed
            ("cat", "dog", "cat", "dog"),  # right advice not followed
            ("dog", "cat", "cat", "dog"),  # wrong advice followed
            ("dog", "dog", "dog", "dog"),  # agreed at first
            ("owl", "cat", "owl", "dog"),  # both wrong, wrong advice not followed
        ],
        columns=["first", "advice", "final", "truth"],
    )
    frame = frame.assign(method="a", participant=frame.index, image=frame.index)
    rows = advised(frame)
    assert rows["followed"].to_list() == [1, 0, 1, 0]
    assert rows["advice_right"].to_list() == [1, 1, 0, 0]
    told = results(frame, ["a"], 0)
    own = told["following"]["two steps"]["methods"]["a"]
    assert (own["over_reliance"]["count"], own["over_reliance"]["n"]) == (1, 2)
    assert (own["under_reliance"]["count"], own["under_reliance"]["n"]) == (1, 2)
    assert [table.caption for table in tables(told)][1] == "Over- and under-reliance, two steps"
