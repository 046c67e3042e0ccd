"""A participation's status and a place's being free change in the models' verbs, nowhere else."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
ROOMS = ("studyapp", "tasks", "sandbox", "demo")
FIELDS = {"status", "is_open", "completion_code"}
# What makes or changes rows
WRITING = {"Participation", "Slot", "create", "update", "get_or_create", "update_or_create"}
TELLING = {"Event", "Event.objects.create"}
VERBS = {"studyapp/models/design.py", "studyapp/models/participation.py"}
# An import makes the rows of a bundle as they were, whatever led to them.
AS_THEY_WERE = {"studyapp/exports/rebuilding.py"}


def written(code: str) -> Iterator[str]:
    """The fields of FIELDS that the code gives a value, by assignment or in a call that writes."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield from FIELDS & {node.attr}
        elif isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            given = {word.arg for word in node.keywords if word.arg}
            if name in WRITING:
                yield from FIELDS & given
            if ast.unparse(node.func) in TELLING and "kind" in given:
                yield "event"


def test_status_and_free_places_are_written_by_the_models_alone() -> None:
    writing = {
        str(path.relative_to(ROOT))
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if "migrations" not in path.parts and any(written(path.read_text("utf-8")))
    }
    assert writing == VERBS | AS_THEY_WERE


@pytest.mark.parametrize(
    "code",
    [
        "person.status = Status.DROPPED",
        "slot.is_open, person.slot = False, slot",
        "Slot.objects.filter(pk=1).update(is_open=True)",
        "study.participations.update(status=Status.DROPPED)",
        "Participation(study=study, status='active')",
        "Event.objects.create(participation=person, kind='left')",
    ],
)
def test_a_line_that_writes_them_is_found(code: str) -> None:
    assert list(written(code))
