"""The sections of a study file about when a study ends and how it is analysed."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    Field,
    SerializerFunctionWrapHandler,
    TypeAdapter,
    WrapValidator,
    model_serializer,
    model_validator,
)

from .base import Amount, Line, Name, Section, Text
from .limits import Limit
from .moderators import ModeratorSection

Direction = Literal["greater", "less", "different", "equivalent"]
# By what a hypothesis is decided: the robust way, or one of the mixed models whose effects of
# methods vary by person and photo. Those without such terms raise too many false alarms.
DecidedBy = Literal["robust", "glmer_full", "clmm_full", "clmm_side_full"]

# Of [analysis], with what they are where a file has none of them
CAME_LATER: Mapping[str, Any] = {
    "alpha": 0.05, "sided": "two", "sample_size_reason": None, "missing_data": None,
    "moderators": [],
}  # fmt: skip


class StoppingSection(Section):
    rule: Literal["all_places", "date", "sequential"] = Field(
        "all_places", description="What ends the study."
    )
    detail: Annotated[str, Limit(5_000)] = Field("", description="The rule in words.")


class HypothesisSection(Section):
    """A hypothesis that is tied to a contrast, whose test gives it a verdict."""

    text: Text = Field(description="The hypothesis in words.")
    contrast: list[Annotated[Line, Limit(200)]] = Field(
        min_length=1,
        max_length=2,
        description="Two conditions, the first minus the second; or one, against chance or 0.",
    )
    paradigm: Name | None = Field(
        None, description="The kind of question; may be left out if only one has a score."
    )
    direction: Direction = Field(
        description="What is expected of the first: more than the second (or than chance), less, "
        "a difference either way, or a difference smaller than the smallest effect."
    )
    smallest_effect: Amount | None = Field(
        None,
        gt=0,
        description="The smallest effect of interest, in the unit of the estimate; by default that "
        "of `analysis`.",
    )
    model: DecidedBy = Field(
        "robust", description="What alone decides: the two-way robust t, or a mixed model."
    )


def checked_hypothesis(given: Any, usual: Any) -> str | HypothesisSection:
    """Words, or a section: what is wrong with a section is told by its own keys."""
    if isinstance(given, HypothesisSection):
        return given
    if isinstance(given, dict):
        return HypothesisSection.model_validate(given)
    return WORDS.validate_python(given, strict=True)


WORDS: TypeAdapter[str] = TypeAdapter(Text)
Hypothesis = Annotated[Text | HypothesisSection, WrapValidator(checked_hypothesis)]


class AnalysisSection(Section):
    reference: Name | None = Field(None, description="Condition that contrasts refer to.")
    smallest_effect: Amount | None = Field(
        None, gt=0, description="The smallest effect of interest, in the outcome's unit."
    )
    hypotheses: list[Hypothesis] = Field(
        default_factory=list,
        description="In words, one each; as a section, a hypothesis is tied to a contrast, and the "
        "results give a verdict.",
    )
    alpha: float = Field(
        0.05, gt=0, le=0.2, description="The level of all tied hypotheses together."
    )
    sided: Literal["two", "one"] = Field(
        "two", description="With one, the opposite of a hypothesis can't be claimed."
    )
    sample_size_reason: Text | None = Field(
        None, description="Why so many people and photos, in words, for the preregistration."
    )
    missing_data: Text | None = Field(
        None, description="What is done about missing answers, beside the rule that always holds."
    )
    moderators: list[ModeratorSection] = Field(
        default_factory=list, max_length=20, description="What the effect of methods may depend on."
    )
    looks: bool = Field(False, description="Whether results may be looked at before the end.")

    @model_serializer(mode="wrap")
    def without_absent_keys(self, usual: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out keys that came later, so that digests of earlier studies stay the same."""
        found = usual(self)
        return {
            key: one
            for key, one in found.items()
            if key not in CAME_LATER or one != CAME_LATER[key]
        }

    @property
    def tied(self) -> list[tuple[int, HypothesisSection]]:
        """The hypotheses that are tied to a contrast, by their numbers from 1."""
        return [
            (number, one)
            for number, one in enumerate(self.hypotheses, 1)
            if isinstance(one, HypothesisSection)
        ]

    @model_validator(mode="after")
    def looking_needs_an_effect(self) -> "AnalysisSection":
        if self.looks and self.smallest_effect is None:
            raise ValueError("looks = true needs smallest_effect; add it, or remove looks")
        return self
