"""The results of a table hold the mixed models in R's terms, or say why they don't."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from studyapp.analyses.results import results, results_json
from studyapp.analyses.summary import summary
from studyapp.analyses.tidy import tidy_file
from studyapp.statistics.wald import marginal_share, predictor_of
from tests.analyses.oracles import oracle
from tests.analyses.tidy_tables import crossed, make_tidy


def analysed(frame: pd.DataFrame, folder: Path, paradigm: str, **options: Any) -> dict[str, Any]:
    path = folder / "table.csv"
    frame.to_csv(path, index=False)
    found = results(tidy_file(path, paradigm=paradigm, **options).with_reference("deconvnet"))
    return json.loads(results_json(found))


@pytest.mark.parametrize(("paradigm", "model"), [("discrimination", "glmer"), ("trust", "clmm")])
def test_a_table_of_the_oracles_form_gives_what_r_gives(
    paradigm: str, model: str, tmp_path: Path
) -> None:
    frame, answers = oracle("few_images")
    found = analysed(frame, tmp_path, paradigm)[model]
    told = answers[model]
    assert found["estimate"] == pytest.approx(told["estimate"], abs=0.005)
    assert found["se"] == pytest.approx(told["se"], rel=0.01)
    assert found["sd"] == pytest.approx(told["sd"], abs=0.02)
    assert found["loglik"] == pytest.approx(told["loglik"], abs=0.05)


def test_the_coefficient_is_the_contrast_with_the_reference(tmp_path: Path) -> None:
    found = analysed(oracle("few_images")[0], tmp_path, "discrimination")["glmer"]
    contrast = next(one for one in found["contrasts"] if one["a"] == "guided_backprop")
    assert contrast["b"] == "deconvnet"
    assert contrast["estimate"] == pytest.approx(found["estimate"]["methodguided_backprop"])
    assert contrast["se"] == pytest.approx(found["se"]["methodguided_backprop"], rel=1e-5)
    z = found["estimate"]["(Intercept)"] / found["se"]["(Intercept)"]
    assert found["chance"]["deconvnet"]["z"] == pytest.approx(z, rel=1e-5)


def test_the_marginal_share_is_that_of_a_large_simulated_crowd(tmp_path: Path) -> None:
    found = analysed(oracle("few_images")[0], tmp_path, "discrimination")["glmer"]
    sd = np.hypot(found["sd"]["participant"], found["sd"]["image"])
    eta = found["estimate"]["(Intercept)"] + sd * np.random.default_rng(1).normal(size=400_000)
    value, low, high = found["marginal"]["deconvnet"]
    assert value == pytest.approx((1 / (1 + np.exp(-eta))).mean(), abs=0.002)
    assert low < value < high


def test_chance_is_tested_on_the_marginal_share_and_not_on_the_typical_persons() -> None:
    eta = predictor_of(0.25, 1.5)
    assert marginal_share(eta, 1.5) == pytest.approx(0.25)
    assert eta < np.log(0.25 / 0.75) - 0.2
    assert predictor_of(0.5, 3.0) == 0


def test_a_lower_chance_is_beaten_more_clearly(tmp_path: Path) -> None:
    frame = oracle("few_images")[0]
    half = analysed(frame, tmp_path, "discrimination")["glmer"]["chance"]["deconvnet"]
    quarter = analysed(frame, tmp_path, "discrimination", chance=0.25)["glmer"]["chance"]
    assert quarter["deconvnet"]["z"] > half["z"] + 2


def test_sides_bring_the_side_models_and_the_robust_numbers_are_read_first(tmp_path: Path) -> None:
    frame, answers = oracle("sides")
    path = tmp_path / "table.csv"
    frame.to_csv(path, index=False)
    found = results(tidy_file(path))
    told = answers["clmm_side"]
    assert (found["preferred"], found["beside"]) == ("robust", "clmm_side_full")
    assert found["clmm_side"]["estimate"] == pytest.approx(told["estimate"], abs=0.005)
    assert "clmm_side" not in results(tidy_file(_without_side(frame, tmp_path)))


def _without_side(frame: pd.DataFrame, folder: Path) -> Path:
    path = folder / "without.csv"
    frame.drop(columns="stronger_side").to_csv(path, index=False)
    return path


def test_where_no_model_converges_the_summary_says_what_stands_instead() -> None:
    found = results(make_tidy("correct", crossed("ab", "0000")))
    assert found["beside"] is None
    assert not found["glmer"]["converged"]
    assert found["glmer"]["estimate"] is None
    assert "read the two-way robust intervals instead" in found["glmer"]["note"]
    lines = list(summary(found))
    assert any("NOT CONVERGED" in line for line in lines)
    assert any("NO FULL MIXED MODEL CONVERGED" in line for line in lines)


def test_a_method_with_which_everybody_is_right_is_named() -> None:
    rows = [(p, i, m, 1 if m == "b" else y) for p, i, m, y in crossed("ab", "110100", people=8)]
    found = results(make_tidy("correct", rows))
    assert "every judgment of b is 1" in found["glmer"]["note"]


def test_the_published_class_discrimination_is_counted_again() -> None:
    # 432, 360, 489 and 496 of 810: arXiv 1610.02391, section 5.1 (53.33, 44.44, 60.37, 61.23 %)
    counts = {"deconvnet": 432, "guided_backprop": 360, "deconv_cam": 489, "guided_cam": 496}
    rows = [
        (f"p{place % 43}", f"i{place // 9}", name, int((place * 7) % 810 < right))
        for name, right in counts.items()
        for place in range(810)
    ]
    found = results(make_tidy("correct", rows))["methods"]
    assert {name: one["right"] for name, one in found.items()} == counts
    shares = [round(100 * found[name]["accuracy"], 2) for name in counts]
    assert shares == [53.33, 44.44, 60.37, 61.23]
    assert found["deconvnet"]["wilson95"] == pytest.approx([0.4989, 0.5675], abs=5e-5)
