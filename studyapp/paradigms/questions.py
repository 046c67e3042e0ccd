"""What a page asks: questions with their answers, the same for page, form and simulated people."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

from django.utils.translation import gettext as _

from studyapp.models import Stage, Trial
from studyapp.sections.blocks import BlockSection
from studyapp.sections.design import DisplaySection

CONFIDENCE = range(1, 6)
# So many squares along each side of a photo that is pointed at without a mouse; pages.css and
# trial.js lay out and walk the same
CELLS = 10

# What is stored where somebody prefers not to say: no number and no text, so that it is taken for
# neither
DECLINED = {"declined": True}
# What the button beside a list of answers sends then
BUTTON = "declined"
Block = TypeVar("Block", bound=BlockSection)


@dataclass(frozen=True)
class Asked:
    """One trial's page as a paradigm sees it: the trial, how its block asks, how it is shown."""

    trial: Trial
    block: BlockSection
    display: DisplaySection

    def block_as(self, section: type[Block]) -> Block:
        """The block as its paradigm's own section."""
        assert isinstance(self.block, section)
        return self.block

    @property
    def category(self) -> str:
        """The name that the page may tell: shown or asked for."""
        return self.trial.stimulus.category if self.trial.stimulus is not None else ""


@dataclass(frozen=True)
class Question:
    """One question of a page.

    name: of the form's field; the main one is called `value`.
    kind: "choice" of one of `answers` (value, words); "seen", one answer that is given by going
        on; "text"; "point" on the photo, whose picture is `size` pixels wide and high, or by keys
        in one of its `cells`; "number" from `least` to `most` with so many `decimals`, in `unit`.
    is_line: whether a text has one line.
    decline: the words of the answer not to say; empty where it is not offered.
    given, declined, problem: what was sent already, as a form's text and tick, and what is wrong
        with it.
    is_scale: whether the answers are steps of one scale, so that they have a mean.
    """

    name: str
    words: str
    kind: Literal["choice", "seen", "text", "point", "number"] = "choice"
    answers: tuple[tuple[int, str], ...] = ()
    longest: int = 0
    is_line: bool = False
    least: float = 0
    most: float = 0
    decimals: int = 0
    unit: str = ""
    decline: str = ""
    size: int = 0
    required: bool = True
    is_scale: bool = False
    given: str = ""
    declined: bool = False
    problem: str = ""

    @property
    def values(self) -> list[int]:
        return [value for value, _ in self.answers]

    @property
    def tick(self) -> str:
        """The field in which “Prefer not to say” is ticked; no study's field can be called so."""
        return f"{self.name}.declined"

    @property
    def cells(self) -> list[tuple[int, int, int]]:
        """(number from 0, row and column from 1) of the squares that keys choose from."""
        if self.kind != "point":
            return []
        return [(cell, cell // CELLS + 1, cell % CELLS + 1) for cell in range(CELLS**2)]

    def refused(self, sent: Mapping[str, str], problem: str) -> "Question":
        """The question with what was sent, to be shown again, and what is wrong with it."""
        given = sent.get(self.name, "").replace("\r\n", "\n")
        declined = given == BUTTON if self.answers else self.tick in sent
        return replace(self, given=given, declined=declined, problem=problem)

    def answered(self, stored: Any) -> "Question":
        """The question with an answer as it is stored."""
        if stored == DECLINED:
            return replace(self, declined=True)
        return replace(self, given="" if stored is None else str(stored))


def value_question(words: str, answers: Iterable[tuple[int, str]]) -> Question:
    """The main question of a page."""
    return Question("value", words, answers=tuple(answers))


def named_options(asked: Asked) -> list[tuple[int, str]]:
    """The stimulus' options as buttons, counted from 0 in the order of this page.

    An attention check has no stimulus: its buttons are called the first, the second, …
    """
    if asked.trial.stimulus is None:
        words = [_("The first answer"), _("The second answer"), _("The third answer"),
                 _("The fourth answer")]  # fmt: skip
        return list(enumerate(words[: len(asked.trial.option_order)]))
    return list(enumerate(str(name) for name in asked.trial.options_shown))


def scale(name: str, words: str, points: int, low: str, high: str) -> Question:
    """A Likert item: 1 to `points`, worded at the ends."""
    ends = {1: f"1 – {low}", points: f"{points} – {high}"}
    answers = tuple((n, ends.get(n, str(n))) for n in range(1, points + 1))
    return Question(name, words, answers=answers, is_scale=True)


def confidence(name: str = "confidence", words: str | None = None) -> Question:
    """How sure a person is of an answer, 1 to 5."""
    words = words or _("How confident are you?")
    return scale(name, words, CONFIDENCE[-1], _("not at all"), _("completely"))


def page_questions(asked: Asked, questions: list[Question]) -> list[Question]:
    """The questions of a page: only the main one for an attention check, and confidence where the
    block wants it."""
    if asked.trial.stage == Stage.CHECK:
        return [question for question in questions if question.name == "value"]
    if asked.block.confidence and all(one.name != "confidence" for one in questions):
        return [*questions, confidence()]
    return questions
