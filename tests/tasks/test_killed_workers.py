"""Workers that are killed, and messages that are lost: the rows bring it all to its end."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from pytest_django import Settings

import explainer
from sandbox.small_line import (
    ROWS,
    WorkerProcess,
    broker_is_idle,
    empty_broker,
    files_of_rows,
    files_on_disk,
    make_line,
    wait_for,
    worker,
)
from studyapp.models import (
    Condition,
    Explanation,
    Heartbeat,
    Overlay,
    Prediction,
    Study,
    StudyState,
    Work,
    WorkState,
)
from studyapp.queue import EXPLAIN, app
from studyapp.studies.lifecycle import open_study, start_preparing
from studyapp.studies.preparation.advance import study_networks
from studyapp.studies.preparation.progress import progress
from tasks.batches import renew_held
from tasks.networks import describe
from tasks.pregenerate import explain
from tasks.settling import settle
from tests.admin.desk import administrator, concerns
from tests.databases import other_session

from .test_bad_files import make_preparing, work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _own_place(tmp_path: Path, settings: Settings) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    empty_broker()


def is_prepared(study: Study) -> bool:
    return progress(study).prepared


def ready(model: type[Work]) -> int:
    return int(model._default_manager.filter(state=WorkState.READY).count())


def assert_whole(study: Study, photos: int = 6, stimuli: int = 4) -> None:
    """Everything is ready once, every file is a row's, and each is what was recorded."""
    counts = {model.__name__: ready(model) for model in ROWS}
    maps = 4 * stimuli  # of two networks under two conditions
    assert counts == {
        "Prediction": 2 * photos, "Explanation": maps, "Overlay": maps, "Crop": stimuli
    }  # fmt: skip
    assert {model.__name__: model._default_manager.count() for model in ROWS} == counts
    assert files_on_disk("maps") | files_on_disk("pictures") == files_of_rows()
    for row in Explanation.objects.all():
        explainer.store.verify(Path(settings.MEDIA_ROOT) / row.map_file, row.map_digest)
    assert open_study(study).is_open


def kill_in_the_middle_of(model: type[Work], study: Study, folder: Path) -> None:
    """A worker that dies at rows that it has claimed, while some are ready and others are not."""
    doomed = WorkerProcess(folder)
    before = ready(model)
    claimed = model._default_manager.exclude(claimed_by="")
    wait_for(
        lambda: (ready(model) > before and claimed.exists()) or is_prepared(study), log=doomed.log
    )
    doomed.kill()


def test_a_study_whose_workers_are_killed_again_and_again_is_made_whole_and_once(
    tmp_path: Path,
) -> None:
    study = make_line(tmp_path / "study", photos=12, stimuli=8)
    start_preparing(study)
    for model in (Prediction, Explanation, Overlay):
        kill_in_the_middle_of(model, study, tmp_path)
    with worker(tmp_path) as last:
        wait_for(lambda: is_prepared(study), log=last.log)
    assert_whole(study, photos=12, stimuli=8)
    assert max(Explanation.objects.values_list("attempts", flat=True)) > 1


def test_a_database_that_breaks_off_uses_up_no_attempt_and_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = make_preparing(tmp_path / "study")
    (request, *_) = work(study, until=EXPLAIN)
    rows = Explanation.objects.filter(pk__in=request.arguments[2])

    def broken_off(made: list[Any], claims: Any) -> None:
        with other_session() as cursor:
            mine = connection.connection.info.backend_pid
            # Only once something has been stored
            cursor.execute("SELECT pg_terminate_backend(%s) WHERE %s", [mine, bool(made)])
        settle(made, claims)

    with monkeypatch.context() as patch:
        patch.setattr("tasks.beside.settle", broken_off)
        with pytest.raises((OperationalError, InterfaceError)):
            explain(*request.arguments)
    connection.close()
    assert set(rows.values_list("state", "attempts")) == {(WorkState.PENDING, 1)}
    assert files_on_disk("maps")
    renew_held()  # as with the next heartbeat
    assert set(rows.values_list("claimed_by", "attempts")) == {("", 0)}
    assert set(Overlay.objects.values_list("claimed_by", "attempts")) == {("", 0)}
    work(study)
    study.refresh_from_db()
    assert_whole(study)


def test_messages_that_a_broker_forgets_are_asked_for_again_by_a_worker(tmp_path: Path) -> None:
    study = make_line(tmp_path / "study", photos=6, stimuli=4)
    with worker(tmp_path) as one:
        wait_for(Heartbeat.objects.exists, log=one.log)
        start_preparing(study)
        empty_broker()
        wait_for(lambda: is_prepared(study), log=one.log)
    assert_whole(study)


def test_a_row_at_which_three_workers_died_is_failed_with_the_reason_and_replaced(
    tmp_path: Path,
) -> None:
    study = make_preparing(tmp_path / "study")
    work(study, until=EXPLAIN)
    poison = Explanation.objects.earliest("pk")
    Explanation.objects.filter(pk=poison.pk).update(attempts=3)
    with worker(tmp_path) as last:
        wait_for(lambda: is_prepared(study), log=last.log)
    poison.refresh_from_db()
    assert poison.state == WorkState.FAILED
    assert poison.error == "3 workers stopped at it; see the worker's log, then retry"
    dropped = study.stimuli.get(role="dropped")
    assert dropped.photo.case_id == poison.case_id
    assert "3 workers stopped at it" in dropped.dropped_because
    told = concerns(administrator())
    assert any(one.startswith("small-line: ") and "failed; read the reasons" in one for one in told)
    assert open_study(study).certificate["dropped"][0]["because"] == dropped.dropped_because


def test_poison_messages_are_acknowledged_and_told_and_never_block_the_queue(
    tmp_path: Path,
) -> None:
    """No such task, no such study, a row that can't be made: what came after them is made."""
    study = make_line(tmp_path / "study", photos=6, stimuli=4)
    for name, arguments in (("tasks.nothing", []), (EXPLAIN, [999, 999, [999]]), (EXPLAIN, ["x"])):
        # By its name alone: where the task is imported, a signature refuses wrong arguments.
        app.send_task(name, args=arguments, queue="cpu")
    start_preparing(study)
    with worker(tmp_path) as one:
        wait_for(Explanation.objects.exists, log=one.log)
        wait_for(lambda: is_prepared(study) and broker_is_idle(), log=one.log)
    assert_whole(study)


def make_slow_request(folder: Path) -> list[Any]:
    """The arguments of one task that keeps a worker for some 20 seconds, and nothing after it."""
    study = start_preparing(make_line(folder, photos=4, stimuli=4))
    slow = {"method": "occlusion", "settings": {"patch": 32, "stride": 12}}
    Condition.objects.filter(name="saliency").update(**slow)
    Condition.objects.filter(name="overlay").update(method="edges")
    for network in study_networks(study):
        describe(network)
    request = work(study, until=EXPLAIN)[0]
    Study.objects.update(state=StudyState.DRAFT)
    empty_broker()
    return [*request.arguments]


def test_a_message_that_comes_back_while_its_worker_is_busy_starts_no_second_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that starts takes what the broker holds for longer than the longest task."""
    monkeypatch.setenv("LONGEST_TASK_SECONDS", "1")
    arguments = make_slow_request(tmp_path / "study")
    rows = Explanation.objects.filter(pk__in=arguments[2])
    places = [tmp_path / name for name in ("first", "second")]
    for place in places:
        place.mkdir()
    with worker(places[0], claim=5) as first:
        wait_for(Heartbeat.objects.exists, log=first.log)
        task = app.send_task(EXPLAIN, args=arguments, queue="gpu").id
        wait_for(lambda: rows.exclude(claimed_by="").count() == rows.count(), log=first.log)
        claims = set(rows.values_list("claimed_by", flat=True))
        with worker(places[1], claim=5) as second:
            wait_for(lambda: f"[{task}] succeeded" in second.log.read_text("utf-8"), log=second.log)
            assert set(rows.values_list("claimed_by", "attempts", "state")) == {
                (*claims, 1, WorkState.PENDING)
            }
            wait_for(lambda: f"[{task}] succeeded" in first.log.read_text("utf-8"), log=first.log)
            wait_for(broker_is_idle, log=first.log)
    assert set(rows.values_list("attempts", "state")) == {(1, WorkState.READY)}
    assert files_on_disk("maps") == set(rows.values_list("map_file", flat=True))
