"""Who may come by their part in other studies: recognised by their panel's id, kept or erased."""

from typing import Any

import pytest
from django.test import Client

from sandbox.builders import make_study, open_small_study
from sandbox.people import answer_all, make_profile
from sandbox.visits import panel_id
from studyapp.models import (
    DoorCount,
    PanelIdentity,
    Participation,
    Status,
    Study,
    StudyKind,
    StudyState,
    TurnedAway,
)
from studyapp.participations.admission import PREVIEW
from studyapp.participations.doors import warnings
from studyapp.participations.enrolment import begin, consent, refuse
from studyapp.participations.entering import enter
from studyapp.participations.erasure import erase_identities, is_paid
from studyapp.participations.outcomes import outcome
from studyapp.participations.refusals import NotForThem
from studyapp.participations.withdrawal import withdraw
from studyapp.shelf.clock import database_now
from studyapp.studies.copies import marked_copy
from studyapp.studies.definition.study import study_definition
from studyapp.studies.lifecycle import LifecycleError, close_study, open_study
from tests.running import at_once

pytestmark = pytest.mark.django_db
PANEL = {"kind": "prolific", "codes": {"screened_out": "NOT-THIS-TIME"}}


def before(**options: Any) -> Study:
    return open_small_study(**{"slug": "before", "panel": PANEL, **options})


def after(people: int = 4, panel: dict[str, Any] | None = None, **entry: Any) -> Study:
    return open_small_study(slug="after", panel=panel or PANEL, people=people, entry=entry)


def come(study: Study, name: str) -> Participation:
    return enter(study, source="prolific", external_id=panel_id(name))


def finish(study: Study, name: str) -> Participation:
    person = begin(consent(come(study, name)))
    answer_all(person, make_profile())
    person.refresh_from_db()
    assert person.status == Status.FINISHED
    return person


def is_let_in(study: Study, name: str) -> bool:
    try:
        come(study, name)
    except NotForThem:
        return False
    return True


def knock(study: Study, name: str) -> Any:
    """Open the panel's link in a browser of one's own, and press the button that begins."""
    client = Client()
    reply = client.get(f"/s/{study.slug}/", {"PROLIFIC_PID": panel_id(name)})
    if reply.status_code == 303 and "/come/" in reply["Location"]:
        return client.post(reply["Location"])
    return reply


def test_who_took_a_place_in_the_other_study_may_not_come_however_far_they_got() -> None:
    earlier = before()
    finish(earlier, "finished")
    consent(come(earlier, "began"))
    withdraw(consent(come(earlier, "withdrew")))
    study = after(not_after=["before"])
    assert not any(is_let_in(study, name) for name in ("finished", "began", "withdrew"))
    assert not study.participations.exists()


def test_who_took_no_place_there_may_come() -> None:
    earlier = before(people=1)
    consent(come(earlier, "first"))
    assert consent(come(earlier, "when full")).status == Status.FULL
    refuse(come(earlier, "refused"))
    come(earlier, "looked")
    study = after(not_after=["before"])
    assert all(is_let_in(study, name) for name in ("when full", "refused", "looked", "new"))


def test_only_who_finished_the_other_study_and_did_not_withdraw_may_come() -> None:
    earlier = before()
    finish(earlier, "finished")
    withdraw(finish(earlier, "withdrew"))
    begin(consent(come(earlier, "began")))
    study = after(only_after=["before"])
    assert is_let_in(study, "finished")
    assert not any(is_let_in(study, name) for name in ("withdrew", "began", "new"))


def test_of_several_studies_one_that_was_finished_is_enough() -> None:
    finish(before(), "one")
    finish(before(slug="other"), "two")
    study = after(only_after=["before", "other"])
    assert is_let_in(study, "one")
    assert is_let_in(study, "two")
    assert not is_let_in(study, "neither")


@pytest.mark.parametrize("closed", [False, True])
def test_people_are_recognised_after_their_ids_were_erased(closed: bool) -> None:
    earlier = before()
    finish(earlier, "one")
    study = after(not_after=["before"])
    if closed:
        close_study(earlier)
    assert erase_identities(is_paid(earlier, database_now())) == 1
    assert not PanelIdentity.objects.exists()
    assert not is_let_in(study, "one")
    assert is_let_in(study, "new")


def test_digests_of_a_closed_study_go_when_nobody_asks_for_them_any_more() -> None:
    earlier = before()
    person = finish(earlier, "one")
    study = after(not_after=["before"])
    close_study(earlier)
    erase_identities(is_paid(earlier, database_now()))
    person.refresh_from_db()
    assert person.id_digest
    close_study(study)
    person.refresh_from_db()
    assert person.id_digest == ""


def test_without_a_study_that_asks_no_digest_of_a_closed_study_is_made() -> None:
    earlier = before()
    person = finish(earlier, "one")
    close_study(earlier)
    erase_identities(is_paid(earlier, database_now()))
    person.refresh_from_db()
    assert person.id_digest == ""
    study = after(not_after=["before"])
    [told] = warnings(study)
    assert told.startswith("1 person of before can't be recognised any more")


def test_the_page_tells_the_rule_and_the_panels_code_and_nothing_of_the_other_study() -> None:
    earlier = before(title="Do you trust tigers?")
    finish(earlier, "one")
    study = after(not_after=["before"])
    reply = knock(study, "one")
    page = reply.content.decode()
    assert reply.status_code == 403
    assert "only for people who have not taken part in certain earlier studies" in page
    assert "NOT-THIS-TIME" in page
    assert "tigers" not in page
    assert "before" not in page
    assert not study.participations.exists()


def test_who_is_turned_away_is_counted_by_reason_and_nothing_more() -> None:
    finish(before(), "one")
    study = after(not_after=["before"])
    knock(study, "one")
    knock(study, "one")
    other = open_small_study(slug="other", panel=PANEL, entry={"only_after": ["before"]})
    knock(other, "new")
    assert list(DoorCount.objects.order_by("why").values_list("study__slug", "why", "times")) == [
        ("after", TurnedAway.NOT_AFTER, 2),
        ("other", TurnedAway.ONLY_AFTER, 1),
    ]
    assert not PanelIdentity.objects.filter(external_id=panel_id("new")).exists()
    [told] = warnings(study)
    assert "had taken part in a study of `entry.not_after`" in told


def test_who_is_in_already_stays_in_whatever_they_do_elsewhere_later() -> None:
    earlier, study = before(), after(not_after=["before"])
    person = consent(come(study, "one"))
    consent(come(earlier, "one"))
    assert come(study, "one") == person
    assert person.status == Status.ACTIVE


def test_who_entered_both_and_took_a_place_in_the_other_gets_none_here() -> None:
    earlier, study = before(), after(not_after=["before"])
    person, other = come(study, "one"), come(earlier, "one")
    consent(other)
    person = consent(person)
    assert person.status == Status.SCREENED_OUT
    assert person.slot is None
    assert outcome(person, study_definition(study)) == "screened_out"
    assert study.slots.free().count() == 4


@pytest.mark.django_db(transaction=True)
def test_consenting_to_both_in_the_same_moment_takes_one_place() -> None:
    """Each study keeps out the people of the other; neither consent waits for ever."""
    one = make_study(slug="one", panel=PANEL, people=8, entry={"not_after": ["two"]})
    two = make_study(slug="two", panel=PANEL, people=8, entry={"not_after": ["one"]})
    studies = [open_study(one), open_study(two)]
    for name in ("a", "b", "c", "d", "e", "f"):
        people = [come(study, name) for study in studies]
        at_once(2, lambda number, people=people: consent(people[number]))
        statuses = Participation.objects.filter(pk__in=[one.pk for one in people])
        assert {person.status for person in statuses} == {Status.ACTIVE, Status.SCREENED_OUT}


def test_a_marked_copy_asks_about_copies_of_its_own_kind() -> None:
    earlier = before()
    finish(earlier, "real")
    study = after(only_after=["before"])
    copy = marked_copy(study, StudyKind.PILOT, 1)
    assert not is_let_in(copy, "real")
    finish(marked_copy(earlier, StudyKind.PILOT, 1), "tester")
    finish(marked_copy(earlier, StudyKind.SIMULATED, 1), "made up")
    assert is_let_in(copy, "tester")
    assert not is_let_in(copy, "made up")
    assert not is_let_in(study, "tester")
    assert enter(copy, source=PREVIEW).status == Status.ENTERED


def test_a_study_to_which_nobody_could_come_is_not_opened() -> None:
    earlier = before()
    close_study(earlier)
    study = make_study(slug="after", panel=PANEL, entry={"only_after": ["before"]})
    with pytest.raises(LifecycleError, match="nobody has finished before, and nobody can any more"):
        open_study(study)


def test_a_study_does_not_open_beside_one_from_another_panel() -> None:
    before(panel={"kind": "mturk"})
    study = make_study(slug="after", panel=PANEL, entry={"not_after": ["before"]})
    with pytest.raises(LifecycleError, match="use the same kind in both"):
        open_study(study)


def test_people_of_a_new_version_are_told_of_where_it_is_not_named() -> None:
    earlier = before()
    newer = before(slug="newer")
    Study.objects.filter(pk=newer.pk).update(parent=earlier)
    assert ["newer" in told for told in warnings(after(not_after=["before"]))] == [True]
    both = open_small_study(slug="both", panel=PANEL, entry={"not_after": ["before", "newer"]})
    assert not list(warnings(both))
    assert earlier.state == StudyState.OPEN
