"""What the colours of a page's maps mean: the same words for all conditions of one kind."""

from typing import Any

from studyapp.models import IMPORTED, Kind, Trial
from studyapp.paradigms import PARADIGMS, WITHOUT_MAP
from studyapp.paradigms.base import PHOTO
from studyapp.sections.design import ConditionSection
from studyapp.sections.meetings import members
from studyapp.studies.definition.catalogue import catalogue
from studyapp.studies.definition.study import Definition

HEAT, STROKES, SIDES = "heat", "strokes", "sides"


def legend_of(trial: Trial, definition: Definition, pictures: dict[str, str]) -> list[str]:
    """The kinds of maps that the page of `trial` shows; none where it shows no map."""
    condition = trial.condition
    if not definition.display.legend or condition is None or not set(pictures) - {PHOTO}:
        return []
    shown = [definition.condition(name) for name in members(condition.name)]
    return sorted({kind for one in shown for kind in _kinds(one)})


def _kinds(condition: ConditionSection) -> set[str]:
    methods = catalogue()["methods"]
    if condition.method == IMPORTED:
        drawn = SIDES if condition.settings.get("signed") else HEAT
        return {drawn} if condition.shown_kind == Kind.MAP else set()
    shown = [(condition.method, condition.settings), (condition.versus, {})]
    if methods.get(condition.method, {}).get("control"):
        # A control that redraws a method's map is of that method's kind.
        shown.insert(0, (str(condition.settings.get("method", "")), {}))
    if not condition.versus:
        shown = [one for one in shown if one[0] in methods][:1]
    return {_kind(methods[name], own) for name, own in shown if name in methods}


def _kind(method: dict[str, Any], settings: dict[str, Any]) -> str:
    if method["signed"]:
        return STROKES
    return SIDES if settings.get("signed") else HEAT


def has_room(trial: Trial, definition: Definition) -> bool:
    """Whether pages of this paradigm have a legend in some arm or step, so that all leave room."""
    conditions = definition.conditions_of(trial.paradigm)
    drawn = any(one.method not in WITHOUT_MAP and one.shown_kind == Kind.MAP for one in conditions)
    return definition.display.legend and drawn and shows_maps(trial, definition)


def is_beside(trial: Trial, definition: Definition) -> bool:
    """Whether the photo of this page has the size that it has beside an explanation."""
    return PARADIGMS[trial.paradigm].beside and shows_maps(trial, definition)


def is_worded(trial: Trial, definition: Definition) -> bool:
    """Whether a page of this paradigm may hold a text, so that all of them leave room for it."""
    conditions = definition.conditions_of(trial.paradigm)
    return shows_maps(trial, definition) and any(one.shown_kind == Kind.TEXT for one in conditions)


def shows_maps(trial: Trial, definition: Definition) -> bool:
    """Whether any condition of the trial's paradigm shows a map in the trial's block."""
    paradigm = PARADIGMS[trial.paradigm]
    has_maps = paradigm.shows_maps and paradigm.maps_in(definition.block(trial.block))
    conditions = definition.conditions_of(trial.paradigm) if has_maps else []
    return any(one.method not in WITHOUT_MAP for one in conditions)
