"""Class discrimination: which of two categories does this explanation depict?

Grad-CAM (arXiv 1610.02391), section 5.1. Asked about photos with exactly two annotated categories,
both among the network's first ten classes, so that no class of probability zero is explained.
"""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from studyapp.paradigms.base import (
    BUTTONS,
    OR_WORDS,
    Candidate,
    Category,
    Classified,
    Paradigm,
    Places,
    Published,
    Refusal,
    is_in_words,
    right_button_keys,
)
from studyapp.paradigms.predicted import choose
from studyapp.paradigms.questions import Asked, Question, named_options, value_question
from studyapp.paradigms.wording import OwnQuestion, question_complaints

FIRST_CLASSES = 10
# Section 5.1 of version 4, which gives no interval. With other methods people are taken to guess.
PUBLISHED = Published(
    source="Grad-CAM paper (other networks and photos)",
    means={
        "deconvnet": 432 / 810,
        "guided_backprop": 360 / 810,
        "deconv_grad_cam": 489 / 810,
        "guided_grad_cam": 496 / 810,
    },
    otherwise=0.5,
)


def questions(asked: Asked) -> list[Question]:
    """Which category? The buttons are counted from 0 as shown."""
    words = _("Which of the two object categories is depicted?")
    if is_in_words(asked.trial):
        words = _("Which of the two object categories is described?")
    own = asked.block_as(OwnQuestion).question
    return [value_question(own or words, named_options(asked))]


def places(asked: Asked) -> Places:
    """One explanation and nothing else: the photo alone would give the answer's two names."""
    return {"one": "stronger"}


def candidates(
    categories: Sequence[Category], answers: dict[str, Classified]
) -> list[Candidate] | Refusal:
    """Two stimuli, one for each category: its best-ranked class is the one explained."""
    if len(categories) != 2:
        return Refusal("not exactly two annotated categories")
    if categories[0].name == categories[1].name:
        return Refusal("the two categories have the same name")
    if categories[0].accepted & categories[1].accepted:
        return Refusal("the two categories share a class")
    first = list(answers["stronger"].classes[:FIRST_CLASSES])
    ranked = [[index for index in first if index in one.accepted] for one in categories]
    if not all(ranked):
        return Refusal("not both categories among the network's first ten classes")
    options = tuple(sorted(one.name for one in categories))
    return [
        Candidate(one.name, classes[0], options, {"right": options.index(one.name)})
        for one, classes in zip(categories, ranked, strict=True)
    ]


PARADIGM = Paradigm(
    name="discrimination",
    title="Which category is depicted?",
    block=OwnQuestion,
    complaints=lambda block, texts: question_complaints(block),
    questions=questions,
    places=places,
    candidates=candidates,
    outcome="correct",
    keys=right_button_keys,
    simulate=choose,
    able=1.5,
    published=PUBLISHED,
    answer_levels=BUTTONS,
    options=2,
    check_values=(0, 1),
    stimuli_a_photo=2,
    kinds=OR_WORDS,
)
