"""Open text: a question answered in the person's own words, with or without an explanation."""

from django.utils.translation import gettext as _
from pydantic import Field

from studyapp.paradigms.base import Paradigm, Places, one_picture
from studyapp.paradigms.questions import Asked, Question
from studyapp.paradigms.rating.question import candidates
from studyapp.sections.base import Text
from studyapp.sections.blocks import BlockSection


class PhotosIfWanted(BlockSection):
    """A block that asks about photos only where it says so."""

    with_photos: bool = Field(False, description="Ask about photos.")


class OpenTextBlock(PhotosIfWanted):
    question: Text | None = Field(None, description="What is asked.")
    required: bool = Field(True, description="Whether it must be answered.")
    longest: int = Field(2000, ge=1, le=20000, description="In characters.")


def questions(asked: Asked) -> list[Question]:
    block = asked.block_as(OpenTextBlock)
    words = block.question or _("What did you notice?")
    return [Question("text", words, "text", longest=block.longest, required=block.required)]


def places(asked: Asked) -> Places:
    """Pictures where the block asks about photos."""
    return one_picture(asked) if asked.trial.stimulus_id is not None else {}


PARADIGM = Paradigm(
    name="open_text",
    title="In your own words",
    analysis="studyapp.paradigms.open_text.analysis",
    beside=True,
    questions=questions,
    places=places,
    candidates=candidates,
    block=OpenTextBlock,
    about_photos=lambda block: block.with_photos,
    is_scored=False,
)
