"""The results without people whom the study's rule about automation flags, as a part."""

from collections.abc import Callable, Iterator

from django.utils.text import capfirst

from studyapp.analyses.flagging_plan import NO_VERDICT, rule_words
from studyapp.paradigms.tabulation import Facts, Table
from studyapp.shelf.formatting import counted, interval, number, p_value, percent, points, signed

from .parts import Part

Show = Callable[[float | None], str]
NAMES = {
    "repeats_same": "same outcome when asked again",
    "same_sides_equal": "“equal” where both sides are the same",
    "artefacts_noticed": "artefacts noticed",
    "rt_variation": "spread of reaction times",
    "rt_skew": "skew of reaction times",
    "rt_lag1": "dependence of reaction times on the trial before",
    "seen_as_usual": "pictures seen as usual",
}


def evidence_parts(found: Facts) -> Iterator[Part]:
    """Nothing of a study without a rule."""
    if "evidence" in found:
        yield Part(
            "Without people who are flagged for automation",
            list(evidence_sentences(found)),
            tables=list(evidence_tables(found)),
        )


def evidence_sentences(found: Facts) -> Iterator[str]:
    """Whom the rule flags, and what that is not."""
    told = found.get("evidence")
    if told is None:
        return
    yield f"{capfirst(told['label'])}."
    criteria = "; ".join(rule_words(told["rule"]))
    yield (
        f"The rule, declared before the study opened and blind to outcomes, flags "
        f"{counted(told['flagged'], 'person', 'people')} of {told['people']} ({criteria}). "
        f"Browsers of {told['observed']} of them were observed; nobody else can be flagged."
    )
    yield NO_VERDICT


def evidence_tables(found: Facts) -> Iterator[Table]:
    told = found.get("evidence")
    if told is None:
        return
    is_share = found["outcome"] == "correct"
    show, shown = (percent, points) if is_share else (number, signed)
    yield Table(
        "Estimates with and without flagged people",
        ["method", "judgments", "estimate", "without: judgments", "estimate", ""],
        [_method(name, one, show) for name, one in told["methods"].items()],
    )
    if told["contrasts"]:
        yield Table(
            "Differences with and without flagged people, p without adjustment",
            ["contrast", "difference", "p", "without: difference", "p", ""],
            [
                _pair(f"{one['a']} − {one['b']}", one, "robust95", shown)
                for one in told["contrasts"]
            ],
        )
    if told["hypotheses"]:
        yield Table(
            "Hypotheses with and without flagged people, p without adjustment",
            ["hypothesis", "estimate", "p", "without: estimate", "p", ""],
            [_pair(str(one["number"]), one, "interval95", signed) for one in told["hypotheses"]],
        )
    if told["exploratory"]["columns"]:
        yield _exploratory(told["exploratory"], shown)


def _method(name: str, one: Facts, show: Show) -> list[str]:
    first, without = one["with"], one["without"]
    return [name, str(first["n"]), _value(first, "robust95", show), str(without["n"]),
            _value(without, "robust95", show), without["note"]]  # fmt: skip


def _pair(name: str, one: Facts, ends: str, show: Show) -> list[str]:
    first, without = one["with"], one["without"]
    return [name, _value(first, ends, show), p_value(first["p"]), _value(without, ends, show),
            p_value(without["p"]), without["note"]]  # fmt: skip


def _exploratory(told: Facts, show: Show) -> Table:
    """A row for each planned contrast without each tenth of the people."""
    rows = []
    for one in told["columns"]:
        what = f"{NAMES[one['column']]}, {one['end']} tenth"
        left_out = f"{one['left_out']} of {one['known']}"
        for contrast in one["contrasts"] or [None]:
            if contrast is None:
                rows.append([what, left_out, "", "", one["note"]])
                continue
            name = f"{contrast['a']} − {contrast['b']}"
            rows.append([what, left_out, name, _value(contrast, "robust95", show),
                         contrast["note"]])  # fmt: skip
    header = ["people left out", "how many", "contrast", "difference", ""]
    return Table(f"Planned contrasts without some people ({told['label']})", header, rows)


def _value(one: Facts, ends: str, show: Show) -> str:
    words = show(one["estimate"])
    return words if one[ends] is None else f"{words} ({interval(one[ends], show)})"


def summary_lines(found: Facts) -> Iterator[str]:
    """For a terminal: whom the rule flags, and each contrast without them."""
    told = found.get("evidence")
    if told is None:
        return
    show = points if found["outcome"] == "correct" else signed
    yield f"  flagged for automation: {told['flagged']} of {told['people']} people, {told['label']}"
    for one in told["contrasts"]:
        without = _value(one["without"], "robust95", show)
        yield f"    {one['a']} − {one['b']} without them: {without}"
    yield f"    {NO_VERDICT}"
