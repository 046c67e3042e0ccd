"""What every panel says of itself. A further panel is one file here and one line in PANELS."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from studyapp.participations.refusals import ParticipationError

LONGEST_ID = 200
PRINTABLE = re.compile(r"[^\x00-\x1f\x7f-\x9f]+")


class DamagedLink(ParticipationError):
    """An address whose parameters are not as the panel, or this site, wrote them."""


@dataclass(frozen=True)
class Visit:
    """Somebody sent by a panel: who, and in which of the panel's sessions."""

    source: str
    external_id: str
    details: dict[str, str]


def as_given(slug: str, person: str) -> str:
    """An id that the panel vouches for by sending it."""
    return person


@dataclass(frozen=True)
class Panel:
    """How a panel sends people.

    person: the parameter of its address that tells who comes. details: further ones, which join
    the answers with the panel's own data. read: (slug of the study, that parameter) → the
    person's id; DamagedLink where it can't be one. fewest_failed_checks: of instructed checks, so
    many at least must be failed before this panel is told so.
    """

    name: str
    person: str
    details: tuple[str, ...] = ()
    read: Callable[[str, str], str] = as_given
    fewest_failed_checks: int = 1

    def visit(self, slug: str, query: Mapping[str, str]) -> Visit | None:
        """The visit that an address' parameters tell of; None if they are not this panel's."""
        person = query.get(self.person, "").strip()
        if not person:
            return None
        found = {name: query[name] for name in self.details if query.get(name)}
        for text in (person, *found.values()):
            if len(text) > LONGEST_ID or not PRINTABLE.fullmatch(text):
                raise DamagedLink(_("This link is damaged. Please open it as you were given it."))
        return Visit(self.name, self.read(slug, person), found)
