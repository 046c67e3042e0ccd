"""Answers as steps of a scale: contrasts at every cutpoint, and the ordinal models."""

from collections.abc import Iterator, Mapping

from django.utils.text import capfirst

from studyapp.analyses.figures import Figure
from studyapp.analyses.figures.intervals import Frame, Point, interval_figure
from studyapp.paradigms.tabulation import Facts, Table
from studyapp.shelf.formatting import interval, number, percent, points, short, signed

from .models import Model, fitted_tables
from .parts import Part

TITLE = "Steps of the scale"
READING = (
    "At each cutpoint answers count as reaching it or not. If methods differ by proportional odds, "
    "as the ordinal models assume, a contrast’s log odds ratios are alike at all cutpoints. Where "
    "they clearly are not, read the differences at the cutpoints: one number does not sum them "
    "up. Nothing is tested on this, and no model was chosen by it."
)
ITEMS = {"image": "item"}
FORMULAS: Mapping[str, str] = {
    "glmer": "highest answer ~ method + (1|participant) + (1|image), binomial",
    "clmm": "answer ~ method + (1|participant) + (1|image), cumulative logit",
    "clmm_side": "answer as given ~ s:method + (1|participant) + (0+s|participant) + (0+s|image)",
}
FULL = "{}’s formula + (1|participant:method) + (1|image:method)"
FULL_SIDES = "{}’s formula + (0+s|participant:method) + (0+s|image:method)"


def ordinal_parts(found: Facts) -> Iterator[Part]:
    """A part for each scale; nothing where answers are on none."""
    for one in found.get("ordinal") or ():
        sentences = [f"{capfirst(words)}." for words in (one["note"], one["about"]) if words]
        is_compared = any(contrast["cutpoints"] for contrast in one["contrasts"])
        if is_compared:
            sentences += [READING, *spread_sentences(one)]
        yield Part(
            title=_title(one, TITLE),
            sentences=sentences,
            figures=list(_figure(one)),
            tables=[_table(one)] if is_compared else [],
            models=list(_models(one, is_of_items=found["images"] is None)),
        )


def ordinal_figures(found: Facts) -> list[Figure]:
    """Those of all scales, in their order."""
    return [figure for one in found.get("ordinal") or () for figure in _figure(one)]


def spread_sentences(one: Facts) -> Iterator[str]:
    """Between which log odds ratios each planned contrast lies."""
    for contrast in one["contrasts"]:
        known = [
            (cut["log_odds"]["estimate"], cut["at"])
            for cut in contrast["cutpoints"]
            if cut["log_odds"]["low"] is not None
        ]
        if contrast["planned"] and len(known) > 1:
            (least, low_at), (most, high_at) = min(known), max(known)
            yield (
                f"{contrast['a']} − {contrast['b']}: from {signed(least)} (at {short(low_at)} and "
                f"above) to {signed(most)} (at {short(high_at)} and above)."
            )


def _title(one: Facts, words: str) -> str:
    return f"{words}: {one['scale']}" if one["scale"] else words


def _table(one: Facts) -> Table:
    rows = [
        [
            f"{contrast['a']} − {contrast['b']}, {short(cut['at'])} and above",
            percent(cut["shares"][0]),
            percent(cut["shares"][1]),
            points(cut["difference"]["estimate"]),
            interval(_pair(cut["difference"]), points),
            signed(cut["log_odds"]["estimate"]),
            interval(_pair(cut["log_odds"]), signed),
            "; ".join(filter(None, [cut["note"], contrast["note"]])),
        ]
        for contrast in one["contrasts"]
        for cut in contrast["cutpoints"]
    ]
    header = ["contrast at a cutpoint", "first", "second", "difference", "95 % interval",
              "log odds ratio", "95 % interval", ""]  # fmt: skip
    return Table("Each contrast at every cutpoint, two-way robust", header, rows)


def _figure(one: Facts) -> Iterator[Figure]:
    """The log odds ratios of planned contrasts; nothing where there is one cutpoint or none."""
    found = [
        Point(
            f"{contrast['a']} − {contrast['b']}, {short(cut['at'])} and above",
            cut["log_odds"]["estimate"],
            _pair(cut["log_odds"]),
        )
        for contrast in one["contrasts"]
        for cut in contrast["cutpoints"]
        if contrast["planned"] and cut["log_odds"]["low"] is not None
    ]
    if len(found) < 2:
        return
    reach = max(abs(end) for point in found for end in (point.interval or [0])) * 1.1
    title = _title(one, "Log odds ratios at each cutpoint")
    yield interval_figure(
        found,
        Frame(
            title=title,
            low=-reach,
            high=reach,
            null=0,
            null_words="no difference",
            show=signed,
            ticks="plain",
            axis="log odds ratio of reaching the cutpoint",
        ),
    )


def _pair(effect: Facts) -> list[float] | None:
    return None if effect["low"] is None else [effect["low"], effect["high"]]


def _models(one: Facts, *, is_of_items: bool) -> Iterator[Model]:
    models: Mapping[str, Facts] = one["models"] or {}
    for name in sorted(models, key=lambda name: name != one["beside"]):
        model, base = models[name], name.removesuffix("_full")
        is_beside = name == one["beside"]
        title = f"{name}, as a second opinion on the robust means" if is_beside else name
        formula = FORMULAS[base]
        if name != base:
            formula = (FULL_SIDES if base == "clmm_side" else FULL).format(base)
        for crossed, other in ITEMS.items() if is_of_items else ():
            formula = formula.replace(crossed, other)
        note = model["note"] if model["converged"] else f"Not converged: {model['note']}"
        tables = []
        if model["converged"]:
            tables = [_marginal(model, is_share=base == "glmer"), *fitted_tables(model)]
        yield Model(title, formula, note, tables)


def _marginal(model: Facts, *, is_share: bool) -> Table:
    show = percent if is_share else number
    words = "share of the highest answer" if is_share else "mean answer"
    rows = [
        [method, show(told[0] if told else None), interval(told[1:] if told else None, show)]
        for method, told in model["marginal"].items()
    ]
    header = ["method", words, "95 % interval"]
    return Table("Over all people and photos, by the model", header, rows)


def summary_lines(found: Facts) -> Iterator[str]:
    """For a terminal: each scale with the model beside it and its planned contrasts."""
    for one in found.get("ordinal") or ():
        name = f" of {one['scale']}" if one["scale"] else ""
        if one["note"]:
            yield f"  steps{name}: {one['note']}"
        model = (one["models"] or {}).get(one["beside"])
        for told in model["contrasts"] if model is not None else ():
            yield (
                f"  {one['beside']}{name}, {told['a']} − {told['b']}: {signed(told['estimate'])} "
                f"logits, standard error {number(told['se'])}"
            )
        for words in spread_sentences(one):
            yield f"  log odds ratios by cutpoint{name}, {words.removesuffix('.')}"
