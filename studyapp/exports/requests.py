"""Asking a worker for a bundle, and handing out what it made."""

import hashlib
from pathlib import Path
from typing import Any

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.http import FileResponse

from studyapp.models import Download, Study, WorkState
from studyapp.queue import BUNDLE, ask


def ask_bundle(study: Study, *, public: bool, made_by: Any = None) -> Download:
    """Ask the workers for a bundle of `study` as it stands; the row tells how far it is."""
    download = Download.objects.create(study=study, public=public, made_by=made_by)
    ask(BUNDLE, [download.pk])
    return download


def store_zip(download: Download, path: Path) -> dict[str, str]:
    """Keep the zip at `path` under an unguessable name; `file` and `digest` for the row."""
    with path.open("rb") as zipped:
        digest = hashlib.file_digest(zipped, "sha256").hexdigest()
        zipped.seek(0)
        name = default_storage.save(f"downloads/{download.code}.zip", File(zipped))
    return {"file": name, "digest": digest}


def bundle_attachment(download: Download) -> FileResponse:
    """The zip, streamed. Raises FileNotFoundError if it is not made yet, or not what was made."""
    if download.state != WorkState.READY or not default_storage.exists(download.file):
        raise FileNotFoundError(f"{download} is not there: ask for it again")
    file = default_storage.open(download.file)
    if hashlib.file_digest(file, "sha256").hexdigest() != download.digest:
        file.close()
        raise FileNotFoundError(f"{download} is not what was made: ask for it again")
    file.seek(0)
    version = "public" if download.public else "private"
    name = f"{download.study.slug}-{version}-{download.asked_at:%Y-%m-%d}.zip"
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")
