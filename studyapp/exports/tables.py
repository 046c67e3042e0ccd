"""A study's tables, codebook and manifest as a folder of CSV files."""

import re
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.utils import timezone

from studyapp.analyses.tables import TABLES
from studyapp.analyses.tables.copying import snapshot, write_csv
from studyapp.models import Study

from .codebook import codebook_csv
from .folder import whole_folder, write_manifest


def export_tables(study: Study, target: Path) -> Path:
    """Write the study's tables to the new folder `target`; ExportError when it is not new."""
    with whole_folder(target) as folder:
        write_tables(study, folder / "data")
        (folder / "codebook.csv").write_bytes(codebook_csv())
        write_manifest(folder, provenance(study))
    return target


def write_tables(study: Study, folder: Path) -> None:
    """Every table as CSV into `folder`, all as they were at one moment."""
    folder.mkdir(parents=True)
    with snapshot():
        for table in TABLES:
            with (folder / file_name(study, table.name)).open("wb") as file:
                write_csv(table, study, file)


def file_name(study: Study, table: str) -> str:
    """The table's file name as Psych-DS wants it: keyword-value pairs, values alphanumeric."""
    return f"study-{re.sub('[^a-zA-Z0-9]', '', study.slug)}_description-{table}_data.csv"


def provenance(study: Study) -> dict[str, Any]:
    """What made the data: the study's digests and seed, and the code's version."""
    return {
        "study": study.slug,
        "kind": study.kind,
        "seed": study.seed,
        "definition_digest": study.definition_digest,
        "design_digest": study.design_digest,
        "texts_digest": study.texts_digest,
        "written_at": timezone.now().isoformat().replace("+00:00", "Z"),
        "versions": {"discern": project_version(), "django": django.get_version()},
    }


def project_version() -> str:
    """The version that pyproject.toml of this checkout states."""
    text = (settings.ROOT / "pyproject.toml").read_text(encoding="utf-8")
    found = re.search(r'^version = "([^"]+)"', text, re.MULTILINE)
    return found[1] if found else "unknown"
