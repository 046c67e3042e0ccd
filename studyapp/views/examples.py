"""What a question looks like, before anybody is asked: never a trial that counts."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from studyapp.models import Participation, Stage
from studyapp.paradigms import PARADIGMS
from studyapp.paradigms.base import PHOTO
from studyapp.participations.answering import planned
from studyapp.shelf.addresses import static
from studyapp.studies.definition.study import Definition
from studyapp.studies.trial_cache import ShownContext
from studyapp.studies.words import Words, direction_of

from .legends import is_beside, is_worded
from .trials import asked_on, context_of, further_of, pictures_of, texts_of, trial_context


@dataclass(frozen=True)
class Drawn:
    """Stands for a trial in its template: nothing of the study's photos is in it."""

    paradigm: str
    category: str

    @property
    def stimulus(self) -> "Drawn":
        return self


def example_of(person: Participation, definition: Definition) -> dict[str, Any]:
    """The first question about a photo: itself where it is practice, else a drawing of its page.

    Empty where nothing is asked about photos. In the language that is active.
    """
    trials = [one for one in planned(person) if one.stimulus_id is not None]
    if not trials:
        return {}
    first = trials[0]
    if first.stage == Stage.PRACTICE:
        return {**trial_context(person, first, definition), "is_real": True}
    paradigm, asked = PARADIGMS[first.paradigm], asked_on(first, definition)
    drawn = static("studyapp/example-photo.svg")
    shown, name = pictures_of(first, definition), _("an object")
    language = {"language": definition.language, "direction": direction_of(definition.language)}
    return {
        "template": paradigm.template,
        "pictures": {
            place: static(f"studyapp/example-{'photo' if role == PHOTO else 'map'}.svg")
            for place, role in paradigm.places(asked).items()
            if place in shown
        },
        "texts": {place: Words(_("a text"), **language) for place in texts_of(first, definition)},
        "films": (),
        "worded": is_worded(first, definition),
        "trial": Drawn(first.paradigm, name),
        "size": definition.display.size,
        "advice": name if paradigm.advice(first) else "",
        "fragment": "",
        "asked": asked,
        "questions": [],
        "beside": is_beside(first, definition),
        "shown_context": _drawn_context(context_of(first, definition)),
        "further": [drawn] * len(further_of(first, definition)),
        "is_real": False,
    }


def _drawn_context(shown: ShownContext | None) -> ShownContext | None:
    """Says what stands above the pictures, where anything does, and nothing of the study's own."""
    if shown is None or not shown.text:
        return None
    return ShownContext(_("a question") if shown.is_question else _("a text"), is_itself=False)
