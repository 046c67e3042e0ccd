"""What a study asks: every question of every block, in the words of its pages.

Paradigms are asked for their questions, as their pages do, so that none can be forgotten by what
describes, exports or analyses the answers.
"""

from dataclasses import dataclass

from studyapp.models import Stage, Trial
from studyapp.paradigms import PARADIGMS, Asked, Question
from studyapp.sections.blocks import BlockSection
from studyapp.sections.meetings import members
from studyapp.shelf.languages import speaking

from .study import Definition


@dataclass(frozen=True)
class AskedQuestion:
    """A question of a block's pages. Its words are those of a page without a stimulus."""

    block: BlockSection
    question: Question

    @property
    def words(self) -> str:
        """What was asked: of one of several items with what stands above them."""
        return " ".join(filter(None, (self.question.heading, self.question.words)))

    @property
    def is_text(self) -> bool:
        return self.question.kind == "text"

    @property
    def levels(self) -> dict[str, str]:
        """What each stored answer stood for on the page; empty where answers have no list."""
        return {str(value): words for value, words in self.question.answers}

    @property
    def end_words(self) -> dict[str, str]:
        """What stood at the ends of a slider."""
        if self.question.kind != "slider":
            return {}
        ends = zip((self.question.least, self.question.most), self.question.ends, strict=True)
        return {f"{number:g}": words for number, words in ends if words}


def asked_questions(definition: Definition) -> list[AskedQuestion]:
    """Every question of every block, once a block, in the order of asking and in its language."""
    return [one for block in definition.blocks for one in questions_of(definition, block)]


def questions_of(definition: Definition, block: BlockSection) -> list[AskedQuestion]:
    """Those of one block."""
    # What both steps ask is told once.
    questions: dict[str, Question] = {}
    with speaking(definition.language):
        for trial in pages_of(definition, block):
            shown = Asked(trial, block, definition.display)
            for question in PARADIGMS[block.paradigm].asks(shown):
                questions.setdefault(question.name, question)
    return [AskedQuestion(block, question) for question in questions.values()]


def pages_of(definition: Definition, block: BlockSection) -> list[Trial]:
    """A page of each step, about no stimulus in particular; with as many conditions as meet in any
    arm."""
    paradigm = PARADIGMS[block.paradigm]
    stage: str = block.stage
    if block.is_main and not paradigm.asks_about_photos(block):
        stage = Stage.QUESTIONNAIRE
    options, count = paradigm.options_in(block), paradigm.steps_in(block)
    if paradigm.meets == "all":
        arms = definition.arm_conditions().values()
        met = [members(name) for arm in arms for name in definition.shown_under(block, arm)]
        options = max(map(len, met), default=0)
    buttons = list(range(options))
    steps = [0] if count == 1 else list(range(1, count + 1))
    return [
        Trial(
            block=block.name, paradigm=block.paradigm, stage=stage, step=step, option_order=buttons
        )
        for step in steps
    ]
