"""Who came, who stayed and who is analysed, as a CONSORT statement draws it.

Source: Schulz, Altman and Moher, CONSORT 2010 statement, BMJ 340, c332.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from .figure import Figure

BEFORE = ("refused", "screened_out", "full", "entered")
AFTER = ("dropped", "active", "withdrawn")
WORDS = {
    "refused": "did not consent",
    "screened_out": "screened out",
    "full": "came when the study was full",
    "entered": "did not continue",
    "dropped": "left before the end",
    "active": "still taking part",
    "withdrawn": "withdrew their data",
}


def flow_figure(flow: Mapping[str, Any], excluded: Mapping[str, int]) -> Figure:
    """Boxes from entering to the analysis; people lost on the way are at the right."""
    states: Mapping[str, int] = flow["by_status"]
    rules = [f"{count} left out: {rule.replace('_', ' ')}" for rule, count in excluded.items()]
    steps: list[tuple[str, int, Sequence[str]]] = [
        ("entered", flow["entered"], _lost(states, BEFORE)),
        ("consented", flow["consented"], _lost(states, AFTER)),
        ("finished", flow["finished"], rules),
        ("analysed", flow["analysed"], _declined(flow.get("declined", 0))),
    ]
    said = "; ".join(f"{count} {name}" + (f" ({', '.join(lost)})" if lost else "")
                     for name, count, lost in steps)  # fmt: skip
    rows = [[name, str(count), "; ".join(lost)] for name, count, lost in steps]
    title = "Who took part"
    boxes = [[f"{count} {name}", lost] for name, count, lost in steps]
    data = {"kind": "flow", "title": title, "steps": boxes}
    return Figure(title, f"{title}: {said}.", data, ["", "people", "lost after this step"], rows)


def _declined(count: int) -> list[str]:
    words = "of their answers is" if count == 1 else "of their answers are"
    return [f"{count} {words} “Prefer not to say”"] if count else []


def _lost(states: Mapping[str, int], names: Sequence[str]) -> list[str]:
    return [f"{states[name]} {WORDS[name]}" for name in names if states.get(name)]
