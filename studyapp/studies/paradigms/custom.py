"""Custom: a researcher's own fragment of HTML and own fields, so that an unusual question needs no
change of the code. Of the fragment only the tags that every study text may have come out."""

from dataclasses import replace

from .base import Paradigm
from .open_text import places
from .questions import Asked, Question, scale
from .rating import candidates


def questions(asked: Asked) -> list[Question]:
    return [_question(asked, number) for number in range(len(asked.block.fields))]


def _question(asked: Asked, number: int) -> Question:
    field = asked.block.fields[number]
    if field.kind == "text":
        return Question(
            field.name, field.question, "text", longest=field.longest, required=field.required
        )
    if field.kind == "scale":
        steps = scale(field.name, field.question, field.points, field.lowest, field.highest)
        return replace(steps, required=field.required)
    return Question(
        field.name,
        field.question,
        answers=tuple(enumerate(field.choices)),
        required=field.required,
    )


PARADIGM = Paradigm(
    name="custom",
    title="The researcher's own question",
    template="participants/trials/custom.html",
    beside=True,
    questions=questions,
    places=places,
    candidates=candidates,
    may_do_without=True,
    is_scored=False,
)
