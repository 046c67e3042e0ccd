"""Sight: what does a person see in a picture whose pixels say something else?

Evidence beside other evidence, and never an outcome. People with low vision, on other displays, or
under other light see some of these pictures otherwise; everybody may decline.
"""

from typing import Literal

from django.utils.translation import gettext as _
from pydantic import Field

from studyapp.paradigms.base import BUTTONS, Paradigm
from studyapp.paradigms.questions import Asked, Question, value_question
from studyapp.sections.blocks import BlockSection

Illusion = Literal["contrast", "lines", "discs", "grid"]
# Names that tell neither the illusion nor whether it is one: each picture, and its control
FILES: dict[tuple[Illusion, bool], str] = {
    ("contrast", False): "p4.png",
    ("contrast", True): "k9.png",
    ("lines", False): "m2.png",
    ("lines", True): "d7.png",
    ("discs", False): "t5.png",
    ("discs", True): "b8.png",
    ("grid", False): "w3.png",
    ("grid", True): "h6.png",
}
# The button that people usually choose, counted from 0
USUAL: dict[tuple[Illusion, bool], int] = {
    ("contrast", False): 0,
    ("contrast", True): 1,
    ("lines", False): 0,
    ("lines", True): 1,
    ("discs", False): 1,
    ("discs", True): 0,
    ("grid", False): 0,
    ("grid", True): 0,
}
PLAN = (
    "Answers about pictures whose appearance and pixels differ are not an outcome: they are "
    "reported as evidence, for sensitivity analyses only, and exclude nobody."
)


class SightBlock(BlockSection):
    illusion: Illusion = Field(
        "contrast",
        description="What the picture is: two grey squares, two lines (Müller-Lyer), two discs "
        "(Ebbinghaus) or a grid (Hermann).",
    )
    control: bool = Field(
        False, description="Show the version in which what people see is there in the picture."
    )

    @property
    def shown(self) -> tuple[Illusion, bool]:
        return self.illusion, self.control

    @property
    def picture(self) -> str:
        """The static file of the page's picture."""
        return f"paradigms/sight/{FILES[self.shown]}"

    @property
    def offers_declining(self) -> bool:
        """Always: not everybody's eyes and display are such that there is an answer."""
        return True


def questions(asked: Asked) -> list[Question]:
    """What seems to be so, in plain choices."""
    block = asked.block_as(SightBlock)
    same = _("They look the same")
    sides = [_("The one on the left"), _("The one on the right"), same]
    words, answers = {
        "contrast": (_("Which of the two small squares looks brighter to you?"), sides),
        "discs": (_("Which of the two orange discs looks larger to you?"), sides),
        "lines": (
            _("Which of the two horizontal lines looks longer to you?"),
            [_("The upper one"), _("The lower one"), same],
        ),
        "grid": (
            _("Do you see grey spots where the white lines cross, at least some of the time?"),
            [_("Yes, I see spots"), _("No, I see no spots")],
        ),
    }[block.illusion]
    return [value_question(words, enumerate(answers))]


PARADIGM = Paradigm(
    name="sight",
    title="What do you see in this picture?",
    answer_levels=BUTTONS,
    plan=PLAN,
    block=SightBlock,
    questions=questions,
    usual=lambda block: USUAL[block.shown],
    stages=("main",),
    places=lambda asked: {},
    candidates=None,
    roles=(),
    networks=(),
    is_scored=False,
)
