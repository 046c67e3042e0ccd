"""The SQL written by hand does what Django's own would, whatever comes in between."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, Error, IntegrityError, connection, transaction
from django.utils import timezone

from sandbox.builders import STRATA, make_study, open_small_study, take_part
from sandbox.people import answer_all, due, give, make_profile
from sandbox.plans import read_whole
from studyapp.models import (
    Evidence,
    Judgment,
    Participant,
    Participation,
    Status,
    Study,
    StudyState,
)
from studyapp.participations.answering import Given, Taken, take_answer
from studyapp.participations.entering import enter
from studyapp.participations.gates import screen
from studyapp.participations.refusals import NotNow, StudyNotOpen
from studyapp.participations.statements import (
    SHOWN_OF_STUDY,
    Standing,
    known_people,
    locked_standing,
    longest_silent_since,
    opened_study,
    participant_of,
    seen_now,
    standing,
)
from studyapp.participations.withdrawal import withdraw
from studyapp.shelf.rows import insert, update
from studyapp.studies.lifecycle import close_study
from tests.databases import other_session

pytestmark = pytest.mark.django_db


def columns(row: Any) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def everybody() -> list[Participation]:
    """People with something in every column between them, and with nothing."""
    finished = answer_all(take_part(open_small_study()), make_profile())
    Participation.objects.filter(pk=finished.pk).update(
        screened_at=timezone.now(), traces_agreed_at=timezone.now(), web_bot_auth="valid",
        site="graz", language="de", device_class="desktop", failed_comprehension=1,
        publication_consent=True, profile={"trust": [0.5, None]}, id_digest="1f",
    )  # fmt: skip
    stratified = enter(open_small_study(slug="other", people=12, screening=[STRATA]), source="link")
    screen(stratified, {"question_1": "2"})
    return [finished, stratified]


@pytest.mark.parametrize("told", [standing, locked_standing])
def test_a_person_is_told_as_django_reads_them(told: Callable[[str], Standing]) -> None:
    filled: set[str] = set()
    for person in everybody():
        row = Participation.objects.get(pk=person.pk)
        found = told(row.code)
        assert columns(found.person) == columns(row)
        assert {name: type(value) for name, value in columns(found.person).items()} == {
            name: type(value) for name, value in columns(row).items()
        }
        filled |= {name for name, value in columns(row).items() if value}
        judged = Judgment.objects.filter(participation=row).values_list("trial_id", flat=True)
        assert found.judged == set(judged)
    assert filled == set(columns(row))


def test_of_the_study_what_pages_show_is_told_and_the_rest_is_read_when_it_is_asked_for() -> None:
    study = open_small_study()
    found = standing(take_part(study).code).person.study
    every = {field.attname for field in Study._meta.concrete_fields}
    assert every - found.get_deferred_fields() == {"id", *SHOWN_OF_STUDY}
    assert columns(found) == columns(Study.objects.get(pk=study.pk))


def test_a_row_that_was_told_is_saved_as_one_that_was_read() -> None:
    person = standing(take_part(open_small_study()).code).person
    person.language = "de"
    person.save()
    assert Participation.objects.get().language == "de"


def test_a_column_to_come_changes_nothing() -> None:
    person = take_part(open_small_study())
    before = columns(standing(person.code).person)
    connection.check_constraints()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE studyapp_participation ADD COLUMN to_come int DEFAULT 1")
    assert columns(locked_standing(person.code).person) == before


@pytest.mark.parametrize("told", [standing, locked_standing])
def test_nobody_has_an_unknown_code(told: Callable[[str], Standing]) -> None:
    with pytest.raises(Participation.DoesNotExist):
        told("nobody's code")


def judgment(person: Participation, **particulars: Any) -> Judgment:
    return Judgment(participation=person, trial=due(person), **particulars)


MEASURED: dict[str, Any] = {
    "value": -2, "data": {"text": "ünï 'quoted' %s", "sure": [1, None]}, "texts_digest": "ab",
    "rt_ms": 900, "confirm_ms": 1000, "choice_changes": 0, "hidden_ms": 1, "focus_losses": 2,
    "window_width": 1366, "window_height": 768, "pixel_ratio": 1.25, "picture_failed": False,
    "presentation": {"shown_ms": 500.5},
}  # fmt: skip


def test_a_row_is_stored_as_django_stores_it() -> None:
    study = open_small_study()
    mine, theirs = (judgment(take_part(study, name), **MEASURED) for name in ("me", "them"))
    insert(mine)
    theirs.save()
    own = {"id", "participation_id", "trial_id", "answered_at"}
    stored = columns(Judgment.objects.get(pk=mine.pk))
    assert stored == columns(mine)
    assert {name for name, value in stored.items() if value is None} == set()
    assert {name: value for name, value in stored.items() if name not in own} == {
        name: value
        for name, value in columns(Judgment.objects.get(pk=theirs.pk)).items()
        if name not in own
    }
    insert(Evidence(judgment=mine, webdriver=True))
    assert mine.evidence.webdriver
    mine.evidence.webdriver = False
    mine.evidence.save()
    assert not Evidence.objects.get().webdriver


def test_what_a_table_refuses_is_refused() -> None:
    person = take_part(open_small_study())
    first = judgment(person)
    insert(first)
    for wrong in (
        Judgment(participation=person, trial=first.trial),
        judgment(person, rt_ms=-1),
        judgment(person, data=None),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            insert(wrong)


def test_who_was_seen_was_seen_by_the_databases_clock() -> None:
    person = take_part(open_small_study())
    Participation.objects.filter(pk=person.pk).update(
        last_seen_at=timezone.now() - timedelta(hours=1)
    )
    seen_now(person)
    stored = Participation.objects.get().last_seen_at
    assert stored == person.last_seen_at
    assert abs(timezone.now() - stored) < timedelta(minutes=1)


def test_a_row_is_changed_as_django_changes_it() -> None:
    person, other = (Participation.objects.get(pk=one.pk) for one in everybody())
    before = columns(other)
    person.language, person.profile, person.screened_at = "fr", {"sure": [1, None]}, None
    update(person, "language", "profile", "screened_at")
    stored = columns(Participation.objects.get(pk=person.pk))
    assert stored == columns(person)
    other.refresh_from_db()
    assert columns(other) == before
    person.pk = -1
    with pytest.raises(DatabaseError):
        update(person, "language")


def test_what_only_the_database_knows_is_in_the_row_that_was_stored() -> None:
    row = Participation(study=open_small_study(), participant=Participant.objects.create())
    insert(row)
    assert row.id_digest == ""
    assert columns(row) == columns(Participation.objects.get(pk=row.pk))


def test_an_opened_study_is_told_as_django_reads_it() -> None:
    make_study(slug="drafted")
    study = open_small_study()
    found = opened_study(study.slug)
    every = {field.attname for field in Study._meta.concrete_fields}
    assert every - found.get_deferred_fields() == {"id", *SHOWN_OF_STUDY}
    assert columns(found) == columns(Study.objects.get(pk=study.pk))
    close_study(study)
    assert opened_study(study.slug).state == StudyState.CLOSED
    for slug in ("drafted", "nobody's"):
        with pytest.raises(Study.DoesNotExist):
            opened_study(slug)


def test_whoever_has_come_is_known_by_their_id_or_by_a_digest_of_it() -> None:
    mine, other = (open_small_study(slug=slug) for slug in ("mine", "other"))
    kept, neighbour = (enter(mine, source="prolific", external_id=one) for one in ("a", "b"))
    there = enter(other, source="prolific", external_id="a")
    assert there.participant_id == kept.participant_id
    assert there.pk != kept.pk
    assert [columns(one) for one in known_people(mine.pk, "prolific", "a", ["x"])] == [
        columns(Participation.objects.get(pk=kept.pk))
    ]
    assert known_people(mine.pk, "mturk", "a", []) == []
    Participation.objects.filter(pk=neighbour.pk).update(id_digest="1f")
    found = known_people(mine.pk, "prolific", "a", ["1f", ""])
    assert {one.pk for one in found} == {kept.pk, neighbour.pk}
    assert known_people(other.pk, "prolific", "c", ["1f", ""]) == []
    assert participant_of("prolific", "a") == kept.participant_id
    assert participant_of("mturk", "a") is None


def test_who_has_been_silent_for_longest_holds_a_place_of_the_study() -> None:
    study, other = (open_small_study(slug=slug, people=4) for slug in ("mine", "other"))
    assert longest_silent_since(study.pk) is None
    moment = timezone.now()
    gone, second, third = (take_part(study, name) for name in "abc")
    neighbour = take_part(other, "d")
    for hours, person in enumerate((third, second, neighbour, gone), 1):
        seen = moment - timedelta(hours=hours)
        Participation.objects.filter(pk=person.pk).update(last_seen_at=seen)
    gone.leave(Status.DROPPED)
    assert longest_silent_since(study.pk) == moment - timedelta(hours=2)


def test_no_growing_table_is_read_whole() -> None:
    person = answer_all(take_part(open_small_study()), make_profile(), most=1)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")

    def read() -> None:
        standing(person.code)
        locked_standing(person.code)
        seen_now(person)
        known_people(person.study_id, "prolific", "a", ["1f"])
        participant_of("prolific", "a")
        longest_silent_since(person.study_id)

    assert read_whole(read) == []
    assert read_whole(lambda: list(Judgment.objects.filter(value=1))) == ["studyapp_judgment"]


def waits_for_a_lock() -> bool:
    """Whether somebody does within ten seconds."""
    with other_session() as cursor:
        for _ in range(200):
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone() != (0,):
                return True
            time.sleep(0.05)
    return False


def answer_that_waits(person: Participation, change: Callable[[], object]) -> Taken:
    """The answer 2 of another session to the trial that is due, which waits for the person's row
    while `change` is done."""
    trial_code = due(person).code

    def answer() -> Taken:
        try:
            return take_answer(person.code, trial_code=trial_code, read=lambda *_: Given(2))
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            locked_standing(person.code)
            answered = pool.submit(answer)
            assert waits_for_a_lock()
            change()
        return answered.result(30)


@pytest.mark.django_db(transaction=True)
def test_an_answer_that_waited_for_another_sees_it() -> None:
    person = take_part(open_small_study())
    again = answer_that_waits(person, lambda: give(person, 1))
    stored = Judgment.objects.get()
    assert (again.judgment, stored.value, again.is_given) == (stored, 1, False)
    assert again.following[0] == due(person)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("change", "refused"),
    [
        (lambda person: close_study(person.study), StudyNotOpen),
        (lambda person: person.leave(Status.DROPPED), NotNow),
        (withdraw, NotNow),
    ],
)
def test_an_answer_that_waited_while_the_study_ended_for_the_person_is_refused(
    change: Callable[[Participation], object], refused: type[Exception]
) -> None:
    person = take_part(open_small_study())
    with pytest.raises(refused):
        answer_that_waits(person, lambda: change(person))
    assert not Judgment.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_answer_whose_connection_breaks_before_the_end_can_be_sent_again() -> None:
    person = take_part(open_small_study())

    def break_it(_: Judgment) -> None:
        assert Judgment.objects.exists()
        with other_session() as cursor:
            backend = connection.connection.get_backend_pid()
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])

    given = Given(1, keep=break_it)
    with pytest.raises(Error):
        take_answer(person.code, trial_code=due(person).code, read=lambda *_: given)
    assert not Judgment.objects.exists()
    assert give(person, 2) == Judgment.objects.get()
