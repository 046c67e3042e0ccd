"""Who came, who stayed and who is analysed, as a CONSORT statement draws it.

Source: Schulz, Altman and Moher, CONSORT 2010 statement, BMJ 340, c332.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from .drawing import WIDTH, Drawing, Figure

BOX, GAP, MAIN, LINE = 26, 22, 150, 15
BEFORE = ("refused", "screened_out", "full", "entered")
AFTER = ("dropped", "active", "withdrawn")
WORDS = {
    "refused": "did not consent",
    "screened_out": "screened out",
    "full": "came when it was full",
    "entered": "went no further",
    "dropped": "left before the end",
    "active": "still at it",
    "withdrawn": "withdrew their data",
}


def flow_figure(flow: Mapping[str, Any], excluded: Mapping[str, int]) -> Figure:
    """Boxes from entering to the analysis; what was lost on the way stands at the right."""
    states: Mapping[str, int] = flow["by_status"]
    steps: list[tuple[str, int, Sequence[str]]] = [
        ("entered", flow["entered"], _lost(states, BEFORE)),
        ("consented", flow["consented"], _lost(states, AFTER)),
        (
            "finished",
            flow["finished"],
            [f"{count} {_rule(rule)}" for rule, count in excluded.items()],
        ),
        ("analysed", flow["analysed"], []),
    ]
    drawing = Drawing(_height(steps))
    top = 4.0
    for place, (name, count, lost) in enumerate(steps):
        _step(drawing, f"{count} {name}", lost, top, is_last=place == len(steps) - 1)
        top += _step_height(lost)
    said = "; ".join(f"{count} {name}" + (f" ({', '.join(lost)})" if lost else "")
                     for name, count, lost in steps)  # fmt: skip
    rows = [[name, str(count), "; ".join(lost)] for name, count, lost in steps]
    title = "Who took part"
    alt = f"{title}: {said}."
    return Figure(title, alt, drawing.svg(alt), ["", "people", "lost after it"], rows)


def _lost(states: Mapping[str, int], names: Sequence[str]) -> list[str]:
    return [f"{states[name]} {WORDS[name]}" for name in names if states.get(name)]


def _rule(rule: str) -> str:
    return f"left out: {rule.replace('_', ' ')}"


def _step_height(lost: Sequence[str]) -> float:
    return BOX + max(GAP, LINE * len(lost) + 14)


def _height(steps: Sequence[tuple[str, int, Sequence[str]]]) -> float:
    return 4 + sum(_step_height(lost) for _, _, lost in steps[:-1]) + BOX + 4


def _step(drawing: Drawing, words: str, lost: Sequence[str], top: float, *, is_last: bool) -> None:
    drawing.add("rect", "box", x=4, y=top, width=MAIN, height=BOX, rx=3)
    drawing.text(4 + MAIN / 2, top + 17, words, "label strong", "middle")
    if is_last:
        return
    middle, end = 4 + MAIN / 2, top + _step_height(lost)
    drawing.line((middle, top + BOX), (middle, end), "axis")
    drawing.path([(middle - 4, end - 6), (middle, end), (middle + 4, end - 6)], "axis")
    if lost:
        height = LINE * len(lost) + 6
        y = top + BOX + 4
        drawing.line((middle, y + height / 2), (MAIN + 30, y + height / 2), "axis")
        drawing.add("rect", "box", x=MAIN + 30, y=y, width=WIDTH - MAIN - 34, height=height, rx=3)
        for place, line in enumerate(lost):
            drawing.text(MAIN + 38, y + 14 + LINE * place, line, "label")
