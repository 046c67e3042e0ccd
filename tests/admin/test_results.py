"""Reports and bundles: asked of a worker, kept with their history, downloaded whole."""

import io
import zipfile

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.storage import default_storage
from django.urls import reverse

from sandbox.builders import make_study, open_small_study
from sandbox.people import send_people
from studyapp.admin.desk.plans import DOCUMENTS
from studyapp.models import Download, Report, WorkState
from studyapp.studies.lifecycle import close_study
from tasks.bundles import bundle
from tasks.reports import report
from tests.admin.desk import administrator, page_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("version", ["public", "private"])
def test_a_bundle_is_made_by_a_worker_and_downloaded_whole(version: str) -> None:
    study, client = open_small_study(), administrator()
    send_people(study, 2)
    close_study(study)
    client.post(page_of(study, "study_results"), {"what": version})
    row = Download.objects.get()
    address = reverse("admin:bundle_file", args=[row.pk])
    assert "is not available" in client.get(address, follow=True).content.decode()
    bundle([row.pk])
    row.refresh_from_db()
    assert (row.state, row.error) == (WorkState.READY, "")
    reply = client.get(address)
    archive = zipfile.ZipFile(io.BytesIO(b"".join(reply.streaming_content)))
    assert any(name.endswith("manifest.json") for name in archive.namelist())
    assert archive.testzip() is None
    assert row.digest[:12] in LogEntry.objects.latest("pk").change_message


def test_a_bundle_that_is_not_what_was_made_is_not_handed_out() -> None:
    study, client = open_small_study(), administrator()
    row = Download.objects.create(study=study, public=False)
    bundle([row.pk])
    row.refresh_from_db()
    with default_storage.open(row.file, "wb") as file:
        file.write(b"something else")
    page = client.get(reverse("admin:bundle_file", args=[row.pk]), follow=True)
    assert "was changed after it was made" in page.content.decode()


def test_a_report_is_asked_for_made_and_downloaded() -> None:
    study, client = open_small_study(), administrator()
    send_people(study, 4)
    client.post(page_of(study, "study_results"), {"what": "report"})
    row = Report.objects.get()
    assert client.get(page_of(study, "study_results_progress")).json()["pending"] is True
    report([row.pk])
    page = client.get(page_of(study, "study_results")).content.decode()
    assert "download</a>" in page
    assert client.get(page_of(study, "study_results_progress")).json()["pending"] is False
    reply = client.get(reverse("admin:report_file", args=[row.pk]))
    assert reply["Content-Disposition"].startswith("attachment")
    assert b"".join(reply.streaming_content).startswith(b"<!doctype html>")
    reply.close()


def test_a_paper_kit_is_asked_for_made_and_downloaded() -> None:
    study, client = open_small_study(), administrator()
    send_people(study, 4)
    client.post(page_of(study, "study_results"), {"what": "paper"})
    row = Report.objects.get()
    report([row.pk])
    row.refresh_from_db()
    assert (row.state, row.error, row.analysed, row.excluded) == (WorkState.READY, "", 4, 0)
    assert "paper kit" in client.get(page_of(study, "study_results")).content.decode()
    reply = client.get(reverse("admin:report_file", args=[row.pk]))
    assert reply["Content-Disposition"].startswith('attachment; filename="small-paper-')
    archive = zipfile.ZipFile(io.BytesIO(b"".join(reply.streaming_content)))
    assert {"paper/paper.tex", "paper/paper.docx", "paper/references.bib"} <= {*archive.namelist()}
    assert b"manage.py paper SLUG" in archive.read("paper/README.md")


def test_a_study_that_was_never_open_has_no_paper_kit() -> None:
    study, client = make_study(), administrator()
    asked = client.post(page_of(study, "study_results"), {"what": "paper"}, follow=True)
    assert "was never open" in asked.content.decode()
    assert not Report.objects.exists()


def test_nothing_else_can_be_asked_for() -> None:
    study, client = open_small_study(), administrator()
    assert client.post(page_of(study, "study_results"), {"what": "everything"}).status_code == 404


def test_authors_and_licence_are_given_at_the_desk_and_mistakes_lose_nothing() -> None:
    study, client = open_small_study(), administrator()
    address = page_of(study, "study_publication")
    assert "[publication]" in client.get(address).content.decode()
    wrong = '[publication]\nlicence = "my own"\n'
    reply = client.post(address, {"toml": wrong})
    assert reply.status_code == 422
    assert (
        "[publication], line 2: `publication.licence`: is not a licence" in reply.content.decode()
    )
    assert "my own" in reply.content.decode()
    study.refresh_from_db()
    assert study.publication == {}
    right = '[publication]\n[[publication.people]]\nfamily_names = "Lovelace"\n'
    page = client.post(address, {"toml": right}, follow=True).content.decode()
    assert "The next bundle names Lovelace." in page
    assert "before: nothing" in LogEntry.objects.latest("pk").change_message


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_plan_is_downloaded_in_the_order_of_each_form(document: str) -> None:
    study, client = open_small_study(analysis={"hypotheses": ["It <b>works</b>."]}), administrator()
    page = client.get(page_of(study, "study_results")).content.decode()
    address = f"{page_of(study, 'study_plan_file')}?document={document}&ending="
    assert f"{address}json".replace("&", "&amp;") in page
    told = client.get(f"{address}json")
    assert told["Content-Disposition"] == f'attachment; filename="small-{document}.json"'
    digest = told.json()["digest"]
    for ending in ("md", "txt"):
        assert digest in client.get(f"{address}{ending}").content.decode()
    assert digest[:12] in LogEntry.objects.latest("pk").change_message
    assert client.get(f"{address}exe").status_code == 404


def test_a_draft_has_a_plan_before_its_design_is_drawn() -> None:
    study, client = make_study(), administrator()
    reply = client.get(f"{page_of(study, 'study_plan_file')}?document=aspredicted&ending=txt")
    assert "no data have been collected for this study yet" in reply.content.decode()
