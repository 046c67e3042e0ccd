"""Asking a worker for a paper kit, whose row is a report's, and keeping what it made."""

from pathlib import Path
from typing import Any

from studyapp import storage
from studyapp.analyses.reports.requests import ask_report
from studyapp.exports.folder import ExportError
from studyapp.exports.publishing import refuse_too_early
from studyapp.models import Report, ReportForm, Study
from studyapp.studies.masking import is_masked, masked_words


def ask_kit(study: Study, made_by: Any = None) -> Report:
    """Ask the workers for a kit of `study` as it stands. Raises ExportError before it was open, and
    while its outcomes are masked."""
    refuse_too_early(study, public=False)
    if is_masked(study):
        raise ExportError(masked_words(study.slug))
    return ask_report(study, made_by=made_by, form=ReportForm.PAPER)


def store_kit(report: Report, path: Path) -> dict[str, str]:
    """Keep the zip at `path` under an unguessable name; `file` and `digest` for the row."""
    name = f"reports/{report.code}.zip"
    return {"file": name, "digest": storage.keep_file(name, path)}
