"""What the effect of methods depends on, as tables, figures and lines for a terminal."""

from collections.abc import Iterator
from typing import Any

from studyapp.analyses.figures import Figure
from studyapp.analyses.figures.intervals import Frame, Point, interval_figure
from studyapp.analyses.moderators import MOST_LEVELS
from studyapp.paradigms.tabulation import Facts, Table
from studyapp.shelf.formatting import counted, interval, number, p_value, points, signed

FAMILIES = {True: "planned", False: "exploratory"}
UNITS = {"person": "person", "photo": "photo", "trial": "trial"}
HEADER = ["", "effect", "95 % interval", "p", "p by Holm", ""]


def moderator_tables(found: Facts) -> list[Table]:
    """A table for each moderator: the effects at its levels, and how they differ."""
    show = points if found["outcome"] == "correct" else signed
    return [
        Table(_title(one), HEADER, [*_rows(one, show)] or [[f"No contrast: {one['note']}."]])
        for one in found.get("moderators", [])
    ]


def _is_long(one: Facts) -> bool:
    """Whether it has more levels than can be read, as classes of photos may."""
    return len(one.get("levels", [])) > MOST_LEVELS


def _title(one: Facts) -> str:
    if _is_long(one):
        told = f"{len(one['levels'])} levels, whose effects are in the results"
    elif one["kind"] == "levels":
        told = ", ".join(
            f"{level['level']} {counted(level['people'], 'person', 'people')} and "
            f"{counted(level['images'], 'photo', 'photos')}"
            for level in one["levels"]
        )
    else:
        told = f"mean {number(one['mean'])}, SD {number(one['sd'])}"
    missing = f"; {counted(one['missing'], 'judgment', 'judgments')} without it" * bool(
        one["missing"]
    )
    name = f"{one['field']} of a {UNITS[one['of']]}"
    return f"Does the effect depend on {name}? ({FAMILIES[one['planned']]}: {told}{missing})"


def _rows(one: Facts, show: Any) -> Iterator[list[str]]:
    for contrast in one["contrasts"]:
        pair = f"{contrast['a']} − {contrast['b']}"
        for effect in () if _is_long(one) else contrast["effects"]:
            label = f"{pair}, {effect['level']}"
            yield [label, show(effect["estimate"]), interval(effect["robust95"], show), "", "",
                   effect["note"]]  # fmt: skip
        told = contrast["interaction"]
        family = "" if contrast["planned"] == one["planned"] else FAMILIES[contrast["planned"]]
        yield [
            f"{pair}: {_asked(one)}", _size(told, show), interval(told["robust95"], show),
            p_value(told["p"]), p_value(told["p_holm"]),
            "; ".join(filter(None, [family, told["note"]])),
        ]  # fmt: skip
        for two in contrast.get("pairs", []):
            label = f"{pair}, {two['level']} less {two['against']}"
            yield [label, show(two["estimate"]), interval(two["robust95"], show),
                   p_value(two["p"]), p_value(two["p_holm"]), two["note"]]  # fmt: skip


def _asked(one: Facts) -> str:
    if one["kind"] == "number":
        return "more with one SD more"
    first, *others = (level["level"] for level in one["levels"])
    return f"{others[0]} less {first}" if len(others) == 1 else "any difference of levels"


def _size(told: Facts, show: Any) -> str:
    """A difference of effects, or the F of several."""
    if "F" not in told:
        return str(show(told["estimate"]))
    if told["F"] is None:
        return "–"
    first, second = told["df_joint"]
    return f"F({first:g}, {second:.1f}) = {number(told['F'])}"


def moderator_figures(found: Facts) -> list[Figure]:
    """The effects at each level, of planned moderators and of planned pairs; of all where none."""
    is_share = found["outcome"] == "correct"
    return [
        figure
        for one in found.get("moderators", [])
        if (figure := _figure(one, is_share=is_share)) is not None
    ]


def _figure(one: Facts, *, is_share: bool) -> Figure | None:
    show = points if is_share else signed
    marks = [
        Point(f"{contrast['a']} − {contrast['b']}, {effect['level']}", effect["estimate"],
              effect["robust95"])
        for contrast in one["contrasts"]
        for effect in contrast["effects"]
        if effect["estimate"] is not None
    ]  # fmt: skip
    if not marks or _is_long(one):
        return None
    ends = [end for mark in marks for end in (mark.interval or [mark.value or 0.0])]
    reach = max(0.1 if is_share else 0.5, *(abs(end) * 1.1 for end in ends))
    frame = Frame(
        title=f"Differences between methods by {one['field']}",
        axis="difference, percentage points" if is_share else "difference of means",
        low=-reach, high=reach, null=0, null_words="no difference", show=show,
        ticks="points" if is_share else "plain",
    )  # fmt: skip
    return interval_figure(marks, frame)


def moderator_lines(found: Facts) -> Iterator[str]:
    """What `analyse` prints of each interaction."""
    show = points if found["outcome"] == "correct" else signed
    for one in found.get("moderators", []):
        if one["note"]:
            yield f"  {one['field']} of a {UNITS[one['of']]}: {one['note']}"
        for contrast in one["contrasts"]:
            told = contrast["interaction"]
            pair = f"{contrast['a']} − {contrast['b']}"
            family = FAMILIES[contrast["planned"]]
            where = interval(told["robust95"], show)
            told95 = f" ({where})" if told["robust95"] is not None else ""
            test = told["note"]
            if told["p"] is not None:
                test = f"p {_p(told['p'])}, p by Holm {_p(told['p_holm'])}"
            yield (
                f"  {pair} by {one['field']} of a {UNITS[one['of']]} ({family}), {_asked(one)}: "
                f"{_size(told, show)}{told95}, {test}"
            )


def _p(value: float) -> str:
    words = p_value(value)
    return words if words.startswith("<") else f"= {words}"
