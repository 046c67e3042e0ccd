"""What every block of trials has; a paradigm adds the keys that its own questions need."""

from typing import Literal

from pydantic import Field

from .base import Count, Name, Section


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

    @property
    def is_main(self) -> bool:
        return self.stage == "main"
