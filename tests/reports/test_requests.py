"""A worker makes a report once, says how far it is, and what it made can be fetched as a file."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from sandbox.builders import open_small_study
from sandbox.people import send_people
from studyapp.analyses.reports import study_report
from studyapp.analyses.reports.requests import ask_report, report_attachment
from studyapp.models import Exclusion, Participation, Report, Study, WorkState
from tasks.reports import report as make_report

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    study = open_small_study()
    send_people(study, 3)
    Exclusion.objects.create(participation=Participation.objects.order_by("pk")[0], rule="by hand")
    return study


def made(study: Study) -> Report:
    row = ask_report(study)
    make_report([row.pk])
    row.refresh_from_db()
    return row


def test_the_row_says_what_was_made(study: Study) -> None:
    row = made(study)
    assert (row.state, row.error, row.claimed_by) == (WorkState.READY, "", "")
    assert (row.analysed, row.excluded) == (2, 1)
    assert row.results_digest == study_report(study).results_digest
    assert row.steps == 2


def test_the_page_is_an_attachment_and_what_was_made(study: Study) -> None:
    reply = report_attachment(made(study))
    assert reply["Content-Disposition"].startswith('attachment; filename="small-report-')
    assert b"".join(reply) == study_report(study).html.encode()
    reply.close()


def test_a_message_that_comes_twice_makes_one_report(study: Study) -> None:
    row = made(study)
    make_report([row.pk])
    row.refresh_from_db()
    assert (row.state, row.attempts) == (WorkState.READY, 1)


def test_a_changed_file_is_not_handed_out(study: Study) -> None:
    row = made(study)
    (Path(settings.MEDIA_ROOT) / row.file).write_text("something else")
    with pytest.raises(FileNotFoundError, match="request it again"):
        report_attachment(row)


def test_a_report_that_can_not_be_made_says_why(study: Study) -> None:
    broken: dict[str, Any] = {**study.definition, "blocks": []}
    # Another definition has another digest, by which an opened study's is remembered.
    Study.objects.filter(pk=study.pk).update(definition=broken, definition_digest="0" * 64)
    row = ask_report(study)
    for _ in range(settings.MOST_ATTEMPTS):
        make_report([row.pk])
    row.refresh_from_db()
    assert row.state == WorkState.FAILED
    assert "blocks" in row.error
