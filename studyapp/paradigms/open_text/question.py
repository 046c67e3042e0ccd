"""Open text: a question answered in the person's own words, with or without an explanation."""

from typing import Any

from django.utils.translation import gettext as _
from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from studyapp.paradigms.base import OR_WORDS, Paradigm, Places, one_picture
from studyapp.paradigms.predicted import first_class
from studyapp.paradigms.questions import Asked, Question
from studyapp.sections.base import ShownText
from studyapp.sections.blocks import BlockSection


class PhotosIfWanted(BlockSection):
    """A block that asks about photos only where it says so."""

    with_photos: bool = Field(False, description="Ask about photos.")


class OpenTextBlock(PhotosIfWanted):
    question: ShownText | None = Field(None, description="What is asked.")
    required: bool = Field(True, description="Whether it must be answered.")
    longest: int = Field(2000, ge=1, le=20000, description="In characters.")
    may_decline: bool = Field(
        False, description="Offers “Prefer not to say”, in the study's language."
    )

    @property
    def offers_declining(self) -> bool:
        return self.may_decline

    @model_serializer(mode="wrap")
    def without_new_keys(self, usual: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out keys that came later and are not used, so that earlier digests stay."""
        found: dict[str, Any] = usual(self)
        if not self.may_decline:
            found.pop("may_decline", None)
        return found


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
    kinds=OR_WORDS,
    analysis="studyapp.paradigms.open_text.analysis",
    beside=True,
    questions=questions,
    places=places,
    candidates=first_class,
    block=OpenTextBlock,
    about_photos=lambda block: block.with_photos,
    is_scored=False,
)
