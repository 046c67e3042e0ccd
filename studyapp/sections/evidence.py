"""The section of a study file about evidence of machines among the participants.

It collects and decides nothing about anybody.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from .base import Count, Line, Section
from .limits import Limit

# The two that Prolific documents: of written answers, and of whole submissions
Authenticity = Literal["prolific_llm", "prolific_bot"]


# Why a rule may not look at something, by the name under which it is known
NOT_AUTOMATION = {
    **dict.fromkeys(
        ("repeats", "repeats_same"),
        "what people say again is an outcome, and a rule that looks at one is not blind to it",
    ),
    **dict.fromkeys(
        ("same_sides", "same_sides_equal", "artefacts", "artefacts_noticed", "side_mean"),
        "answers to pictures are outcomes, and a rule that looks at one is not blind to it",
    ),
    **dict.fromkeys(
        ("seen_pictures", "seen_as_usual", "pictures"),
        "people with low vision, or on another display, see pictures otherwise",
    ),
    **dict.fromkeys(
        ("rt_ms", "rt_lag1", "rt_skew", "rt_variation", "reaction_times"),
        "reaction times come after what a person was shown, and depend on it",
    ),
    **dict.fromkeys(
        ("path", "paths", "pointer", "pointer_events", "straight_paths"),
        "keyboards, switches, eye trackers and voice control make no path or a straight one",
    ),
    **dict.fromkeys(
        ("key_events", "key_interval_sd_ms", "key_timing"),
        "dictation, switches and typing aids make even times between keys, or no keys",
    ),
    "tab_switches": "people are interrupted, and look things up; that is no automation",
}


class EvidenceRule(Section):
    """Who is flagged: anybody who meets any of these. Nobody is left out or paid less for it."""

    webdriver: bool = Field(
        False, description="The browser said on any page that a program controls it."
    )
    untrusted_share: float | None = Field(
        None,
        gt=0,
        le=1,
        description="At least this share of the observed pages was answered by events that a "
        "script made.",
    )
    pastes: Count | None = Field(
        None, ge=1, description="Text was pasted into written answers at least this many times."
    )
    web_bot_auth: bool = Field(
        False, description="The browser signed any request as an agent (Web Bot Auth)."
    )

    @property
    def is_empty(self) -> bool:
        return not any(self.model_dump().values())


class EvidenceSection(Section):
    traces: bool = Field(
        False,
        description="Whether people are asked if their pages may record how they point, type and "
        "change tabs. What they type is never recorded.",
    )
    keep_days: Annotated[int, Limit(3_650)] = Field(
        30,
        ge=1,
        description="How many days after an answer its trace is deleted; numbers derived from it "
        "stay.",
    )
    authenticity: list[Authenticity] = Field(
        default_factory=list,
        description="Authenticity checks that Prolific makes in a survey of yours elsewhere.",
    )
    authenticity_at: Annotated[Line, Limit(200)] | None = Field(
        None, description="What people call that survey."
    )
    rule: EvidenceRule | None = Field(
        None,
        description="Who is flagged, by signs of automation alone. A flag is for sensitivity "
        "analyses: it excludes nobody and changes no payment.",
    )

    @model_serializer(mode="wrap")
    def without_absent_keys(self, usual: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out the rule where there is none, so that earlier digests stay."""
        found: dict[str, Any] = usual(self)
        if self.rule is None:
            found.pop("rule", None)
        return found
