"""How the five answers of a trust question are spread, per method, to both sides of the middle."""

from collections.abc import Mapping

from studyapp.shelf.formatting import whole_percent

from .figure import Figure

LEVELS = ("-2", "-1", "0", "1", "2")
SIGNS = {"-2": "−2", "-1": "−1", "0": "0", "1": "+1", "2": "+2"}
WORDS = {
    "-2": "weaker clearly", "-1": "weaker slightly", "0": "equal",
    "1": "stronger slightly", "2": "stronger clearly",
}  # fmt: skip


def distribution_figure(title: str, counts: Mapping[str, Mapping[str, int]]) -> Figure:
    """One bar a method: shares of −2…+2, those for the weaker network left of the middle."""
    said = (f"{name}: {_in_words(levels)}" for name, levels in counts.items())
    header = ["", *(f"{SIGNS[level]} ({WORDS[level]})" for level in LEVELS), "n"]
    rows = [
        [name, *(str(levels[level]) for level in LEVELS), str(sum(levels.values()))]
        for name, levels in counts.items()
    ]
    data = {"kind": "distribution", "title": title, "counts": counts}
    return Figure(title, f"{title}: {'; '.join(said)}", data, header, rows)


def _in_words(levels: Mapping[str, int]) -> str:
    total = sum(levels.values()) or 1
    return ", ".join(f"{WORDS[level]} {whole_percent(levels[level] / total)}" for level in LEVELS)
