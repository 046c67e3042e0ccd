"""How long people took to answer, by method: described, and no outcome unless the plan says so.

Times are from the moment when all pictures of a page were there to the first choice on it. They are
skewed, so that medians and geometric means are told; no p stands beside them.
"""

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from studyapp.paradigms.estimates import share
from studyapp.statistics.medians import two_way_median
from studyapp.statistics.robust import Estimate, two_way_contrast, two_way_mean, two_way_slope

Frame = pd.DataFrame
COLUMNS = {
    "participant_id": "participant", "image_group": "image", "condition": "method",
    "rt_ms": "rt", "hidden_ms": "hidden", "correct": "correct",
}  # fmt: skip
LABEL = "exploratory: response times are described and not tested; no hypothesis rests on them"
WHAT = "milliseconds from the moment when all pictures were there to the first choice on the page"
THIRDS = ("fastest", "middle", "slowest")


def time_rows(judgments: Frame) -> Frame:
    """The times of answers about photos: COLUMNS, a row a judgment, missing where none was kept."""
    about = judgments["condition"].notna() & judgments["image_group"].notna()
    found = judgments.loc[about, list(COLUMNS)].rename(columns=COLUMNS)
    numbers = {name: pd.to_numeric(found[name]).astype(float) for name in ("rt", "hidden")}
    return found.assign(**numbers)


def response_times(
    rows: Frame | None, reference: str | None, plan: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Medians, geometric means and their ratios, and how speed and being right go together.

    None where nobody's time was kept. plan: the study's exclusion rules. No time is trimmed.
    """
    if rows is None or not rows["rt"].notna().any():
        return None
    kept = rows[rows["rt"] > 0]
    methods = sorted(set(kept["method"]), key=lambda name: (name != reference, name))
    return {
        "label": LABEL,
        "what": WHAT,
        "n": len(kept),
        "missing": int(rows["rt"].isna().sum()),
        "zero": int((rows["rt"] <= 0).sum()),
        "hidden": int((kept["hidden"] > 0).sum()),
        "trimming": _trimming(plan),
        "methods": {name: _method(kept[kept["method"] == name]) for name in methods},
        "ratios": [_ratio(kept, a, b) for b, a in combinations(methods, 2)],
        "accuracy": _accuracy(kept, methods),
    }


def _trimming(plan: Mapping[str, Any]) -> str:
    limit = plan.get("fastest_median_ms")
    rule = "and the plan leaves nobody out for it" if limit is None else (
        f"and the plan leaves out people whose median is below {limit:g} ms"
    )  # fmt: skip
    return f"no single time is left out for being short or long, {rule}"


def _clusters(rows: Frame) -> tuple[list[Any], list[Any]]:
    return rows["participant"].to_list(), rows["image"].to_list()


def _method(rows: Frame) -> dict[str, Any]:
    clusters = _clusters(rows)
    middle = two_way_median(rows["rt"].to_list(), *clusters)
    return {
        "n": len(rows),
        "median": middle.estimate,
        "median95": middle.interval,
        "quartiles": [float(rows["rt"].quantile(share)) for share in (0.25, 0.75)],
        "geometric_mean": _multiplied(two_way_mean(np.log(rows["rt"]).to_list(), *clusters)),
        "note": middle.note,
    }


def _ratio(rows: Frame, a: str, b: str) -> dict[str, Any]:
    """How many times as long people took with `a` as with `b`: of geometric means."""
    own = rows[rows["method"].isin([a, b])]
    found = two_way_contrast(
        np.log(own["rt"]).to_list(), *_clusters(own), (own["method"] == a).to_list()
    )
    return {"a": a, "b": b, **_multiplied(found), "log_difference": found.estimate,
            "se": found.se, "df": found.df}  # fmt: skip


def _multiplied(found: Estimate) -> dict[str, Any]:
    """A mean or difference of logarithms as a geometric mean or ratio."""
    low, high = (None if end is None else float(np.exp(end)) for end in (found.low, found.high))
    value = None if found.estimate is None else float(np.exp(found.estimate))
    ends = None if low is None or high is None else [low, high]
    return {"value": value, "robust95": ends, "note": found.note}


def _accuracy(rows: Frame, methods: list[str]) -> dict[str, Any] | None:
    """Whether right answers take longer than wrong ones of the same person, and the share right
    among each person's fastest, middle and slowest answers; None where answers are neither."""
    known = rows[rows["correct"].notna()].assign(
        correct=lambda frame: frame["correct"].astype(float)
    )
    if known.empty:
        return None
    rank = known.groupby("participant")["rt"].rank(method="first", pct=True)
    known = known.assign(third=np.minimum(np.ceil(rank * 3) - 1, 2))
    own = {name: known[known["method"] == name] for name in methods}
    return {
        "right_to_wrong": {name: _right_to_wrong(one) for name, one in own.items()},
        "thirds": {name: dict(_thirds(one)) for name, one in own.items()},
    }


def _right_to_wrong(rows: Frame) -> dict[str, Any]:
    """The ratio within people: both are taken from the person's own mean, so that slow people who
    are right more often say nothing of it."""
    if rows.empty:
        return _multiplied(Estimate(None, note="no judgments"))
    logs = np.log(rows["rt"])
    within = [
        (column - column.groupby(rows["participant"]).transform("mean")).to_list()
        for column in (logs, rows["correct"])
    ]
    found = two_way_slope(within[0], *_clusters(rows), within[1])
    return _multiplied(found)


def _thirds(rows: Frame) -> Iterator[tuple[str, dict[str, Any]]]:
    for place, name in enumerate(THIRDS):
        own = rows[rows["third"] == place]
        yield name, share(own, own["correct"])
