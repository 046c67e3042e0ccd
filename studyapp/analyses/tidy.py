"""The one shape that every analysis takes: a row a judgment, from a study, a bundle or any CSV."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from .kinds import KINDS, Kind

Outcome = Literal["score", "correct", "value"]
LEVELS: Mapping[Outcome, tuple[int, ...]] = {"score": (-2, -1, 0, 1, 2), "correct": (0, 1)}
PARADIGM_OF: Mapping[Outcome, str] = {"score": "trust", "correct": "discrimination"}
# Of guessing among the options of a paradigm's pages; one half elsewhere
CHANCE: Mapping[str, float] = {"distinction": 0.25}
# The first answer of two is made without the advice: the final one is analysed
ANALYSED = ("main", "final")
NEEDED = ("participant", "image", "method")


class TidyError(Exception):
    """A table that can't be analysed: one sentence with the mend."""


@dataclass(frozen=True)
class Tidy:
    """Judgments to be analysed.

    frame: columns participant, image, method, the outcome (whole numbers, none missing), and
        where known stronger_side, order and unit (the very thing that several people judge; else
        a photo under a method). smallest_effect: of interest, for tests of equivalence.
    null: what a mean that is no share is tested against; None for no test.
    everybody: the same with those who are left out; None where nobody could be.
    excluded: why how many people are left out. flow: how many people got how far.
    """

    frame: pd.DataFrame
    paradigm: str
    outcome: Outcome
    chance: float = 0.5
    reference: str | None = None
    everybody: pd.DataFrame | None = None
    excluded: Mapping[str, int] = field(default_factory=dict)
    flow: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    smallest_effect: float | None = None
    null: float | None = 0.0

    def with_reference(self, name: str) -> "Tidy":
        """The same with another method to compare with; TidyError if nobody judged it."""
        known = sorted(set(self.frame["method"]))
        if name not in known:
            raise TidyError(f"no method “{name}” was judged; there are {', '.join(known)}")
        return replace(self, reference=name)

    def methods(self) -> list[str]:
        """The methods: the reference first, then in alphabetical order."""
        names = sorted(set(self.frame["method"]))
        reference = self.reference
        return sorted(names, key=lambda name: (name != reference, name))


def tidy_file(path: Path, *, paradigm: str | None = None, chance: float | None = None) -> Tidy:
    """The judgments in the CSV at `path`; other columns are ignored.

    Raises TidyError for a file without the columns `participant, image, method` and `score`
    (−2…+2) or `correct` (0/1), and for a cell that is none of these, with its line.
    """
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise TidyError(f"{path} can't be read as CSV: {error}") from error
    missing = [name for name in NEEDED if name not in table.columns]
    if missing:
        raise TidyError(f"{path} has no column “{missing[0]}”; it needs {', '.join(NEEDED)}")
    for name in NEEDED:
        if (empty := table.index[table[name] == ""]).size:
            raise TidyError(f"{path}, line {int(empty[0]) + 2}: {name} is empty; fill it in")
    if paradigm is not None and paradigm in KINDS:
        return _tidy_kind(path, table, paradigm, chance)
    outcome = _outcome(path, table, paradigm)
    columns = [*NEEDED, outcome, *({"stronger_side", "order"} & set(table.columns))]
    frame = table[columns].copy()
    frame[outcome] = _numbers(path, table[outcome], LEVELS[outcome])
    frame = frame[frame[outcome].notna()].astype({outcome: int})
    return Tidy(frame, paradigm or PARADIGM_OF[outcome], outcome, chance=chance or 0.5)


def _tidy_kind(path: Path, table: pd.DataFrame, paradigm: str, chance: float | None) -> Tidy:
    """The table of a further paradigm, its outcome made of its own columns."""
    kind = KINDS[paradigm]
    missing = [name for name in kind.needed if name not in table.columns]
    if missing:
        raise TidyError(
            f"{path} has no column “{missing[0]}”; {paradigm} needs {', '.join(kind.needed)}"
        )
    frame = _kind_columns(path, table, kind)
    outcome: Outcome = "correct" if kind.is_share else "value"
    frame[outcome] = kind.outcome(frame)
    frame = frame.astype({outcome: int if kind.is_share else float})
    return Tidy(frame, paradigm, outcome, chance=chance or kind.chance, null=kind.null)


def _kind_columns(path: Path, table: pd.DataFrame, kind: Kind) -> pd.DataFrame:
    """Typed columns; a row in which a needed one is empty is left out."""
    wanted = {**kind.needed, **{k: v for k, v in kind.optional.items() if k in table.columns}}
    frame = table[[*NEEDED, *({"order"} & set(table.columns))]].copy()
    for name, levels in wanted.items():
        cells = table[name]
        frame[name] = cells.where(cells != "") if levels == () else _numbers(path, cells, levels)
    return frame[frame[list(kind.needed)].notna().all(axis=1)].copy()


def _outcome(path: Path, table: pd.DataFrame, paradigm: str | None) -> Outcome:
    wanted: list[Outcome] = [
        name for name in LEVELS if paradigm is None or PARADIGM_OF[name] == paradigm
    ]
    there = [name for name in wanted if name in table.columns]
    if not wanted:
        known = ", ".join([*PARADIGM_OF.values(), *KINDS])
        raise TidyError(f"a file's paradigm is one of {known}")
    if not there:
        raise TidyError(f"{path} has no column “{'” or “'.join(wanted)}”; add one")
    if len(there) > 1:
        raise TidyError(f"{path} has score and correct: say --paradigm trust or discrimination")
    return there[0]


def _numbers(
    path: Path, cells: "pd.Series[Any]", levels: tuple[int, ...] | None
) -> "pd.Series[Any]":
    """The cells as numbers, each one of `levels` where there are any; empty ones missing."""
    numbers = pd.to_numeric(cells.replace("", None), errors="coerce")
    known = np.isfinite(numbers) if levels is None else numbers.isin(levels)
    wrong = cells[(cells != "") & ~known]
    if len(wrong):
        told = "a number" if levels is None else ", ".join(str(level) for level in levels)
        said = f"is not {told}" if levels is None else f"is none of {told}"
        line = int(wrong.index[0]) + 2
        raise TidyError(f"{path}, line {line}: {cells.name} {wrong.iloc[0]!r} {said}")
    return numbers


def tidy_tables(
    judgments: pd.DataFrame,
    participations: pd.DataFrame,
    exclusions: pd.DataFrame,
    definition: Mapping[str, Any],
    paradigm: str | None = None,
) -> Tidy:
    """The judgments of a study's own tables: main trials of finished people who are not
    excluded, and of two answers to one stimulus the final one.

    Photos of one object are one cluster. Raises TidyError if the study has several paradigms
    and none is named, or not the named one.
    """
    asked = list(dict.fromkeys(str(block["paradigm"]) for block in definition["blocks"]))
    chosen = paradigm or (asked[0] if len(asked) == 1 else None)
    if chosen not in asked:
        raise TidyError(f"the study asks {' and '.join(asked)}: say --paradigm {asked[0]}")
    main = judgments[judgments["stage"].isin(ANALYSED) & (judgments["paradigm"] == chosen)]
    outcome: Outcome = "score" if main["score"].notna().any() else "correct"
    if main.empty:
        outcome = next((name for name in LEVELS if PARADIGM_OF[name] == chosen), "correct")
    everybody = _tidy_columns(main, outcome)
    if chosen == "agreement":
        everybody["answer"] = main["value"]
        believed = main["value"] >= 3
        everybody["prediction_right"] = believed.eq(main["correct"] == 1).astype("Int64")
    if chosen == "meta_prediction":
        sessions = {block["name"]: block.get("session") or 1 for block in definition["blocks"]}
        everybody["session"] = main["block"].map(sessions).astype(str)
    kept = (main["status"] == "finished") & ~main["excluded"].astype(bool)
    return Tidy(
        frame=everybody[kept[everybody.index].to_numpy(dtype=bool)],
        paradigm=str(chosen),
        outcome=outcome,
        reference=definition["analysis"]["reference"],
        everybody=everybody,
        excluded=standing_rules(exclusions),
        flow=flow(participations, judgments),
        seed=int(definition["design"]["seed"]),
        smallest_effect=definition["analysis"].get("smallest_effect"),
        chance=_chance(str(chosen), main),
    )


def _chance(paradigm: str, main: pd.DataFrame) -> float:
    """Reliance in two steps has four answers, in one step two."""
    if paradigm == "reliance" and (main["stage"] == "final").any():
        return 0.25
    return CHANCE.get(paradigm, 0.5)


def _tidy_columns(main: pd.DataFrame, outcome: Outcome) -> pd.DataFrame:
    names = {"participant_id": "participant", "image_group": "image", "condition": "method"}
    columns = [*names, outcome, "stimulus_id", "trial_position"]
    if outcome == "score":
        columns.append("stronger_side")
    frame = main[main[outcome].notna()][columns].rename(columns=names)
    names = {"trial_position": "order", "stimulus_id": "unit"}
    return frame.rename(columns=names).astype({outcome: int})


def standing_rules(exclusions: pd.DataFrame) -> dict[str, int]:
    """How many people each rule leaves out, exclusions that were undone not counted."""
    undone = set(
        exclusions.loc[exclusions["undoes_made_at"].notna(), ["participant_id", "undoes_made_at"]]
        .itertuples(index=False, name=None)
    )  # fmt: skip
    rules: dict[str, set[str]] = {}
    for row in exclusions[exclusions["undoes_made_at"].isna()].itertuples(index=False):
        if (row.participant_id, row.made_at) not in undone:
            rules.setdefault(str(row.rule), set()).add(str(row.participant_id))
    return {rule: len(people) for rule, people in sorted(rules.items())}


def flow(participations: pd.DataFrame, judgments: pd.DataFrame) -> dict[str, Any]:
    """How many people got how far, in all and by arm (CONSORT)."""
    excluded = set(judgments.loc[judgments["excluded"].astype(bool), "participant_id"])
    analysed = participations[
        (participations["status"] == "finished") & ~participations["participant_id"].isin(excluded)
    ]
    statuses = participations["status"].value_counts().sort_index()
    return {
        "entered": len(participations),
        "consented": int(participations["consented_at"].notna().sum()),
        "finished": int((participations["status"] == "finished").sum()),
        "analysed": len(analysed),
        "by_status": {str(key): int(count) for key, count in statuses.items()},
        "by_arm": _by_arm(participations, analysed),
    }


def _by_arm(participations: pd.DataFrame, analysed: pd.DataFrame) -> dict[str, Any]:
    placed = participations[participations["arm"].notna()]
    return {
        str(arm): {
            "placed": len(rows),
            "finished": int((rows["status"] == "finished").sum()),
            "analysed": int((analysed["arm"] == arm).sum()),
        }
        for arm, rows in placed.groupby("arm")
    }
