"""What the numbers assume, and who the people are: said from the data, never from a wish."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sandbox.builders import open_small_study
from sandbox.people import send_people
from studyapp.analyses.flow import flow
from studyapp.analyses.reports.checks import checks_table, side_words
from studyapp.analyses.reports.sample import sample_table
from studyapp.analyses.results import results
from studyapp.analyses.sample import sample
from studyapp.analyses.sources import tidy_folder, tidy_study
from studyapp.exports.bundle import write_bundle
from studyapp.models import Participation
from studyapp.studies.lifecycle import close_study
from tests.analyses.tidy_tables import crossed, make_tidy

NOBODY = pd.DataFrame(columns=["participant_id", "rule", "made_at", "undoes_made_at"])


def checked(found: dict[str, Any]) -> dict[str, str]:
    table = checks_table(found)
    assert table is not None
    return {row[0]: row[2] for row in table.rows}


def sided(answers: str) -> dict[str, Any]:
    """Results where the stronger network changes sides and people answer as it is shown."""
    tidy = make_tidy("score", crossed("ab", "2011200", people=12))
    frame = tidy.frame.assign(stronger_side=["AB"[n % 2] for n in range(len(tidy.frame))])
    sign = frame["stronger_side"].map({"A": -1, "B": 1})
    shown = [int(answers[n % len(answers)]) for n in range(len(frame))]
    return results(replace(tidy, frame=frame.assign(score=shown * sign)))


def test_a_leaning_to_one_side_is_told_in_words() -> None:
    found = sided("1210")
    assert found["side_bias"]["estimate"] == pytest.approx(1)
    assert found["side_bias"]["stronger_at_b"] == 0.5
    words = checked(found)["No leaning to a side"]
    assert "people lean to B, the right, whatever stands there" in words


def test_answers_that_follow_the_network_lean_to_no_side() -> None:
    tidy = make_tidy("score", crossed("ab", "21012", people=12))
    frame = tidy.frame.assign(stronger_side=["AB"[n % 2] for n in range(len(tidy.frame))])
    found = results(replace(tidy, frame=frame))
    assert "no leaning detected" in checked(found)["No leaning to a side"]
    assert results(tidy)["side_bias"] is None


def test_answers_that_crowd_at_one_end_are_named() -> None:
    found = results(make_tidy("score", crossed("ab", "2222221", people=12)))
    assert "b 88 %" in checked(found)["Room to differ"]
    found = results(make_tidy("score", crossed("ab", "2011200", people=12)))
    assert checked(found)["Room to differ"] == "no method"


def test_arms_that_people_leave_unequally_are_told() -> None:
    arms = [("explained", 30, 29), ("baseline", 30, 18)]
    rows = [
        (f"{arm}{n}", "finished" if n < stayed else "dropped", arm)
        for arm, placed, stayed in arms
        for n in range(placed)
    ]
    people = pd.DataFrame(rows, columns=["participant_id", "status", "arm"])
    people = people.assign(consented_at="then", site="")
    judgments = pd.DataFrame(
        columns=["participant_id", "excluded", "stage", "paradigm", "further_answers"]
    )
    told = flow(people, judgments, NOBODY, ["main"])
    # R: fisher.test(matrix(c(1, 12, 29, 18), 2))$p.value
    assert told["attrition"]["p"] == pytest.approx(0.001050756088, rel=1e-6)
    assert told["attrition"]["lost"] == {
        "baseline": pytest.approx(0.4), "explained": pytest.approx(1 / 30)
    }  # fmt: skip
    found = {**results(make_tidy("score", crossed("ab", "2011200", people=12))), "flow": told}
    assert (
        "arms may differ in who stayed" in checked(found)["Who leaves does not depend on the arm"]
    )


DEFINITION = {
    "pay": {"amount": 4.5, "currency": "GBP", "hourly_floor": 9.0},
    "blocks": [{"name": "a", "paradigm": "trust", "stage": "main", "trials": 12}],
}


def people_at(times: list[tuple[Any, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(times, columns=["started_at", "finished_at"])
    return frame.assign(device_class=["phone", "desktop", ""], language="en", source="link")


def test_the_sample_is_the_same_by_the_clock_and_by_seconds_from_entering() -> None:
    day = "2026-01-01T10:{}:00Z"
    clock = people_at([(day.format(a), day.format(b)) for a, b in (("00", "20"), ("05", "35"),
                                                                   ("10", "50"))])  # fmt: skip
    seconds = people_at([("60", "1260"), ("0", "1800"), ("5.5", "2405.5")])
    found = sample(clock, DEFINITION, has_clock=True)
    assert found == sample(seconds, DEFINITION, has_clock=False)
    assert found["minutes"]["median"] == 30
    assert found["pay"] == {"amount": 4.5, "currency": "GBP", "hourly": 9.0}
    assert found["device_class"] == {"desktop": 1, "phone": 1, "unknown": 1}
    table = sample_table(found)
    assert table is not None
    rows = {row[0]: row[1] for row in table.rows}
    assert rows["Pay"] == "4.50 GBP, 9.00 an hour at the median time"
    assert rows["Asked of each person"] == "Which network is more reasonable? (12 trials)"


@pytest.mark.django_db
def test_a_study_and_its_bundles_tell_the_same_sample(tmp_path: Path) -> None:
    study = open_small_study(people=8, trials=4, stimuli=6)
    send_people(study, 6)
    Participation.objects.update(publication_consent=True)
    found = results(tidy_study(study))["sample"]
    assert found["people"] == 6
    assert found["minutes"]["median"] >= 0
    private = write_bundle(study, tmp_path / "private", analysis=False).path
    public = write_bundle(close_study(study), tmp_path / "public", public=True, analysis=False).path
    assert [results(tidy_folder(one))["sample"] for one in (private, public)] == [found, found]


def test_a_shift_by_dropouts_alone_is_told_too() -> None:
    tidy = make_tidy("score", crossed("ab", "2011200", people=12))
    more = pd.DataFrame(
        [("late", "i0", "a", -2), ("late", "i1", "a", -2)], columns=tidy.frame.columns
    )
    found = results(replace(tidy, everybody=pd.concat([tidy.frame, more])))
    words = checked(found)["Exclusions and dropouts do not drive the result"]
    assert words.endswith("(a)")


def test_a_leaning_without_a_test_is_told_without_one() -> None:
    told = {"estimate": 0.1, "robust95": [0.0, 0.2], "p": None, "note": "", "stronger_at_b": 0.5}
    assert side_words(told) == "+0.10 (0.00 to +0.20)"
