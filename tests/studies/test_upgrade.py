"""Code may be upgraded while a study is open: who is taking part goes on unharmed."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection
from django.db.migrations.executor import MigrationExecutor

from sandbox.builders import open_small_study, take_part
from sandbox.people import due, give
from studyapp.models import (
    Case,
    Explanation,
    Image,
    Judgment,
    Network,
    Participation,
    Prediction,
    Status,
    Study,
    StudyImage,
)
from studyapp.participations.answering import answer, current_trial
from studyapp.studies.definition.study import study_definition
from studyapp.studies.design.draw import draw
from studyapp.studies.design.rows import design_plan

pytestmark = pytest.mark.django_db(transaction=True)

# The schema before questions in two steps, screening and comparisons of two methods
BEFORE = ("studyapp", "0006_members_of_a_study")
LATER_KEYS = ("screening", "comprehension", "parent")


def migrate(target: tuple[str, str] | None = None) -> None:
    """To `target`, or to the newest schema."""
    executor = MigrationExecutor(connection)
    targets = [target] if target is not None else executor.loader.graph.leaf_nodes("studyapp")
    executor.migrate(targets)


@pytest.fixture
def newest_again() -> Iterator[None]:
    yield
    migrate()


def forget_later_keys(study: Study) -> None:
    """The definition as code of that time stored it."""
    stored: dict[str, Any] = {k: v for k, v in study.definition.items() if k not in LATER_KEYS}
    known = {"name", "paradigm", "stage", "trials", "checks", "conditions"}
    stored["blocks"] = [
        {key: value for key, value in block.items() if key in known} for block in stored["blocks"]
    ]
    Study.objects.filter(pk=study.pk).update(definition=stored)


def photos_of_rows() -> list[set[tuple[int, str, str]]]:
    """Which photo each use, prediction and map is of, and with which context."""
    return [
        set(rows.values_list("pk", "case__image__sha256", "case__context"))
        for rows in (StudyImage.objects, Prediction.objects, Explanation.objects)
    ]


def test_a_participation_under_way_goes_on_after_a_migration(newest_again: None) -> None:
    study = open_small_study(trials=3, stimuli=4)
    person = take_part(study, "somebody")
    give(person)
    due = current_trial(person)
    before = list(Judgment.objects.values_list("pk", "trial_id", "value", "rt_ms", "answered_at"))
    told = {"conservation_error": 0.5, "largest_weight": 3.0}
    row = Explanation.objects.order_by("pk").first()
    Explanation.objects.filter(pk=row.pk).update(provenance={"checks": told, "layer": "features"})
    forget_later_keys(study)
    drawn = draw(design_plan(study)).digest()
    photos = photos_of_rows()
    migrate(BEFORE)
    migrate()
    assert photos_of_rows() == photos
    assert draw(design_plan(study)).digest() == drawn
    assert {case.digest for case in Case.objects.all()} == {
        image.sha256 for image in Image.objects.all()
    }
    # Maps that were made before this migration had their checks in their provenance
    rows = Explanation.objects.exclude(checks={})
    assert [(one.pk, one.checks) for one in rows] == [(row.pk, told)]
    person = Participation.objects.get(pk=person.pk)
    assert study_definition(person.study).design == study_definition(study).design
    assert current_trial(person) == due
    stored = Judgment.objects.values_list("pk", "trial_id", "value", "rt_ms", "answered_at")
    assert list(stored) == before
    give(person)
    give(person)
    person.refresh_from_db()
    assert (person.status, Judgment.objects.count()) == (Status.FINISHED, 3)
    assert person.completion_code


def test_photos_with_others_or_contexts_stop_the_way_back_and_the_way_forth_is_right(
    newest_again: None,
) -> None:
    open_small_study(trials=1, people=1)
    one, other = Image.objects.order_by("pk")[:2]
    case = Case.objects.of(one, "", [other])
    Case.objects.filter(pk=Case.objects.earliest("pk").pk).update(context='"What is it?"')
    StudyImage.objects.update(shown="What is it?")
    rows = photos_of_rows()
    with pytest.raises(DatabaseError, match=r"cases have further photos.*restore the backup"):
        migrate(("studyapp", "0024_checks_hold_no_lists"))
    assert case.further == [other]
    case.delete()
    with pytest.raises(DatabaseError, match=r"photos have contexts.*restore the backup"):
        migrate(("studyapp", "0020_map_checks"))
    assert set(StudyImage.objects.values_list("shown", flat=True)) == {"What is it?"}
    assert photos_of_rows() == rows
    # The step to cases refuses by itself, too
    Case.objects.update(context="")
    migrate(("studyapp", "0021_cases"))
    Case.objects.filter(pk=Case.objects.earliest("pk").pk).update(context='"What is it?"')
    with pytest.raises(DatabaseError, match=r"photos have contexts.*restore the backup"):
        migrate(("studyapp", "0020_map_checks"))
    Case.objects.update(context="")
    # Migrating forwards repairs a constraint that accepted lists in place of numbers
    name, lax = "explanation_checks_are_numbers", '$.* ? (@.type() != "number")'
    with connection.cursor() as cursor:
        cursor.execute(
            f"ALTER TABLE studyapp_explanation DROP CONSTRAINT {name}, ADD CONSTRAINT {name} "
            f"CHECK (NOT jsonb_path_exists(checks, '{lax}'))"
        )
    Explanation.objects.update(checks={"of": []})
    Explanation.objects.update(checks={})
    migrate()
    with pytest.raises(IntegrityError, match=name):
        Explanation.objects.update(checks={"of": []})


def test_targets_stop_the_way_back_and_maps_without_one_keep_their_rows(newest_again: None) -> None:
    open_small_study(trials=1, people=1)
    rows = list(Explanation.objects.order_by("pk").values())
    assert {(row["target"], row["target_digest"]) for row in rows} == {("", "")}
    before = ("studyapp", "0028_kinds_of_explanations")
    migrate(before)
    migrate()
    assert list(Explanation.objects.order_by("pk").values()) == rows
    Explanation.objects.filter(pk=rows[0]["id"]).update(target="{}", target_digest="0" * 64)
    with pytest.raises(DatabaseError, match=r"maps have targets.*restore the backup"):
        migrate(before)
    assert Explanation.objects.get(pk=rows[0]["id"]).target == "{}"
    Explanation.objects.update(target="", target_digest="")
    Network.objects.filter(pk=Network.objects.earliest("pk").pk).update(target="box")
    with pytest.raises(DatabaseError, match=r"maps have targets.*restore the backup"):
        migrate(before)
    Network.objects.update(target="")


def test_conditions_that_meet_on_a_page_stop_the_way_back(newest_again: None) -> None:
    study = open_small_study(paradigm="comparison", conditions=3, trials=1, people=1)
    names = set(study.conditions.values_list("name", flat=True))
    with pytest.raises(DatabaseError, match=r"several conditions on one page.*restore the backup"):
        migrate(("studyapp", "0026_presentations"))
    assert set(study.conditions.values_list("name", flat=True)) == names


def test_what_was_stored_of_presentations_stops_the_way_back(newest_again: None) -> None:
    person = take_part(open_small_study(trials=1, people=1), "somebody")
    answer(
        person,
        trial_code=due(person).code,
        value=1,
        data={},
        timing={"rt_ms": 900, "presentation": {"zooms": []}},
    )
    with pytest.raises(DatabaseError, match=r"how pictures were presented.*restore the backup"):
        migrate(("studyapp", "0025_further_photos"))
    assert Judgment.objects.get().presentation == {"zooms": []}
