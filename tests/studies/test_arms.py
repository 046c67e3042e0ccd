"""A closed arm takes nobody new; its people finish, and reports say when and why it was closed."""

from pathlib import Path

import pytest
from django.core.management import CommandError
from django.urls import reverse

from sandbox.builders import ETHICS, make_study, open_small_study, take_part
from sandbox.people import answer_all, make_profile
from studyapp.exports.publishing import is_under_way
from studyapp.models import Deviation, Participation, Role, Status, Study
from studyapp.participations.enrolment import consent, has_free_slot, release_idle, resume
from studyapp.participations.entering import enter
from studyapp.studies.arms import CLOSED, REOPENED, close_arm, reopen_arm
from studyapp.studies.copies import marked_copy
from studyapp.studies.extension import extend_study
from studyapp.studies.lifecycle import LifecycleError
from tests.admin.desk import administrator, make_user, page_of, signed_in
from tests.participations.test_enrolment import fall_idle
from tests.running import output_of

pytestmark = pytest.mark.django_db

ARMS = [{"name": name, "conditions": ["guided_grad_cam"]} for name in ("one", "two")]


@pytest.fixture
def study() -> Study:
    return open_small_study(people=8, arms=ARMS, kind="real", ethics=ETHICS)


def arms_of(study: Study) -> list[str]:
    return list(study.participations.order_by("pk").values_list("arm__name", flat=True))


def test_nobody_new_takes_a_place_of_a_closed_arm_and_its_people_finish(study: Study) -> None:
    people = [take_part(study, f"p{number}") for number in range(4)]
    inside = next(person for person in people if person.arm.name == "two")
    close_arm(study, "two", reason="a wrong picture")
    for number in range(2):
        assert take_part(study, f"q{number}").arm.name == "one"
    assert consent(enter(study, source="link")).status == Status.FULL
    assert not has_free_slot(study)
    answer_all(inside, make_profile())
    inside.refresh_from_db()
    assert inside.status == Status.FINISHED
    reopen_arm(study, "two", reason="the picture was right")
    assert take_part(study, "late").arm.name == "two"


def test_who_has_answered_comes_back_to_their_place_and_who_has_not_to_another_arm(
    study: Study,
) -> None:
    people = [take_part(study, f"p{number}") for number in range(4)]
    answered, silent = (person for person in people if person.arm.name == "two")
    answer_all(answered, make_profile(), most=1)
    for person in (answered, silent):
        fall_idle(person)
    assert release_idle(study) == 2
    close_arm(study, "two", reason="enough")
    assert resume(Participation.objects.get(pk=silent.pk)).arm.name == "one"
    back = resume(Participation.objects.get(pk=answered.pk))
    assert (back.status, back.slot, back.arm.name) == (Status.ACTIVE, answered.slot, "two")


def test_closing_is_a_deviation_with_its_reason_and_what_is_left(
    study: Study, tmp_path: Path
) -> None:
    answer_all(take_part(study, "p"), make_profile())
    first = Participation.objects.get().arm.name
    close_arm(study, first, reason=" enough people ")
    [made] = Deviation.objects.filter(study=study)
    assert made.what == CLOSED
    assert "1 person has finished and 0 can finish; 3 places stay empty" in made.detail
    assert made.detail.endswith(": enough people")
    output_of("study", "preregister", study.slug, amendments=True, out=tmp_path / "plan.md")
    told = (tmp_path / "plan.md").read_text("utf-8")
    assert "Arm closed" in told
    assert "enough people" in told
    reopen_arm(study, first, reason="more are needed")
    assert [one.what for one in study.deviations.order_by("pk")] == [CLOSED, REOPENED]


@pytest.mark.parametrize(
    ("name", "reason", "said"),
    [
        ("three", "x", "has no arm “three”; its arms are one, two"),
        ("one", "  ", "say why"),
        ("two", "x", "is closed already"),
        ("one", "x", "is the only open arm"),
    ],
)
def test_what_cannot_be_closed_is_refused(study: Study, name: str, reason: str, said: str) -> None:
    close_arm(study, "two", reason="x")
    with pytest.raises(LifecycleError, match=said):
        close_arm(study, name, reason=reason)
    with pytest.raises(LifecycleError, match="arm one of small is open"):
        reopen_arm(study, "one", reason="x")
    with pytest.raises(LifecycleError, match="must be open or paused"):
        close_arm(make_study(slug="draft", arms=ARMS), "one", reason="x")


def test_added_places_are_of_open_arms_and_copies_have_all(study: Study) -> None:
    close_arm(study, "two", reason="x")
    extend_study(study, people=3)
    assert set(study.slots.filter(addition=1).values_list("arm__name", flat=True)) == {"one"}
    copy = marked_copy(study, "pilot", 5, people=4)
    assert not copy.arms.filter(closed_at__isnull=False).exists()


def test_a_study_whose_closed_arm_has_places_is_still_under_way(study: Study) -> None:
    close_arm(study, "two", reason="x")
    study.slots.filter(arm__name="one").update(is_open=False)
    assert is_under_way(study)


def test_the_owner_closes_an_arm_at_the_desk_and_the_pages_say_so(study: Study) -> None:
    client = administrator()
    page = reverse("admin:study_arm", args=[study.pk, "two"])
    assert "Nobody new takes a place in this arm." in client.get(page).content.decode()
    assert "This field is required" in client.post(page, {"reason": ""}).content.decode()
    client.post(page, {"reason": "enough people"})
    overview = client.get(page_of(study)).content.decode()
    assert "closed since" in overview
    assert "Open again" in overview
    assert "4 <small>of 8 left" in overview
    coverage = client.get(page_of(study, "study_coverage")).content.decode()
    assert "Arm two has been closed to new people since" in coverage
    assert client.get(page.replace("two", "ten")).status_code == 404
    researcher = signed_in(make_user("r", study, Role.RESEARCHER))
    assert researcher.post(page, {"reason": "no"}).status_code == 403


def test_the_verbs_close_and_reopen_by_name(study: Study) -> None:
    assert "from here on" in output_of("study", "close-arm", study.slug, "two", reason="enough")
    assert "again" in output_of("study", "reopen-arm", study.slug, "two", reason="more")
    with pytest.raises(CommandError, match="has no arm"):
        output_of("study", "close-arm", study.slug, "ten", reason="x")
