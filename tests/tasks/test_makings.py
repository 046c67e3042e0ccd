"""A worker makes ready studies, each in a process that ends with its row, and loads them."""

import base64
import contextlib
import fcntl
import json
import os
import sys
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.contrib.admin.models import LogEntry
from pytest_django import Settings

from ready.another_tool import write
from sandbox.builders import make_study
from sandbox.small_line import WorkerProcess, wait_for, worker
from studyapp.models import Making, Member, Network, Role, Study, StudyState, WorkState
from studyapp.queue import MAKE, MEASURING
from studyapp.simulation.server import environment
from studyapp.studies.preparation.claims import claim, give_back
from tasks import makings
from tasks.makings import _made, make_ready
from tasks.screens import Screen
from tasks.watch import unmade
from tests.admin.desk import make_user
from tests.ready.test_another_tool import draw_set

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_place")]
BAR = "Photos:  45%|████▌     | 72/160 [00:10<00:12,  7.1photo/s]"


@pytest.fixture
def place(tmp_path: Path, settings: Settings) -> Path:
    """Where the site and its workers keep what is made."""
    settings.VAR = tmp_path / "var"
    return tmp_path / "var" / "demo"


def asked(slug: str = "mine", owner: str = "owner") -> Making:
    return Making.objects.create(ready="another-tool", slug=slug, made_by=make_user(owner))


def carried_out(row: Making) -> Making:
    make_ready([row.pk])
    row.refresh_from_db()
    return row


def standing_for(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """A process of this code in the place of one that makes something for minutes."""
    monkeypatch.setattr(makings, "command", lambda row: [sys.executable, "-c", code])


def test_a_ready_study_is_made_and_loaded_as_its_owners_draft(place: Path) -> None:
    draw_set(place / "photos" / "trust")
    (place / "photos" / "discrimination").mkdir()
    # What a worker has left that was killed at it
    (place / ".another-tool.unfinished" / "neighbours").mkdir(parents=True)
    row = asked()
    assert (MAKE, row.pk) in set(unmade())
    row = carried_out(row)
    assert (row.state, row.error, row.doing, row.share) == (WorkState.READY, "", "", None)
    assert not (place / ".another-tool.unfinished").exists()
    study = Study.objects.get()
    assert (row.study, study.slug, study.state) == (study, "mine", StudyState.DRAFT)
    assert study.images.count() == len(list((place / "another-tool" / "photos").rglob("*.jpg"))) > 0
    member = Member.objects.get()
    assert (member.study, member.user, member.role) == (study, row.made_by, Role.OWNER)
    assert "created from the ready study another-tool" in LogEntry.objects.get().change_message
    assert (MAKE, row.pk) not in set(unmade())


def test_what_a_killed_worker_was_at_is_taken_up_and_made_once(place: Path, tmp_path: Path) -> None:
    draw_set(place / "photos" / "trust")
    (place / "photos" / "discrimination").mkdir()
    row = asked()
    given = {**environment(), "DISCERN_VAR": str(place.parent)}
    with (place / ".making.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        doomed = WorkerProcess(tmp_path, given=given)
        waits = Making.objects.filter(doing__startswith="Waiting for another process")
        wait_for(waits.exists, log=doomed.log, seconds=180)
        doomed.kill()
    # Its process goes on
    words = place / "another-tool" / "words.csv"
    wait_for(words.exists, log=doomed.log, seconds=180)
    made = words.stat().st_mtime_ns
    with worker(tmp_path, given=given) as next_one:
        wait_for(Making.objects.exclude(state="pending").exists, log=next_one.log, seconds=180)
    row.refresh_from_db()
    assert (row.state, row.error, row.attempts) == (WorkState.READY, "", 2)
    assert words.stat().st_mtime_ns == made
    assert Study.objects.get().slug == "mine"


def test_one_is_made_at_a_time_and_its_end_asks_for_the_one_that_waits_longest(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that only waited for another could do nothing else meanwhile."""
    standing_for(monkeypatch, "raise SystemExit('made nothing')")
    first = asked()
    name = claim(Making.objects.all(), "another worker")
    second, third = asked("second", "one"), asked("third", "two")
    for waiting in (third, second):
        carried_out(waiting)
        assert (waiting.state, waiting.claimed_by, waiting.attempts) == (WorkState.PENDING, "", 0)
    assert messages() == []
    assert give_back(first, name, "ended")
    assert carried_out(first).error.endswith("made nothing")
    assert messages() == [[second.pk]]


def messages() -> list[list[int]]:
    """The rows that were asked for, by message."""
    client = redis.Redis.from_url(settings.REDIS_URL)
    with contextlib.closing(client):
        found = client.lrange(MEASURING, 0, -1)
    assert isinstance(found, list)
    return [json.loads(base64.b64decode(json.loads(one)["body"]))[0][0] for one in found]


def test_a_study_that_took_the_name_meanwhile_is_the_rows_reason_and_stays(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(draw_set(place / "photos" / "trust"), place / "another-tool")
    standing_for(monkeypatch, "")  # all is there
    taken = make_study(slug="mine")
    row = carried_out(asked())
    assert "a study called mine already exists" in row.error
    assert row.state == WorkState.FAILED
    assert Study.objects.get() == taken


def test_what_a_process_says_of_its_progress_and_at_its_end_is_the_rows(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = f"import sys, time; print({BAR!r}, end='\\r', flush=True); time.sleep(2); "
    standing_for(monkeypatch, said + "sys.exit('The disk has no room; make some.')")
    row = carried_out(asked())
    assert (row.doing, row.share) == ("Photos: 72 of 160, 00:12 left", 45)
    assert row.state == WorkState.FAILED
    assert row.error.endswith(f"/{os.getpid()}: The disk has no room; make some.")
    assert not Network.objects.exists()


def test_bars_are_drawn_for_the_process(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """tqdm draws none where it sees no terminal."""
    bar = "bar = tqdm(range(4), 'Steps', disable=None, mininterval=0); next(iter(bar)); "
    standing_for(
        monkeypatch, f"import time; from tqdm import tqdm; {bar} time.sleep(2); raise SystemExit(1)"
    )
    row = carried_out(asked())
    assert (row.doing.partition(",")[0], row.share) == ("Steps: 0 of 4", 0)


def test_what_takes_too_long_or_was_cancelled_is_ended(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    standing_for(monkeypatch, "import time; time.sleep(60)")
    row = asked()
    assert _made(row, "a claim that the row no longer has") == "cancelled"
    monkeypatch.setattr(makings, "MOST_SECONDS", 0)
    row = carried_out(row)
    assert row.error.startswith("took longer than 0 minutes; run `python -m ready make another-")
    assert not Study.objects.exists()


def test_a_line_of_any_length_is_read_and_colours_are_left_out() -> None:
    screen = Screen(0)
    screen.written = f"\x1b[32mdone\x1b[0m\r\n{BAR}\r"
    assert (screen.last_words, screen.share) == ("done", 45)
    screen.written = "x" * 1000
    assert (len(screen.doing), screen.share) == (200, None)
    screen.written = ""
    assert (screen.doing, screen.last_words) == ("", "")
