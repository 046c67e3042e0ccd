"""Code may be upgraded while a study is open: who is taking part goes on unharmed."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from sandbox.builders import open_small_study, take_part
from sandbox.people import give
from studyapp.models import Case, Explanation, Image, Judgment, Participation, Status, Study
from studyapp.participations.answering import current_trial
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


def test_a_participation_under_way_goes_on_after_a_migration(newest_again: None) -> None:
    study = open_small_study(trials=3, stimuli=4)
    person = take_part(study, "somebody")
    give(person)
    due = current_trial(person)
    before = list(Judgment.objects.values_list("pk", "trial_id", "value", "rt_ms", "answered_at"))
    forget_later_keys(study)
    drawn = draw(design_plan(study)).digest()
    migrate(BEFORE)
    migrate()
    assert draw(design_plan(study)).digest() == drawn
    assert {case.digest for case in Case.objects.all()} == {
        image.sha256 for image in Image.objects.all()
    }
    person = Participation.objects.get(pk=person.pk)
    assert study_definition(person.study).design == study_definition(study).design
    assert current_trial(person) == due
    rows = Judgment.objects.values_list("pk", "trial_id", "value", "rt_ms", "answered_at")
    assert list(rows) == before
    give(person)
    give(person)
    person.refresh_from_db()
    assert (person.status, Judgment.objects.count()) == (Status.FINISHED, 3)
    assert person.completion_code


def test_checks_of_maps_that_were_made_before_come_out_of_their_provenance(
    newest_again: None,
) -> None:
    open_small_study(trials=1, people=1)
    told = {"conservation_error": 0.5, "largest_weight": 3.0}
    row = Explanation.objects.order_by("pk").first()
    Explanation.objects.filter(pk=row.pk).update(provenance={"checks": told, "layer": "features"})
    migrate(("studyapp", "0019_network_grid"))
    migrate()
    rows = Explanation.objects.exclude(checks={})
    assert [(one.pk, one.checks) for one in rows] == [(row.pk, told)]
