"""Every table of this bundle, each column with its type; categories in order, the reference first.

    from load import analysed, load_bundle
    d = load_bundle()
    a = analysed(d["judgments"])

Needs pandas. t text, f category, i whole number, n number, b true or false, d time (UTC), j JSON as
text.
"""

import json
from pathlib import Path
from typing import Any

import pandas as pd

COLUMNS = json.loads("""
@COLUMNS@
""")
LEVELS = json.loads(r"""
@LEVELS@
""")
HERE = Path(__file__).resolve().parent
TYPES: dict[str, Any] = {"i": "Int64", "n": "Float64", "b": "boolean"}
ANALYSED = ["main", "final", "questionnaire"]


def load_bundle(folder: Path = HERE) -> dict[str, pd.DataFrame]:
    """A dict with a frame for each table that the bundle holds."""
    found = {}
    for file in sorted(Path(folder, "data").glob("*_data.csv")):
        name = file.name.split("_description-")[1].removesuffix("_data.csv")
        if name in COLUMNS:
            found[name] = _read(file, COLUMNS[name])
    if not found:
        raise SystemExit(f"there is no bundle in {folder}; name its folder: load_bundle('…')")
    return found


def analysed(judgments: pd.DataFrame) -> pd.DataFrame:
    """The judgments that are analysed: of main trials (of two answers, the final one) and
    questionnaires, of people who finished and are not excluded."""
    rows = judgments[
        judgments["stage"].isin(ANALYSED)
        & (judgments["status"] == "finished")
        & ~judgments["excluded"]
    ].copy()
    for name in rows.select_dtypes("category"):
        rows[name] = rows[name].cat.remove_unused_categories()
    return rows


def _read(file: Path, kinds: dict[str, str]) -> pd.DataFrame:
    rows = pd.read_csv(file, dtype="str", keep_default_na=False, na_values=[""], encoding="utf-8")
    if list(rows.columns) != list(kinds):
        raise SystemExit(f"{file.name} has other columns than it was written with")
    return pd.DataFrame({name: _typed(rows[name], kind) for name, kind in kinds.items()})


def _typed(cells: "pd.Series[Any]", kind: str) -> "pd.Series[Any]":
    if kind in "tf":
        cells = cells.str.replace("^'", "", regex=True)
    if kind == "f":
        known = LEVELS.get(cells.name, [])
        further = [one for one in cells.dropna().unique() if one not in known]
        return cells.astype(pd.CategoricalDtype([*known, *further]))
    if kind == "d":
        return pd.to_datetime(cells, format="ISO8601", utc=True)
    if kind == "b":
        cells = cells.map({"true": True, "false": False})
    elif kind in "in":
        # Whole numbers of up to 19 digits stay exact
        cells = cells.map(int if kind == "i" else float, na_action="ignore").astype("object")
        cells = cells.where(cells.notna(), pd.NA)
    return cells.astype(TYPES.get(kind, "str"))
