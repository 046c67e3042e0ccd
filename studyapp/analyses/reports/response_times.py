"""How long people took, as a part of the report."""

from collections.abc import Iterator

from django.utils.text import capfirst

from studyapp.paradigms.tabulation import Facts, Table, share_row
from studyapp.shelf.formatting import MISSING, counted, interval, number

from .parts import Part

WITHIN = (
    "The ratio of right to wrong answers is within people: above 1, people took longer where they "
    "were right. Thirds are each person’s own fastest, middle and slowest answers."
)


def response_time_parts(found: Facts) -> Iterator[Part]:
    """Nothing where no time was kept."""
    told = found.get("response_times")
    if told is None:
        return
    tables = [_medians(told)]
    if told["ratios"]:
        tables.append(_ratios(told))
    sentences = [f"{capfirst(told['label'])}.", f"{capfirst(words_of(told))}."]
    if told["accuracy"] is not None:
        sentences.append(WITHIN)
        tables += [_right_to_wrong(told), _thirds(told)]
    yield Part("Response times", sentences, tables=tables)


def words_of(told: Facts) -> str:
    """What the times are, and which are missing."""
    lacks = [
        (told["missing"], "answer has no time", "answers have no time"),
        (told["zero"], "time is 0 and left out", "times are 0 and left out"),
        (told["hidden"], "time includes some in which the page was hidden",
         "times include some in which the page was hidden"),
    ]  # fmt: skip
    said = [counted(count, one, several) for count, one, several in lacks if count]
    return "; ".join([f"{told['n']} times, {told['what']}", told["trimming"], *said])


def whole(value: float | None) -> str:
    return MISSING if value is None else f"{value:.0f}"


def _medians(told: Facts) -> Table:
    rows = [
        [name, str(one["n"]), whole(one["median"]), interval(one["median95"], whole),
         interval(one["quartiles"], whole), whole(one["geometric_mean"]["value"]),
         interval(one["geometric_mean"]["robust95"], whole), one["note"]]
        for name, one in told["methods"].items()
    ]  # fmt: skip
    header = ["method", "answers", "median", "95 % interval", "middle half", "geometric mean",
              "95 % interval", ""]  # fmt: skip
    return Table("Response times in milliseconds, two-way robust", header, rows)


def _ratios(told: Facts) -> Table:
    rows = [
        [f"{one['a']} ÷ {one['b']}", number(one["value"]), interval(one["robust95"]), one["note"]]
        for one in told["ratios"]
    ]
    return Table("Ratios of geometric means", ["", "ratio", "95 % interval", ""], rows)


def _right_to_wrong(told: Facts) -> Table:
    rows = [
        [name, number(one["value"]), interval(one["robust95"]), one["note"]]
        for name, one in told["accuracy"]["right_to_wrong"].items()
    ]
    header = ["method", "ratio", "95 % interval", ""]
    return Table("Times of right answers to those of wrong ones, within people", header, rows)


def _thirds(told: Facts) -> Table:
    rows = [
        share_row(f"{name}, {third}", one)
        for name, thirds in told["accuracy"]["thirds"].items()
        for third, one in thirds.items()
    ]
    header = ["", "right", "share", "95 % interval", ""]
    return Table("Right answers by each person’s own speed", header, rows)


def summary_lines(found: Facts) -> Iterator[str]:
    """For a terminal: the median of each method, and the ratios."""
    told = found.get("response_times")
    if told is None:
        return
    medians = ", ".join(
        f"{name} {whole(one['median'])} ({interval(one['median95'], whole)})"
        for name, one in told["methods"].items()
    )
    yield f"  response times, exploratory, median ms: {medians}"
    for one in told["ratios"]:
        ends = interval(one["robust95"])
        yield f"  response times, {one['a']} ÷ {one['b']}: {number(one['value'])} ({ends})"
