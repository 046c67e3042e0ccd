"""Planned contrasts under other choices, of a file and of a real study with two rules."""

from typing import Any

import numpy as np
import pytest

from sandbox.builders import open_small_study, take_part
from sandbox.people import answer_all, make_profile
from studyapp.analyses.reports import study_report
from studyapp.analyses.reports.robustness import robustness_part
from studyapp.analyses.results import results
from studyapp.analyses.sources import tidy_study
from studyapp.analyses.summary import summary
from studyapp.analyses.tidy import Tidy
from studyapp.models import Exclusion, Study
from studyapp.statistics.robust import two_way_contrast
from tests.analyses.tidy_tables import make_tidy


def table(people: int = 10, photos: int = 8, effect: float = 0.9) -> Tidy:
    random = np.random.default_rng(4)
    rows = []
    for person in range(people):
        for photo in range(photos):
            method = "ab"[(person + photo) % 2]
            chance = 0.45 + effect * (method == "b") * (0.1 if photo else 1)
            rows.append((f"p{person}", f"photo {photo}", method, int(random.random() < chance)))
    return make_tidy("correct", rows)


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return results(table())


def test_the_plans_number_stands_first_and_is_the_contrasts(found: dict[str, Any]) -> None:
    one = found["robustness"]["contrasts"][0]
    first, contrast = one["specifications"][0], found["contrasts"][0]
    assert (first["model"], first["exclusions"]) == ("two-way robust", "as declared")
    assert (first["estimate"], first["interval95"]) == (contrast["estimate"], contrast["robust95"])
    assert [(row["model"], row["scale"]) for row in one["specifications"]] == [
        ("two-way robust", "outcome"), ("robust on people alone", "outcome"),
        ("two-way robust", "logit"), ("glmer", "logit"), ("glmer_full", "logit"),
    ]  # fmt: skip
    model = found["glmer"]["contrasts"][0]
    assert one["specifications"][3]["estimate"] == model["estimate"]
    assert "not for choosing" in found["robustness"]["label"]


def test_agreement_counts_signs_and_sides_of_zero(found: dict[str, Any]) -> None:
    one = found["robustness"]["contrasts"][0]
    others = one["specifications"][1:]
    first = one["specifications"][0]

    def side(row: dict[str, Any]) -> int:
        return (row["interval95"][0] > 0) - (row["interval95"][1] < 0)

    assert one["agree"] == {
        "estimates": 4,
        "same_sign": sum(row["estimate"] * first["estimate"] > 0 for row in others),
        "intervals": 4,
        "same_verdict": sum(side(row) == side(first) for row in others),
    }


def test_the_extremes_without_one_photo_are_those_of_every_refit(found: dict[str, Any]) -> None:
    frame = table().frame
    by_photo = {}
    for photo in sorted(set(frame["image"])):
        rest = frame[frame["image"] != photo]
        by_photo[photo] = two_way_contrast(
            rest["correct"], rest["participant"].to_list(), rest["image"].to_list(),
            (rest["method"] == "b").to_list(),
        )  # fmt: skip
    told = found["robustness"]["contrasts"][0]["without_each_photo"]
    smallest = min(by_photo, key=lambda name: by_photo[name].estimate or 0)
    assert told["smallest"]["left_out"] == smallest
    assert told["smallest"]["interval95"] == pytest.approx(by_photo[smallest].interval)
    full = found["contrasts"][0]["robust95"]
    verdict = (full[0] > 0, full[1] < 0)
    changed = [
        name
        for name, one in by_photo.items()
        if one.interval and (one.interval[0] > 0, one.interval[1] < 0) != verdict
    ]
    assert (told["changes"], told["named"]) == (len(changed), changed[:5])


def test_a_contrast_that_is_not_tested_has_no_bootstrap_either() -> None:
    rows = [
        (f"p{person}", f"i{photo}", "b" if person < 2 else "a", (person * photo) % 2)
        for person in range(20)
        for photo in range(8)
    ]
    told = results(make_tidy("correct", rows))["robustness"]["contrasts"][0]["wild_bootstrap"]
    assert told["p"] is None
    assert "no test" in told["note"]


def test_summary_and_report_say_how_many_specifications_agree(found: dict[str, Any]) -> None:
    assert any(line.startswith("  robustness, b − a: ") for line in summary(found))
    part = robustness_part(found)
    assert part is not None
    assert [table.caption.split()[0] for table in part.tables] == ["Planned"] * 3
    assert part.figures[0].data["rows"][0]["note"] == "the plan"
    assert len(part.figures[0].data["rows"]) == 2


def exclude(study: Study, number: int, rule: str) -> None:
    person = study.participations.order_by("pk")[number]
    Exclusion.objects.create(participation=person, rule=rule, note="by hand")


@pytest.mark.django_db
def test_each_rule_alone_and_nobody_left_out_are_specifications_of_a_study() -> None:
    study = open_small_study(paradigm="discrimination", people=12, trials=6, stimuli=6)
    for number in range(9):
        profile = make_profile("discrimination", seed=number)
        most = 3 if number == 8 else 999
        answer_all(take_part(study, f"n{number}"), profile, seed=number, most=most)
    exclude(study, 0, "straight_lining")
    exclude(study, 1, "focus_losses")
    found = results(tidy_study(study))
    rows = found["robustness"]["contrasts"][0]["specifications"]
    assert list(dict.fromkeys(row["exclusions"] for row in rows)) == [
        "as declared", "nobody left out", "by focus_losses alone", "by straight_lining alone",
        "nobody left out, unfinished people too",
    ]  # fmt: skip
    assert found["excluded"] == {"focus_losses": 1, "straight_lining": 1}
    html = study_report(study).html
    assert "by focus_losses alone" in html
    assert "Planned contrasts without any one photo or person" in html
