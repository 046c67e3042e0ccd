"""What the numbers assume, what was looked at, and what was found: a row each.

No check chooses another analysis: the plan's inference stays, whatever is found here.
"""

from collections.abc import Iterator

from studyapp.paradigms.tabulation import Facts, Table
from studyapp.shelf.formatting import (
    interval,
    number,
    p_value,
    percent,
    points,
    short,
    signed,
    whole_percent,
)
from studyapp.statistics.robust import FEWEST_EFFECTIVE

LEVEL = 0.05
# From this share of answers at an end of the scale on, a mean can hardly move further
CROWDED = 0.5


def checks_table(found: Facts) -> Table | None:
    """The checks that the judgments allow; None where there are none."""
    rows = [
        row
        for check in (_clusters, _ends, _trend, _side, _attrition, _models, _exclusions)
        for row in check(found)
    ]
    header = ["what is assumed", "looked at", "found"]
    return Table("What the numbers assume", header, rows) if rows and found["n"] else None


def _clusters(found: Facts) -> Iterator[list[str]]:
    worths = [one["clusters"] for one in found["contrasts"] if one["clusters"] is not None]
    if worths:
        least = min(worths)
        said = "enough for tests" if least >= FEWEST_EFFECTIVE else "some contrasts have no test"
        yield [
            "Enough people and photos",
            f"effective clusters of a contrast; {FEWEST_EFFECTIVE} are needed",
            f"{number(least)} at least: {said}",
        ]


def _ends(found: Facts) -> Iterator[list[str]]:
    """Whether answers crowd at an end of their scale."""
    crowded = []
    for name, one in found["methods"].items():
        if "accuracy" in one:
            shares = [one["accuracy"], 1 - one["accuracy"]] if one["n"] else []
            limit = 0.95
        else:
            levels = sorted(one.get("counts", {}), key=float)
            total = sum(one["counts"].values()) if levels else 0
            shares = (
                [one["counts"][end] / total for end in (levels[0], levels[-1])] if total else []
            )
            limit = CROWDED
        if shares and max(shares) >= limit:
            crowded.append(f"{name} {whole_percent(max(shares))}")
    if found["outcome"] != "value":
        words = (
            "; ".join(crowded) + ": differences are compressed there" if crowded else "no method"
        )
        yield ["Room to differ", "answers crowded at one end", words]


def _trend(found: Facts) -> Iterator[list[str]]:
    order = found["order"]
    if order is None or order["p"] is None:
        return
    show = points if found["outcome"] == "correct" else signed
    said = "a trend" if order["p"] < LEVEL else "no trend detected"
    yield [
        "No learning or fatigue",
        "change of the outcome with each further trial",
        f"{show(order['slope'])} ({interval(order['robust95'], show)}), p {p_value(order['p'])}: "
        f"{said}; the design balances orders",
    ]


def _side(found: Facts) -> Iterator[list[str]]:
    told = found.get("side_bias")
    if told is None or told["estimate"] is None:
        return
    yield ["No leaning to a side", "mean answer as shown, + for B", side_words(told)]


def side_words(told: Facts) -> str:
    """What a mean answer as shown says of people's leaning to A or B."""
    figure = signed(told["estimate"])
    if told["robust95"] is None:
        return f"{figure}; {told['note']}"
    pair = f"{figure} ({interval(told['robust95'], signed)})"
    if told["p"] is None:
        return pair
    pair += f", p {p_value(told['p'])}"
    share = whole_percent(told["stronger_at_b"])
    balance = f"the stronger network stood at B in {share} of the judgments"
    if told["p"] >= LEVEL:
        return f"{pair}: no leaning detected; {balance}"
    side = "B, the right" if told["estimate"] > 0 else "A, the left"
    return (
        f"{pair}: people lean to {side}, whatever stands there; {balance}, and a leaning cancels "
        "out where that is one half"
    )


def _attrition(found: Facts) -> Iterator[list[str]]:
    attrition = found["flow"].get("attrition") if found["flow"] else None
    if attrition is None:
        return
    gone = ", ".join(f"{arm} {percent(share)}" for arm, share in attrition["lost"].items())
    p = attrition["p"]
    said = "" if p is None else f", p {p_value(p)}"
    unequal = p is not None and p < LEVEL
    yield [
        "Who leaves does not depend on the arm",
        "share who took a place and did not finish",
        f"{gone}{said}" + (": arms may differ in who stayed" if unequal else ""),
    ]


def _models(found: Facts) -> Iterator[list[str]]:
    name = found["beside"]
    if name is None:
        return
    vanished = [term for term, sd in found[name]["sd"].items() if sd < 1e-4]
    said = f"vanished: {', '.join(vanished)}" if vanished else "all above 0"
    yield ["Random effects can be estimated", f"standard deviations of {name}", said]


def _exclusions(found: Facts) -> Iterator[list[str]]:
    everybody = found["everybody"] or {}
    moved = {
        name: abs(one["mean"] - _mean(found["methods"][name]))
        for name, one in everybody.items()
        if name in found["methods"]
        and one["n"] != found["methods"][name]["n"]
        and one["mean"] is not None
        and _mean(found["methods"][name]) is not None
    }
    if not moved:
        return
    name = max(moved, key=lambda one: moved[one])
    is_share = found["outcome"] == "correct"
    by = f"{short(round(100 * moved[name], 1))} pp" if is_share else number(moved[name])
    yield [
        "Exclusions and dropouts do not drive the result",
        "largest shift of a mean if everybody who answered counts",
        f"{by} ({name})",
    ]


def _mean(one: Facts) -> float:
    value: float = one["accuracy"] if "accuracy" in one else one["mean"]
    return value
