"""A bundle: a study's tables, materials and manifest, as a folder or a zip, whole or not at all."""

import re
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from platform import python_version
from typing import Any

import django
import numpy
import pandas
from django.conf import settings
from django.utils import timezone

import studyapp
from studyapp.analyses.exclusions import apply_exclusions
from studyapp.analyses.preregistration import frozen_preregistration
from studyapp.analyses.reports.study_record import facts_of_study
from studyapp.analyses.tables import TABLES, Table
from studyapp.analyses.tables.copying import snapshot, write_csv
from studyapp.analyses.tables.inputs import TRACES
from studyapp.analyses.tables.panels import PANEL
from studyapp.analyses.tables.stimuli import networks_of
from studyapp.models import Study
from studyapp.studies.definition.asking import asked_questions
from studyapp.studies.definition.study import study_definition
from studyapp.studies.design.keys import keys_flaw
from studyapp.studies.masking import is_masked

from .analysis import write_analysis
from .citation_file import CITATION, citation_file
from .codebook import codebook_csv
from .croissant import CROISSANT, croissant
from .data_package import DATA_PACKAGE, data_package
from .dataset import DataSet, data_set
from .description import (
    BESIDE,
    DESCRIPTION,
    IGNORED,
    dataset_description,
    psych_ds_problems,
    sidecar,
)
from .folder import (
    MANIFEST,
    ExportError,
    file_digest,
    whole_file,
    whole_folder,
    write_json,
    write_manifest,
)
from .inventory import table_files
from .loading_scripts import write_loading_scripts
from .materials import write_materials
from .parquet import write_parquet
from .privacy import found_identities
from .public import published_tables
from .publishing import refuse_too_early
from .readme import changes_markdown, readme_markdown
from .research_object import RO_CRATE, research_object


@dataclass(frozen=True)
class Bundle:
    """Where a bundle was written, and which files were missing."""

    path: Path
    missing: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Contents:
    """What goes into a bundle.

    public: the version for strangers. photos: the photo files too. panel_ids: a table that joins
    people with their panel's data, for a private bundle. traces: a table of those that are not
    yet deleted, likewise. analysis: results, report and
    scripts; they need all judgments in memory at once, which the rest of a bundle does not.
    """

    public: bool = False
    photos: bool = False
    analysis: bool = True
    panel_ids: bool = False
    traces: bool = False


def write_bundle(study: Study, target: Path, **contents: bool) -> Bundle:
    """Write the bundle of `study` to `target`: a new folder, or a new file if it ends with .zip.

    contents: the fields of `Contents`.
    Raises ExportError when it is too early for one, when the target already exists, when a file
    or the answer keys don't match their digest, or when a public bundle would identify a person.
    """
    wanted = Contents(**contents)
    if wanted.public and wanted.panel_ids:
        raise ExportError("panel ids are never published; leave out --public or --panel-ids")
    if wanted.public and wanted.traces:
        raise ExportError("traces are never published; leave out --public or --traces")
    refuse_too_early(study, public=wanted.public)
    if flaw := keys_flaw(study):
        raise ExportError(flaw)
    apply_exclusions(study)
    if target.suffix != ".zip":
        with whole_folder(target) as folder:
            missing = _fill(study, folder, wanted)
        return Bundle(target, missing)
    with (
        whole_file(target) as part,
        tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as name,
    ):
        missing = _fill(study, Path(name), wanted)
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(Path(name).rglob("*")):
                if path.is_file():
                    archive.write(path, path.relative_to(name).as_posix())
    return Bundle(target, missing)


def file_name(study: Study, table: str) -> str:
    """The table's file name as Psych-DS wants it: keyword-value pairs, values alphanumeric."""
    return f"study-{re.sub('[^a-zA-Z0-9]', '', study.slug)}_description-{table}_data.csv"


def _fill(study: Study, folder: Path, wanted: Contents) -> list[str]:
    tables = published_tables() if wanted.public else list(TABLES)
    if wanted.panel_ids:
        tables.append(PANEL)
    if wanted.traces:
        tables.append(TRACES)
    _write_tables(study, tables, folder / "data")
    data = data_set(study)
    write_json(folder / DESCRIPTION, dataset_description(data, tables))
    (folder / IGNORED).write_text(BESIDE, encoding="utf-8")
    asked = asked_questions(study_definition(study))
    (folder / "codebook.csv").write_bytes(codebook_csv(tables, asked))
    write_loading_scripts(study, tables, folder)
    missing = write_materials(
        study, folder / "materials", photos=wanted.photos, public=wanted.public
    )
    if wanted.analysis and not is_masked(study):
        write_analysis(folder)
    readme = readme_markdown(
        study,
        data,
        folder,
        public=wanted.public,
        panel_ids=wanted.panel_ids,
        traces=wanted.traces,
    )
    (folder / "README.md").write_text(readme, encoding="utf-8")
    (folder / "CHANGES.md").write_text(changes_markdown(study), encoding="utf-8")
    for problem in psych_ds_problems(folder):
        raise ExportError(f"not Psych-DS: {problem}")
    for place in found_identities(study, folder) if wanted.public else ():
        raise ExportError(f"not published: {place}")
    _write_metadata(data, tables, folder)
    write_manifest(folder, {**provenance(study), "public": wanted.public, "missing": missing})
    return missing


def _write_metadata(data: DataSet, tables: Sequence[Table], folder: Path) -> None:
    """What other programs read of the bundle, each in its own format."""
    today = timezone.localdate()
    files = table_files(folder)
    write_json(folder / DATA_PACKAGE, data_package(data, tables, files))
    write_json(folder / CROISSANT, croissant(data, tables, files, written_on=today))
    if text := citation_file(data):
        (folder / CITATION).write_text(text, encoding="utf-8")
    crate = research_object(data, tables, folder, [MANIFEST], written_on=today)
    write_json(folder / RO_CRATE, crate)


def _write_tables(study: Study, tables: Sequence[Table], folder: Path) -> None:
    """Every table as CSV with its sidecar and as Parquet, all as they were at one moment."""
    folder.mkdir()
    with snapshot():
        for table in tables:
            with (folder / file_name(study, table.name)).open("wb") as file:
                write_csv(table, study, file)
    for table in tables:
        path = folder / file_name(study, table.name)
        write_json(path.with_suffix(".json"), sidecar(table))
        write_parquet(table, path, path.with_suffix(".parquet"))


def provenance(study: Study) -> dict[str, Any]:
    """What made the data: the study's digests and seed, and the code's version."""
    return {
        "study": study.slug,
        "kind": study.kind,
        "seed": study.seed,
        "definition_digest": study.definition_digest,
        "design_digest": study.design_digest,
        "texts_digest": study.texts_digest,
        "preregistration": _preregistration(study),
        "weights": dict(networks_of(study).values_list("digest", "sha256")),
        "locks": {
            path.stem: file_digest(path)
            for path in sorted((settings.ROOT / "requirements").glob("*.lock"))
        },
        "written_at": timezone.now().isoformat().replace("+00:00", "Z"),
        "versions": {
            "discern": studyapp.__version__,
            "django": django.get_version(),
            "python": python_version(),
            "numpy": numpy.__version__,
            "pandas": pandas.__version__,
        },
    }


def _preregistration(study: Study) -> str | None:
    """The digest of the plan that the study was opened with; None before."""
    if study.opened_at is None:
        return None
    facts = facts_of_study(study)
    return frozen_preregistration(facts, study.definition, study.certificate).digest
