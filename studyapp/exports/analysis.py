"""The analysis in a bundle: computed from its own tables, with scripts to redo it."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from studyapp.analyses.figures.files import write_figures
from studyapp.analyses.hypotheses import verdicts
from studyapp.analyses.reports import record_of_bundle, report_figures, report_html
from studyapp.analyses.results import results, results_json
from studyapp.analyses.sources import tidy_folder
from studyapp.analyses.tidy import Tidy, asked_paradigms
from studyapp.paradigms.questionnaire.question import INSTRUMENTS
from studyapp.shelf.spreadsheets import inert

from .effects import effects_tables
from .wide import write_wide

SCRIPTS = Path(__file__).with_name("scripts")
SCRIPT_NAMES = (
    "reanalyse.py", "contrasts.py", "evidence.py", "hypotheses.py", "instruments.py", "maps.py",
    "meetings.py", "moderators.py", "scales.py", "reanalyse.R", "bayes.R",
)  # fmt: skip
FOLDER = "analysis"
# The columns that an analysis elsewhere needs, where there are any
ANALYSED = (
    "participant", "image", "method", "against", "side", "page", "place", "scale", "unit",
    "order", "stronger_side", "score", "correct", "value", "iou", "kappa", "mass", "hit", "area",
    "thing", "region", "predicted_right", "truth_right", "prediction_right", "predicted_confidence",
    "truth_confidence",
)  # fmt: skip


def write_analysis(bundle: Path) -> None:
    """Write results, report, tables and scripts into a bundle's folder that has its data.

    A results file and a table of analysed judgments for each paradigm: results.json and table.csv
    where there is one, else results-PARADIGM.json and table-PARADIGM.csv.
    """
    folder = bundle / FOLDER
    folder.mkdir()
    record = record_of_bundle(bundle)
    tidies = [tidy_folder(bundle, name) for name in asked_paradigms(record.definition)]
    found = [results(tidy) for tidy in tidies]
    told = verdicts(found)
    for tidy, one in zip(tidies, found, strict=True):
        suffix = "" if len(found) == 1 else f"-{one['paradigm']}"
        (folder / f"results{suffix}.json").write_text(results_json(one), encoding="utf-8")
        analysed_table(tidy).to_csv(folder / f"table{suffix}.csv", index=False, lineterminator="\n")
        for name, rows in effects_tables(one):
            rows.to_csv(folder / f"{name}{suffix}.csv", index=False, lineterminator="\n")
    if told:
        text = json.dumps(told, indent=2, ensure_ascii=False, allow_nan=False)
        (folder / "hypotheses.json").write_text(f"{text}\n", encoding="utf-8")
    write_wide(bundle, tidies)
    report = report_html(found, record, title=record.facts["title"])
    (folder / "report.html").write_text(report, encoding="utf-8")
    write_figures(report_figures(found, record), folder / "figures", ["svg"])
    filled = {
        "@REFERENCE@": str(tidies[0].reference or next(iter(tidies[0].methods()), "")),
        "@HYPOTHESES@": hypotheses_table(told, record.definition),
        "@LEVELS@": "|".join(_level_columns(tidies)),
        "@SMALLEST@": _r_number(tidies[0].smallest_effect),
        "@SEED@": str(tidies[0].seed % 2**31),
        "@INSTRUMENTS@": json.dumps({name: asdict(one) for name, one in INSTRUMENTS.items()}),
    }
    for name in SCRIPT_NAMES:
        text = (SCRIPTS / name).read_text(encoding="utf-8")
        for mark, words in filled.items():
            text = text.replace(mark, words)
        (folder / name).write_text(text, encoding="utf-8")


def _r_number(value: float | None) -> str:
    return "NA" if value is None else repr(value)


def hypotheses_table(told: list[dict[str, Any]], definition: Mapping[str, Any]) -> str:
    """The hypotheses with what the plan fixed of them and what a mixed model said of them, as
    the lines of CSV that reanalyse.R reads."""
    names = ["number", "paradigm", "a", "b", "direction", "margin", "model", "unit", "null",
             "alpha", "estimate", "p", "p_equivalence", "p_at_least"]  # fmt: skip
    rows = pd.DataFrame(told, columns=names).assign(
        sided=definition["analysis"].get("sided", "two")
    )
    return rows.to_csv(index=False, lineterminator="\n", quotechar="'").strip()


def _level_columns(tidies: list[Tidy]) -> list[str]:
    """The columns of moderators that have levels, which R can't tell from numbers."""
    found = [one for tidy in tidies for one in tidy.moderators if one.kind == "levels"]
    return sorted({one.column for one in found})


def analysed_table(tidy: Tidy) -> pd.DataFrame:
    """The answers that are analysed, as `analyse FILE` and R take them; no text is a formula."""
    rows = tidy.answered
    wanted = (*ANALYSED, *(one.column for one in tidy.moderators))
    rows = rows[[name for name in wanted if name in rows.columns]]
    return rows.map(lambda cell: inert(cell) if isinstance(cell, str) else cell)
