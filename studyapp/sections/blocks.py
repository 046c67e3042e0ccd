"""What every block of trials has; a paradigm adds the keys that its own questions need."""

from typing import Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from .base import Count, Name, Section
from .presentation import PresentationSection


class BlockSection(Section):
    """A run of trials shuffled together."""

    name: Name = Field(description="Its name in the data.")
    paradigm: Name = Field(description="The kind of question.")
    stage: Literal["practice", "learning", "main"] = Field(
        "main", description="“learning” only where a paradigm has people learn first."
    )
    trials: int = Field(ge=1, le=1000, description="Photos a person is asked about, or pages.")
    checks: int = Field(0, ge=0, le=50, description="Attention checks placed among the trials.")
    repeats: int = Field(
        0, ge=0, le=200, description="Trials asked again at the end, sides swapped: reliability."
    )
    conditions: list[Name] | None = Field(None, description="By default all of the arm's.")
    stimuli: Count | None = Field(
        None, ge=1, description="This block's share of the photos if several use one paradigm."
    )
    confidence: bool = Field(False, description="Whether people rate how sure they are, 1 to 5.")
    pass_at: Count | None = Field(
        None,
        ge=1,
        description="Right answers needed in practice, or the study ends there.",
    )
    presentation: PresentationSection | None = Field(
        None, description="How its pictures are presented; by default together, and they stay."
    )

    @model_serializer(mode="wrap")
    def without_absent_keys(self, usual: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out absent keys, so that digests of earlier studies stay the same."""
        return self.as_stored(usual(self))

    def as_stored(self, found: dict[str, Any]) -> dict[str, Any]:
        """`found` without the keys that came later and are absent here."""
        return {key: one for key, one in found.items() if key != "presentation" or one is not None}

    @property
    def compared(self) -> list[tuple[str, str]]:
        """Every two conditions whose pictures stand on one page, where the block names them."""
        return []

    @property
    def wording(self) -> str:
        """The digest of the study's own words; empty where the built-in ones are asked."""
        return ""

    @property
    def describing(self) -> list[str]:
        """The names of its questions by whose answers a person might be recognised among others."""
        return []

    @property
    def offers_declining(self) -> bool:
        """Whether each question of its pages may be answered with “Prefer not to say”."""
        return False

    @property
    def is_main(self) -> bool:
        return self.stage == "main"
