"""How large effects are, whose the variance is, and the lines to copy, as parts of a report."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from studyapp.analyses.figures import Figure
from studyapp.analyses.figures.caterpillar import caterpillar_figure
from studyapp.paradigms.tabulation import Facts, Table
from studyapp.shelf.formatting import MISSING, interval, number, percent, points, short, signed

from .tabulation import degrees, family_of, standard_error

SIZES = {
    "standardised": "d, by the total SD",
    "superiority": "superiority",
    "risk_ratio": "ratio of shares",
    "marginal_odds_ratio": "marginal odds ratio",
    "marginal_difference": "marginal, modelled",
    "odds_ratio": "conditional odds ratio",
}
TERMS = {
    "participant": "people",
    "image": "photos",
    "participant:method": "people × methods",
    "image:method": "photos × methods",
    "participant:s": "people, in discernment",
    "image:s": "photos, in discernment",
    "participant:method:s": "people × methods, in discernment",
    "image:method:s": "photos × methods, in discernment",
    "residual": "the single answer (residual)",
}
PULL = "people, in their pull to one side"
UNADJUSTED = "; p unadjusted, the adjusted p stands with the verdict"
WHOSE = {
    "people_effects": ("participant", "people", "People’s"),
    "photo_effects": ("image", "photos", "Photos’"),
}


@dataclass(frozen=True)
class Line:
    """A test as it is copied into a paper, and what it is of."""

    label: str
    words: str


@dataclass(frozen=True)
class Effects:
    """notes: what is not shown, and why."""

    sizes: Table | None
    variance: Table | None
    figures: list[Figure]
    notes: list[str]
    lines: list[Line]


def effects_part(found: Facts) -> Effects:
    rows = [row for one in found["contrasts"] for row in _size_rows(one, found)]
    header = ["contrast", "size", "estimate", "95 % interval", "standard error", "df", "family",
              ""]  # fmt: skip
    return Effects(
        sizes=Table("How large the differences are", header, rows) if rows else None,
        variance=_variance_table(found),
        figures=effects_figures(found),
        notes=list(_notes(found)),
        lines=list(_lines(found)),
    )


def effects_figures(found: Facts) -> list[Figure]:
    """People's and photos' effects; none where no model tells of them, or none differ."""
    is_discernment = (found["beside"] or "").startswith("clmm_side")
    what = "discernment" if is_discernment else "effects"
    return [
        caterpillar_figure(
            f"{whose} {what}, shrunk towards 0", name, who, found[key]["rows"],
            words="effect, logits, with its conditional 95 % interval",
        )
        for key, (name, who, whose) in WHOSE.items()
        if found[key] is not None and found[key]["sd"]
    ]  # fmt: skip


def _size_rows(contrast: Facts, found: Facts) -> Iterator[list[str]]:
    for name, words in SIZES.items():
        one = contrast["effect"].get(name)
        if one is None:
            continue
        show = _shown(name, found)
        yield [
            f"{contrast['a']} − {contrast['b']}",
            words,
            show(one["estimate"]),
            interval(one["interval95"], show),
            _standard_error(name, one["se"], found),
            degrees(one["df"]),
            family_of(contrast),
            one["note"],
        ]


def _shown(name: str, found: Facts) -> Callable[[float | None], str]:
    if name == "standardised":
        return signed
    if name == "superiority":
        return percent
    if name == "marginal_difference":
        return points if found["outcome"] == "correct" else signed
    return number


def _standard_error(name: str, se: float | None, found: Facts) -> str:
    if se is None:
        return MISSING
    if name.endswith("_ratio"):
        return f"{number(se)} of its logarithm"
    of_shares = name == "marginal_difference" and found["outcome"] == "correct"
    return standard_error(se, is_share=of_shares or name == "superiority")


def _variance_table(found: Facts) -> Table | None:
    told = found["variance"]
    if told is None:
        return None
    rows = [
        [
            _term(one["term"], told["model"]),
            number(one["variance"] ** 0.5),
            percent(one["share"]),
            interval(one["interval95"], percent),
            one["note"],
        ]
        for one in told["shares"]
    ]
    title = f"What answers differ by, on the scale of {told['model']}"
    return Table(title, ["", "SD, logits", "share of the variance", "95 % interval", ""], rows)


def _term(term: str, model: str) -> str:
    if term == "participant" and model.startswith("clmm_side"):
        return PULL
    return TERMS[term]


def _notes(found: Facts) -> Iterator[str]:
    for key, (_, who, _) in WHOSE.items():
        told = found[key]
        if told is None:
            continue
        if told["note"]:
            yield f"{who.capitalize()}: {told['note']}."
        elif told["reliability"] is not None:
            reliability = number(told["reliability"])
            yield f"{who.capitalize()} are told apart with a reliability of {reliability}."


def _lines(found: Facts) -> Iterator[Line]:
    for name, test in found["tests"].items():
        if test["apa"] is not None and test["null"] is not None:
            against = (
                percent(test["null"]) if found["outcome"] == "correct" else short(test["null"])
            )
            yield Line(f"{name} against {against}", test["apa"])
    for one in found["contrasts"]:
        if one["apa"] is not None:
            unadjusted = UNADJUSTED if one.get("hypothesis") and one["p"] is not None else ""
            yield Line(f"{one['a']} − {one['b']}, {family_of(one)}{unadjusted}", one["apa"])
