"""Items that are answered on one scale: those of a rating and of a questionnaire."""

from collections.abc import Collection, Iterator

from django.utils.translation import gettext as _
from pydantic import Field

from studyapp.sections.base import Text, Words
from studyapp.sections.blocks import BlockSection

from .questions import Asked, Question, scale


class ItemsBlock(BlockSection):
    items: list[Text] = Field(default_factory=list, description="What is asked, item by item.")
    points: int = Field(7, ge=2, le=11, description="Of the items' scale.")
    lowest: Words = Field("", description="Words at 1.")
    highest: Words = Field("", description="Words at the other end.")


def missing_items(block: ItemsBlock, texts: Collection[str]) -> Iterator[tuple[str, str]]:
    if not block.items:
        yield "items", f"`blocks.items` is missing; list what {block.name} asks, item by item"


def item_questions(asked: Asked) -> list[Question]:
    """The block's items in order; the only one is called `value`, several `item_1`, `item_2`, …"""
    block = asked.block_as(ItemsBlock)
    low = block.lowest or _("do not agree at all")
    high = block.highest or _("agree completely")
    if len(block.items) == 1:
        return [scale("value", block.items[0], block.points, low, high)]
    return [
        scale(f"item_{number}", words, block.points, low, high)
        for number, words in enumerate(block.items, 1)
    ]


def widest_of_scale(block: ItemsBlock) -> float:
    """How far two means of the items can be apart."""
    return block.points - 1
