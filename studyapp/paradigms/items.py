"""Items that are answered on one scale: those of a rating and of a questionnaire."""

from collections.abc import Collection, Iterator
from typing import Any

from django.utils.translation import gettext as _
from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from studyapp.sections.base import ShownText, ShownWords
from studyapp.sections.blocks import BlockSection

from .questions import Asked, Question, scale


class ItemsBlock(BlockSection):
    items: list[ShownText] = Field(default_factory=list, description="What is asked, item by item.")
    points: int = Field(7, ge=2, le=11, description="Of the items' scale.")
    lowest: ShownWords = Field("", description="Words at 1.")
    highest: ShownWords = Field("", description="Words at the other end.")
    may_decline: bool = Field(
        False, description="Offers “Prefer not to say” with each item, in the study's language."
    )

    @model_serializer(mode="wrap")
    def without_new_keys(self, usual: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out keys that came later and are not used, so that earlier digests stay."""
        return self.without_unused(usual(self))

    @property
    def offers_declining(self) -> bool:
        return self.may_decline

    def without_unused(self, found: dict[str, Any]) -> dict[str, Any]:
        if not self.may_decline:
            found.pop("may_decline", None)
        return found


def missing_items(block: ItemsBlock, texts: Collection[str]) -> Iterator[tuple[str, str]]:
    if not block.items:
        yield "items", f"`blocks.items` is missing; list what {block.name} asks, item by item"


def item_questions(asked: Asked) -> list[Question]:
    """The block's items in order; the only one is called `value`, several `item_1`, `item_2`, …"""
    block = asked.block_as(ItemsBlock)
    low = block.lowest or _("do not agree at all")
    high = block.highest or _("agree completely")
    names = numbered(block.items, may_decline=block.may_decline)
    return [
        scale(name, words, block.points, low, high)
        for name, words in zip(names, block.items, strict=True)
    ]


def numbered(items: Collection[str], *, may_decline: bool) -> list[str]:
    """The names of the answers; the only one was given a number where it may be declined before
    other main answers could be."""
    if len(items) == 1 and not may_decline:
        return ["value"]
    return [f"item_{number}" for number in range(1, len(items) + 1)]


def widest_of_scale(block: ItemsBlock) -> float:
    """How far two means of the items can be apart."""
    return block.points - 1
