"""load.R and load.py: a bundle's tables, typed, in R and in pandas."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from studyapp.analyses.tables import Column, Table
from studyapp.models import Study
from studyapp.sections.people import DEVICES
from studyapp.studies.definition.study import study_definition

SCRIPTS = Path(__file__).with_name("scripts")
LETTERS = {
    "text": "t", "integer": "i", "number": "n", "boolean": "b", "datetime": "d", "json": "j",
}  # fmt: skip


def write_loading_scripts(study: Study, tables: Sequence[Table], folder: Path) -> None:
    """Write both scripts, which know each column's type and each factor's levels in order."""
    levels = factor_levels(study, tables)
    kinds = {
        table.name: {one.name: _letter(one, levels) for one in table.columns} for table in tables
    }
    filled = {
        "load.R": (
            ",\n".join(f"  {name} = {_r_vector(kinds[name])}" for name in kinds),
            ",\n".join(f"  {name} = {_r_values(levels[name])}" for name in levels),
        ),
        "load.py": (
            json.dumps(kinds, indent=1, ensure_ascii=False),
            json.dumps(levels, indent=1, ensure_ascii=False),
        ),
    }
    for name, (columns, known) in filled.items():
        text = (SCRIPTS / name).read_text(encoding="utf-8")
        text = text.replace("@COLUMNS@", columns).replace("@LEVELS@", known)
        (folder / name).write_text(text, encoding="utf-8")


def factor_levels(study: Study, tables: Sequence[Table]) -> dict[str, list[str]]:
    """The values of each column that is a factor, by its name: the design's in the order of the
    study file, with the reference first; others in the order of the codebook."""
    definition = study_definition(study)
    reference = definition.analysis.reference
    conditions = sorted(
        study.conditions.order_by("position").values_list("name", "method"),
        key=lambda one: one[0] != reference,
    )
    found: dict[str, list[str]] = {
        "condition": [name for name, _ in conditions],
        "method": list(dict.fromkeys(method for _, method in conditions if method)),
        "arm": list(definition.arm_conditions()),
        "block": [block.name for block in definition.blocks],
        "paradigm": definition.paradigms(),
        "device_class": list(DEVICES),
    }
    for table in tables:
        for column in table.columns:
            if column.kind == "text" and column.levels:
                found.setdefault(column.name, list(column.levels))
    return found


def _letter(column: Column, levels: Mapping[str, object]) -> str:
    is_factor = column.kind == "text" and column.name in levels
    return "f" if is_factor else LETTERS[column.kind]


def _r_vector(kinds: Mapping[str, str]) -> str:
    return f"c({', '.join(f'{name} = {json.dumps(kind)}' for name, kind in kinds.items())})"


def _r_values(values: Sequence[str]) -> str:
    # R reads JSON's strings: its escapes are the same
    return f"c({', '.join(json.dumps(one, ensure_ascii=False) for one in values)})"
