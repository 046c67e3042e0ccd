"""Asking a worker for a report, and handing out what it made."""

import hashlib
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.http import FileResponse

from studyapp.models import Report, Study, WorkState
from studyapp.queue import REPORT, ask


def ask_report(study: Study, made_by: Any = None) -> Report:
    """Ask the workers for a report of `study` as it stands; the row tells how far it is."""
    report = Report.objects.create(study=study, made_by=made_by)
    ask(REPORT, [report.pk])
    return report


def store_page(report: Report, html: str) -> dict[str, str]:
    """Keep the page under an unguessable name; `file` and `digest` for the row."""
    content = html.encode()
    name = default_storage.save(f"reports/{report.code}.html", ContentFile(content))
    return {"file": name, "digest": hashlib.sha256(content).hexdigest()}


def report_attachment(report: Report) -> FileResponse:
    """The page as a download: its inline style is not the site's, so it is never shown in it.

    Raises FileNotFoundError if it is not made yet, or not what was made.
    """
    if report.state != WorkState.READY or not default_storage.exists(report.file):
        raise FileNotFoundError(f"{report} is not there: ask for it again")
    file = default_storage.open(report.file)
    if hashlib.file_digest(file, "sha256").hexdigest() != report.digest:
        file.close()
        raise FileNotFoundError(f"{report} is not what was made: ask for it again")
    file.seek(0)
    name = f"{report.study.slug}-report-{report.asked_at:%Y-%m-%d}.html"
    return FileResponse(file, as_attachment=True, filename=name, content_type="text/html")
