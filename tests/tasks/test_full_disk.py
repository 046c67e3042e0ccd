"""A worker whose disk is full: told, nothing is lost by it, and one command goes on."""

import contextlib
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings

from sandbox.small_line import broker_is_idle, empty_broker, make_line, wait_for, worker
from studyapp.models import Explanation, Heartbeat, StimulusRole, WorkState
from studyapp.studies.lifecycle import start_preparing
from studyapp.studies.preparation.progress import progress
from tests.safety.faulty import needs_a_small_disk

pytestmark = pytest.mark.django_db(transaction=True)


@needs_a_small_disk
def test_a_full_disk_stops_the_preparation_and_the_command_that_it_names_goes_on(
    tmp_path: Path, settings: Settings
) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    empty_broker()
    study = make_line(tmp_path / "study", photos=6, stimuli=4)
    maps = settings.MEDIA_ROOT / "maps"
    maps.mkdir()
    with worker(tmp_path, disk=maps) as one:
        wait_for(Heartbeat.objects.exists, log=one.log)
        filler = Path(f"/proc/{one.process.pid}/root{maps}/filler")
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            while file.write(bytes(4096)):
                pass
        start_preparing(study)
        # The other network's batch may be under way yet.
        wait_for(lambda: progress(study).finished and broker_is_idle(), log=one.log)
        assert "the disk is full where" in study.problem
        assert f"make room; then manage.py study prepare {study.slug}" in study.problem
        untouched = set(Explanation.objects.values_list("state", "attempts", "claimed_by"))
        assert untouched == {(WorkState.PENDING, 0, "")}
        assert not study.stimuli.filter(role=StimulusRole.DROPPED).exists()
        filler.unlink()
        call_command("study", "prepare", study.slug)
        wait_for(lambda: progress(study).finished, log=one.log)
    assert (study.problem, study.prepared_at is None) == ("", False)
    assert not study.stimuli.filter(role=StimulusRole.DROPPED).exists()
