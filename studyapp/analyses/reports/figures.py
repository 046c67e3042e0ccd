"""The figures of one paradigm, from its results."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from studyapp.analyses.figures import Figure
from studyapp.analyses.figures.distribution import distribution_figure
from studyapp.analyses.figures.heat import heat_figure
from studyapp.analyses.figures.intervals import Frame, Point, interval_figure
from studyapp.analyses.figures.raw_data import Cloud, raw_data_figure
from studyapp.paradigms import PARADIGMS
from studyapp.paradigms.analysis import analysis_of
from studyapp.paradigms.tabulation import Facts
from studyapp.sections.meetings import SEPARATOR
from studyapp.shelf.formatting import number, percent, points, short, signed

from .tabulation import null_of, outcome_words

NULL_WORDS: Mapping[float | None, str] = {0: "0, no preference", 50: "50, like a random spot"}
UNIT = ", in percentage points (pp)"
# Where the plan allows looking, what decides stands elsewhere
FIXED_SAMPLE = ", intervals of a fixed sample, which decide nothing"
WITH_EVERYBODY = "with everyone who answered, also those left out"


def main_figures(found: Facts, methods: Mapping[str, str]) -> Iterator[Figure]:
    """The main outcome: the distribution of answers, and each method with its interval.

    methods: the explanation method of each condition, to match published numbers to rows.
    """
    if found["outcome"] == "score" and found["n"]:
        yield from _distributions(found)
    if found["n"]:
        _, means = _published(found)
        paper = {name: means.get(method) for name, method in methods.items()}
        points = [_point(name, one, paper.get(name)) for name, one in found["methods"].items()]
        yield interval_figure(points, _frame(found, "Results by method"))
        clouds = [Cloud(one, found["methods"][one.label]["clusters"]) for one in points]
        yield raw_data_figure(clouds, _of_clouds(found, clouds))


def _distributions(found: Facts) -> Iterator[Figure]:
    """One figure for each scale: bars of different steps are not read against each other. What
    stands between two networks of which one is stronger is apart from what does not."""
    scales: dict[tuple[tuple[str, ...], bool], dict[str, Mapping[str, int]]] = {}
    for name, one in found["methods"].items():
        key = (tuple(sorted(one["counts"])), SEPARATOR in name)
        scales.setdefault(key, {})[name] = one["counts"]
    several = len({levels for levels, _ in scales}) > 1
    mixed = len({between for _, between in scales}) > 1
    for (levels, between), counts in scales.items():
        title = "Distribution of answers"
        title += f" on {len(levels)} points" if several else ""
        title += ", between two sides" if mixed and between else ""
        yield distribution_figure(title, counts, between_sides=between)


def own_figures(found: Facts) -> Iterator[Figure]:
    """The figures of the paradigm's own results, if it has any."""
    analysis, own = analysis_of(found["paradigm"]), found.get(found["paradigm"])
    spreads, heats = analysis.spreads, analysis.heats
    yield from map(heat_figure, heats(own) if heats is not None and own else ())
    for one in spreads(own) if spreads is not None and own else ():
        ends = [end for row in one.rows for end in (row.interval or [row.value])]
        low, high = min(*ends, one.null), max(*ends, one.null)
        margin = (high - low) * 0.1 or 1.0
        yield interval_figure(
            [Point(row.label, row.value, row.interval) for row in one.rows],
            Frame(
                title=one.title,
                low=low - margin,
                high=high + margin,
                null=one.null,
                null_words=one.null_words,
                show=one.show,
                ticks="plain",
                axis=one.axis,
            ),
        )


def _published(found: Facts) -> tuple[str, Mapping[str, float]]:
    """The paper that printed means of the same question by method, and those means.

    To a study's own words nothing was published.
    """
    # Tables from elsewhere may have names that no paradigm has
    paradigm = PARADIGMS.get(found["paradigm"])
    if paradigm is None or paradigm.published is None or found.get("wordings"):
        return "", {}
    return paradigm.published.source, paradigm.published.means


def contrast_figure(found: Facts) -> Figure | None:
    """Differences between methods around none; None where there is nothing to compare."""
    rows = [one for one in found["contrasts"] if one["estimate"] is not None]
    if not rows:
        return None
    is_share = found["outcome"] == "correct"
    ends = [value for one in rows for value in (one["robust95"] or [one["estimate"]])]
    reach = max(0.1 if is_share else 0.5, *(abs(end) * 1.1 for end in ends))
    at_once = FIXED_SAMPLE if found.get("sequence") else ""
    return interval_figure(
        [_difference(one) for one in rows],
        Frame(
            title=f"Differences between methods{UNIT if is_share else ''}{at_once}",
            low=-reach,
            high=reach,
            null=0,
            null_words="no difference",
            show=points if is_share else signed,
            ticks="points" if is_share else "plain",
            axis="difference, percentage points" if is_share else "difference of means",
        ),
    )


def _difference(one: Facts) -> Point:
    """A contrast; one without a test is marked, since its interval decides nothing either."""
    marks = {
        f"hypothesis {one.get('hypothesis')}": "hypothesis" in one,
        "exploratory": not one["planned"],
        "no test": one["p"] is None,
    }
    note = ", ".join(words for words, applies in marks.items() if applies)
    return Point(f"{one['a']} − {one['b']}", one["estimate"], one["robust95"], note)


def sensitivity_figure(found: Facts) -> Figure | None:
    """The same means with everybody; None where nobody is left out."""
    everybody: Facts = found["everybody"] or {}
    changed = any(
        name not in found["methods"] or one["n"] != found["methods"][name]["n"]
        for name, one in everybody.items()
    )
    if not changed:
        return None
    points = [_both(name, found["methods"].get(name), one) for name, one in everybody.items()]
    return interval_figure(points, _frame(found, "With and without the people left out"))


def _point(name: str, one: Facts, paper: float | None) -> Point:
    value = one["accuracy"] if "accuracy" in one else one["mean"]
    note = f"{one['right']} of {one['n']}" if "right" in one else f"n = {one['n']}"
    return Point(name, value, one["robust95"], note, paper)


def _both(name: str, one: Facts | None, everybody: Facts) -> Point:
    point = Point(name, None, None, "nobody")
    if one is not None:
        point = replace(_point(name, one, None), note=f"n = {one['n']} and {everybody['n']}")
    return replace(point, other=everybody["mean"], other_interval=everybody["robust95"])


def _frame(found: Facts, title: str) -> Frame:
    is_share = found["outcome"] == "correct"
    null = null_of(found)
    paper, _ = _published(found)
    words = f"chance ({percent(null)})" if is_share else NULL_WORDS.get(null, short(null or 0))
    low, high = found["bounds"] or _range(found)
    return Frame(
        title=title,
        low=low,
        high=high,
        null=null,
        null_words=words,
        show=percent if is_share else number,
        ticks="percent" if is_share else "plain",
        axis=axis_words(found),
        paper_words=paper,
        other_words=WITH_EVERYBODY,
    )


def axis_words(found: Facts) -> str:
    """What an axis of means shows, with its unit."""
    if found["outcome"] == "correct":
        return "right answers, % of judgments"
    words = outcome_words(found)
    if found["outcome"] != "score":
        return words
    between = any(SEPARATOR in name for name in found["methods"])
    return f"{words}, + favours the {'first condition' if between else 'stronger network'}"


def _of_clouds(found: Facts, clouds: Sequence[Cloud]) -> Frame:
    """The same axis, as wide as the means of single people and photos need it."""
    frame = _frame(found, "Every person’s and every photo’s mean")
    means = [mean for one in clouds for kind in one.means.values() for mean in kind]
    low, high = min([frame.low, *means]), max([frame.high, *means])
    return replace(frame, low=low, high=high)


def _range(found: Facts) -> tuple[float, float]:
    """Around all means and their intervals, where the outcome has no bounds."""
    ends = [
        end
        for one in [*found["methods"].values(), *(found["everybody"] or {}).values()]
        if one["mean"] is not None
        for end in (one["robust95"] or [one["mean"]])
    ]
    low, high = min(ends, default=0.0), max(ends, default=1.0)
    margin = (high - low) * 0.1 or 1.0
    return low - margin, high + margin
