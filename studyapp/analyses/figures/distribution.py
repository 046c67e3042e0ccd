"""The distribution of the answers to a trust question, to both sides of the middle."""

from collections.abc import Mapping

from studyapp.shelf.formatting import whole_percent

from .figure import Figure

BUILT_IN = ("-2", "-1", "0", "1", "2")
WORDS = {
    "-2": "weaker clearly", "-1": "weaker slightly", "0": "equal",
    "1": "stronger slightly", "2": "stronger clearly",
}  # fmt: skip


def distribution_figure(
    title: str, counts: Mapping[str, Mapping[str, int]], *, between_sides: bool = False
) -> Figure:
    """One bar a method: shares of −2…+2, those for the weaker network left of the middle.

    All methods have the same levels, in order. between_sides: each method is two conditions, of
    which neither is called stronger; those for the second one are left of the middle.
    """
    known = sorted(next(iter(counts.values()), BUILT_IN), key=float)
    words = {level: _words(level, known) for level in known}
    if between_sides:
        words = {level: _of_sides(word) for level, word in words.items()}
    said = []
    for name, levels in counts.items():
        total = sum(levels.values()) or 1
        shares = (f"{words[level]} {whole_percent(levels[level] / total)}" for level in known)
        said.append(f"{name}: {', '.join(shares)}")
    header = ["", *(_headed(level, words[level]) for level in known), "n"]
    rows = [
        [name, *(str(levels[level]) for level in known), str(sum(levels.values()))]
        for name, levels in counts.items()
    ]
    data = {"kind": "distribution", "title": title, "counts": counts}
    if between_sides:
        data["ends"] = [f"{_of_sides(end)} clearly" for end in ("weaker", "stronger")]
    return Figure(title, f"{title}: {'; '.join(said)}", data, header, rows)


def sign(level: str) -> str:
    """A score as people read it: −2, 0, +1.33."""
    number = float(level)
    return f"{'+' if number > 0 else ''}{round(number, 2):g}".replace("-", "−")


def _of_sides(words: str) -> str:
    return words.replace("weaker", "second").replace("stronger", "first")


def _words(level: str, levels: list[str]) -> str:
    """What a score says; between the ends of a scale of the study's own, the score itself."""
    is_named = tuple(levels) == BUILT_IN or abs(float(level)) in (0, 2)
    return WORDS[level] if is_named else sign(level)


def _headed(level: str, words: str) -> str:
    return sign(level) if words == sign(level) else f"{sign(level)} ({words})"
