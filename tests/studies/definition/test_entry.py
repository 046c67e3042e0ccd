"""Rules of who may come that can't be followed are refused, each with the fix."""

from typing import Any

import pytest

from sandbox.builders import make_definition, make_study
from studyapp.models import Member, Role, Study, StudyKind
from studyapp.studies.definition.contradictions import contradictions
from studyapp.studies.definition.study import Definition
from studyapp.studies.earlier import entry_flaws
from studyapp.studies.rights import studies_with_ids
from tests.admin.desk import make_user

PANEL = {"kind": "prolific"}


def defined(panel: str = "prolific", **entry: Any) -> Definition:
    return make_definition(slug="after", panel={"kind": panel}, entry=entry)


def told(definition: Definition) -> list[str]:
    return [sentence for path, sentence in contradictions(definition) if path[0] == "entry"]


@pytest.mark.parametrize(
    ("panel", "entry", "fix"),
    [
        ("prolific", {"not_after": ["after"]}, "names this study itself"),
        ("prolific", {"not_after": ["a", "a"]}, "names a 2 times; name it once"),
        ("prolific", {"not_after": ["a"], "only_after": ["a"]}, "remove it from one of them"),
        ("link", {"not_after": ["a"]}, 'links of their own (panel.kind = "personal")'),
        ("sona", {"only_after": ["a"]}, "prerequisites and disqualifiers of the study at SONA"),
    ],
)
def test_what_a_file_shows_to_be_wrong(panel: str, entry: dict[str, Any], fix: str) -> None:
    [sentence] = told(defined(panel, **entry))
    assert fix in sentence


@pytest.mark.parametrize("panel", ["prolific", "mturk", "personal"])
def test_people_with_ids_may_be_asked_for(panel: str) -> None:
    assert told(defined(panel, not_after=["a"], only_after=["b"])) == []


def test_a_study_without_rules_has_the_digest_that_it_had_before_there_were_any() -> None:
    assert "entry" not in make_definition().model_dump(mode="json")
    assert defined(not_after=["a"]).model_dump(mode="json")["entry"]["not_after"] == ["a"]


@pytest.mark.django_db
def test_what_is_wrong_with_the_other_studies_is_told_with_the_fix() -> None:
    make_study(slug="other", panel=PANEL)
    copy = make_study(slug="other-pilot-1", panel=PANEL)
    Study.objects.filter(pk=copy.pk).update(
        copy_of=Study.objects.get(slug="other"), kind=StudyKind.PILOT
    )
    make_study(slug="elsewhere", panel={"kind": "mturk"})

    def flaws(**entry: Any) -> list[str]:
        return [sentence for _, sentence in entry_flaws(defined(**entry), Study.objects.all())]

    assert flaws(not_after=["other"]) == []
    [unknown, copied] = flaws(not_after=["unheard-of", "other-pilot-1"])
    assert "no study with this slug that you may use is loaded here; load it first" in unknown
    assert "this is a marked copy; name other" in copied
    [kind] = flaws(only_after=["elsewhere"])
    assert 'come by panel.kind = "mturk" and those of this study by "prolific"' in kind


@pytest.mark.django_db
def test_only_who_may_see_a_studys_ids_may_let_it_decide_who_comes() -> None:
    other = make_study(slug="other", panel=PANEL)
    user = make_user("ada")
    definition = defined(not_after=["other"])
    strangers = [sentence for _, sentence in entry_flaws(definition, studies_with_ids(user))]
    unknown = entry_flaws(defined(not_after=["unheard-of"]), studies_with_ids(user))
    # Nobody learns which studies there are
    [(_, sentence)] = unknown
    assert strangers == [sentence.replace("unheard-of", "other")]
    member = Member.objects.create(study=other, user=user, role=Role.ASSISTANT)
    assert list(entry_flaws(definition, studies_with_ids(user)))
    member.role = Role.RESEARCHER
    member.save()
    assert not list(entry_flaws(definition, studies_with_ids(user)))


@pytest.mark.parametrize(
    ("entry", "fix"),
    [
        ({"wait_days": 7}, "name it in `entry.only_after`, or remove `wait_days`"),
        ({"arm": "same"}, "name it in `entry.only_after`, or remove `arm`"),
        (
            {"only_after": ["a"], "wait_days": 7, "at_most_days": 7},
            "so nobody could come; use 8 or more",
        ),
        ({"only_after": ["a"], "arm": "other"}, "needs several [[arms]]"),
    ],
)
def test_what_is_wrong_with_coming_back(entry: dict[str, Any], fix: str) -> None:
    [sentence] = told(defined(**entry))
    assert fix in sentence


@pytest.mark.django_db
def test_arms_that_are_followed_by_name_have_the_same_names_in_both_studies() -> None:
    conditions = ["guided_backprop", "guided_grad_cam"]
    arms = [{"name": name, "conditions": conditions} for name in ("plain", "warned")]
    make_study(slug="other", panel=PANEL, arms=arms)
    arms = [{"name": name, "conditions": conditions} for name in ("plain", "trained")]
    entry = {"only_after": ["other"], "arm": "same"}
    definition = make_definition(slug="after", panel=PANEL, arms=arms, entry=entry)
    [(_, sentence)] = entry_flaws(definition, Study.objects.all())
    assert "the other study has plain, warned and this one plain, trained" in sentence
