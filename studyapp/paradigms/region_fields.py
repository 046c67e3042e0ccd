"""The form's field for a region: what the page's module drew, or the squares that were ticked."""

from typing import Any

from django import forms

from .questions import Question
from .regions import (
    NOTHING,
    RegionError,
    Tool,
    read_region,
    region_of_squares,
    ticked_squares,
)


class RegionInput(forms.Widget):
    def value_from_datadict(self, data: Any, files: Any, name: str) -> tuple[str, tuple[int, ...]]:
        return data.get(name, ""), ticked_squares(name, data)


class RegionField(forms.Field):
    """A region as `regions` stores it; what was drawn counts more than ticked squares."""

    def __init__(self, question: Question) -> None:
        super().__init__(widget=RegionInput(), error_messages={"required": NOTHING})
        tool: Tool = question.tool or "box"
        self.bounds = tool, int(question.least), int(question.most)

    def clean(self, value: tuple[str, tuple[int, ...]]) -> dict[str, Any]:
        text, ticked = value
        try:
            if text.strip() or not ticked:
                return read_region(text, *self.bounds)
            return region_of_squares(ticked, *self.bounds)
        except RegionError as error:
            raise forms.ValidationError(error.sentence, params=error.params) from error
