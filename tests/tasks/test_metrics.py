"""Workers measure each map of a study once, behind all other work, and boxes only where there are
some."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings as current
from django.core.management import call_command
from django.utils import timezone

from studyapp.models import Heartbeat, Measurement, MetricValue, Study, WorkState
from studyapp.queue import EXPLAIN, MEASURING, app
from studyapp.studies.preparation.claims import claim
from studyapp.studies.preparation.measuring import (
    cancel_measuring,
    measuring,
    measuring_failures,
    start_measuring,
    unmeasured,
)
from tasks import metrics, watch
from tasks.metrics import ON_BOXES, measure
from tests.tasks.conftest import Kept
from tests.tasks.test_bad_files import make_preparing, work

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def kept_study(kept: Kept) -> Iterator[Path]:
    with kept(lambda folder: work(make_preparing(folder / "study"))) as folder:
        yield folder


@pytest.fixture
def study(prepared_study: Study) -> Study:
    return prepared_study


def length(queue: str) -> int:
    with redis.Redis.from_url(current.REDIS_URL) as client:
        return int(client.llen(queue))


def keys(*states: str) -> list[int]:
    rows = Measurement.objects.filter(state__in=states or WorkState.values)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def test_a_map_is_measured_once_and_boxes_only_where_there_are_some(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = ("average_drop", "increase_in_confidence")  # one pass each, not hundreds
    monkeypatch.setattr(metrics, "ON_NETWORK", quick)
    start_measuring(study)
    boxed, plain = Measurement.objects.filter(
        use__condition__name="overlay", use__role="stronger"
    ).order_by("pk")[:2]
    photo = boxed.use.stimulus.photo
    photo.categories[0]["boxes"] = [[0, 0, photo.image.width, photo.image.height]]
    photo.save()
    measure([boxed.pk, plain.pk])
    values = {one.metric: one.value for one in MetricValue.objects.filter(use=boxed.use)}
    assert set(values) == {*ON_BOXES, *quick}
    assert values["energy_in_box"] == pytest.approx(1.0, abs=1e-5)
    assert values["pointing_game"] == 1.0
    named = set(MetricValue.objects.filter(use=plain.use).values_list("metric", flat=True))
    assert named == set(quick)
    count = MetricValue.objects.count()
    measure([boxed.pk, plain.pk])
    assert MetricValue.objects.count() == count
    assert measuring(study).ready == 2


def test_a_damaged_map_fails_with_its_reason_and_the_rest_is_measured(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "ON_NETWORK", ("average_drop",))
    start_measuring(study)
    damaged, whole = keys()[:2]
    explanation = Measurement.objects.get(pk=damaged).use.overlay.explanation
    (Path(current.MEDIA_ROOT) / explanation.map_file).write_bytes(b"no map")
    measure([damaged, whole])
    states = dict(Measurement.objects.filter(pk__in=(damaged, whole)).values_list("pk", "state"))
    assert states == {damaged: WorkState.FAILED, whole: WorkState.READY}
    (reason,) = measuring_failures(study)
    assert "restore it from a back-up" in reason
    assert reason.startswith(str(explanation))


def test_asking_again_asks_for_nothing_twice_and_for_what_failed_anew(
    study: Study, django_capture_on_commit_callbacks: Any
) -> None:
    def asked() -> tuple[int, int]:
        before = length(MEASURING)
        with django_capture_on_commit_callbacks(execute=True):
            count = start_measuring(study)
        return count, length(MEASURING) - before

    every = unmeasured(study).count()
    assert asked() == (every, every)
    assert asked() == (0, 0)
    first = keys()[0]
    Measurement.objects.filter(pk=first).update(state=WorkState.FAILED, error="no room")
    assert asked() == (1, 1)
    assert Measurement.objects.get(pk=first).state == WorkState.PENDING
    assert measuring(study).total == every


def test_measuring_gives_way_to_whatever_waits_for_its_worker(
    study: Study, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    start_measuring(study)
    monkeypatch.setattr(watch, "taken", ("cpu", "gpu", MEASURING))
    app.send_task(EXPLAIN, args=[1, 1, [1]], queue="gpu")
    with django_capture_on_commit_callbacks(execute=True):
        measure(keys()[:1])
    assert length(MEASURING) == 1
    assert set(Measurement.objects.values_list("attempts", flat=True)) == {0}
    # A worker for measuring alone has nothing else to take.
    monkeypatch.setattr(watch, "taken", (MEASURING,))
    monkeypatch.setattr(metrics, "ON_NETWORK", ("average_drop",))
    measure(keys()[:1])
    assert measuring(study).ready == 1


def test_a_long_line_of_measurements_hides_no_forgotten_preparation(study: Study) -> None:
    Study.objects.update(prepared_at=None)
    app.send_task("tasks.measure", args=[[1]], queue=MEASURING)
    again = watch.Watch()
    again.has_started = True
    again.look(idle=True)
    again.look(idle=True)
    assert length("cpu") == 1


def test_cancelled_measurements_store_nothing_even_where_a_worker_is_at_them(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_measuring(study)
    every = len(keys())
    mine = Measurement.objects.filter(pk=keys()[0])
    name = claim(mine, "somebody")
    row = mine.get()
    monkeypatch.setattr(metrics, "_values", lambda use: [("deletion_auc", 0.5)])
    assert cancel_measuring(study) == every
    metrics._measure(row, name)
    assert MetricValue.objects.count() == 0
    assert measuring(study).total == 0


def test_the_verb_tells_progress_time_left_failures_and_a_missing_worker(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    start_measuring(study)
    now = timezone.now()
    for place, key in enumerate(keys()[:3]):
        ended = now - timedelta(minutes=10 * place)
        Measurement.objects.filter(pk=key).update(state=WorkState.READY, finished_at=ended)
    Measurement.objects.filter(pk=keys()[-1]).update(
        state=WorkState.FAILED, error="no map", finished_at=now
    )
    left = measuring(study)
    assert left.seconds_left == pytest.approx(600 * left.pending)
    call_command("study", "measure", study.slug)
    told = capsys.readouterr().out
    assert f"3 of {left.total} measured, 0 failed, about {10 * (left.pending + 1)} minutes" in told
    assert "no worker serves the queue measure; start one" in told
    Heartbeat.objects.create(worker="a/1", queues="cpu,measure", started_at=now, seen_at=now)
    call_command("study", "measure", study.slug)
    assert "no worker serves" not in capsys.readouterr().out
    call_command("study", "measure", study.slug, "--cancel")
    assert f"{left.pending + 1} measurements were cancelled" in capsys.readouterr().out
