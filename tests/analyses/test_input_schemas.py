"""Every further paradigm is analysed from a documented table."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from django.core.management import call_command

from studyapp.analyses.results import results, results_json
from studyapp.analyses.summary import summary
from studyapp.analyses.tidy import TidyError, tidy_file
from studyapp.paradigms.analysis import input_schemas
from tests.analyses.tidy_tables import make_tidy, write_csv

Row = dict[str, object]


def analysed(rows: list[Row], paradigm: str, folder: Path) -> dict[str, Any]:
    header = ",".join(rows[0])
    lines = [",".join(str(cell) for cell in row.values()) for row in rows]
    path = write_csv(folder / "table.csv", "\n".join([header, *lines]) + "\n")
    found = results(tidy_file(path, paradigm=paradigm))
    assert list(summary(found))
    return json.loads(results_json(found))


def cells(count: int = 60, methods: str = "ab") -> list[Row]:
    """Ten people and six photos, the methods in turn."""
    return [
        {"participant": f"p{n % 10}", "image": f"i{n // 10}", "method": methods[n % len(methods)]}
        for n in range(count)
    ]


def test_agreement_keeps_right_and_wrong_predictions_apart(tmp_path: Path) -> None:
    # HIVE (ECCV 2022): 72.4 % of 250 is 181 and 32.8 % is 82
    rows: list[Row] = [
        {
            "participant": f"p{n % 50}", "image": f"i{n % 5 + 5 * (1 - right)}",
            "method": "gradcam",
            "answer": (4 if n % 2 else 3) if (n < count) == bool(right) else 1 + n % 2,
            "prediction_right": right,
        }
        for right, count in ((1, 181), (0, 82))
        for n in range(250)
    ]  # fmt: skip
    found = analysed(rows, "agreement", tmp_path)["agreement"]
    right = found["by_stratum"]["prediction_right"]["gradcam"]
    wrong = found["by_stratum"]["prediction_wrong"]["gradcam"]
    assert (right["count"], right["n"], right["value"]) == (181, 250, 0.724)
    assert (wrong["count"], wrong["n"], wrong["value"]) == (82, 250, 0.328)
    assert found["detection"]["converged"]
    # “wrong” is said of 82 of 250 wrong and of 69 of 250 right predictions
    assert found["detection"]["methods"]["gradcam"]["d_prime"][0] == pytest.approx(0.15, abs=0.05)


def test_distinction_has_two_scores_against_a_quarter(tmp_path: Path) -> None:
    rows = [{**row, "predicted_right": n % 2, "truth_right": int(n % 3 == 0)}
            for n, row in enumerate(cells(methods="abc"))]  # fmt: skip
    found = analysed(rows, "distinction", tmp_path)
    assert found["tests"]["a"]["null"] == 0.25
    shares = [found["distinction"][question]["methods"]["a"] for question in ("predicted", "truth")]
    assert [one["count"] for one in shares] == [10, 20]


def test_each_question_of_distinction_counts_where_the_other_has_no_answer(tmp_path: Path) -> None:
    right: list[tuple[object, object]] = [(1, ""), ("", 1), ("", ""), (0, 0)]
    rows = [{**row, "predicted_right": first, "truth_right": second}
            for row, (first, second) in zip(cells(4, "a"), right, strict=True)]  # fmt: skip
    found = analysed(rows, "distinction", tmp_path)
    assert (found["n"], found["methods"]["a"]["accuracy"]) == (2, 0.5)
    shares = [found["distinction"][question]["methods"]["a"] for question in ("predicted", "truth")]
    assert [(one["count"], one["n"]) for one in shares] == [(1, 2), (1, 2)]
    assert (
        "2 rows have no outcome (empty or NA) and are left out; 1 of them counts in the results of "
        "the second question"
    ) in found["notes"]


def test_meta_prediction_compares_with_the_baseline_by_session(tmp_path: Path) -> None:
    share = {"a": 2, "b": 4}
    rows = [{**row, "session": n % 3 + 1, "correct": int(n % 4 < share[str(row["method"])])}
            for n, row in enumerate(cells())]  # fmt: skip
    found = analysed(rows, "meta_prediction", tmp_path)["meta_prediction"]
    assert found["baseline"] == "a"
    assert found["utility"]["b"]["value"] > 1


def test_reliance_gives_missing_for_an_empty_denominator(tmp_path: Path) -> None:
    answers = {"first": "cat", "advice": "dog", "truth": "dog"}
    rows = [{**row, **answers, "final": ("dog", "cat")[n % 4 > 1]}
            for n, row in enumerate(cells())]  # fmt: skip
    found = analysed(rows, "reliance", tmp_path)["reliance"]["methods"]["a"]
    assert (found["rair"]["count"], found["rair"]["n"]) == (15, 30)
    assert (found["rsr"]["value"], found["rsr"]["n"]) == (None, 0)


def test_one_step_reliance_tells_over_and_under_reliance(tmp_path: Path) -> None:
    rows = [{**row, "accepted": int(n % 5 < 3), "ai_right": int(n % 4 < 2)}
            for n, row in enumerate(cells())]  # fmt: skip
    found = analysed(rows, "one_step_reliance", tmp_path)["one_step_reliance"]["methods"]["a"]
    assert (found["accept_wrong"]["n"], found["reject_right"]["n"]) == (15, 15)


def test_pointing_is_tested_against_the_fiftieth_percentile(tmp_path: Path) -> None:
    rows = [{**row, "percentile": 60 + n % 7, "nss": 0.5} for n, row in enumerate(cells())]
    found = analysed(rows, "pointing", tmp_path)
    assert found["tests"]["a"]["null"] == 50
    assert found["tests"]["a"]["p"] < 0.01
    assert found["pointing"]["nss"]["a"]["mean"] == pytest.approx(0.5)


def test_ratings_have_a_mean_an_item_and_no_test_against_nothing(tmp_path: Path) -> None:
    rows = [{**row, "value": 1 + n % 5, "item": "clear" if n % 2 else "useful"}
            for n, row in enumerate(cells(methods="aab"))]  # fmt: skip
    found = analysed(rows, "rating", tmp_path)
    assert found["tests"]["a"]["p"] is None
    assert set(found["rating"]["items"]) == {"clear", "useful"}


OWN_COLUMNS = {name: one for name, one in input_schemas().items() if one is not None}


@pytest.mark.parametrize("paradigm", sorted(OWN_COLUMNS))
def test_a_table_without_the_paradigms_columns_says_which(paradigm: str, tmp_path: Path) -> None:
    first = next(iter(OWN_COLUMNS[paradigm].needed))
    with pytest.raises(TidyError, match=f"no column “{first}”; {paradigm} needs {first}"):
        analysed(cells(), paradigm, tmp_path)


def test_a_wrong_cell_is_told_with_its_line(tmp_path: Path) -> None:
    rows = [{**row, "answer": 9, "prediction_right": 1} for row in cells()]
    with pytest.raises(TidyError, match="line 2: answer '9' is not one of 1, 2, 3, 4"):
        analysed(rows, "agreement", tmp_path)


@pytest.mark.parametrize("paradigm", ["rating", "custom"])
def test_a_report_of_values_is_drawn_without_a_test(paradigm: str, tmp_path: Path) -> None:
    text = "participant,image,method,value\n" + "".join(
        f"p{n % 4},i{n // 4},{'ab'[n % 2]},{n % 5}\n" for n in range(16)
    )
    path, page = write_csv(tmp_path / "table.csv", text), tmp_path / "page.html"
    call_command("analyse", path, paradigm=paradigm, html=page, stdout=StringIO())
    html = page.read_text("utf-8")
    assert "Results by method" in html
    assert "p against" not in html
    assert "The dashed line" not in html.partition("Differences between methods")[0]


def test_looks_and_metrics_stand_in_the_results_themselves() -> None:
    rows = [(f"p{n % 10}", f"i{n // 10}", "ab"[n % 2], int(n % 7 > 2)) for n in range(80)]
    tidy = make_tidy("correct", rows)
    frame = tidy.frame.assign(unit=tidy.frame["image"])
    metrics = [(f"i{n}", method, "stronger", "iou", n) for n in range(8) for method in "ab"]
    names = ["unit", "method", "role", "metric", "value"]
    moment = datetime(2026, 1, 2, tzinfo=UTC)
    arrivals = [(f"p{n}", moment) for n in range(10)]
    told = results(
        replace(tidy, frame=frame, metrics=pd.DataFrame(metrics, columns=names), arrivals=arrivals)
    )
    assert json.loads(results_json(told)) == told
    assert told["automatic"]["metrics"]["iou"]["methods"]["a"]["stimuli"] == 8
    assert told["looks"]["a"][-1]["n"] == 5
    assert told["looks"]["a"][0]["at"] == "2026-01-02T00:00:00+00:00"
    assert told["kappa"] is not None
