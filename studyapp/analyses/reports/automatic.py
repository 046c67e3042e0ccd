"""People's judgments of a stimulus beside what automatic metrics say of the same explanations."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from studyapp.analyses.figures import Figure
from studyapp.analyses.figures.scatter import scatter_figure
from studyapp.analyses.numerals import interval, number
from studyapp.analyses.statistics.rank_agreement import RankAgreement, rank_agreement

from .material import Material
from .tabulation import Table

Key = tuple[str, str]
Numbers = Mapping[Key, float]


@dataclass(frozen=True)
class Automatic:
    """`what`: of which map a metric's number is. The naive table takes all methods together."""

    what: str
    figures: list[Figure]
    table: Table
    naive: Table


def automatic(found: Mapping[str, Any], material: Material) -> Automatic | None:
    """Every metric against people, per method; None where nothing was measured or judged."""
    judged = material.analysed(found["paradigm"], found["outcome"])
    both = found["outcome"] == "score"
    numbers = {
        str(name): known
        for name, rows in material.frames["metrics"].groupby("metric")
        if (known := _numbers(rows, both=both, judged=judged))
    }
    if judged.empty or not numbers:
        return None
    judgments = _Judgments(judged, found["outcome"], int(found["seed"]))
    methods = [str(name) for name in found["methods"]]
    figures, rows, naive = [], [], []
    for metric, known in numbers.items():
        agreed = {name: judgments.agreement(known, name) for name in methods}
        figures.append(judgments.figure(metric, known, agreed))
        rows += [_row(f"{metric}, {name}", one) for name, one in agreed.items()]
        naive.append(_row(metric, judgments.agreement(known, None)))
    what = "the stronger network’s map minus the weaker’s" if both else "the map"
    header = ["", "stimuli", "ρ", "95 % interval", "ceiling", ""]
    return Automatic(
        what, figures, Table("Within each method", header, rows), Table("Pooled", header, naive)
    )


def _numbers(rows: pd.DataFrame, *, both: bool, judged: pd.DataFrame) -> dict[Key, float]:
    """A metric's number by stimulus and condition: with two networks, how much it favours the
    stronger one, as a score does."""
    values = {
        (str(row.stimulus_id), str(row.condition), str(row.role)): float(row.value)  # type: ignore[arg-type]
        for row in rows.itertuples(index=False)
    }
    wanted = set(
        zip(judged["stimulus_id"].astype(str), judged["condition"].astype(str), strict=True)
    )
    found = {}
    for stimulus, condition in sorted(wanted):
        stronger = values.get((stimulus, condition, "stronger"))
        weaker = values.get((stimulus, condition, "weaker")) if both else 0.0
        if stronger is not None and weaker is not None:
            found[stimulus, condition] = stronger - weaker
    return found


@dataclass(frozen=True)
class _Judgments:
    frame: pd.DataFrame
    outcome: str
    seed: int

    def agreement(self, known: Numbers, method: str | None) -> RankAgreement:
        """Within `method`; over all methods where it is None."""
        rows = self.frame if method is None else self.frame[self.frame["condition"] == method]
        keys = list(
            zip(rows["stimulus_id"].astype(str), rows["condition"].astype(str), strict=True)
        )
        values = rows[self.outcome].astype(float).to_list()
        people = rows["participant_id"].to_list()
        return rank_agreement(values, people, keys, known, seed=self.seed)

    def figure(self, metric: str, known: Numbers, agreed: Mapping[str, RankAgreement]) -> Figure:
        panels = {name: self._points(known, name) for name in agreed}
        notes = {name: _note(one) for name, one in agreed.items()}
        people = "mean score" if self.outcome == "score" else "share right"
        return scatter_figure(metric, panels, notes, (metric, people))

    def _points(self, known: Numbers, method: str) -> list[tuple[float, float]]:
        """(the metric's number, people's mean) of every stimulus under `method`."""
        rows = self.frame[self.frame["condition"] == method]
        means = rows.groupby("stimulus_id")[self.outcome].mean()
        return [
            (known[str(stimulus), method], float(mean))
            for stimulus, mean in means.items()
            if (str(stimulus), method) in known
        ]


def _note(one: RankAgreement) -> str:
    if one.rho is None:
        return one.note
    ceiling = "" if one.ceiling is None else f", ceiling {number(one.ceiling)}"
    return f"ρ = {number(one.rho)}{ceiling}"


def _row(label: str, one: RankAgreement) -> list[str]:
    pair = None if one.low is None or one.high is None else (one.low, one.high)
    return [label, str(one.stimuli), number(one.rho), interval(pair), number(one.ceiling), one.note]
