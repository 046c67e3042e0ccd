"""The database itself refuses what must not happen, whoever asks."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from sandbox.builders import make_study, open_small_study, take_part
from sandbox.people import give
from studyapp.models import (
    Explanation,
    Judgment,
    Participation,
    Prediction,
    Slot,
    Stage,
    Status,
    Study,
    StudyState,
    Trial,
    WorkState,
)
from studyapp.participations.entering import enter

pytestmark = pytest.mark.django_db


def refused(name: str) -> "pytest.RaisesExc[IntegrityError]":
    return pytest.raises(IntegrityError, match=name)


def test_a_judgment_is_stored_once() -> None:
    judgment = give(take_part(open_small_study()))
    with refused("judgment_once"):
        Judgment.objects.create(participation=judgment.participation, trial=judgment.trial, value=2)


def test_a_judgment_is_never_edited() -> None:
    judgment = give(take_part(open_small_study()))
    with refused("a judgment is never edited"), transaction.atomic():
        Judgment.objects.filter(pk=judgment.pk).update(value=2)
    judgment.refresh_from_db()
    assert judgment.value == 1


def test_a_judgment_is_deleted_only_by_a_withdrawal() -> None:
    judgment = give(take_part(open_small_study()))
    with refused("deleted only by a withdrawal"), transaction.atomic():
        judgment.delete()
    assert Judgment.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_leave_to_delete_ends_with_its_transaction() -> None:
    judgment = give(take_part(open_small_study()))
    with connection.cursor() as cursor, transaction.atomic():
        cursor.execute("SET LOCAL discern.withdrawing = 'yes'")
    with refused("deleted only by a withdrawal"), transaction.atomic():
        judgment.delete()


def test_a_slot_is_held_by_one_person() -> None:
    study = open_small_study()
    first = take_part(study)
    second = enter(study, source="link")
    with refused("slot_held_once"):
        Participation.objects.filter(pk=second.pk).update(status=Status.ACTIVE, slot=first.slot)


def test_a_person_takes_part_in_a_study_once() -> None:
    first = take_part(open_small_study())
    with refused("participation_once"):
        Participation.objects.create(study=first.study, participant=first.participant)


def test_a_photo_comes_once_in_a_slot() -> None:
    trials = list(open_small_study().slots.earliest("position").trials.all())
    with refused("trial_image_once_a_slot"):
        Trial.objects.filter(pk=trials[0].pk).update(image=trials[1].image)


def test_positions_are_given_once() -> None:
    study = open_small_study()
    slots = list(Slot.objects.filter(study=study))
    with refused("slot_position_once"), transaction.atomic():
        Slot.objects.filter(pk=slots[0].pk).update(position=slots[1].position)
    with refused("trial_position_once"):
        slots[0].trials.update(position=0)


def test_an_attention_check_has_an_expected_answer() -> None:
    trial = Trial.objects.filter(slot__study=open_small_study())[:1]
    with refused("trial_check_has_expected_answer"):
        Trial.objects.filter(pk__in=trial).update(stage=Stage.CHECK, expected=None)


def test_nobody_starts_without_consent() -> None:
    person = enter(open_small_study(), source="link")
    with refused("participation_started_has_consented"):
        Participation.objects.filter(pk=person.pk).update(started_at=timezone.now())


def test_a_completion_code_stands_only_at_the_end() -> None:
    person = take_part(open_small_study())
    rows = Participation.objects.filter(pk=person.pk)
    with refused("participation_finished_iff_completion_code"), transaction.atomic():
        rows.update(completion_code="EARLY")
    with refused("participation_finished_iff_completion_code"):
        rows.update(status=Status.FINISHED)


def test_an_open_study_is_frozen() -> None:
    study = make_study()
    with refused("study_open_is_frozen"):
        Study.objects.filter(pk=study.pk).update(state=StudyState.OPEN)


def test_a_ready_explanation_has_a_digest_and_a_failed_one_a_reason() -> None:
    make_study()
    rows = Explanation.objects.filter(pk=Explanation.objects.earliest("pk").pk)
    with refused("explanation_ready_iff_digest"), transaction.atomic():
        rows.update(map_digest="")
    with refused("explanation_failed_has_a_reason"):
        rows.update(state=WorkState.FAILED, map_digest="")


def test_a_ready_prediction_has_classes() -> None:
    make_study()
    with refused("prediction_ready_has_classes"):
        Prediction.objects.update(top=[])


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"method": "imported", "kind": "sound"}, "explanation_kind_known"),
        ({"kind": "picture"}, "explanation_computed_is_a_map_of_a_class"),
        ({"class_index": None}, "explanation_computed_is_a_map_of_a_class"),
        ({"method": "imported", "kind": "picture", "is_empty": True}, "explanation_empty_is_a_map"),
    ],
)
def test_what_we_compute_is_a_map_of_a_class(changed: dict[str, object], name: str) -> None:
    make_study()
    row = Explanation.objects.filter(pk=Explanation.objects.earliest("pk").pk)
    with refused(name), transaction.atomic():
        row.update(**changed)
    row.update(method="imported", kind="pictures", class_index=None)


def test_what_another_tool_made_of_no_class_is_stored_once() -> None:
    make_study()
    row = Explanation.objects.earliest("pk")
    Explanation.objects.filter(pk=row.pk).update(method="imported", class_index=None)
    row.refresh_from_db()
    row.pk = None
    with refused("explanation_once"), transaction.atomic():
        row.save(force_insert=True)


def test_no_index_of_the_judgments_is_the_beginning_of_another() -> None:
    """Each answer would be written into both. A unique index is allowed, as it is a rule."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_to_array(indkey::text, ' '), indisunique FROM pg_index "
            "WHERE indrelid = 'studyapp_judgment'::regclass AND indisvalid"
        )
        found = cursor.fetchall()
    columns = [keys for keys, _ in found]
    plain = [keys for keys, is_unique in found if not is_unique]
    assert len(plain) >= 3
    assert not [
        keys for keys in plain for other in columns if other != keys and other[: len(keys)] == keys
    ]
