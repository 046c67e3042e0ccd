"""Open text: a question answered in the person's own words, with or without an explanation."""

from django.utils.translation import gettext as _

from studyapp.paradigms.base import Paradigm, Places, one_picture
from studyapp.paradigms.questions import Asked, Question
from studyapp.paradigms.rating.question import candidates


def questions(asked: Asked) -> list[Question]:
    block = asked.block
    words = block.question or _("What did you notice?")
    return [Question("text", words, "text", longest=block.longest, required=block.required)]


def places(asked: Asked) -> Places:
    """Pictures where the block asks about photos."""
    return one_picture(asked) if asked.trial.stimulus_id is not None else {}


PARADIGM = Paradigm(
    name="open_text",
    title="In your own words",
    template="participants/trials/open_text.html",
    beside=True,
    questions=questions,
    places=places,
    candidates=candidates,
    may_do_without=True,
    is_scored=False,
)
