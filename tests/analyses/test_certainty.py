"""d′, confidence and calibration in the results, the tables and the figures."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from studyapp.analyses.reports.calibration import calibration_figures, confidence_tables
from studyapp.analyses.results import results
from studyapp.analyses.sources import tidy_study
from studyapp.analyses.summary import summary
from studyapp.analyses.tidy import tidy_file
from studyapp.statistics.robust import two_way_share
from tests.analyses.answered import answered_study
from tests.analyses.oracles import oracle


def noticed(folder: Path) -> dict[str, Any]:
    """The oracle's judgments as answers: 2 says “wrong”, 3 says “right”, 1 and 4 are sure of it."""
    frame = oracle("noticed")[0]
    sure = (frame.index % 3 == 0) & (frame["said"] == 1 - frame["prediction_right"])
    answer = frame["said"].map({1: 2, 0: 3}) + sure * frame["said"].map({1: -1, 0: 1})
    path = folder / "table.csv"
    frame.assign(answer=answer).to_csv(path, index=False)
    return results(tidy_file(path, paradigm="agreement"))


def test_differences_in_d_prime_are_rs_with_the_floor_of_the_photos(tmp_path: Path) -> None:
    found = noticed(tmp_path)["agreement"]
    told = oracle("noticed")[1]["marginal"]
    (pair,) = found["detection"]["contrasts"]
    assert (pair["a"], pair["b"]) == ("b", "a")
    assert pair["d_prime"]["estimate"] == pytest.approx(told["estimate"], rel=1e-6)
    assert pair["d_prime"]["se"] >= told["se"] * (1 - 1e-6)
    assert pair["d_prime"]["model"]["estimate"] == pytest.approx(0.52, abs=0.1)
    apart = [found["detection"]["marginal"][name]["d_prime"]["estimate"] for name in "ba"]
    assert apart[0] - apart[1] == pytest.approx(told["estimate"], rel=1e-6)


def test_sure_answers_that_are_right_more_often_raise_the_area(tmp_path: Path) -> None:
    found = noticed(tmp_path)["agreement"]
    assert all(one["type2_auroc"] > 0.6 for one in found["confidence"].values())
    low, high = found["confidence"]["a"]["robust95"]
    assert 0.5 < low < found["confidence"]["a"]["type2_auroc"] < high
    (pair,) = found["confidence_contrasts"]
    areas = [found["confidence"][name]["type2_auroc"] for name in "ba"]
    assert pair["estimate"] == pytest.approx(areas[0] - areas[1])


def test_each_answer_has_its_share_of_right_predictions_and_the_figure_its_axes(
    tmp_path: Path,
) -> None:
    found = noticed(tmp_path)
    steps = found["agreement"]["calibration"]["methods"]["a"]
    assert [one["x"] for one in steps] == [0.125, 0.375, 0.625, 0.875]
    assert steps[0]["value"] == 0
    assert steps[3]["value"] == 1
    table = pd.read_csv(tmp_path / "table.csv")
    rows = table[(table["method"] == "a") & (table["answer"] == 2)]
    expected = two_way_share(rows["prediction_right"], rows["participant"], rows["image"])
    assert steps[1]["robust95"] == expected.interval
    (figure,) = calibration_figures(found)
    assert figure.data["axes"][1] == "right predictions"
    assert "stated probability that the prediction is right" in figure.svg
    assert any("d′" in line for line in summary(found))


@pytest.mark.django_db(transaction=True)
def test_confidence_is_told_where_it_is_asked() -> None:
    found = results(tidy_study(answered_study("discrimination", confidence=True)))
    (one,) = [each for each in found["answers"] if each["question"] == "confidence"]
    for told in one["methods"].values():
        assert [step["x"] for step in told["calibration"]] == [1, 2, 3, 4, 5]
        assert sum(step["n"] for step in told["calibration"]) == told["n"]
    (pair,) = one["type2_contrasts"]
    areas = [one["methods"][pair[side]]["type2_auroc"] for side in "ab"]
    assert pair["estimate"] == pytest.approx(areas[0] - areas[1])
    (table,) = confidence_tables(found)
    assert table.rows[0][0] == f"{pair['a']} − {pair['b']}"
    (figure,) = calibration_figures(found)
    assert figure.title == "Right answers by confidence, main"
