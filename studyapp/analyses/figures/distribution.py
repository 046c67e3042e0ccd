"""The distribution of the five answers to a trust question, to both sides of the middle."""

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
    said = []
    for name, levels in counts.items():
        total = sum(levels.values()) or 1
        shares = (f"{WORDS[level]} {whole_percent(levels[level] / total)}" for level in LEVELS)
        said.append(f"{name}: {', '.join(shares)}")
    header = ["", *(f"{SIGNS[level]} ({WORDS[level]})" for level in LEVELS), "n"]
    rows = [
        [name, *(str(levels[level]) for level in LEVELS), str(sum(levels.values()))]
        for name, levels in counts.items()
    ]
    data = {"kind": "distribution", "title": title, "counts": counts}
    return Figure(title, f"{title}: {'; '.join(said)}", data, header, rows)
