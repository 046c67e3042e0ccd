"""Where judgments to be analysed come from: the database or a bundle, read by the same columns."""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from studyapp import storage
from studyapp.models import Explanation, Study
from studyapp.paradigms import PARADIGMS
from studyapp.paradigms.measures import StudyTables, Values
from studyapp.studies.design.keys import keys_flaw
from studyapp.studies.masking import is_masked, masked_words, masks

from .coded import ANSWER
from .evidence import COLUMNS as EVIDENCE_COLUMNS
from .evidence import has_rule
from .exclusions import apply_exclusions
from .flow import flow, standing_rules
from .frames import folder_frame, study_frame, table_file
from .moderator_values import with_moderators
from .tables import EVIDENCE, EXCLUSIONS, JUDGMENTS, PARTICIPATIONS, TRIALS, Table
from .tables.coding import CODES, CODINGS, SCHEMES
from .tables.metrics import METRICS
from .tables.stimuli import EXPLANATIONS, STIMULI
from .tidy import ANALYSED, Tidy, TidyError, tidy_tables

COLUMNS: Mapping[str, tuple[Table, tuple[str, ...]]] = {
    "judgments": (
        JUDGMENTS,
        (
            "participant_id", "status", "excluded", "stage", "paradigm", "arm", "condition",
            "image_group", "stimulus_id", "stronger_side", "trial_position", "block", "value",
            "answer_name", "score", "correct", "second_correct", "further_answers",
            "presentation", "trial_id", "rt_ms", "hidden_ms",
        ),
    ),
    "participations": (
        PARTICIPATIONS,
        (
            "participant_id", "status", "arm", "consented_at", "started_at", "finished_at",
            "device_class", "language", "source", "site", "stratum",
        ),
    ),
    "exclusions": (EXCLUSIONS, ("participant_id", "rule", "made_at", "undoes_made_at")),
    "stimuli": (STIMULI, ("stimulus_id", "category", "options", "facts")),
    "explanations": (EXPLANATIONS, ("stimulus_id", "condition", "role", "map_sha256")),
    "trials": (TRIALS, ("trial_id", "option_order")),
    "metrics": (METRICS, ("stimulus_id", "condition", "role", "metric", "value")),
    "schemes": (SCHEMES, ("block", "question", "version", "exclusive", "code", "definition")),
    "codings": (CODINGS, (*ANSWER, "coder", "revision", "codes")),
    "codes": (CODES, (*ANSWER, "source", "codes")),
    "evidence": (EVIDENCE, EVIDENCE_COLUMNS),
}  # fmt: skip


def _wanted(definition: Mapping[str, Any]) -> Mapping[str, tuple[Table, tuple[str, ...]]]:
    """The tables that a study's analysis reads: trials only where answers are places on a page,
    which only the trial tells of what; evidence only where a rule flags people by it."""
    meeting = {one["paradigm"] for one in definition["blocks"]} & {
        name for name, one in PARADIGMS.items() if one.meets == "all"
    }
    idle = {"trials": not meeting, "evidence": not has_rule(definition)}
    return {key: one for key, one in COLUMNS.items() if not idle.get(key)}


def tidy_study(study: Study, paradigm: str | None = None) -> Tidy:
    """The judgments of a study, after the declared exclusion rules were applied as rows.

    Raises TidyError while outcomes are masked, if the study has several paradigms and none is
    named, and for answer keys that are not those that were drawn.
    """
    if is_masked(study):
        raise TidyError(masked_words(study.slug))
    if flaw := keys_flaw(study):
        raise TidyError(flaw)
    apply_exclusions(study)
    wanted = _wanted(study.definition)
    frames = {key: study_frame(table, study, names) for key, (table, names) in wanted.items()}
    tables = StudyTables(frames=frames, definition=study.definition, stored_map=_stored_map)
    return with_moderators(tidy_tables(tables, paradigm), tables)


def study_flow(study: Study) -> tuple[dict[str, Any], dict[str, int]]:
    """How many people got how far, and how many each rule leaves out: what may be told of a study
    whose outcomes are masked."""
    apply_exclusions(study)
    people, judgments, exclusions = (
        study_frame(COLUMNS[name][0], study, COLUMNS[name][1])
        for name in ("participations", "judgments", "exclusions")
    )
    rules = {rule: len(found) for rule, found in standing_rules(exclusions).items()}
    return flow(people, judgments, exclusions, ANALYSED), rules


def tidy_folder(folder: Path, paradigm: str | None = None) -> Tidy:
    """The judgments of a bundle's folder, which needs no database.

    TidyError if it is none, or if the study's outcomes were masked when it was written.
    """
    if masked := _masked_folder(folder):
        raise TidyError(masked_words(masked))
    try:
        wanted = _wanted(folder_definition(folder))
        frames = {key: folder_frame(table, folder, names) for key, (table, names) in wanted.items()}
        clock = has_clock(folder)
    except (OSError, ValueError, pd.errors.ParserError) as error:
        raise TidyError(f"{folder} is not a bundle that can be read: {error}") from error
    tables = StudyTables(
        frames=frames,
        definition=folder_definition(folder),
        stored_map=lambda digest: _bundled_map(folder, digest),
        has_clock=clock,
    )
    return with_moderators(tidy_tables(tables, paradigm), tables)


def _masked_folder(folder: Path) -> str:
    """The name of the bundle's study if its outcomes were masked; empty where nothing says so."""
    try:
        kept = json.loads((folder / "materials" / "study.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""  # whatever reads the folder next says what is wrong with it
    study = kept["study"]
    deviations = [one["what"] for one in kept["deviations"]]
    masked = masks(study["state"], study["kind"], study["definition"], deviations)
    return str(study["slug"]) if masked else ""


def folder_definition(folder: Path) -> dict[str, Any]:
    """The frozen definition of a bundle's study; TidyError if the folder is no bundle."""
    try:
        text = (folder / "materials" / "definition.json").read_text(encoding="utf-8")
        definition: dict[str, Any] = json.loads(text)
    except (OSError, ValueError) as error:
        raise TidyError(f"{folder} is not a bundle that can be read: {error}") from error
    return definition


def has_clock(folder: Path) -> bool:
    """Whether a bundle's times are moments: a public one counts seconds from entering."""
    with table_file(folder, PARTICIPATIONS).open(encoding="utf-8") as lines:
        return "finished_at" in lines.readline().rstrip().split(",")


def _stored_map(digest: str) -> Values | None:
    row = Explanation.objects.filter(map_digest=digest).exclude(map_file="").first()
    if row is None or not storage.is_there(row.map_file):
        return None
    return _map(storage.read(row.map_file, digest))


def _bundled_map(folder: Path, digest: str) -> Values | None:
    found = sorted((folder / "materials" / "maps").glob(f"{digest}.*"))
    return _map(found[0].read_bytes()) if found else None


def _map(content: bytes) -> Values:
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        values: Values = archive["map"]
    return values
