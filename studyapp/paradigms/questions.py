"""What a page asks: questions with their answers, the same for page, form and simulated people."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from studyapp.models import Stage, Trial
from studyapp.sections.blocks import BlockSection
from studyapp.sections.design import DisplaySection

from .regions import SQUARES, Shapes, Tool, shapes_of, ticked_squares

CONFIDENCE = range(1, 6)
# So many squares along each side of a photo that is pointed at without a mouse; pages.css and
# trial.js lay out and walk the same
CELLS = SQUARES

# What is stored where somebody prefers not to say: no number and no text, so that it is taken for
# neither
DECLINED = {"declined": True}
# What is stored of a question that the answers before it left out
NOT_ASKED = {"asked": False}
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
    def robots(self) -> tuple[str, str]:
        """The neutral names of the two networks."""
        return self.display.name_a, self.display.name_b

    @property
    def category(self) -> str:
        """The name that the page may tell: shown or asked for."""
        return self.trial.stimulus.category if self.trial.stimulus is not None else ""


@dataclass(frozen=True)
class OnlyIf:
    """The answers to an earlier question, one of which shows a question.

    values: the answers by their numbers. question, answers: the same in words.
    """

    name: str
    values: tuple[int, ...]
    question: str
    answers: tuple[str, ...]

    @property
    def listed(self) -> str:
        """The answers in words, to stand between quotation marks."""
        return _("” / “").join(self.answers)

    def is_met(self, answered: Mapping[str, Any]) -> bool:
        """Whether one of them was given; a question that was not asked or declined meets none."""
        given = answered.get(self.name)
        chosen = given if isinstance(given, list) else [given]
        return any(type(one) is int and one in self.values for one in chosen)


@dataclass(frozen=True)
class Question:
    """One question of a page.

    name: of the form's field; the main one is called `value`.
    kind: "choice" of one of `answers` (value, words); "seen", one answer that is given by going
        on; "text"; "point" on the photo, whose picture is `size` pixels wide and high, or by keys
        in one of its `cells`; "number" from `least` to `most` with so many `decimals`, in `unit`;
        "slider", a whole number between two worded `ends`; "several" of `answers`, from `least` to
        `most` of them;
        "region" of the photo, of `least` to `most` boxes or points, or brushed, by its `tool`.
    is_line: whether a text has one line.
    decline: the words of the answer not to say; empty where it is not offered.
    given, declined, ticked, problem: what was sent already, as a form's text, tick and squares,
        and what is wrong with it.
    chosen: which of several answers were sent or stored.
    is_scale: whether the answers are steps of one scale, so that they have a mean.
    heading: what several items are asked under; it stands above the first of them.
    is_further: whether a question is one of such items, but not the first.
    only_if: the answers before it, without which it is not asked.
    is_distinct: whether no other such question of the page may have the same answer.
    """

    name: str
    words: str
    kind: Literal["choice", "seen", "text", "point", "number", "region", "slider", "several"] = (
        "choice"
    )
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
    is_distinct: bool = False
    given: str = ""
    declined: bool = False
    tool: Tool | None = None
    ticked: tuple[int, ...] = ()
    problem: str = ""
    ends: tuple[str, str] = ("", "")
    chosen: tuple[int, ...] = ()
    heading: str = ""
    is_further: bool = False
    only_if: OnlyIf | None = None

    @property
    def room(self) -> int:
        """How much a browser takes of a text: more than is accepted, because a browser cuts what is
        pasted without a word, and the page says what is too long."""
        return 2 * self.longest

    @property
    def values(self) -> list[int]:
        return [value for value, _ in self.answers]

    @property
    def tick(self) -> str:
        """The field in which “Prefer not to say” is ticked; no study's field can be called so."""
        return f"{self.name}.declined"

    def box(self, value: int) -> str:
        """The field in which one of several answers is ticked."""
        return f"{self.name}.{value}"

    @property
    def boxes(self) -> list[tuple[str, str, bool]]:
        """(field, words, whether it is ticked) of several answers."""
        return [(self.box(value), words, value in self.chosen) for value, words in self.answers]

    @property
    def how_many(self) -> str:
        """How many of several answers may be chosen."""
        least, most = int(self.least), int(self.most)
        if least < 2 and most == len(self.answers):
            return _("You can choose several answers.")
        if most == 1:
            one = _("Please choose one of the answers.")
            return one if least else _("Please choose no more than one answer.")
        if least == most:
            exactly = ngettext(
                "Please choose %(most)s answer.", "Please choose %(most)s answers.", most
            )
            return exactly % {"most": most}
        if not least:
            at_most = ngettext(
                "Please choose no more than %(most)s answer.",
                "Please choose no more than %(most)s answers.",
                most,
            )
            return at_most % {"most": most}
        between = ngettext(
            "Please choose from %(least)s to %(most)s answer.",
            "Please choose from %(least)s to %(most)s answers.",
            most,
        )
        return between % {"least": least, "most": most}

    @property
    def cells(self) -> list[tuple[int, int, int]]:
        """(number from 0, row and column from 1) of the squares that keys choose from."""
        if self.kind not in ("point", "region"):
            return []
        return [(cell, cell // CELLS + 1, cell % CELLS + 1) for cell in range(CELLS**2)]

    @property
    def shapes(self) -> Shapes:
        """The region that was drawn already, as an SVG draws it."""
        return shapes_of(self.given)

    def refused(self, sent: Mapping[str, str], problem: str) -> "Question":
        """The question with what was sent, to be shown again, and what is wrong with it."""
        given = sent.get(self.name, "").replace("\r\n", "\n")
        declined = given == BUTTON if self.kind == "choice" else self.tick in sent
        ticked = ticked_squares(self.name, sent) if self.tool else ()
        chosen = tuple(value for value in self.values if self.box(value) in sent)
        return replace(
            self, given=given, declined=declined, ticked=ticked, problem=problem, chosen=chosen
        )

    def answered(self, stored: Any) -> "Question":
        """The question with an answer as it is stored."""
        if stored == DECLINED:
            return replace(self, declined=True)
        if self.tool:
            return replace(self, given=json.dumps(stored))
        if isinstance(stored, list):
            return replace(self, chosen=tuple(stored))
        given = "" if stored is None or stored == NOT_ASKED else str(stored)
        return replace(self, given=given)


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
    ends = {1: f"1 – {low}" if low else "1", points: f"{points} – {high}" if high else str(points)}
    answers = tuple((n, ends.get(n, str(n))) for n in range(1, points + 1))
    return Question(name, words, answers=answers, is_scale=True)


def confidence(name: str = "confidence", words: str | None = None) -> Question:
    """How sure a person is of an answer, 1 to 5."""
    words = words or _("How confident are you?")
    return scale(name, words, CONFIDENCE[-1], _("not at all"), _("completely"))


def prefer_not_to_say() -> str:
    """The words of the answer not to say, in the language of the page."""
    return _("Prefer not to say")


def page_questions(asked: Asked, questions: list[Question]) -> list[Question]:
    """The questions of a page: only the main one for an attention check, which nobody declines;
    confidence, and “Prefer not to say” with each of them, where the block wants it."""
    if asked.trial.stage == Stage.CHECK:
        return [replace(one, decline="") for one in questions if one.name == "value"]
    if asked.block.confidence and all(one.name != "confidence" for one in questions):
        questions = [*questions, confidence()]
    if asked.block.offers_declining:
        return [replace(one, decline=prefer_not_to_say()) for one in questions]
    return questions
