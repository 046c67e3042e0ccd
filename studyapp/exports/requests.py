"""Asking a worker for a bundle, and handing out what it made."""

from datetime import datetime
from pathlib import Path
from typing import Any

from django.http import FileResponse
from django.utils import timezone

from studyapp import storage
from studyapp.analyses.reports.requests import made_file
from studyapp.models import Download, Study, WorkState
from studyapp.queue import BUNDLE, ask

from .folder import MANIFEST, file_digest
from .publishing import refuse_too_early


def ask_bundle(study: Study, *, public: bool, made_by: Any = None) -> Download:
    """Ask the workers for a bundle of `study` as it stands; the row tells how far it is.

    Raises ExportError where it is too early for one.
    """
    refuse_too_early(study, public=public)
    download = Download.objects.create(study=study, public=public, made_by=made_by)
    ask(BUNDLE, [download.pk])
    return download


def store_zip(download: Download, path: Path) -> dict[str, str]:
    """Keep the zip at `path` under an unguessable name; `file` and `digest` for the row."""
    name = f"downloads/{download.code}.zip"
    return {"file": name, "digest": storage.keep_file(name, path)}


def note_export(study: Study, path: Path, *, public: bool, began: datetime) -> Download:
    """The row of a bundle that was written to `path` and is kept nowhere else.

    With it a withdrawal lists the bundle too. Of a folder the digest is the manifest's, which
    holds every file's own.
    """
    return Download.objects.create(
        study=study,
        public=public,
        asked_at=began,
        finished_at=timezone.now(),
        state=WorkState.READY,
        digest=file_digest(path / MANIFEST if path.is_dir() else path),
    )


def bundle_attachment(download: Download) -> FileResponse:
    """The zip, streamed. Raises FileNotFoundError if it is not made yet, or not what was made."""
    file = made_file(download)
    version = "public" if download.public else "private"
    name = f"{download.study.slug}-{version}-{download.asked_at:%Y-%m-%d}.zip"
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")
