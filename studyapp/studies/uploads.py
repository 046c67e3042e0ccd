"""A folder of its own for each upload, until it has become a study or is abandoned."""

import os
import shutil
import time
from pathlib import Path

from django.conf import settings

from studyapp.models.codes import is_code

UPLOAD_HOURS = 48


class UploadError(ValueError):
    """An upload that can't be used: one sentence with the fix."""


def workspace(token: str) -> Path:
    """The folder of an upload, made if missing; `token` is a `new_code` from the session only."""
    if not is_code(token):
        raise UploadError("this upload was not found; choose the file again")
    folder = _uploads() / token
    folder.mkdir(parents=True, exist_ok=True)
    os.utime(folder)
    return folder


def remove_workspace(token: str) -> None:
    """Remove an upload that has become a study."""
    if is_code(token):
        shutil.rmtree(_uploads() / token, ignore_errors=True)


def old_workspaces() -> list[Path]:
    """The uploads that nobody has worked on for UPLOAD_HOURS."""
    since = time.time() - UPLOAD_HOURS * 3600
    folders = _uploads().iterdir() if _uploads().is_dir() else ()
    return sorted(path for path in folders if path.is_dir() and path.stat().st_mtime < since)


def remove_old_workspaces() -> int:
    """How many were removed. A photo that can't be removed stays for the next time."""
    folders = old_workspaces()
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    return sum(not folder.exists() for folder in folders)


def _uploads() -> Path:
    return Path(settings.VAR, "uploads")
