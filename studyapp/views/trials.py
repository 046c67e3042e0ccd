"""What a trial's page shows. Nothing that it holds tells a network, a method or a side."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from studyapp.models import Crop, Participation, Picture, Side, Stage, StimulusOverlay, Trial
from studyapp.participations.answering import counts, unanswered
from studyapp.studies.definition import Definition
from studyapp.studies.paradigms import PARADIGMS
from studyapp.studies.paradigms.base import MEASURES


def trial_context(person: Participation, trial: Trial, definition: Definition) -> dict[str, Any]:
    """Everything for the page of `trial`; pictures by their opaque addresses."""
    answered, total = counts(person)
    return {
        "person": person,
        "trial": trial,
        "number": answered + 1,
        "total": total,
        "percent": round(100 * answered / total),
        "is_practice": trial.stage == Stage.PRACTICE,
        "is_check": trial.stage == Stage.CHECK,
        "answers": _answers(trial, definition),
        "wanted": _wanted(trial, definition),
        "pictures": _pictures(trial, definition),
        "following": _following(person, definition),
        "size": definition.display.size,
        "measures": MEASURES,
        "template": PARADIGMS[trial.paradigm].template,
    }


def _pictures(trial: Trial, definition: Definition) -> dict[str, str]:
    """The addresses of a trial's pictures by their place on the page: photo, A and B, or one."""
    if trial.stimulus is None:
        return {}
    rows = StimulusOverlay.objects.filter(
        stimulus=trial.stimulus_id, condition=trial.condition_id
    ).select_related("overlay")
    overlays = {row.role: picture_address(row.overlay) for row in rows}
    if not PARADIGMS[trial.paradigm].has_sides:
        return {"one": overlays["stronger"]}
    at_b = trial.stronger_side == Side.B
    places = {
        "a": overlays["weaker" if at_b else "stronger"],
        "b": overlays["stronger" if at_b else "weaker"],
    }
    if definition.display.show_photo:
        places["photo"] = _photo(trial, definition.display.size)
    return places


def _photo(trial: Trial, size: int) -> str:
    assert trial.condition is not None
    assert trial.condition.pair is not None
    network = trial.condition.pair.stronger_id
    return picture_address(Crop.objects.get(image=trial.image_id, network=network, size=size))


def _following(person: Participation, definition: Definition) -> str:
    """The next trial's pictures, for the browser to fetch ahead."""
    following = unanswered(person).order_by("position")[1:2]
    return " ".join(url for trial in following for url in _pictures(trial, definition).values())


def picture_address(picture: Picture) -> str:
    return reverse("picture", args=[picture.code])


def _answers(trial: Trial, definition: Definition) -> list[tuple[int, str]]:
    """The values that can be given, each with its words, in the order of the page."""
    if PARADIGMS[trial.paradigm].has_sides:
        return list(zip(range(-2, 3), trust_words(definition), strict=True))
    if trial.stimulus is None:
        return list(enumerate((_("The first answer"), _("The second answer"))))
    return list(enumerate(trial.options_shown))


def trust_words(definition: Definition) -> list[str]:
    a, b = definition.display.name_a, definition.display.name_b
    return [
        _("%(name)s is clearly more reasonable") % {"name": a},
        _("%(name)s is slightly more reasonable") % {"name": a},
        _("Both are equally reasonable"),
        _("%(name)s is slightly more reasonable") % {"name": b},
        _("%(name)s is clearly more reasonable") % {"name": b},
    ]


def _wanted(trial: Trial, definition: Definition) -> str:
    """The words of the answer that an attention check asks for."""
    if trial.expected is None:
        return ""
    return dict(_answers(trial, definition))[trial.expected]
