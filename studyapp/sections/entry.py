"""The section of a study file about who may come, by their part in other studies of the site."""

from typing import Annotated, Literal

from pydantic import Field

from .base import Section, Slug
from .limits import Limit


class EntrySection(Section):
    """Other studies are named by their `slug`, and people are recognised by their panel's ids."""

    not_after: list[Slug] = Field(
        default_factory=list,
        description="Studies of this site: nobody who took a place in one of them may come.",
    )
    only_after: list[Slug] = Field(
        default_factory=list,
        description="Studies of this site: only people who finished one of them may come.",
    )

    wait_days: Annotated[int, Limit(3_650)] | None = Field(
        None, ge=1, description="How many days after finishing that study they may come."
    )
    at_most_days: Annotated[int, Limit(3_650)] | None = Field(
        None, ge=1, description="No later than this many days after finishing it."
    )
    arm: Literal["any", "same", "other"] = Field(
        "any",
        description="Which arm people get who come after another study: the one of the same name, "
        "another one, or any.",
    )

    waiting_list: bool = Field(
        False, description="Whether people who come when all places are taken may wait for one."
    )

    @property
    def named(self) -> list[str]:
        """The slugs of all studies that decide who may come."""
        return [*self.not_after, *self.only_after]
