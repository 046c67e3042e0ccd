"""How the five answers of a trust question are spread, per method, to both sides of the middle."""

from collections.abc import Mapping

from studyapp.analyses.numerals import whole_percent

from .drawing import WIDTH, Drawing, Figure

LEVELS = ("-2", "-1", "0", "1", "2")
KINDS = {"-2": "m2", "-1": "m1", "0": "z0", "1": "p1", "2": "p2"}
SIGNS = {"-2": "−2", "-1": "−1", "0": "0", "1": "+1", "2": "+2"}
WORDS = {
    "-2": "weaker clearly", "-1": "weaker slightly", "0": "equal",
    "1": "stronger slightly", "2": "stronger clearly",
}  # fmt: skip
MARGIN, ROW, BAR, NARROWEST = 8, 44, 20, 24


def distribution_figure(title: str, counts: Mapping[str, Mapping[str, int]]) -> Figure:
    """One bar a method: shares of −2…+2, those for the weaker network left of the middle."""
    shares = {name: _shares(levels) for name, levels in counts.items()}
    bottom = ROW * len(shares) + 10
    drawing = Drawing(bottom + 52)
    reach = max([_left(one) for one in shares.values()] + [_right(one) for one in shares.values()])
    unit = (WIDTH / 2 - MARGIN) / (reach or 1)
    for place, (name, one) in enumerate(shares.items()):
        drawing.text(MARGIN, ROW * place + 14, name, "label strong")
        drawing.text(
            WIDTH - MARGIN, ROW * place + 14, f"n = {sum(counts[name].values())}", "label", "end"
        )
        _bar(drawing, one, unit, ROW * place + 19)
    _legend(drawing, bottom + 14)
    alt = f"{title}: " + "; ".join(f"{name}: {_in_words(one)}" for name, one in shares.items())
    header = ["", *(f"{SIGNS[level]} ({WORDS[level]})" for level in LEVELS), "n"]
    return Figure(title, alt, drawing.svg(alt), header, _rows(counts))


def _shares(levels: Mapping[str, int]) -> dict[str, float]:
    total = sum(levels.values())
    return {level: levels[level] / total if total else 0.0 for level in LEVELS}


def _left(shares: Mapping[str, float]) -> float:
    return shares["-2"] + shares["-1"] + shares["0"] / 2


def _right(shares: Mapping[str, float]) -> float:
    return shares["2"] + shares["1"] + shares["0"] / 2


def _bar(drawing: Drawing, shares: Mapping[str, float], unit: float, top: float) -> None:
    drawing.line((WIDTH / 2, top - 4), (WIDTH / 2, top + BAR + 4), "null")
    x = WIDTH / 2 - unit * _left(shares)
    for level in LEVELS:
        width = unit * shares[level]
        drawing.add("rect", f"level {KINDS[level]}", x=x, y=top, width=width, height=BAR)
        if width >= NARROWEST:
            drawing.text(
                x + width / 2, top + 14, whole_percent(shares[level]), _ink(level), "middle"
            )
        x += width


def _ink(level: str) -> str:
    return "on-dark" if level in {"-2", "2"} else "on-light"


def _legend(drawing: Drawing, top: float) -> None:
    width = (WIDTH - 2 * MARGIN) / len(LEVELS)
    for place, level in enumerate(LEVELS):
        x = MARGIN + place * width
        drawing.add("rect", f"level {KINDS[level]}", x=x, y=top, width=width, height=14)
        drawing.text(x + width / 2, top + 11, SIGNS[level], _ink(level), "middle")
    drawing.text(MARGIN, top + 28, "weaker network clearly", "faint")
    drawing.text(WIDTH / 2, top + 28, "equal", "faint", "middle")
    drawing.text(WIDTH - MARGIN, top + 28, "stronger network clearly", "faint", "end")


def _in_words(shares: Mapping[str, float]) -> str:
    return ", ".join(f"{WORDS[level]} {whole_percent(shares[level])}" for level in LEVELS)


def _rows(counts: Mapping[str, Mapping[str, int]]) -> list[list[str]]:
    return [
        [name, *(str(levels[level]) for level in LEVELS), str(sum(levels.values()))]
        for name, levels in counts.items()
    ]
