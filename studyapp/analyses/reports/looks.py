"""What may be said at every look, where the plan allows looking: figures, verdicts, lines."""

from collections.abc import Callable, Iterator

from studyapp.analyses.figures import Figure
from studyapp.analyses.figures.interim_looks import looks_figure
from studyapp.paradigms.tabulation import Facts, Table
from studyapp.shelf.formatting import counted, interval, number, p_value, percent, points, signed

Show = Callable[[float | None], str]
HEADER = ["", "people", "estimate", "interval at every look", "p at every look", "p by Holm", ""]


def looks_figures(found: Facts) -> list[Figure]:
    """One figure a method and a planned contrast; none where the plan doesn't allow looking."""
    told = [
        (name, rows, found["tests"][name]["null"])
        for name, rows in (found.get("looks") or {}).items()
    ]
    told += [
        (_name(one), one["looks"], 0.0)
        for one in (found.get("sequence") or {"contrasts": ()})["contrasts"]
        if one["planned"]
    ]
    on = f", on these {found['images']} photos" if found["images"] else ""
    return [
        looks_figure(f"{name}, at every look{on}", rows, null) for name, rows, null in told if rows
    ]


def looks_table(found: Facts) -> Table | None:
    """The verdicts: each method and each pair at the last look; None without looking."""
    told = found.get("sequence")
    if told is None or not told["methods"]:
        return None
    rows = [
        [name, *_cells(one, percent if found["outcome"] == "correct" else number), one["note"]]
        for name, one in told["methods"].items()
    ]
    show = points if found["outcome"] == "correct" else signed
    rows += [[_name(one), *_cells(one, show), _words(one, show)] for one in told["contrasts"]]
    return Table("Verdicts at the last look", HEADER, rows)


def looks_lines(found: Facts) -> Iterator[str]:
    """The same for a terminal."""
    table = looks_table(found)
    for name, people, estimate, pair, p, by_holm, words in table.rows if table else ():
        note = f"; {words}" if words else ""
        yield (
            f"at every look, {name}: {estimate} ({pair}) after {people} people, p {p}, "
            f"p by Holm {by_holm}{note}"
        )


def _cells(one: Facts, show: Show) -> list[str]:
    return [
        str(one["n"]), show(one["estimate"]), interval(one["interval95"], show), p_value(one["p"]),
        p_value(one["p_holm"]),
    ]  # fmt: skip


def _words(one: Facts, show: Show) -> str:
    """How the two are compared, whether that shows them to be alike, and what is missing."""
    told, alike = one["equivalence"], ""
    if told is not None and told["p"] is not None:
        margin = show(told["margin"]).removeprefix("+")
        alike = f"equivalence within ±{margin}: p {p_value(told['p'])}"
    left = counted(one["left_out"], "person", "people") if one["left_out"] else ""
    gone = f"{left} who judged one of the two only take no part" if left else ""
    family = "" if one["planned"] else "exploratory"
    return "; ".join(filter(None, [one["kind"], family, alike, gone, one["note"]]))


def _name(one: Facts) -> str:
    return f"{one['a']} − {one['b']}"
