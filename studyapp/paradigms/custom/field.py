"""A field of a custom page: what is asked, how it is answered, and when it is shown."""

from typing import Annotated, Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from studyapp.paradigms.wording import Answer
from studyapp.sections.base import Bound, Name, Section, ShownText, ShownWords
from studyapp.sections.limits import Limit

OF_A_NUMBER = {"least", "most", "decimals", "unit"}
# Keys that a field reads, by its kind
FIELD_KEYS = {
    "choice": {"choices"},
    "several": {"choices", "least", "most"},
    "scale": {"points", "lowest", "highest"},
    "matrix": {"items", "choices", "points", "lowest", "highest"},
    "slider": {"least", "most", "lowest", "highest"},
    "text": {"longest"},
    "line": {"longest"},
    "number": OF_A_NUMBER,
}
FIELD_ALWAYS = {"name", "question", "kind", "required", "may_decline", "show_if"}
# What a slider's number may be, so that it fits the column of `value`
FURTHEST = 10_000
MOST_ITEMS = 30
# A matrix adds the number of an item to its name, which a column's width limits
LONGEST_MATRIX_NAME = 57


class ShowIfSection(Section):
    """When a field is shown: after one of these answers to an earlier field of the page."""

    field: Name = Field(description="Name of an earlier field: a choice, several choices, a scale.")
    answers: list[Answer | Annotated[int, Limit(100)]] = Field(
        min_length=1, description="Its answers in words; of a scale the steps."
    )


class FieldSection(Section):
    """A field of a custom page."""

    name: Name = Field(description="Its name in the data; `value` for the main answer.")
    question: ShownText = Field(description="What is asked.")
    kind: Literal["choice", "several", "scale", "matrix", "slider", "text", "line", "number"] = (
        Field(
            "choice",
            description="How it is answered: a choice, several choices, steps of a scale, a matrix "
            "of items on one scale, a slider, a text, a line of text, a number.",
        )
    )
    choices: list[ShownText] = Field(
        default_factory=list,
        description="Of a choice, of several, or of each item of a matrix, in order.",
    )
    items: list[ShownText] = Field(
        default_factory=list,
        max_length=MOST_ITEMS,
        description="Of a matrix; their answers are called by its name with _1, _2, …",
    )
    points: int = Field(7, ge=2, le=11, description="Of a scale or a matrix.")
    lowest: ShownWords = Field("", description="Words at 1, or at a slider's left end.")
    highest: ShownWords = Field("", description="Words at the other end.")
    longest: int = Field(2000, ge=1, le=20000, description="Characters of a text or a line.")
    least: Bound = Field(
        0,
        ge=-(10**9),
        description="The smallest number, a slider's left end, or how many choices at least.",
    )
    most: Bound = Field(
        1_000_000,
        ge=-(10**9),
        description="The largest number, a slider's right end (100), or how many choices at most "
        "(all).",
    )
    decimals: int = Field(0, ge=0, le=2, description="Of a number; 0 for whole numbers.")
    unit: ShownWords = Field("", description="Shown after the box of a number, such as “years”.")
    required: bool = Field(True, description="Whether it must be answered.")
    may_decline: bool = Field(
        False,
        description="Offers “Prefer not to say”, in the study's language: a separate answer, "
        "neither missing nor counted with the others.",
    )
    show_if: ShowIfSection | None = Field(
        None, description="Shows the field only after certain answers to an earlier one."
    )

    @model_validator(mode="before")
    @classmethod
    def with_bounds_of_its_kind(cls, given: Any) -> Any:
        """A slider goes to 100, and of several choices all may be chosen, where nothing is said."""
        if not isinstance(given, dict):
            return given
        if given.get("kind") == "slider":
            return {"most": 100, **given}
        if given.get("kind") == "several" and isinstance(given.get("choices"), list):
            usual = {"least": int(bool(given.get("required", True))), "most": len(given["choices"])}
            return {**usual, **given}
        return given

    @model_validator(mode="after")
    def a_choice_has_choices(self) -> "FieldSection":
        if self.kind in ("choice", "several") and len(self.choices) < 2:
            raise ValueError(f"the field {self.name} needs two choices or more")
        fits = 0 <= self.least <= self.most <= len(self.choices) and self.most >= 1
        if self.kind == "several" and not fits:
            raise ValueError(
                f"the field {self.name} has {len(self.choices)} choices, of which from "
                f"{self.least:g} to {self.most:g} should be chosen; change least or most"
            )
        return self

    @model_validator(mode="after")
    def a_matrix_has_items(self) -> "FieldSection":
        if self.kind != "matrix":
            return self
        if not self.items:
            raise ValueError(f"the matrix {self.name} has no items; list them")
        if len(self.choices) == 1:
            raise ValueError(f"the matrix {self.name} needs two choices or more, or points")
        if self.choices and self.model_fields_set & {"points", "lowest", "highest"}:
            raise ValueError(
                f"the matrix {self.name} has both choices and a scale; remove the choices, or "
                "points, lowest and highest"
            )
        if len(self.name) > LONGEST_MATRIX_NAME:
            raise ValueError(
                f"the matrix's name {self.name} is too long; use {LONGEST_MATRIX_NAME} letters or "
                "fewer"
            )
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

    @model_validator(mode="after")
    def a_slider_has_two_ends(self) -> "FieldSection":
        if self.kind != "slider":
            return self
        if self.least == self.most or max(abs(self.least), abs(self.most)) > FURTHEST:
            raise ValueError(
                f"the slider {self.name} goes from {self.least:g} to {self.most:g}; use two whole "
                f"numbers within ±{FURTHEST}"
            )
        return self

    @model_serializer(mode="wrap")
    def without_new_keys(self, usual: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leaves out keys that came later and are not used, so that earlier digests stay."""
        found: dict[str, Any] = usual(self)
        strange = OF_A_NUMBER - FIELD_KEYS[self.kind]
        if self.kind != "matrix":
            strange |= {"items"}
        elif self.choices:
            strange |= {"points", "lowest", "highest"}
        if not self.may_decline:
            strange |= {"may_decline"}
        if self.show_if is None:
            strange |= {"show_if"}
        return {key: value for key, value in found.items() if key not in strange}

    @property
    def names(self) -> list[str]:
        """The names of its answers: of a matrix one for each item."""
        if self.kind != "matrix":
            return [self.name]
        return [f"{self.name}_{number}" for number in range(1, len(self.items) + 1)]
