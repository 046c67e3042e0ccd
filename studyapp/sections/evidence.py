"""The section of a study file about evidence of machines among the participants.

It collects and decides nothing about anybody.
"""

from typing import Annotated, Literal

from pydantic import Field

from .base import Line, Section
from .limits import Limit

# The two that Prolific documents: of written answers, and of whole submissions
Authenticity = Literal["prolific_llm", "prolific_bot"]


class EvidenceSection(Section):
    traces: bool = Field(
        False,
        description="Whether people are asked if their pages may record how they point, type and "
        "change tabs. What they type is never recorded.",
    )
    keep_days: Annotated[int, Limit(3_650)] = Field(
        30,
        ge=1,
        description="Days after an answer on which its trace is deleted; what was derived stays.",
    )
    authenticity: list[Authenticity] = Field(
        default_factory=list,
        description="Authenticity checks that Prolific makes in a survey of yours elsewhere.",
    )
    authenticity_at: Annotated[Line, Limit(200)] | None = Field(
        None, description="That survey, as people know it."
    )
