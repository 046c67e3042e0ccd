"""Custom: a researcher's own HTML fragment and own fields, so that an unusual question needs no
change of the code. Of the fragment, only the tags allowed in every study text are shown."""

from dataclasses import replace

from django.utils.translation import gettext as _

from studyapp.paradigms.base import Paradigm
from studyapp.paradigms.open_text.question import places
from studyapp.paradigms.questions import Asked, Question, scale
from studyapp.paradigms.rating.question import candidates

from .block import CustomBlock, FieldSection, complaints


def questions(asked: Asked) -> list[Question]:
    return [
        replace(
            _question(field),
            required=field.required,
            decline=_("Prefer not to say") if field.may_decline else "",
        )
        for field in asked.block_as(CustomBlock).fields
    ]


def _question(field: FieldSection) -> Question:
    name, words = field.name, field.question
    match field.kind:
        case "text" | "line":
            is_line = field.kind == "line"
            return Question(name, words, "text", longest=field.longest, is_line=is_line)
        case "number":
            return Question(
                name, words, "number", least=field.least, most=field.most,
                decimals=field.decimals, unit=field.unit,
            )  # fmt: skip
        case "scale":
            return scale(name, words, field.points, field.lowest, field.highest)
        case "choice":
            return Question(name, words, answers=tuple(enumerate(field.choices)))


PARADIGM = Paradigm(
    name="custom",
    title="The researcher's own question",
    answer_levels={("", "0, 1, …"): "first, second, … choice; of a scale its step"},
    beside=True,
    questions=questions,
    places=places,
    candidates=candidates,
    block=CustomBlock,
    complaints=complaints,
    about_photos=lambda block: block.with_photos,
    shown_text=lambda block: block.text,
    is_scored=False,
)
