"""What a study asks: every question of every block, in the words of its pages.

Paradigms are asked for their questions, as their pages do, so that none can be forgotten by what
describes, exports or analyses the answers.
"""

from dataclasses import dataclass

from django.utils import translation

from studyapp.models import Stage, Trial
from studyapp.paradigms import PARADIGMS, Asked, Question
from studyapp.sections.blocks import BlockSection

from .study import Definition


@dataclass(frozen=True)
class AskedQuestion:
    """A question of a block's pages. `question.words` are those of a page without a stimulus."""

    block: BlockSection
    question: Question

    @property
    def is_text(self) -> bool:
        return self.question.kind == "text"

    @property
    def levels(self) -> dict[str, str]:
        """What each stored answer stood for on the page; empty where answers have no list."""
        return {str(value): words for value, words in self.question.answers}


def asked_questions(definition: Definition) -> list[AskedQuestion]:
    """Every question of every block, once a block, in the order of asking and in its language."""
    asked = []
    with translation.override(definition.language):
        for block in definition.blocks:
            # What both steps ask is told once.
            questions: dict[str, Question] = {}
            for trial in _pages(block):
                shown = Asked(trial, block, definition.display)
                for question in PARADIGMS[block.paradigm].asks(shown):
                    questions.setdefault(question.name, question)
            asked += [AskedQuestion(block, question) for question in questions.values()]
    return asked


def _pages(block: BlockSection) -> list[Trial]:
    """A page of each step, about no stimulus in particular."""
    paradigm = PARADIGMS[block.paradigm]
    stage: str = block.stage
    if block.is_main and not paradigm.asks_about_photos(block):
        stage = Stage.QUESTIONNAIRE
    buttons, count = list(range(paradigm.options_in(block))), paradigm.steps_in(block)
    steps = [0] if count == 1 else list(range(1, count + 1))
    return [
        Trial(
            block=block.name, paradigm=block.paradigm, stage=stage, step=step, option_order=buttons
        )
        for step in steps
    ]
