"""Asking a worker for a report, and handing out what it made."""

from typing import Any

from django.http import FileResponse

from studyapp import storage
from studyapp.models import Download, Report, ReportForm, Study, WorkState
from studyapp.queue import REPORT, ask


def ask_report(study: Study, made_by: Any = None, form: str = ReportForm.PAGE) -> Report:
    """Ask the workers for a report of `study` as it stands; the row tells how far it is."""
    report = Report.objects.create(study=study, made_by=made_by, form=form)
    ask(REPORT, [report.pk])
    return report


def store_page(report: Report, html: str) -> dict[str, str]:
    """Keep the page under an unguessable name; `file` and `digest` for the row."""
    name = f"reports/{report.code}.html"
    return {"file": name, "digest": storage.keep(name, html.encode())}


def report_attachment(report: Report) -> FileResponse:
    """The page, or the kit's zip, as a download: the page's inline style is not the site's, so it
    is never shown in it.

    Raises FileNotFoundError if it is not made yet, or not what was made.
    """
    file, is_page = made_file(report), report.form == ReportForm.PAGE
    what, ending = ("report", "html") if is_page else ("paper", "zip")
    kind = "text/html" if is_page else "application/zip"
    name = f"{report.study.slug}-{what}-{report.asked_at:%Y-%m-%d}.{ending}"
    return FileResponse(file, as_attachment=True, filename=name, content_type=kind)


def made_file(row: Report | Download) -> Any:
    """What a worker made for `row`, checked and open at its start. Raises FileNotFoundError."""
    if row.state != WorkState.READY:
        raise FileNotFoundError(f"{row} is not available; request it again")
    try:
        return storage.opened(row.file, row.digest)
    except FileNotFoundError as error:
        raise FileNotFoundError(f"{row} is not available; request it again") from error
    except storage.DamagedFileError as error:
        raise FileNotFoundError(f"{row} was changed after it was made; request it again") from error
