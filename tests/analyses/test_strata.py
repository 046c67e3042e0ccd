"""Strata in tables, in the report's numbers, as moderators, and in a bundle and back."""

from pathlib import Path
from typing import Any

import pytest

from sandbox.builders import STRATA, make_definition, open_small_study
from sandbox.people import answer_all, make_profile
from studyapp.analyses.frames import folder_frame
from studyapp.analyses.reports.tabulation import attrition_tables
from studyapp.analyses.sources import study_flow, tidy_folder, tidy_study
from studyapp.analyses.tables import PARTICIPATIONS
from studyapp.exports.bundle import write_bundle
from studyapp.exports.readme import near_identifiers, smallest_group
from studyapp.exports.rebuilding import import_bundle
from studyapp.models import Study
from studyapp.participations.enrolment import begin
from studyapp.studies.definition.contradictions import contradictions
from studyapp.studies.lifecycle import close_study
from tests.participations.test_strata import come

pytestmark = pytest.mark.django_db

ARMS = [
    {"name": name, "conditions": ["guided_grad_cam", "guided_backprop"]} for name in ("one", "two")
]
MODERATED = {"moderators": [{"of": "person", "field": "expertise"}]}


def answered_study(**options: Any) -> Study:
    """Four novices and two experts who finished, two more novices who came when it was full."""
    study = open_small_study(people=12, arms=ARMS, screening=[STRATA], **options)
    for number, answer in enumerate((1, 2, 1, 1, 3, 1)):
        answer_all(begin(come(study, answer, f"p{number}")), make_profile(seed=number))
    for name in ("late", "later"):
        come(study, 1, name)
    return study


def test_the_flow_counts_each_stratum_in_each_arm_and_who_came_when_it_was_full() -> None:
    flow, _ = study_flow(answered_study())
    novices, experts = (flow["by_stratum"][f"expertise={one}"] for one in ("novice", "expert"))
    assert (novices["full"], experts["full"]) == (2, 0)
    assert {arm: one["analysed"] for arm, one in novices["by_arm"].items()} == {"one": 2, "two": 2}
    assert {arm: one["placed"] for arm, one in experts["by_arm"].items()} == {"one": 1, "two": 1}
    [table] = [one for one in attrition_tables(flow) if one.caption == "Strata by arm"]
    assert ["expertise=novice", "one", "2", "2", "0 (0.0 %)", "2"] in table.rows
    assert table.rows[-1][1] == "none: 2 came when it was full"
    plain, _ = study_flow(open_small_study(slug="plain"))
    assert "by_stratum" not in plain


def test_a_stratum_can_be_a_moderator() -> None:
    tidy = tidy_study(answered_study(analysis=MODERATED))
    [moderator] = tidy.moderators
    assert moderator.levels == ("novice", "expert")
    people = tidy.frame.groupby("participant")[moderator.column].first()
    assert sorted(people) == ["expert"] * 2 + ["novice"] * 4
    told = [one for _, one in contradictions(make_definition(people=12, analysis=MODERATED))]
    assert [one for one in told if "`analysis.moderators` 1" in one]
    known = make_definition(people=12, analysis=MODERATED, screening=[STRATA])
    assert not list(contradictions(known))


def test_a_bundle_has_the_strata_of_who_consented_and_brings_them_back(tmp_path: Path) -> None:
    study = answered_study()
    close_study(study)
    write_bundle(study, tmp_path / "bundle", public=False, analysis=False)
    people = folder_frame(PARTICIPATIONS, tmp_path / "bundle", ("participant_id", "stratum", "arm"))
    assert people["stratum"].value_counts().to_dict() == {
        "expertise=novice": 6, "expertise=expert": 2
    }  # fmt: skip
    assert near_identifiers(people)[-1] == "stratum"
    assert smallest_group(people) <= 2
    assert tidy_folder(tmp_path / "bundle").flow["by_stratum"]
    before = sorted(study.slots.values_list("position", "stratum"))
    study.slug = "elsewhere"
    study.save(update_fields=["slug"])
    again = import_bundle(tmp_path / "bundle")
    assert sorted(again.slots.values_list("position", "stratum")) == before
    assert again.participations.filter(stratum="expertise=expert").count() == 2
