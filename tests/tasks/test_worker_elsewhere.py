"""A worker on another machine: what its image holds, given no more than operations.md names."""

import os
import socket
from pathlib import Path

import pytest
from pytest_django import Settings

from sandbox.small_line import (
    empty_broker,
    files_of_rows,
    files_on_disk,
    make_line,
    wait_for,
    worker,
)
from studyapp.models import Explanation, Heartbeat
from studyapp.simulation.server import environment
from studyapp.studies.lifecycle import open_study, start_preparing
from studyapp.studies.preparation.progress import progress
from tests.dockerfile import image_of

pytestmark = pytest.mark.django_db(transaction=True)
SHARED = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY")


def given_elsewhere(media: Path) -> dict[str, str]:
    """What docs/operations.md names, and what any process has."""
    here = {name: environment()[name] for name in SHARED}
    machine = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**machine, **here, "DISCERN_MEDIA": str(media), "OMP_NUM_THREADS": "1"}


def test_a_worker_on_another_machine_tells_what_it_lacks_and_makes_the_study_once_it_has_it(
    tmp_path: Path, settings: Settings
) -> None:
    empty_broker()
    settings.MEDIA_ROOT = tmp_path / "media"
    study = make_line(tmp_path / "study", photos=4, stimuli=4)
    labels = tmp_path / "study" / "labels.txt"
    theirs = labels.rename(tmp_path / "labels.txt")
    for stays in [*(tmp_path / "study").glob("*.*"), *(tmp_path / "study").rglob("*.png")]:
        stays.unlink()  # only the networks' files are needed elsewhere
    (tmp_path / "mounted").symlink_to(settings.MEDIA_ROOT)
    checkout = image_of("worker", tmp_path / "elsewhere")
    given = given_elsewhere(tmp_path / "mounted")
    start_preparing(study)
    with worker(tmp_path, checkout=checkout, given=given) as one:
        wait_for(lambda: bool(progress(study).problem), log=one.log)
        assert f"by {socket.gethostname()}/{one.process.pid}: " in progress(study).problem
        assert str(labels) in progress(study).problem
        theirs.rename(labels)
        start_preparing(study)
        wait_for(lambda: progress(study).prepared, log=one.log)
        assert Heartbeat.objects.get().worker == f"{socket.gethostname()}/{one.process.pid}"
    assert Explanation.objects.filter(state="ready").count() == Explanation.objects.count() == 16
    assert files_on_disk("maps") | files_on_disk("pictures") == files_of_rows()
    # matplotlib's list of the machine's letters belongs to no study
    kept = [one for one in (checkout / "var").rglob("*.*") if one.parent.name != "matplotlib"]
    assert not kept
    assert open_study(study).is_open
