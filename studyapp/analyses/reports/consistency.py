"""The reliability of scales of several items, as a part of the report."""

from collections.abc import Iterator

from django.utils.text import capfirst

from studyapp.paradigms.tabulation import Facts, Table
from studyapp.shelf.formatting import MISSING, counted, interval, number

from .parts import Part

COEFFICIENTS = {"alpha": "Cronbach’s α", "omega": "McDonald’s ω total, one factor"}
WITHIN = (
    "Within people each answer is taken from the person’s own mean of that item: what then goes "
    "together is what people said of different photos and methods."
)


def consistency_parts(found: Facts) -> Iterator[Part]:
    """A part for each scale; nothing where the paradigm has no items."""
    for one in found.get("scale_reliability") or ():
        sentences = [f"{capfirst(one['note'])}."] if one["note"] else []
        if one["alpha"] is None:
            yield Part(_title(one), sentences)
            continue
        left_out = ""
        if one["incomplete"]:
            left_out = f"; {counted(one['incomplete'], 'page is', 'pages are')} not complete"
        base = (
            f"{counted(len(one['items']), 'item', 'items')}, {one['n']} complete answers of "
            f"{counted(one['people'], 'person', 'people')} (a row is one {one['unit']}){left_out}."
        )
        within = [WITHIN] if one["within_people"] is not None else []
        yield Part(_title(one), [base, *within, *sentences], tables=[_whole(one), _items(one)])


def _title(one: Facts) -> str:
    return f"Reliability of {one['scale']}"


def _whole(one: Facts) -> Table:
    rows = [_row(words, one[name]) for name, words in COEFFICIENTS.items()]
    for name, words in COEFFICIENTS.items() if one["within_people"] is not None else ():
        rows.append(_row(f"{words}, within people", one["within_people"][name]))
    halves = one["split_half"]
    if halves is not None:
        which = "every split" if halves["is_all"] else "random splits"
        ends = interval((halves["least"], halves["most"]))
        words = f"mean of {halves['splits']} splits ({which}), from {ends}"
        rows.append(["split half, at full length", number(halves["mean"]), MISSING, words])
    return Table("The scale as a whole", ["", "value", "95 % interval", ""], rows)


def _row(words: str, told: Facts) -> list[str]:
    return [words, number(told["value"]), interval(_pair(told)), told["note"]]


def _pair(told: Facts) -> list[float] | None:
    return None if told["low"] is None else [told["low"], told["high"]]


def _items(one: Facts) -> Table:
    rows = [
        [item, number(r), number(one["without"].get(item))] for item, r in one["item_rest"].items()
    ]
    return Table("Item by item", ["", "correlation with the rest", "α without it"], rows)


def summary_lines(found: Facts) -> Iterator[str]:
    """For a terminal: α and ω of each scale, and what to know of them."""
    for one in found.get("scale_reliability") or ():
        told = [
            f"{words} {number(one[name]['value'])} ({interval(_pair(one[name]))})"
            for name, words in COEFFICIENTS.items()
            if one[name] is not None and one[name]["value"] is not None
        ]
        yield f"  reliability of {one['scale']}: " + "; ".join(filter(None, [*told, one["note"]]))
