"""A whole study whose files lie in a bucket: prepared, opened, looked at, exported, backed up."""

import hashlib
import io
import os
import re
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from PIL import Image as Picture
from pytest_django import Settings

from sandbox.builders import open_small_study, take_part
from sandbox.people import due, send_people
from sandbox.small_line import empty_broker
from studyapp import storage
from studyapp.exports.bundle import write_bundle
from studyapp.models import (
    Crop,
    Download,
    Explanation,
    Overlay,
    Prediction,
    Report,
    StimulusRole,
    Study,
    WorkState,
)
from studyapp.queue import EXPLAIN, PREDICT, RENDER
from studyapp.serving.backups import back_up
from studyapp.studies.lifecycle import open_study, start_preparing
from studyapp.studies.preparation.progress import progress
from studyapp.studies.preparation.verification import is_intact
from tasks.bundles import bundle as make_bundle
from tasks.reports import report as make_report
from tests.admin.desk import administrator
from tests.databases import empty_database
from tests.running import python
from tests.tasks.test_bad_files import carry_out, make_preparing, work

from .buckets import KEYS, bucket_url, use_storage

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _nothing_local(settings: Settings, tmp_path: Path) -> None:
    """A local folder that can't be made shows whatever would still go there."""
    (tmp_path / "no-folder").write_text("")
    settings.MEDIA_ROOT = tmp_path / "no-folder" / "media"
    empty_broker()


@pytest.mark.parametrize("step", [PREDICT, EXPLAIN, RENDER])
def test_a_bucket_that_refuses_stops_the_preparation_and_costs_no_row_and_no_photo_anything(
    bucket: str, s3_address: str, tmp_path: Path, settings: Settings, step: str
) -> None:
    study = make_preparing(tmp_path / "study")
    requests = work(study, until=step if step == PREDICT else EXPLAIN)
    if step == RENDER:  # what was drawn beside the passes, once more
        carry_out(requests)
        for model in (Overlay, Crop):
            model.objects.update(state=WorkState.PENDING, file="", digest="", attempts=0)
        requests = work(study, until=step)
    assert requests
    use_storage(settings, bucket_url(s3_address))
    carry_out(requests)
    study.refresh_from_db()
    assert "the bucket refused" in study.problem
    assert study.problem.endswith(f"then manage.py study prepare {study.slug}")
    for model in (Prediction, Explanation, Overlay, Crop):
        rows = model.objects.exclude(state=WorkState.READY)
        assert set(rows.values_list("state", "attempts")) <= {(WorkState.PENDING, 0)}
    use_storage(settings, bucket)
    work(start_preparing(study))
    assert progress(study).prepared, study.problem
    assert not study.stimuli.filter(role=StimulusRole.DROPPED).exists()


@pytest.mark.usefixtures("bucket")
def test_a_picture_that_the_bucket_does_not_give_is_asked_for_again(
    s3_address: str, settings: Settings, client: Client, tmp_path: Path
) -> None:
    settings.SHOWN_ROOT = tmp_path / "shown"
    person = take_part(open_small_study())
    page = client.get(f"/p/{person.code}/").content.decode()
    address = re.search(rf"/p/{person.code}/[\w-]+\.png", page)
    right = settings.STORAGE_URL
    use_storage(settings, bucket_url(s3_address))
    assert client.get(address[0]).status_code == 503
    use_storage(settings, right)
    assert client.get(address[0]).status_code == 200


@pytest.mark.usefixtures("bucket")
def test_a_study_is_prepared_opened_and_its_pictures_served(tmp_path: Path, client: Client) -> None:
    study = make_preparing(tmp_path / "study")
    work(study)
    study.refresh_from_db()
    assert progress(study).prepared, study.problem
    for row in Explanation.objects.all():
        assert storage.is_whole(row.map_file, row.map_digest)
    pictures = [*Overlay.objects.all(), *Crop.objects.all()]
    assert all(is_intact(one) for one in pictures)
    person = take_part(open_study(study))
    trial = due(person)
    use = Overlay.objects.get(
        uses__stimulus=trial.stimulus_id, uses__condition=trial.condition_id, uses__role="stronger"
    )
    reply = client.get(f"/p/{person.code}/{use.code}.png")
    shown = Picture.open(io.BytesIO(content_of(reply)))
    stored = Picture.open(io.BytesIO(storage.read(use.file, use.digest)))
    assert shown.tobytes() == stored.tobytes()


def content_of(reply: Any) -> bytes:
    assert reply.status_code == 200, reply.status_code
    return b"".join(reply.streaming_content) if reply.streaming else bytes(reply.content)


@pytest.mark.usefixtures("bucket")
def test_a_picture_that_was_changed_in_the_bucket_stops_the_opening(tmp_path: Path) -> None:
    study = open_small_study()
    victim = Overlay.objects.latest("pk")
    storage.keep(victim.file, b"something else")
    assert not is_intact(victim)
    storage.remove(victim.file)
    assert not is_intact(victim)
    assert write_bundle(study, tmp_path / "out", analysis=False).missing


@pytest.mark.usefixtures("bucket")
def test_bundles_and_reports_are_made_kept_and_handed_out() -> None:
    study, client = open_small_study(), administrator()
    send_people(study, 4)
    download = Download.objects.create(study=study, public=False)
    page = Report.objects.create(study=study)
    make_bundle([download.pk])
    make_report([page.pk])
    for row in (download, page):
        row.refresh_from_db()
        assert (row.state, row.error) == (WorkState.READY, "")
        assert storage.is_whole(row.file, row.digest)
    whole = content_of(client.get(reverse("admin:bundle_file", args=[download.pk])))
    names = zipfile.ZipFile(io.BytesIO(whole)).namelist()
    assert {"overlays", "texts"} <= {Path(name).parent.name for name in names}
    html = content_of(client.get(reverse("admin:report_file", args=[page.pk])))
    assert html.startswith(b"<!doctype html>")


def test_a_backup_of_a_bucket_is_restored_into_another(
    tmp_path: Path, bucket: str, s3_address: str
) -> None:
    send_people(open_small_study(), 2)
    made = back_up(tmp_path / "backup")
    assert sorted(made["files"]) == list(storage.names())
    other = bucket_url(s3_address, "restored", bucket=urlsplit(bucket).netloc)
    with empty_database() as database:
        elsewhere = {**os.environ, **KEYS, "DATABASE_URL": database, "STORAGE_URL": other}
        done = python("manage.py", "restore", tmp_path / "backup", env=elsewhere)
    assert done.returncode == 0, done.stderr
    assert "restored and compared" in done.stdout
    objects = default_storage.bucket.objects.filter(Prefix="restored/")
    assert {one.key: digest_of(one) for one in objects} == {
        f"restored/{name}": digest for name, digest in made["files"].items()
    }


def digest_of(found: Any) -> str:
    with found.get()["Body"] as content:
        return hashlib.sha256(content.read()).hexdigest()


@pytest.mark.usefixtures("bucket")
def test_a_bundle_from_elsewhere_is_rebuilt_with_its_files_in_the_bucket(tmp_path: Path) -> None:
    study = open_small_study()
    send_people(study, 1)
    write_bundle(study, tmp_path / "out.zip", photos=True, analysis=False)
    before = {name for name in storage.names() if name.startswith("photos/")}
    call_command("flush", interactive=False, verbosity=0)
    for name in list(storage.names()):
        storage.remove(name)
    call_command("import_bundle", str(tmp_path / "out.zip"), verbosity=0)
    again = Study.objects.get()
    assert {one.image.file for one in again.images.all()} == before
    assert all(is_intact(one) for one in Overlay.objects.all())
