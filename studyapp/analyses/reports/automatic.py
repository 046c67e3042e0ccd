"""People beside automatic metrics, as figures and tables of the results."""

from collections.abc import Mapping
from dataclasses import dataclass

from studyapp.analyses.automatic import ONE_MAP
from studyapp.analyses.figures import Figure
from studyapp.analyses.figures.scatter import scatter_figure
from studyapp.paradigms.tabulation import Facts, Table
from studyapp.sections.meetings import SEPARATOR
from studyapp.shelf.formatting import interval, number

from .tabulation import outcome_words


@dataclass(frozen=True)
class Automatic:
    """`what`: which map a metric's number is of. The naive table pools all methods, none where they
    are answered on several scales."""

    what: str
    figures: list[Figure]
    table: Table
    naive: Table | None


def automatic_part(found: Facts) -> Automatic | None:
    """Every metric against people, per method; None where nothing was measured or judged."""
    told = found.get("automatic")
    if told is None:
        return None
    metrics: Mapping[str, Facts] = told["metrics"]
    what = "the map" if told["of"] == ONE_MAP else "the stronger network’s map minus the weaker’s"
    if told["of"] != ONE_MAP and any(SEPARATOR in name for name in found["methods"]):
        what += ", of two conditions the first one’s minus the second’s"
    rows = [
        _row(f"{metric}, {name}", one)
        for metric, facts in metrics.items()
        for name, one in facts["methods"].items()
    ]
    naive = [_row(metric, facts["pooled"]) for metric, facts in metrics.items() if facts["pooled"]]
    figures = [
        scatter_figure(
            metric,
            {name: [(x, y) for x, y in one["points"]] for name, one in facts["methods"].items()},
            {name: _note(one) for name, one in facts["methods"].items()},
            (metric, outcome_words(found)),
        )
        for metric, facts in metrics.items()
    ]
    header = ["", "stimuli", "ρ", "95 % interval", "ceiling", ""]
    pooled = Table("Pooled", header, naive) if naive else None
    return Automatic(what, figures, Table("Within each method", header, rows), pooled)


def _note(one: Facts) -> str:
    if one["rho"] is None:
        return str(one["note"])
    ceiling = "" if one["ceiling"] is None else f", ceiling {number(one['ceiling'])}"
    return f"ρ = {number(one['rho'])}{ceiling}"


def _row(label: str, one: Facts) -> list[str]:
    pair = None if one["low"] is None or one["high"] is None else (one["low"], one["high"])
    rho, ceiling = number(one["rho"]), number(one["ceiling"])
    return [label, str(one["stimuli"]), rho, interval(pair), ceiling, one["note"]]
