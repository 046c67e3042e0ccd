"""How pictures were seen is described from what pages told; what could not be read is counted."""

import json
from typing import Any

import pandas as pd
import pytest

from studyapp.analyses.presentations import presentations, presented_rows
from studyapp.analyses.reports.presentations import presentation_tables


def picture(shown_ms: float, role: str = "stronger") -> dict[str, Any]:
    return {
        "place": role, "role": role, "asked_ms": 200, "shown_ms": shown_ms, "error_ms": 16.7,
    }  # fmt: skip


def timed(*shown_ms: float, **facts: Any) -> dict[str, Any]:
    return {
        "presented": 1, "interrupted": False, "measured_by": "frame",
        "pictures": [picture(one) for one in shown_ms], **facts,
    }  # fmt: skip


def looked(*looks: tuple[str, float]) -> dict[str, Any]:
    return {
        "presented": 1, "interrupted": False,
        "places": [{"place": one, "role": f"role of {one}"} for one in "ab"],
        "looks": [{"place": place, "ms": ms} for place, ms in looks],
    }  # fmt: skip


def test_exposures_are_described_and_the_late_ones_counted() -> None:
    rows = [
        ("main", "grad_cam", timed(200.1)),
        ("main", "grad_cam", timed(250.0, presented=2, interrupted=True)),
        ("main", "grad_cam", {"unreadable": "missing"}),
    ]
    found = presentations(rows)
    assert found is not None
    [exposure] = found.pop("pictures")
    assert found == {
        "n": 3, "unreadable": {"missing": 1}, "interrupted": 1, "again": 1,
        "measured_by": {"frame": 2}, "looks": [],
    }  # fmt: skip
    assert exposure.pop("mean_ms") == pytest.approx(225.05)
    assert exposure == {
        "block": "main", "condition": "grad_cam", "role": "stronger", "n": 2, "asked_ms": 200,
        "least_ms": 200.1, "most_ms": 250.0, "error_ms": 16.7, "other": 1,
    }  # fmt: skip


def test_pictures_that_nobody_looked_at_count_as_nothing_not_as_missing() -> None:
    rows = [("main", "x", looked(("a", 300), ("a", 100))), ("main", "x", looked(("a", 200)))]
    found = presentations(rows)
    assert found is not None
    first, second = found["looks"]
    assert first == {
        "kind": "uncovered", "block": "main", "condition": "x", "role": "role of a", "n": 2,
        "looked": 2, "mean_count": 1.5, "mean_ms": 300, "median_ms": 300,
    }  # fmt: skip
    assert (second["role"], second["looked"], second["mean_ms"]) == ("role of b", 0, 0)


def test_looks_that_are_only_counted_count() -> None:
    more = {"place": "a", "role": "role of a", "count": 3, "ms": 600}
    rows = [("main", "x", looked(("a", 300)) | {"more": [more]}), ("main", "x", looked(("a", 100)))]
    found = presentations(rows)
    assert found is not None
    assert (found["looks"][0]["mean_count"], found["looks"][0]["mean_ms"]) == (2.5, 500)
    assert found["looks"][1]["looked"] == 0
    kept = next(presentation_tables({"presentation": found}))
    assert ["looks counted without the time of each", "3"] in kept.rows


def test_answers_without_a_presentation_are_no_rows() -> None:
    frame = pd.DataFrame(
        {"block": ["main"] * 2, "condition": ["x", None],
         "presentation": [None, json.dumps(timed(200))]}
    )  # fmt: skip
    assert presented_rows(frame) == [("main", "everything", timed(200))]
    assert presentations([]) is None


def test_the_report_has_a_table_for_what_there_is() -> None:
    tables = list(presentation_tables({"presentation": presentations([("m", "x", timed(200.0))])}))
    assert [one.caption for one in tables] == [
        "How pictures were presented", "How long pictures were seen, in milliseconds",
    ]  # fmt: skip
    assert tables[1].rows[0][:3] == ["m, x: stronger", "1", "200"]
    looks = presentations([("m", "x", looked(("a", 300)))])
    assert [one.caption for one in presentation_tables({"presentation": looks})][-1] == (
        "How long people looked at pictures that they asked for"
    )
    assert list(presentation_tables({})) == []
