"""With looks, every verdict comes from the sequence, and no fixed-sample test is told."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sandbox.builders import make_definition, open_small_study
from sandbox.people import send_people
from studyapp.analyses.reports import study_report
from studyapp.analyses.reports.looks import looks_figures, looks_table
from studyapp.analyses.reports.sections import section
from studyapp.analyses.reports.verdicts import stated_texts
from studyapp.analyses.results import results, results_json
from studyapp.analyses.sequences import KEPT, NO_FIXED_TEST
from studyapp.analyses.summary import summary
from studyapp.analyses.tidy import Tidy

PLAN = {
    "looks": True,
    "smallest_effect": 0.3,
    "hypotheses": [
        {"text": "b is better", "contrast": ["b", "a"], "direction": "greater"},
        {"text": "a alone", "contrast": ["a"], "direction": "less"},
        {
            "text": "by a model",
            "contrast": ["b", "a"],
            "direction": "greater",
            "model": "clmm_full",
        },
    ],
}


def looked_at(people: int = 60, effect: float = 0.8, *, arms: bool = False) -> Tidy:
    random = np.random.default_rng(6)
    rows = []
    for person in range(people):
        own = random.normal() * 0.5
        for photo in range(8):
            method = "ab"[person % 2 if arms else (person + photo) % 2]
            score = own + effect * (method == "b") + random.normal() * 1.2
            rows.append((f"p{person}", f"i{photo}", method, int(np.clip(np.round(score), -2, 2))))
    frame = pd.DataFrame(rows, columns=["participant", "image", "method", "score"])
    conditions = [{"name": name, "method": "grad_cam"} for name in "ab"]
    definition = make_definition(conditions=conditions, analysis=PLAN).model_dump(mode="json")
    arrivals = [(f"p{person}", None) for person in range(people)]
    return Tidy(
        frame, "trust", "score", arrivals=arrivals, smallest_effect=0.3, definition=definition,
        reference="a",
    )  # fmt: skip


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return results(looked_at())


def fixed_tests(told: Any, path: str = "") -> Iterator[str]:
    """Where a p value stands outside the sequences."""
    if isinstance(told, Mapping):
        for key, one in told.items():
            if (key == "p" or key.startswith("p_")) and one is not None:
                yield f"{path}.{key}"
            if path or key not in KEPT:
                yield from fixed_tests(one, f"{path}.{key}")
    elif isinstance(told, list):
        for place, one in enumerate(told):
            yield from fixed_tests(one, f"{path}[{place}]")


def test_no_p_value_of_a_fixed_sample_is_told(found: dict[str, Any]) -> None:
    assert list(fixed_tests(found)) == []
    assert all(NO_FIXED_TEST in one["note"] for one in found["contrasts"])
    assert NO_FIXED_TEST in found["notes"]
    assert results_json(found)
    plain = results(Tidy(looked_at().frame, "trust", "score"))
    assert plain["sequence"] is None
    assert list(fixed_tests(plain))


def test_a_contrast_is_followed_within_people_in_their_order(found: dict[str, Any]) -> None:
    (one,) = found["sequence"]["contrasts"]
    means = looked_at().frame.groupby(["participant", "method"])["score"].mean().unstack()
    differences = means["b"] - means["a"]
    assert (one["a"], one["b"], one["kind"], one["n"]) == ("b", "a", "within people", 60)
    assert one["estimate"] == pytest.approx(differences.mean())
    assert one["se"] == pytest.approx(differences.std(ddof=1) / np.sqrt(60))
    assert one["interval95"][0] > 0
    assert one["p"] < 0.05
    assert len(one["looks"]) == 60


def test_hypotheses_are_decided_by_the_sequence(found: dict[str, Any]) -> None:
    better, alone, modelled = found["verdicts"]
    (one,) = found["sequence"]["contrasts"]
    assert better["p"] == one["p"]
    assert better["interval95"] == one["interval95"]
    assert (better["verdict"], better["model"]) == ("supported", "sequence")
    assert ", of these photos), adjusted p" in better["sentence"]
    definition = make_definition(analysis=PLAN).model_dump(mode="json")
    assert "decided by a confidence sequence over" in stated_texts(definition)[0]
    assert alone["p"] == pytest.approx(found["sequence"]["methods"]["a"]["p"])
    assert modelled["verdict"] == "undecided"
    assert "no test that holds at every look" in modelled["sentence"]


def test_arms_are_followed_between_people() -> None:
    (one,) = results(looked_at(90, 1.2, arms=True))["sequence"]["contrasts"]
    assert (one["kind"], one["n"]) == ("between people", 90)
    assert one["interval95"][0] > 0
    assert [look["n"] for look in one["looks"]] == list(range(2, 91))


def test_the_report_and_the_summary_tell_the_sequence_and_these_photos(
    found: dict[str, Any],
) -> None:
    titles = [figure.title for figure in looks_figures(found)]
    assert titles == [f"{name}, at every look, on these 8 photos" for name in ("a", "b", "b − a")]
    table = looks_table(found)
    assert table is not None
    assert [row[0] for row in table.rows] == ["a", "b", "b − a"]
    assert any(line.startswith("  at every look, b − a: ") for line in summary(found))
    told = section(found, None)
    assert told.equivalence is None
    assert not any("no test against" in sentence for sentence in told.sentences)
    assert any("which decide nothing" in figure.title for figure in told.figures)


def test_too_few_people_have_an_interval_and_no_p() -> None:
    found = results(looked_at(12))
    (one,) = found["sequence"]["contrasts"]
    assert one["interval95"] is not None
    assert one["p"] is None
    assert "no p yet" in one["note"]
    assert found["verdicts"][0]["verdict"] == "undecided"


@pytest.mark.django_db
def test_a_study_that_allows_looking_reports_its_contrast_at_every_look() -> None:
    study = open_small_study(people=4, analysis={"looks": True, "smallest_effect": 0.5})
    send_people(study, 3)
    text = study_report(study).html
    assert "grad_cam − guided_backprop, at every look, on these" in text
    assert "Verdicts at the last look" in text
