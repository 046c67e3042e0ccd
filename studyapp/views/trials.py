"""What a trial's page shows. Nothing that it holds tells a network, a method or a side."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.urls import reverse

from studyapp.models import Participation, Stage, Trial
from studyapp.paradigms import PARADIGMS, Asked, Question
from studyapp.paradigms.base import PHOTO
from studyapp.paradigms.forms import MEASURES
from studyapp.participations.answering import planned
from studyapp.shelf.markdown import safe_fragment
from studyapp.studies.definition.study import Definition
from studyapp.studies.texts import shown_texts
from studyapp.studies.trial_cache import (
    ShownContext,
    overlay_codes,
    photo_code,
    shown_context,
)

from .legends import has_room, is_beside, legend_of

# A picture's code → its address
Address = Callable[[str], str]


def trial_context(
    person: Participation, trial: Trial, definition: Definition, address: Address | None = None
) -> dict[str, Any]:
    """Everything for the page of `trial`; pictures by their opaque addresses.

    `address` gives a picture's address where it is not the person's own.
    """
    address = address or partial(picture_address, person)
    asked = asked_on(trial, definition)
    paradigm = PARADIGMS[trial.paradigm]
    questions = paradigm.asks(asked)
    pictures = {place: address(code) for place, code in pictures_of(trial, definition).items()}
    return {
        "person": person,
        "trial": trial,
        "number": trial.position + 1,
        "total": len(planned(person)),
        "is_practice": trial.stage == Stage.PRACTICE,
        "is_check": trial.stage == Stage.CHECK,
        "is_learning": trial.stage == Stage.LEARNING,
        "questions": questions,
        "points": any(question.kind == "point" for question in questions),
        "wanted": _wanted(trial, questions),
        "advice": paradigm.advice(trial),
        "pictures": pictures,
        "beside": is_beside(trial, definition),
        "shown_context": context_of(trial, definition),
        "legend": legend_of(trial, definition, pictures),
        "legend_room": bool(pictures) and has_room(trial, definition),
        "fragment": _fragment(person, asked),
        "size": definition.display.size,
        "measures": MEASURES,
        "template": paradigm.template,
        "presentation": paradigm.presentation_file,
        "asked": asked,
    }


def asked_on(trial: Trial, definition: Definition) -> Asked:
    """The trial with how its block asks and how the study shows."""
    return Asked(trial, definition.block(trial.block), definition.display)


def context_of(trial: Trial, definition: Definition) -> ShownContext | None:
    """What the page says of what the network is asked: the same under every condition."""
    if trial.stimulus is None or definition.images.cases is None:
        return None
    return shown_context(trial.stimulus.photo_id)


def pictures_of(trial: Trial, definition: Definition) -> dict[str, str]:
    """The codes of a trial's pictures by their place on the page, in the page's order."""
    if trial.stimulus is None or trial.condition is None:
        return {}
    found = overlay_codes(trial.stimulus_id, trial.condition_id)
    places = PARADIGMS[trial.paradigm].places(asked_on(trial, definition))
    if PHOTO in places.values():
        assert trial.condition.pair is not None
        network = trial.condition.pair.stronger_id
        found = {**found, PHOTO: photo_code(trial.image_id, network, definition.display.size)}
    return {place: found[role] for place, role in places.items() if role in found}


def _fragment(person: Participation, asked: Asked) -> str:
    """A block's own HTML, made harmless."""
    name = PARADIGMS[asked.block.paradigm].shown_text(asked.block)
    if name is None or asked.trial.stage == Stage.CHECK:
        return ""
    return safe_fragment(shown_texts(person.study)[name].markdown)


def following_pictures(person: Participation, trials: list[Trial], definition: Definition) -> str:
    """The addresses of the pictures of `trials`, for the browser to fetch ahead."""
    codes = (code for trial in trials for code in pictures_of(trial, definition).values())
    return " ".join(picture_address(person, code) for code in codes)


def picture_address(person: Participation, code: str) -> str:
    return reverse("picture", args=[person.code, code])


def _wanted(trial: Trial, questions: list[Question]) -> str:
    """The words of the answer that an attention check asks for."""
    if trial.expected is None:
        return ""
    return dict(questions[0].answers)[trial.expected]
