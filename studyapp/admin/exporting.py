"""The data set of a study as a download."""

import tempfile
from pathlib import Path

from django.http import FileResponse

from studyapp.exports.bundle import write_bundle
from studyapp.models import Study


def export_study(study: Study, *, public: bool) -> FileResponse:
    """A zip of the bundle; ExportError where it can't be written or would tell who people are."""
    version = "public" if public else "private"
    with tempfile.TemporaryDirectory(prefix="discern-export-") as folder:
        target = Path(folder) / f"{study.slug}-{version}.zip"
        write_bundle(study, target, public=public)
        # The open file outlives its name: nothing is left behind, whenever the reader has done.
        return FileResponse(target.open("rb"), as_attachment=True, filename=target.name)
