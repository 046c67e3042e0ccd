"""Who came, who stayed and who is analysed, as a CONSORT statement draws it.

Source: Schulz, Altman and Moher, CONSORT 2010 statement, BMJ 340, c332.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from studyapp.shelf.formatting import counted

from .figure import Figure

BEFORE = ("refused", "screened_out", "full", "entered")
TITLE = "Who took part"
# What happened, to how many people, and what is said beside it
Step = tuple[str, int, Sequence[str]]
AFTER = ("dropped", "active", "withdrawn")
RULES = {
    "failed_checks": "failed attention checks",
    "fastest_median_ms": "answered too fast",
    "straight_lining": "always the same answer",
    "shortest_minutes": "finished too soon",
    "focus_losses": "left the page too often",
}
WORDS = {
    "refused": "did not consent",
    "screened_out": "screened out",
    "full": "came when the study was full",
    "entered": "did not continue",
    "dropped": "left before the end",
    "active": "still taking part",
    "withdrawn": "withdrew their data",
}


AT_THE_DOOR = {
    "not_after": "after a study whose people may not come",
    "only_after": "without the study that must be finished first",
    "too_early": "too early",
    "too_late": "too late",
}


def flow_figure(
    flow: Mapping[str, Any],
    excluded: Mapping[str, int],
    turned_away: Mapping[str, int] = MappingProxyType({}),
) -> Figure:
    """Boxes from entering to the analysis, people lost on the way beside them; where there are
    several arms, the way of each from its own places on.

    turned_away: by the rules of who may come, how often by reason; nobody knows of how many people.
    """
    before: list[Step] = [
        ("entered", flow["entered"], _lost(flow["by_status"], BEFORE)),
        # Who agreed when the last place had gone, or took their consent back, is lost before
        ("took a place", flow["entered"] - _sum(flow["by_status"], BEFORE), []),
    ]
    arms: Mapping[str, Mapping[str, Any]] = flow["by_arm"]
    if len(arms) > 1:
        by_arm = {arm: _way(one, one["excluded"], taken="placed") for arm, one in arms.items()}
        [answers, *declined] = _counts(flow)
        notes = [f"{flow['analysed']} analysed in all, {answers}", *declined]
    else:
        [_, *rest] = _way(flow, excluded, taken="entered")
        before = [before[0], (*before[1][:2], _lost(flow["by_status"], AFTER)),
                  *rest]  # fmt: skip
        by_arm, notes = {}, []
    notes += _at_the_door(turned_away)
    told = [("", one) for one in before]
    told += [(arm, one) for arm, steps in by_arm.items() for one in steps]
    said = "; ".join(
        f"{f'{arm}, ' if arm else ''}{count} {name}" + (f" ({', '.join(beside)})" if beside else "")
        for arm, (name, count, beside) in told
    )
    data = {
        "kind": "flow", "title": TITLE, "steps": _boxes(before), "notes": notes,
        "arms": [[arm, _boxes(steps)] for arm, steps in by_arm.items()],
    }  # fmt: skip
    rows = [
        [f"{arm}: {name}" if arm else name, str(count), "; ".join(beside)]
        for arm, (name, count, beside) in told
    ]
    alt = f"{TITLE}: {'; '.join([said, *notes])}."
    return Figure(TITLE, alt, data, ["", "people", "of them, and lost after this step"], rows)


def _way(part: Mapping[str, Any], excluded: Mapping[str, int], *, taken: str) -> list[Step]:
    """From taking a place to the analysis, of everybody or of one arm."""
    rules = [
        f"{count} left out: {RULES.get(rule, rule.replace('_', ' '))}"
        for rule, count in excluded.items()
    ]
    return [
        ("took a place", part[taken], _lost(part["by_status"], AFTER)),
        ("finished", part["finished"], rules),
        ("analysed", part["analysed"], _counts(part)),
    ]


def _at_the_door(turned_away: Mapping[str, int]) -> list[str]:
    reasons = [
        f"{turned_away[why]} {AT_THE_DOOR[why]}" for why in AT_THE_DOOR if why in turned_away
    ]
    return [f"turned away before entering (visits, not people): {', '.join(reasons)}"] * bool(
        reasons
    )


def _boxes(steps: Sequence[Step]) -> list[list[Any]]:
    return [[f"{count} {name}", beside] for name, count, beside in steps]


def _counts(part: Mapping[str, Any]) -> list[str]:
    """The judgments that are analysed, and how many of the answers were no judgments."""
    answers = counted(part["judgments"], "answer", "answers")
    return [f"with {answers}", *_declined(part.get("declined", 0))]


def _declined(count: int) -> list[str]:
    return [f"of them {count} “Prefer not to say”"] if count else []


def _sum(states: Mapping[str, int], names: Sequence[str]) -> int:
    return sum(states.get(name, 0) for name in names)


def _lost(states: Mapping[str, int], names: Sequence[str]) -> list[str]:
    return [f"{states[name]} {WORDS[name]}" for name in names if states.get(name)]
