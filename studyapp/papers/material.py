"""What a kit is written from: the results, the frozen study, and how people took part.

It comes from the database or from a bundle, and is the same from both.
"""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
from django.conf import settings
from django.utils.text import capfirst

import studyapp
from studyapp.analyses.frames import folder_frame, study_frame
from studyapp.analyses.reports import StudyRecord, record_of_bundle, record_of_study
from studyapp.analyses.reports.page import marks, results_digest
from studyapp.analyses.results import results
from studyapp.analyses.sources import tidy_folder, tidy_study
from studyapp.analyses.tables import PARTICIPATIONS, Table
from studyapp.analyses.tables.stimuli import NETWORKS
from studyapp.analyses.tidy import asked_paradigms
from studyapp.models import Study
from studyapp.paradigms.tabulation import Facts
from studyapp.sections.publication import PublicationSection
from studyapp.studies.definition.study import Definition, stored_definition

COLUMNS: Mapping[str, tuple[Table, tuple[str, ...]]] = {
    "people": (
        PARTICIPATIONS,
        ("status", "source", "language", "device_class", "started_at", "finished_at"),
    ),
    "networks": (NETWORKS, ("builder", "weights", "weights_sha256")),
}
GIT_SECONDS = 10


@dataclass(frozen=True)
class Material:
    """founds: the results of every paradigm. frames: tables by the names of COLUMNS."""

    founds: Sequence[Facts]
    record: StudyRecord
    frames: Mapping[str, pd.DataFrame]

    @cached_property
    def definition(self) -> Definition:
        return stored_definition(self.record.definition)

    @cached_property
    def publication(self) -> PublicationSection:
        """What the researchers said of publishing; nothing where they said nothing."""
        return PublicationSection.model_validate(self.record.facts.get("publication") or {})

    @property
    def marks(self) -> tuple[str, ...]:
        """Warnings that stand in every file: simulated people, a pilot, a demonstration."""
        return tuple(marks(self.record))

    @property
    def label(self) -> str:
        """The same in a few words, for tables, figures and their files; empty for real data."""
        known = {"simulated": "simulated people", "pilot": "pilot"}
        told = [known[kind]] if (kind := self.record.facts["kind"]) in known else []
        return ", ".join([*told, *(["demonstration"] if self.definition.demo else [])])

    def labelled(self, title: str) -> str:
        """The title of a table or figure, which says what its data are if not those of a study."""
        # In front: names of files are cut
        return f"{capfirst(self.label)}: {title}" if self.label else title

    @property
    def flow(self) -> Facts:
        return next((one["flow"] for one in self.founds if one["flow"]), {})

    @property
    def results_digest(self) -> str:
        return results_digest(self.founds)

    def minutes(self) -> float | None:
        """The median time from the first page of trials to the last answer, of those who finished;
        None where nobody did."""
        people = self.frames["people"]
        done = people[people["status"] == "finished"]
        spent = (_seconds(done["finished_at"]) - _seconds(done["started_at"])).dropna()
        return float(spent.median()) / 60 if len(spent) else None

    def shares(self, column: str) -> dict[str, int]:
        """How many of those who finished have each value of a column, the most frequent first."""
        people = self.frames["people"]
        values = people.loc[people["status"] == "finished", column].dropna()
        counts = values.value_counts()
        return {str(name): int(counts[name]) for name in sorted(counts.index, key=str)}


def _seconds(cells: "pd.Series[Any]") -> "pd.Series[Any]":
    """Of moments, or of seconds since entering, of which a public bundle tells."""
    if not pd.api.types.is_datetime64_any_dtype(cells):
        numbers = pd.to_numeric(cells, errors="coerce")
        if numbers.notna().any():
            return numbers
    moments = pd.to_datetime(cells, format="ISO8601", utc=True)
    return (moments - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1)


def material_of_study(study: Study) -> Material:
    """Of the database. Raises TidyError as an analysis does."""
    names = asked_paradigms(study.definition)
    return Material(
        founds=[results(tidy_study(study, name)) for name in names],
        record=record_of_study(study),
        frames={key: study_frame(table, study, names) for key, (table, names) in COLUMNS.items()},
    )


def material_of_bundle(folder: Path) -> Material:
    """Of a bundle's folder. Raises TidyError if it is none."""
    record = record_of_bundle(folder)
    names = asked_paradigms(record.definition)
    return Material(
        founds=[results(tidy_folder(folder, name)) for name in names],
        record=record,
        frames={key: folder_frame(table, folder, names) for key, (table, names) in COLUMNS.items()},
    )


def software() -> str:
    """Discern with its version, and the commit where it runs from a checkout."""
    commit = _commit()
    return f"Discern {studyapp.__version__}" + (f", commit {commit[:12]}" if commit else "")


def _commit() -> str:
    """Empty where this is no checkout, such as in a container."""
    git = shutil.which("git")
    if git is None or not (settings.ROOT / ".git").exists():
        return ""
    done = subprocess.run(
        [git, "rev-parse", "HEAD"], cwd=settings.ROOT, capture_output=True, text=True,
        timeout=GIT_SECONDS, check=False,
    )  # fmt: skip
    return done.stdout.strip() if done.returncode == 0 else ""
