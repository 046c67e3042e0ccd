"""Marking: which part of the photo? People draw boxes, set points or brush.

On the plain photo, before any map is seen; or beside the explanation, where the block says so. What
is drawn is compared with maps, and among people, when it is analysed.
"""

from collections.abc import Collection, Iterator
from typing import Annotated, Literal

from django.utils.translation import gettext as _
from pydantic import Field

from studyapp.models import Kind
from studyapp.paradigms.base import PHOTO, Paradigm, Places
from studyapp.paradigms.pointing.question import candidates
from studyapp.paradigms.questions import Asked, Question
from studyapp.paradigms.regions import MOST
from studyapp.paradigms.wording import OwnQuestion, in_own_words, question_complaints
from studyapp.sections.limits import Limit

PLAN = (
    "Marked regions are compared with maps on 224 × 224 pixels of the photo that was shown: the "
    "intersection over union of a region with the map's highest values of the same area, per "
    "method and per contrast the mean with a two-way cluster-robust error. The share of the map "
    "inside the region and whether its maximum lies there are reported beside it. On the plain "
    "photo a region is compared with the map of every condition on the same crop, beside an "
    "explanation with the map that was shown. Agreement among people is Krippendorff's α with "
    "one minus the intersection over union as the difference between two regions."
)
FEW = 5
Marks = Annotated[int, Limit(MOST)]


class MarkingBlock(OwnQuestion):
    tool: Literal["box", "points", "brush"] = Field("box", description="What people mark with.")
    least: Marks | None = Field(
        None, ge=1, description="The fewest boxes or points; 1 if left out."
    )
    most: Marks | None = Field(None, ge=1, description="The most boxes or points; 5 if left out.")
    with_explanation: bool = Field(
        False, description="Show the explanation beside the photo that is marked."
    )

    @property
    def bounds(self) -> tuple[int, int]:
        """The least and the greatest number of boxes or points."""
        least = self.least or 1
        return least, self.most or max(least, FEW)


def complaints(block: MarkingBlock, texts: Collection[str]) -> Iterator[tuple[str, str]]:
    """Bounds that contradict each other, or that nothing is counted by."""
    yield from question_complaints(block, ("name",))
    for key in ("least", "most"):
        if block.tool == "brush" and getattr(block, key) is not None:
            yield key, f"`blocks.{key}` counts boxes or points, and a brush has none; remove it"
    least, most = block.bounds
    if block.tool != "brush" and least > most:
        yield "least", f"`blocks.least = {least}` is more than `blocks.most = {most}`; lower it"


def questions(asked: Asked) -> list[Question]:
    block = asked.block_as(MarkingBlock)
    name = {"name": asked.category}
    built_in = {
        "box": _("Draw a box round what best shows: %(name)s") % name,
        "points": _("Set points on what best shows: %(name)s") % name,
        "brush": _("Paint over what best shows: %(name)s") % name,
    }[block.tool]
    words = in_own_words(asked, block.question) if block.question else built_in
    least, most = block.bounds
    return [Question("region", words, "region", tool=block.tool, least=least, most=most)]


def places(asked: Asked) -> Places:
    explanation = {"one": "stronger"} if asked.block_as(MarkingBlock).with_explanation else {}
    return {PHOTO: PHOTO, **explanation}


PARADIGM = Paradigm(
    name="marking",
    title="Which part of the photo?",
    plan=PLAN,
    analysis="studyapp.paradigms.marking.analysis",
    presentation="draw.js",
    beside=True,
    maps_in=lambda block: bool(block.with_explanation),
    kinds=(Kind.MAP,),  # regions are compared with it
    questions=questions,
    places=places,
    candidates=candidates,
    block=MarkingBlock,
    complaints=complaints,
    widest=lambda block: 1.0,
)
