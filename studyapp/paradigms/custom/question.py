"""Custom: a researcher's own HTML fragment and own fields, so that an unusual question needs no
change of the code. Of the fragment, only the tags allowed in every study text are shown."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from studyapp.paradigms.base import OR_WORDS, Paradigm
from studyapp.paradigms.open_text.question import places
from studyapp.paradigms.predicted import first_class
from studyapp.paradigms.questions import Asked, OnlyIf, Question, prefer_not_to_say, scale

from .block import CustomBlock, complaints
from .facts import fact_question
from .field import FieldSection, ShowIfSection


def questions(asked: Asked) -> list[Question]:
    block = asked.block_as(CustomBlock)
    return [*map(fact_question, block.facts), *_own(block.fields)]


def _own(fields: Sequence[FieldSection]) -> list[Question]:
    known = {field.name: field for field in fields}
    return [
        replace(
            question,
            required=field.required,
            decline=prefer_not_to_say() if field.may_decline else "",
            only_if=_condition(field.show_if, known),
        )
        for field in fields
        for question in _questions(field)
    ]


def _condition(given: ShowIfSection | None, known: Mapping[str, FieldSection]) -> OnlyIf | None:
    """A condition by the numbers of the answers."""
    if given is None:
        return None
    source = known[given.field]
    values = [
        value
        for answer in given.answers
        for value in (_places(source, answer) if isinstance(answer, str) else [answer])
    ]
    return OnlyIf(source.name, tuple(values), source.question, tuple(map(str, given.answers)))


def _places(source: FieldSection, answer: str) -> list[int]:
    """Every choice of that wording: people who chose any of them gave this answer."""
    return [place for place, words in enumerate(source.choices) if words == answer]


def _questions(field: FieldSection) -> list[Question]:
    """One question, or one for each item of a matrix."""
    if field.kind != "matrix":
        return [_question(field)]
    rows = zip(field.names, field.items, strict=True)
    if field.choices:
        columns = tuple(enumerate(field.choices))
        found = [Question(name, words, answers=columns) for name, words in rows]
    else:
        ends = field.points, field.lowest, field.highest
        found = [scale(name, words, *ends) for name, words in rows]
    return [
        replace(one, heading=field.question, is_further=number > 0)
        for number, one in enumerate(found)
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
        case "slider":
            ends = field.lowest, field.highest
            return Question(name, words, "slider", least=field.least, most=field.most, ends=ends)
        case "several":
            choices = tuple(enumerate(field.choices))
            least = max(field.least, int(field.required))
            return Question(name, words, "several", answers=choices, least=least, most=field.most)
        case "scale":
            return scale(name, words, field.points, field.lowest, field.highest)
    return Question(name, words, answers=tuple(enumerate(field.choices)))


PARADIGM = Paradigm(
    name="custom",
    scales="fields",
    title="The researcher's own question",
    kinds=OR_WORDS,
    answer_levels={
        ("", "0, 1, …"): "first, second, … choice; of a scale its step, of a slider its number"
    },
    beside=True,
    questions=questions,
    places=places,
    candidates=first_class,
    block=CustomBlock,
    complaints=complaints,
    about_photos=lambda block: block.with_photos,
    shown_text=lambda block: block.text,
    is_scored=False,
)
