"""Which answer: to which of four answers does this explanation belong?

For networks that are asked with more than a photo: of a captioner the four may be words of its
caption, of a network that acts four actions. A table names the other three; else they are the
network's next answers. Chance is 25 %.
"""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from photos.class_names import name_key
from studyapp.paradigms.base import (
    BUTTONS,
    OR_WORDS,
    Candidate,
    Category,
    Classified,
    Paradigm,
    Refusal,
    one_picture,
    right_button_keys,
)
from studyapp.paradigms.predicted import OPTIONS, SEVERAL, choose, is_right
from studyapp.paradigms.questions import Asked, Question, named_options, value_question
from studyapp.paradigms.wording import OwnQuestion, question_complaints


def questions(asked: Asked) -> list[Question]:
    """The buttons are counted from 0 as shown."""
    words = _("Which of these answers does the explanation belong to?")
    return [value_question(asked.block_as(OwnQuestion).question or words, named_options(asked))]


def candidates(
    categories: Sequence[Category], answers: dict[str, Classified]
) -> list[Candidate] | Refusal:
    """The network's first answer, among those that the table names or its first four."""
    answer = answers["stronger"]
    if answer.said > 1:
        return SEVERAL
    others = categories[0].others if len(categories) == 1 else ()
    if others and not is_right(categories, answer):
        return Refusal("the network's answer is not the table's")
    known = {name_key(label) for label in answer.labels}
    if not known.issuperset(map(name_key, others)):
        return Refusal("one of the other answers is none of the network's")
    said = answer.name(answer.classes[0])
    names = [said, *(others or map(answer.name, answer.classes[1:OPTIONS]))]
    if len(set(map(name_key, names))) < OPTIONS:
        return Refusal(f"the network gives fewer than {OPTIONS} answers of different names")
    options = tuple(sorted(names))
    return [Candidate(said, answer.classes[0], options, {"right": options.index(said)})]


PARADIGM = Paradigm(
    name="which_answer",
    title="Which answer is explained?",
    block=OwnQuestion,
    complaints=lambda block, texts: question_complaints(block),
    questions=questions,
    places=one_picture,
    beside=True,
    candidates=candidates,
    outcome="correct",
    keys=right_button_keys,
    simulate=choose,
    able=0.5,
    answer_levels=BUTTONS,
    options=OPTIONS,
    check_values=tuple(range(OPTIONS)),
    kinds=OR_WORDS,
)
