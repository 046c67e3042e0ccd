"""The tables of a report: the right numbers, then the naive ones labelled as such."""

from collections.abc import Mapping
from typing import Any

from studyapp.paradigms.analysis import analysis_of
from studyapp.paradigms.tabulation import Table
from studyapp.shelf.formatting import (
    interval,
    number,
    p_value,
    percent,
    points,
    short,
    signed,
)

Facts = Mapping[str, Any]


FAMILIES = {True: "planned", False: "exploratory"}
OUTCOME_WORDS = {"score": "mean score", "correct": "share right", "value": "mean"}


def outcome_words(found: Facts) -> str:
    """What people's number is of the outcome: a mean percentile of pointing, say."""
    return analysis_of(found["paradigm"]).words or OUTCOME_WORDS[found["outcome"]]


def own_tables(found: Facts) -> list[Table]:
    """The tables of the paradigm's own results; none where it has none."""
    tables = analysis_of(found["paradigm"]).tables
    own = found.get(found["paradigm"])
    return list(tables(own)) if tables is not None and own else []


def null_of(found: Facts) -> float | None:
    """What every method is tested against; None for no test, or where methods differ in it."""
    nulls = {one["null"] for one in found["tests"].values()}
    return nulls.pop() if len(nulls) == 1 else None


def estimates_table(found: Facts) -> Table:
    """Every method with its interval and its test, adjusted by Holm."""
    is_share = found["outcome"] == "correct"
    name = "right" if is_share else outcome_words(found)
    rows = [_estimate_row(found, method, is_share) for method in found["methods"]]
    against = "chance" if is_share else short(null_of(found) or 0)
    has_tests = any(one["null"] is not None for one in found["tests"].values())
    tests = [f"p against {against}", "p by Holm"] if has_tests or not rows else []
    header = ["method", "judgments", name, "95 % interval", *tests, ""]
    robust = "people and photos at once" if found.get("images") is not None else "people"
    return Table(f"Robust to {robust}, to be read first", header, rows)


def _estimate_row(found: Facts, method: str, is_share: bool) -> list[str]:
    one, test = found["methods"][method], found["tests"][method]
    show = percent if is_share else number
    value = one["accuracy"] if is_share else one["mean"]
    n = f"{one['right']} of {one['n']}" if is_share else str(one["n"])
    pair = interval(one["robust95"], show)
    tests = [p_value(test["p"]), p_value(test["p_holm"])] if test["null"] is not None else []
    return [method, n, show(value), pair, *tests, one["note"]]


def contrasts_table(found: Facts) -> Table:
    """Every pair of methods: the second minus the first, planned or exploratory."""
    is_share = found["outcome"] == "correct"
    show = points if is_share else signed
    rows = [
        [
            f"{one['a']} − {one['b']}",
            show(one["estimate"]),
            interval(one["robust95"], show),
            p_value(one["p"]),
            p_value(one["p_holm"]),
            FAMILIES[one["planned"]],
            one["note"],
        ]
        for one in found["contrasts"]
    ]
    header = ["contrast", "difference", "95 % interval", "p", "p by Holm", "family", ""]
    unit = ", in percentage points (pp)" if is_share else ""
    return Table(f"Differences between methods{unit}", header, rows)


def naive_table(found: Facts) -> Table:
    """What is usually printed, for contrast only."""
    methods: Facts = found["naive"]["methods"]
    if found["outcome"] == "correct":
        rows = [[name, interval(one["wilson95"], percent)] for name, one in methods.items()]
        return Table("Naive", ["method", "pooled Wilson 95 %"], rows)
    if found["outcome"] == "value":
        rows = [[name, interval(one["pooled95"], number)] for name, one in methods.items()]
        return Table("Naive", ["method", "pooled t 95 %"], rows)
    rows = [
        [name, interval(one["pooled95"], number), p_value(one["wilcoxon"]["p"])]
        for name, one in methods.items()
    ]
    header = ["method", "pooled t 95 %", "Wilcoxon on people, p"]
    return Table("Naive", header, rows)


def arms_table(flow: Facts) -> Table:
    """Attrition by arm."""
    rows = [
        [arm, str(one["placed"]), str(one["finished"]), _lost(one), str(one["analysed"])]
        for arm, one in flow["by_arm"].items()
    ]
    header = ["arm", "took a place", "finished", "did not finish", "analysed"]
    return Table("Attrition by arm", header, rows)


def _lost(arm: Facts) -> str:
    gone = arm["placed"] - arm["finished"]
    return f"{gone} ({percent(gone / arm['placed'])})" if arm["placed"] else "0"
