"""A worker simulates people and power by the commands, each in a process that ends with its row."""

import subprocess
import sys

import pytest

from sandbox.builders import make_study, open_small_study
from sandbox.people import send_people
from studyapp.models import Judgment, Rehearsal, Study, StudyKind, WorkState
from studyapp.studies.copies import marked_copy
from studyapp.studies.definition.study import digest_of
from tasks import rehearsals
from tasks.children import end
from tasks.rehearsals import _wait, command, rehearse
from tests.running import gone_within

pytestmark = pytest.mark.django_db(transaction=True)


def asked(study: Study, kind: str, **options: object) -> Rehearsal:
    return Rehearsal.objects.create(
        study=study, kind=kind, asked=options, definition_digest=digest_of(study.definition)
    )


def test_simulated_people_walk_a_marked_copy_of_an_open_study_and_the_row_holds_what_came_of_it(
) -> None:  # fmt: skip
    study = open_small_study()
    row = asked(study, "people", people=2, profile="able", seed=1)
    rehearse([row.pk])
    row.refresh_from_db()
    assert row.state == WorkState.READY, row.error
    assert row.result is not None
    copy = study.copies.get()
    assert (copy.kind, row.result["copy"]) == (StudyKind.SIMULATED, copy.slug)
    assert row.result["lost"] == row.result["double"] == 0
    assert Judgment.objects.of(copy).count() == row.result["stored"] > 0
    assert not Judgment.objects.of(study).exists()


def test_what_the_command_refuses_is_the_rows_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """Django's start takes seconds, so that a process stands for it that ends as a command does."""
    refusing = "raise SystemExit('a note\\nCommandError: small asks nothing; ask something')"
    monkeypatch.setattr(rehearsals, "command", lambda row: [sys.executable, "-c", refusing])
    row = asked(make_study(), "power", studies=1, seed=1, paradigm="trust")
    rehearse([row.pk])
    row.refresh_from_db()
    assert row.state == WorkState.FAILED
    assert row.error == "small asks nothing; ask something"


def test_a_cancelled_row_ends_its_process_and_what_that_has_started() -> None:
    row = asked(make_study(), "power", studies=1, seed=1, paradigm="trust")
    starting = (
        "import subprocess, time; print(subprocess.Popen(['sleep', '60']).pid, flush=True); "
        "time.sleep(60)"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", starting], start_new_session=True, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    with child.stdout as printed:
        grandchild = int(printed.readline())
        assert _wait(child, row, "a claim that the row no longer has") == "cancelled"
        end(child)
        assert child.returncode is not None
        # Whoever holds the other end of the pipe has ended
        assert printed.read() == ""
    # A process lets go of its pipes a moment before it has ended; by itself it would sleep on
    assert gone_within(grandchild, 10)


def test_what_was_asked_of_another_definition_is_not_carried_out() -> None:
    study = make_study()
    row = asked(study, "power", studies=1, seed=1, paradigm="trust")
    study.definition["title"] = "Another"
    study.save()
    rehearse([row.pk])
    row.refresh_from_db()
    assert row.error == "the study has changed since this was asked for; ask again"


def test_a_copy_that_was_walked_half_is_not_left_to_be_analysed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A process that waits stands for one that walks; another has made the copy."""
    study = open_small_study()
    row = asked(study, "people", people=2, profile="able", seed=1)
    # By command, while the row waited for a worker
    whole = marked_copy(study, StudyKind.SIMULATED, 1)

    def walking(asked: Rehearsal) -> list[str]:
        send_people(marked_copy(study, StudyKind.SIMULATED, 1), 1)
        return [sys.executable, "-c", "import time; time.sleep(60)"]

    monkeypatch.setattr(rehearsals, "command", walking)
    monkeypatch.setattr(rehearsals, "MOST_SECONDS", 0)
    rehearse([row.pk])
    row.refresh_from_db()
    assert row.error.startswith("took longer than")
    assert study.copies.get() == whole


def test_what_a_killed_worker_left_is_deleted_before_the_next_attempt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    study = open_small_study()
    row = asked(study, "people", people=2, profile="able", seed=1)
    Rehearsal.objects.filter(pk=row.pk).update(attempts=1)
    send_people(marked_copy(study, StudyKind.SIMULATED, 1), 1)
    nothing = [sys.executable, "-c", "print('{}')"]
    monkeypatch.setattr(rehearsals, "command", lambda row: nothing)
    rehearse([row.pk])
    row.refresh_from_db()
    assert (row.state, row.result) == (WorkState.READY, {}), row.error
    assert not study.copies.exists()


def test_power_is_asked_of_the_study_by_its_name_with_every_option() -> None:
    words = command(asked(make_study(), "power", studies=3, seed=7, paradigm="trust"))
    assert words[0] == "timeout"
    assert int(words[2]) > rehearsals.MOST_SECONDS
    assert words[5:8] == ["study", "power", "small"]
    given = " ".join(words)
    assert "--studies 3" in given
    assert "--seed 7" in given
    assert "--paradigm trust" in given
    assert words[-1] == "--json"
