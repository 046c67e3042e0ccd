"""Response times are described: medians, ratios and what being fast went with, never a p."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from studyapp.analyses.reports.response_times import response_time_parts, summary_lines
from studyapp.analyses.response_times import response_times, time_rows
from studyapp.analyses.results import results, results_json
from studyapp.analyses.sources import tidy_study
from studyapp.statistics.medians import two_way_median
from tests.analyses.answered import answered_study
from tests.analyses.oracles import FOLDER


def times() -> tuple[pd.DataFrame, dict[str, Any]]:
    frame = pd.read_csv(FOLDER / "times.csv.gz").rename(columns={"rt_ms": "rt"})
    answers = json.loads((FOLDER / "scales.json").read_text("utf-8"))["times"]
    return frame.assign(hidden=0.0), answers


def test_medians_ratios_and_slopes_are_those_of_r() -> None:
    frame, told = times()
    found = response_times(frame, "blur", {})
    medians = {name: one["median"] for name, one in found["methods"].items()}
    assert medians == pytest.approx(told["medians"])
    (ratio,) = found["ratios"]
    assert (ratio["a"], ratio["b"]) == ("cam", "blur")
    assert ratio["log_difference"] == pytest.approx(told["log_difference"], abs=1e-8)
    assert ratio["se"] == pytest.approx(told["se"], rel=1e-6)
    assert ratio["value"] == pytest.approx(np.exp(told["log_difference"]))
    assert ratio["robust95"][0] < ratio["value"] < ratio["robust95"][1]
    # All methods at once, as R did it
    pooled = response_times(frame.assign(method="both"), None, {})
    within = pooled["accuracy"]["right_to_wrong"]["both"]
    assert np.log(within["value"]) == pytest.approx(told["right_slope"], abs=1e-8)
    assert not any(key.startswith("p") for one in found["ratios"] for key in one)


def test_the_interval_of_a_median_holds_clusters_of_people() -> None:
    random = np.random.default_rng(1)
    people = np.repeat(np.arange(20), 20).tolist()
    images = np.tile(np.arange(20), 20).tolist()
    alike = np.exp(8 + random.normal(size=400))
    shifted = alike * np.exp(np.repeat(random.normal(size=20), 20))
    wide, narrow = (two_way_median(one, people, images) for one in (shifted, alike))
    assert wide.high / wide.low > 1.5 * narrow.high / narrow.low
    assert narrow.low < narrow.estimate < narrow.high


def test_thirds_are_each_persons_own() -> None:
    rows = [
        {"participant": f"p{who}", "image": f"i{place}", "method": "a", "hidden": 0.0,
         "rt": (1 + place) * (100.0 if who else 1.0), "correct": int(place < 2)}
        for who in range(8) for place in range(6)
    ]  # fmt: skip
    found = response_times(pd.DataFrame(rows), None, {})["accuracy"]["thirds"]["a"]
    shares = {name: one["value"] for name, one in found.items()}
    assert shares == {"fastest": 1.0, "middle": 0.0, "slowest": 0.0}


def test_what_is_left_out_is_said_and_nothing_is_trimmed() -> None:
    frame, _ = times()
    frame.loc[0, "rt"], frame.loc[1, "rt"], frame.loc[2, "rt"] = np.nan, 0, 900_000
    frame.loc[3, "hidden"] = 20.0
    found = response_times(frame, None, {"fastest_median_ms": 400})
    assert (found["missing"], found["zero"], found["hidden"]) == (1, 1, 1)
    assert found["n"] == len(frame) - 2
    assert "leaves out people whose median is below 400 ms" in found["trimming"]
    (part,) = response_time_parts({"response_times": found})
    assert "1 time is 0 and left out" in part.sentences[1]
    assert part.sentences[0].startswith("Exploratory:")
    assert response_times(frame.assign(rt=np.nan), None, {}) is None


def test_answers_that_are_about_no_photo_have_no_times_to_compare() -> None:
    frame = pd.DataFrame(
        {"participant_id": ["p1", "p1"], "image_group": ["i1", None], "condition": ["a", None],
         "rt_ms": [100, 200], "hidden_ms": [0, 0], "correct": [1, None]}
    )  # fmt: skip
    assert time_rows(frame)["rt"].to_list() == [100]


@pytest.mark.django_db
def test_a_study_tells_the_times_that_pages_measured() -> None:
    found = results(tidy_study(answered_study("discrimination")))
    results_json(found)
    told = found["response_times"]
    assert told["n"] == found["n"]
    assert {one["median"] for one in told["methods"].values()} == {1200}
    assert any("median ms" in line for line in summary_lines(found))
