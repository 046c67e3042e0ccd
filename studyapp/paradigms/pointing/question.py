"""Pointing: where would you look? A click on the plain photo, before any map is seen.

The score is the map's percentile at the click and the normalised scanpath saliency (NSS), worked
out afterwards from the map, so that a few pixels more or less decide nothing.
"""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from studyapp.models import Kind
from studyapp.paradigms.base import (
    PHOTO,
    VALUES_PLAN,
    Candidate,
    Category,
    Classified,
    Paradigm,
    Places,
    Refusal,
)
from studyapp.paradigms.predicted import single_truth
from studyapp.paradigms.questions import Asked, Question
from studyapp.paradigms.wording import OwnQuestion, in_own_words, question_complaints

FIRST_CLASSES = 10


def questions(asked: Asked) -> list[Question]:
    own = asked.block_as(OwnQuestion).question
    words = _("Click on the spot in the photo that best shows: %(name)s") % {"name": asked.category}
    words = in_own_words(asked, own) if own else words
    return [Question("point", words, "point", size=asked.display.size)]


def places(asked: Asked) -> Places:
    return {PHOTO: PHOTO}


def candidates(
    categories: Sequence[Category], answers: dict[str, Classified]
) -> list[Candidate] | Refusal:
    """The photo's category, explained by its best-ranked class."""
    truth = single_truth(categories)
    if isinstance(truth, Refusal):
        return truth
    first = answers["stronger"].classes[:FIRST_CLASSES]
    ranked = [index for index in first if index in truth.accepted]
    if not ranked:
        return Refusal("the category is not among the network's first ten classes")
    return [Candidate(truth.name, ranked[0])]


PARADIGM = Paradigm(
    name="pointing",
    title="Where does it show?",
    plan=VALUES_PLAN,
    analysis="studyapp.paradigms.pointing.analysis",
    shows_maps=False,
    kinds=(Kind.MAP,),  # clicks are ranked by its values
    block=OwnQuestion,
    complaints=lambda block, texts: question_complaints(block, ("name",)),
    questions=questions,
    places=places,
    candidates=candidates,
    widest=lambda block: 100.0,
    null=50.0,
)
