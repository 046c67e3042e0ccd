"""The section of a study file about who may come, by their part in other studies of the site."""

from pydantic import Field

from .base import Section, Slug


class EntrySection(Section):
    """Other studies are named by their `slug`, and people are recognised by their panel's ids."""

    not_after: list[Slug] = Field(
        default_factory=list,
        description="Studies of this site: whoever took a place in one of them may not come.",
    )
    only_after: list[Slug] = Field(
        default_factory=list,
        description="Studies of this site: only people who finished one of them may come.",
    )

    @property
    def named(self) -> list[str]:
        """The slugs of all studies that decide who may come."""
        return [*self.not_after, *self.only_after]
