"""How a block presents its pictures: how long, in which order, covered or enlarged on request."""

from typing import Annotated, Literal

from pydantic import Field

from .base import Section
from .limits import Limit

Milliseconds = Annotated[int, Limit(60_000)]


class PresentationSection(Section):
    """Without it all pictures of a page appear together and stay."""

    fixation_ms: Milliseconds | None = Field(
        None, ge=1, description="How long a cross is shown before the pictures."
    )
    exposure_ms: Milliseconds | None = Field(
        None,
        ge=1,
        description="How long pictures are seen; the answers appear afterwards. If left out, they "
        "stay.",
    )
    mask: Literal["none", "noise"] = Field(
        "none", description="What takes a picture's place when it vanishes."
    )
    mask_ms: Milliseconds | None = Field(None, ge=1, description="How long the mask is shown.")
    order: Literal["together", "one_after_another"] = Field(
        "together", description="Whether pictures are shown at once, or each by itself."
    )
    gap_ms: Milliseconds | None = Field(
        None, ge=1, description="How long nothing is shown between two pictures."
    )
    reveal: Literal["at_once", "on_request"] = Field(
        "at_once",
        description="Whether pictures are covered until people ask for them, one at a time; each "
        "look is stored.",
    )
    zoom: bool = Field(
        False, description="Whether people may enlarge pictures; each time is stored."
    )

    @property
    def is_sequence(self) -> bool:
        """Whether a page has more to show than its pictures at once, so that the answers wait."""
        return self.fixation_ms is not None or self.exposure_ms is not None

    @property
    def needs_script(self) -> bool:
        """Whether a page without script would be another trial."""
        return self.is_sequence or self.reveal == "on_request"
