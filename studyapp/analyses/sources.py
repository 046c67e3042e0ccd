"""Where judgments to be analysed come from: the database or a bundle, read by the same columns."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from studyapp.models import Study

from .exclusions import apply_exclusions
from .frames import folder_frame, study_frame
from .tables import EXCLUSIONS, JUDGMENTS, PARTICIPATIONS, Table
from .tidy import Tidy, TidyError, tidy_tables

COLUMNS: tuple[tuple[Table, tuple[str, ...]], ...] = (
    (
        JUDGMENTS,
        (
            "participant_id", "status", "excluded", "stage", "paradigm", "condition",
            "image_group", "stimulus_id", "stronger_side", "trial_position", "block", "value",
            "score", "correct",
        ),
    ),
    (PARTICIPATIONS, ("participant_id", "status", "arm", "consented_at")),
    (EXCLUSIONS, ("participant_id", "rule", "made_at", "undoes_made_at")),
)  # fmt: skip


def tidy_study(study: Study, paradigm: str | None = None) -> Tidy:
    """The judgments of a study, after the declared exclusion rules were applied as rows.

    Raises TidyError if the study has several paradigms and none is named.
    """
    apply_exclusions(study)
    frames = [study_frame(table, study, names) for table, names in COLUMNS]
    return tidy_tables(frames[0], frames[1], frames[2], study.definition, paradigm)


def tidy_folder(folder: Path, paradigm: str | None = None) -> Tidy:
    """The judgments of a bundle's folder, which needs no database. TidyError if it is none."""
    try:
        definition: dict[str, Any] = json.loads(
            (folder / "materials" / "definition.json").read_text(encoding="utf-8")
        )
        frames = [folder_frame(table, folder, names) for table, names in COLUMNS]
    except (OSError, ValueError, pd.errors.ParserError) as error:
        raise TidyError(f"{folder} is not a bundle that can be read: {error}") from error
    return tidy_tables(frames[0], frames[1], frames[2], definition, paradigm)
