"""What the colours of a page's maps mean: the same words for all conditions of one kind."""

from studyapp.models import Trial
from studyapp.paradigms import PARADIGMS, WITHOUT_MAP
from studyapp.paradigms.base import PHOTO
from studyapp.studies.definition.catalogue import catalogue
from studyapp.studies.definition.study import Definition

HEAT, STROKES = "heat", "strokes"


def legend_of(trial: Trial, definition: Definition, pictures: dict[str, str]) -> list[str]:
    """The kinds of maps that the page of `trial` shows; none where it shows no map."""
    condition = trial.condition
    if not definition.display.legend or condition is None or not set(pictures) - {PHOTO}:
        return []
    methods = catalogue()["methods"]
    names = [condition.method, condition.versus]
    if methods.get(condition.method, {}).get("control"):
        # A control that redraws a method's map is of that method's kind.
        names.insert(0, str(condition.settings.get("method", "")))
    known = [methods[name] for name in names if name in methods]
    if condition.versus == "":
        known = known[:1]
    return sorted({STROKES if method["signed"] else HEAT for method in known})


def has_room(trial: Trial, definition: Definition) -> bool:
    """Whether pages of this paradigm have a legend in some arm or step, so that all leave room."""
    return definition.display.legend and shows_maps(trial, definition)


def is_beside(trial: Trial, definition: Definition) -> bool:
    """Whether the photo of this page has the size that it has beside an explanation."""
    return PARADIGMS[trial.paradigm].beside and shows_maps(trial, definition)


def shows_maps(trial: Trial, definition: Definition) -> bool:
    """Whether any condition of the trial's paradigm shows a map."""
    paradigm = PARADIGMS[trial.paradigm]
    conditions = definition.conditions_of(trial.paradigm) if paradigm.shows_maps else []
    return any(one.method not in WITHOUT_MAP for one in conditions)
