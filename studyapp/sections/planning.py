"""The sections of a study file about when a study ends and how it is analysed."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from .base import Amount, Name, Section, Text
from .limits import Limit


class StoppingSection(Section):
    rule: Literal["all_places", "date", "sequential"] = Field(
        "all_places", description="What ends the study."
    )
    detail: Annotated[str, Limit(5_000)] = Field("", description="The rule in words.")


class AnalysisSection(Section):
    reference: Name | None = Field(None, description="Condition that contrasts refer to.")
    smallest_effect: Amount | None = Field(
        None, gt=0, description="The smallest effect of interest, in the outcome's unit."
    )
    hypotheses: list[Text] = Field(default_factory=list, description="In words, one each.")
    looks: bool = Field(False, description="Whether results may be looked at before the end.")

    @model_validator(mode="after")
    def looking_needs_an_effect(self) -> "AnalysisSection":
        if self.looks and self.smallest_effect is None:
            raise ValueError("looks = true needs smallest_effect; add it, or remove looks")
        return self
