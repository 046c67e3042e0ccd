"""Who withdraws takes everything back, and every bundle that held it is named."""

import hashlib
import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from sandbox.builders import open_small_study, take_part
from sandbox.people import answer_all, make_profile
from studyapp.models import Download, Event, Participation, Study, WorkState
from studyapp.participations.withdrawal import known_bundles, withdraw
from studyapp.studies.lifecycle import close_study
from tests.admin.desk import administrator, page_of

pytestmark = pytest.mark.django_db(transaction=True)


def somebody_who_answered(study: Study, name: str = "them") -> Participation:
    person = take_part(study, name)
    answer_all(person, make_profile())
    return person


def export(study: Study, path: Path, *options: str) -> str:
    """Write a bundle as an operator does; the digest by which it is known again."""
    call_command("export", study.slug, "--out", str(path), "--without-analysis", *options)
    return hashlib.sha256(
        (path / "manifest.json" if path.is_dir() else path).read_bytes()
    ).hexdigest()


def test_a_withdrawal_lists_bundles_written_by_command_and_the_next_export_holds_no_answer(
    tmp_path: Path,
) -> None:
    study = open_small_study()
    before = export(study, tmp_path / "before")
    person, other = somebody_who_answered(study), somebody_who_answered(study, "other")
    folder, zipped = export(study, tmp_path / "folder"), export(study, tmp_path / "a.zip")
    withdraw(person)
    listed = known_bundles(person)
    assert [one["digest"] for one in listed] == [folder, zipped]
    assert before not in str(listed)
    export(study, tmp_path / "after")
    table = next((tmp_path / "after" / "data").glob("*-judgments_data.csv")).read_text("utf-8")
    rows = table.splitlines()[1:]
    assert len(rows) == other.judgments.count() > 0
    assert json.loads((tmp_path / "after" / "manifest.json").read_text("utf-8"))["files"]


def test_a_public_bundle_is_listed_only_for_who_agreed_to_be_in_it(tmp_path: Path) -> None:
    study = open_small_study()
    agreed, silent = somebody_who_answered(study), somebody_who_answered(study, "silent")
    Participation.objects.filter(pk=agreed.pk).update(publication_consent=True)
    Participation.objects.filter(pk=silent.pk).update(publication_consent=False)
    digest = export(close_study(study), tmp_path / "public", "--public")
    for person in (agreed, silent):
        withdraw(person)
    assert [one["digest"] for one in known_bundles(agreed)] == [digest]
    assert known_bundles(silent) == []


def test_a_bundle_that_was_being_made_during_the_withdrawal_is_listed() -> None:
    study = open_small_study()
    person = somebody_who_answered(study)
    row = Download.objects.create(study=study, public=False)
    withdraw(person)
    assert known_bundles(person) == []
    Download.objects.filter(pk=row.pk).update(
        state=WorkState.READY, digest="d" * 64, finished_at=timezone.now()
    )
    assert [one["digest"] for one in known_bundles(person)] == ["d" * 64]
    later = Event.objects.get(kind="withdrew").at + timedelta(seconds=1)
    Download.objects.create(
        study=study, public=False, asked_at=later, finished_at=later, state=WorkState.READY,
        digest="e" * 64,
    )  # fmt: skip
    assert [one["digest"] for one in known_bundles(person)] == ["d" * 64]


def test_the_desk_names_bundles_that_were_written_by_command(tmp_path: Path) -> None:
    study = open_small_study()
    digest = export(study, tmp_path / "out")
    page = administrator().get(page_of(study, "study_results")).content.decode()
    assert digest[:12] in page
    assert "written by <code>manage.py export</code>" in page
