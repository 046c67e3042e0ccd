"""What a method's effect may depend on: a section of the plan of the analysis."""

from typing import Annotated, Literal

from pydantic import Field

from .base import Line, Name, Section
from .limits import Limit

Of = Literal["person", "photo", "trial"]
Kind = Literal["levels", "number"]


class ModeratorSection(Section):
    """Something that the effect of methods may depend on."""

    of: Of = Field(description="What has it: each person, each photo or each trial.")
    field: Annotated[Line, Limit(130)] = Field(
        description="Of a person “arm”, “device_class”, “language”, the name of a screening "
        "question with strata, or BLOCK.FIELD for an answer to a question about no photo; of a "
        "photo “class”, “network” (right or wrong) or metric.NAME (the mean over its "
        "explanations); of a trial “order” or “side” (where the stronger network stood)."
    )
    paradigm: Name | None = Field(
        None, description="The kind of question; by default each for which it can be told."
    )
    planned: bool = Field(
        False, description="Whether it is part of the plan; others are exploratory."
    )
    kind: Kind | None = Field(
        None,
        description="Whether it is analysed by its levels or as a number; by default steps of a "
        "scale, sliders and numbers are numbers.",
    )

    @property
    def key(self) -> tuple[str, str]:
        return self.of, self.field

    @property
    def asked(self) -> tuple[str, str]:
        """The block and the field of a person's answer; the field is empty where none is named."""
        block, _, name = self.field.partition(".")
        return block, name
