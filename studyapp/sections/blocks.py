"""The sections about what is asked: blocks of trials and the fields of custom pages."""

from typing import Any, Literal

from pydantic import (
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from .base import Bound, Count, Name, Section, Text, Words

OF_A_NUMBER = {"least", "most", "decimals", "unit"}


class FieldSection(Section):
    """A field of a custom page."""

    name: Name = Field(description="As it stands in the data; `value` for the main answer.")
    question: Text = Field(description="What is asked.")
    kind: Literal["choice", "scale", "text", "line", "number"] = Field(
        "choice", description="How it is answered; a line is a text of one line."
    )
    choices: list[Text] = Field(default_factory=list, description="Of a choice, in order.")
    points: int = Field(7, ge=2, le=11, description="Of a scale.")
    lowest: Words = Field("", description="Words at 1.")
    highest: Words = Field("", description="Words at the other end.")
    longest: int = Field(2000, ge=1, le=20000, description="Characters of a text or a line.")
    least: Bound = Field(0, ge=-(10**9), description="The smallest number that is accepted.")
    most: Bound = Field(1_000_000, ge=-(10**9), description="The largest number that is accepted.")
    decimals: int = Field(0, ge=0, le=2, description="Of a number; 0 for whole numbers.")
    unit: Words = Field("", description="Stands behind the box of a number, such as “years”.")
    required: bool = Field(True, description="Whether it must be answered.")
    may_decline: bool = Field(
        False,
        description="Offers “Prefer not to say”, in the study's language: an answer of its own, "
        "neither missing nor counted with the others.",
    )

    @model_validator(mode="after")
    def a_choice_has_choices(self) -> "FieldSection":
        if self.kind == "choice" and len(self.choices) < 2:
            raise ValueError(f"the field {self.name} needs two choices or more")
        return self

    @model_validator(mode="after")
    def a_number_has_a_range(self) -> "FieldSection":
        if self.least > self.most:
            raise ValueError(
                f"the field {self.name} accepts no number: least = {self.least:g} is more than "
                f"most = {self.most:g}; change one of them"
            )
        for key, bound in (("least", self.least), ("most", self.most)):
            if round(bound, self.decimals) != bound:
                raise ValueError(
                    f"{key} = {bound:g} of the field {self.name} has more decimals than "
                    f"decimals = {self.decimals}; change one of them"
                )
        return self

    @model_serializer(mode="wrap")
    def without_new_keys(self, usual: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """As before there were numbers where there are none, so that digests stay as they were."""
        found: dict[str, Any] = usual(self)
        if self.kind != "number":
            found = {key: value for key, value in found.items() if key not in OF_A_NUMBER}
        if not self.may_decline:
            found.pop("may_decline", None)
        return found


class BlockSection(Section):
    """A run of trials shuffled together."""

    name: Name = Field(description="As it stands in the data.")
    paradigm: Name = Field(description="The kind of question.")
    stage: Literal["practice", "learning", "main"] = Field(
        "main", description="“learning” only in meta_prediction."
    )
    trials: int = Field(ge=1, le=1000, description="Photos a person is asked about, or pages.")
    checks: int = Field(0, ge=0, le=50, description="Attention checks strewn among the trials.")
    repeats: int = Field(
        0, ge=0, le=200, description="Trials asked again at the end, sides swapped: reliability."
    )
    conditions: list[Name] | None = Field(None, description="All of the arm's where left out.")
    stimuli: Count | None = Field(
        None,
        ge=1,
        description="This block's share of the photos when several use one paradigm.",
    )
    session: Count | None = Field(None, ge=1, description="Session of a meta-prediction study.")
    steps: Literal["one", "two"] = Field("two", description="Of reliance.")
    confidence: bool = Field(False, description="Ask how sure people are, 1 to 5.")
    pass_at: Count | None = Field(
        None,
        ge=1,
        description="Right answers needed in practice, or the study ends there.",
    )
    with_photos: bool = Field(False, description="Of open_text and custom: ask about photos.")
    question: Text | None = Field(None, description="Of open_text.")
    required: bool = Field(True, description="Of open_text: whether it must be answered.")
    longest: int = Field(2000, ge=1, le=20000, description="Of open_text, in characters.")
    items: list[Text] = Field(default_factory=list, description="Of rating and questionnaire.")
    points: int = Field(7, ge=2, le=11, description="Of the items' scale.")
    lowest: Words = Field("", description="Words at 1.")
    highest: Words = Field("", description="Words at the other end.")
    instrument: Name | None = Field(None, description="A published questionnaire: checked, scored.")
    text: Name | None = Field(None, description="Of custom: key in `texts` of the HTML fragment.")
    fields: list[FieldSection] = Field(default_factory=list, description="Of custom.")

    @property
    def is_main(self) -> bool:
        return self.stage == "main"
