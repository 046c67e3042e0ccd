"""A moderator of a table of judgments: something that the effect of methods may depend on."""

from dataclasses import dataclass

from studyapp.sections.moderators import Kind, Of


@dataclass(frozen=True)
class Moderator:
    """column: where the table has a level's name or the number, missing where nobody gave one.
    levels: those that somebody has, in their order; none of a number."""

    of: Of
    field: str
    kind: Kind
    is_planned: bool
    levels: tuple[str, ...] = ()

    @property
    def column(self) -> str:
        return column_of(self.of, self.field)


def column_of(of: str, field: str) -> str:
    return f"{of}.{field}"
