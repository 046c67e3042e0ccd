"""The sections about who takes part: the panel, questions before the trials."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from .base import Code, Count, Line, Name, Section, ShownText
from .limits import Limit

Device = Literal["desktop", "tablet", "phone"]
DEVICES: tuple[Device, ...] = ("desktop", "tablet", "phone")


class Codes(Section):
    """What a panel is told, one code per outcome."""

    complete: Code | None = Field(None, description="By default drawn for each person.")
    no_consent: Code | None = Field(None, description="Did not agree.")
    screened_out: Code | None = Field(None, description="Not eligible, by the screening.")
    failed_checks: Code | None = Field(None, description="Failed checks, questions or practice.")
    full: Code | None = Field(None, description="Came when all places were taken.")
    timed_out: Code | None = Field(
        None, description="Came back after the place had been given away."
    )


class PanelSection(Section):
    kind: Literal["link", "personal", "prolific", "mturk", "connect", "sona"] = Field(
        "link", description="“personal” for your own signed links, “link” for one open to all."
    )
    codes: Codes = Field(
        default_factory=lambda: Codes.model_validate({}),
        description="What the panel is told, by outcome.",
    )
    redirect: Annotated[Line, Limit(2_000)] | None = Field(
        None, description="The panel's address; the code is appended, or replaces {code}."
    )
    redirect_seconds: Annotated[int, Limit(600)] | None = Field(
        None, ge=10,
        description="Seconds before the last page goes to the panel automatically; if left out, "
        "people press a button.",
    )  # fmt: skip
    people_per_device: int = Field(
        1,
        ge=1,
        le=1000,
        description="With an open link: people who may take part per browser.",
    )
    smallest_window: Annotated[int, Limit(10_000)] = Field(
        320, ge=200, description="The narrowest window, in pixels."
    )
    devices: list[Device] = Field(
        default_factory=lambda: list(DEVICES), description="Which devices people may use."
    )
    erase_ids_on: date | None = Field(
        None, strict=False, description="The day on which the panel's ids are erased."
    )


class QuestionSection(Section):
    """A question before the trials, with answers of which some are accepted."""

    question: ShownText = Field(description="What is asked.")
    answers: list[ShownText] = Field(min_length=2, description="The choices, in order.")
    accept: list[Count] = Field(min_length=1, description="The accepted answers, counted from 1.")

    @model_validator(mode="after")
    def accepted_answers_exist(self) -> "QuestionSection":
        for number in self.accept:
            if not 1 <= number <= len(self.answers):
                raise ValueError(
                    f"accept names answer {number}, but there are {len(self.answers)} answers; "
                    "count them from 1"
                )
        return self

    @property
    def accepted(self) -> list[str]:
        """The accepted answers in words."""
        return [self.answers[number - 1] for number in self.accept]


class StratumSection(Section):
    """People whose answers to a screening question are alike for the study."""

    name: Name = Field(description="Its name in the data: all that is stored of the answer.")
    answers: list[Count] = Field(
        min_length=1, description="The accepted answers that belong to it, counted from 1."
    )
    people: Count | None = Field(
        None, ge=1,
        description="Its quota: how many places of the design are for these people. Without "
        "quotas, arms are only balanced within each stratum.",
    )  # fmt: skip


class ScreeningSection(QuestionSection):
    """A question before consent, whose answer may tell to which stratum a person belongs."""

    name: Name | None = Field(None, description="Its name in the data; needed with strata.")
    strata: list[StratumSection] = Field(
        default_factory=list,
        description="Groups of accepted answers. Only the group is stored, not the answer.",
    )

    @model_serializer(mode="wrap")
    def without_absent_keys(self, usual: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out absent keys that came later, so that digests of earlier studies stay."""
        found: dict[str, Any] = usual(self)
        return {key: value for key, value in found.items() if value or key not in LATER}

    @property
    def has_quotas(self) -> bool:
        return any(one.people is not None for one in self.strata)

    @property
    def groups(self) -> list[list[str]]:
        """The answers of each stratum, in words."""
        return [[self.answers[number - 1] for number in one.answers] for one in self.strata]

    def stratum_of(self, answer: int) -> str:
        """The stratum of an accepted answer, counted from 1."""
        return next(one.name for one in self.strata if answer in one.answers)


LATER = ("name", "strata")


class ComprehensionSection(Section):
    """Questions about the instructions, with feedback; trials begin once they are passed."""

    attempts: int = Field(2, ge=1, le=10, description="After this many failures the study ends.")
    questions: list[QuestionSection] = Field(min_length=1, description="All on one page.")
