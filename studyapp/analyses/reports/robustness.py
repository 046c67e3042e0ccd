"""The planned contrasts under other choices: one table, one of who matters, and a curve each."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from studyapp.analyses.figures import Figure
from studyapp.analyses.figures.intervals import Frame, Point, interval_figure
from studyapp.paradigms.tabulation import Facts, Table
from studyapp.shelf.formatting import MISSING, counted, interval, p_value, points, signed

SCALES = {"outcome": "", "logit": "log odds"}
UNIT = ", in percentage points (pp)"
# With more planned contrasts the tables alone are readable
MOST_CURVES = 4
WAYS = {"without_each_photo": "photo", "without_each_person": "person"}


@dataclass(frozen=True)
class Robustness:
    """label: how it is to be read."""

    label: str
    sentences: list[str]
    figures: list[Figure]
    tables: list[Table]


def robustness_part(found: Facts) -> Robustness | None:
    """None where no contrast is planned."""
    told = found.get("robustness")
    if told is None:
        return None
    is_share = found["outcome"] == "correct"
    show = points if is_share else signed
    contrasts = told["contrasts"]
    return Robustness(
        told["label"],
        list(robustness_sentences(found)),
        robustness_figures(found),
        [_specifications(contrasts, show), _left_out(contrasts, show), _wild(contrasts)],
    )


def robustness_sentences(found: Facts) -> Iterator[str]:
    """How many specifications agree with the plan's, for each planned contrast."""
    for one in (found.get("robustness") or {"contrasts": ()})["contrasts"]:
        agree = one["agree"]
        words = f"{_name(one)}: {agree['same_sign']} of {agree['estimates']} other specifications"
        words += " have the sign of the planned estimate"
        if agree["same_verdict"] is not None:
            words += (
                f", and {agree['same_verdict']} of {agree['intervals']} intervals agree with the "
                "planned one on whether they exclude 0, and on which side of it they lie"
            )
        yield f"{words}."


def robustness_figures(found: Facts) -> list[Figure]:
    """A specification curve of each planned contrast, the plan's number first."""
    told = found.get("robustness")
    if told is None or len(told["contrasts"]) > MOST_CURVES:
        return []
    is_share = found["outcome"] == "correct"
    return [_curve(one, is_share=is_share) for one in told["contrasts"]]


def _curve(one: Facts, *, is_share: bool) -> Figure:
    """The specifications in the outcome's unit; log odds have another axis, and stay a table."""
    rows = [row for row in one["specifications"] if row["scale"] == "outcome"]
    rows = [row for row in rows if row["estimate"] is not None]
    ends = [end for row in rows for end in (row["interval95"] or [row["estimate"]])]
    reach = max(0.1 if is_share else 0.5, *(abs(end) * 1.1 for end in ends))
    frame = Frame(
        title=f"Specifications of {_name(one)}{UNIT if is_share else ''}",
        low=-reach,
        high=reach,
        null=0,
        null_words="no difference",
        show=points if is_share else signed,
        ticks="points" if is_share else "plain",
        axis="difference",
    )
    return interval_figure(
        [
            Point(
                f"{row['model']}, {row['exclusions']}", row["estimate"], row["interval95"],
                "the plan" if place == 0 else "",
            )
            for place, row in enumerate(rows)
        ],
        frame,
    )  # fmt: skip


def _specifications(contrasts: Sequence[Facts], show: Callable[[float | None], str]) -> Table:
    rows = [
        [
            _name(one),
            row["exclusions"],
            " on ".join(filter(None, [row["model"], SCALES[row["scale"]]])),
            *_numbers(row, show if row["scale"] == "outcome" else signed),
            "; ".join(filter(None, ["the plan" if place == 0 else "", row["note"]])),
        ]
        for one in contrasts
        for place, row in enumerate(one["specifications"])
    ]
    header = ["contrast", "exclusions", "analysis", "difference", "95 % interval", ""]
    return Table("Planned contrasts under other specifications", header, rows)


def _left_out(contrasts: Sequence[Facts], show: Callable[[float | None], str]) -> Table:
    rows = [
        [_name(one), words, *_extremes(one[key], show), _changes(one[key])]
        for one in contrasts
        for key, words in WAYS.items()
        if one[key] is not None
    ]
    header = ["contrast", "without one", "smallest difference", "without", "largest difference",
              "without", "the verdict changes"]  # fmt: skip
    return Table("Planned contrasts without any one photo or person", header, rows)


def _extremes(told: Facts, show: Callable[[float | None], str]) -> Iterator[str]:
    for key in ("smallest", "largest"):
        one = told[key]
        if one is None:
            yield from (MISSING, told["note"])
            continue
        value, reach = _numbers(one, show)
        yield from (f"{value} ({reach})", one["left_out"])


def _changes(told: Facts) -> str:
    """Without how many, and whom."""
    if told["changes"] is None:
        return MISSING
    if not told["changes"]:
        return f"never, whichever of {told['of']} is left out"
    named = ", ".join(told["named"])
    more = ", …" if told["changes"] > len(told["named"]) else ""
    return f"without {counted(told['changes'], 'one', 'each')} of {told['of']}: {named}{more}"


def _wild(contrasts: Sequence[Facts]) -> Table:
    rows = []
    for one in contrasts:
        told = one["wild_bootstrap"]
        p_values = [p_value(told[key]) for key in ("p_people", "p_photos", "p")]
        rows.append([_name(one), *p_values, told["note"]])
    header = ["contrast", "weights of people, p", "weights of photos, p", "the larger p", ""]
    return Table("Planned contrasts by the wild cluster bootstrap", header, rows)


def _numbers(row: Facts, show: Callable[[float | None], str]) -> list[str]:
    return [show(row["estimate"]), interval(row["interval95"], show)]


def _name(one: Mapping[str, str]) -> str:
    return f"{one['a']} − {one['b']}"
