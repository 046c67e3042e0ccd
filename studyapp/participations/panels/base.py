"""What every panel says of itself. A further panel is one file here and one line in PANELS."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _

from studyapp.participations.refusals import ParticipationError

LONGEST_ID = 200
PRINTABLE = re.compile(r"[^\x00-\x1f\x7f-\x9f]+")
# What a panel, a survey tool or a template should have replaced by a person's id
PLACEHOLDER = re.compile(r"\{\{.*\}\}|\{%.*%\}|%[A-Za-z_]+%|\$\{.*\}|\[%.*%\]|<[A-Za-z_ ]+>|…")
DAMAGED = _("This link is damaged. Please open it exactly as you received it.")


class DamagedLink(ParticipationError):
    """An address whose parameters are not as the panel, or this site, wrote them."""


class UnfilledLink(DamagedLink):
    """An address with a panel's placeholder where a person's id should be."""


class PreviewLink(ParticipationError):
    """An address by which a panel shows its people what a study is, before they take it."""


@dataclass(frozen=True)
class Visit:
    """A person sent by a panel: who, and in which of the panel's sessions of which study.

    is_signed: this site signed the address, so nobody else can have made it up.
    """

    source: str
    external_id: str
    details: dict[str, str] = field(default_factory=dict)
    session: str = ""
    panel_study: str = ""
    is_signed: bool = False


def folded(text: str) -> str:
    """One spelling of what looks alike: full-width letters, invisible characters, blanks."""
    plain = unicodedata.normalize("NFKC", text)
    return "".join(one for one in plain if unicodedata.category(one) != "Cf").strip()


def spelled(text: str) -> str:
    """One spelling of a status: panels' APIs, messages and CSV files put blanks, hyphens or
    underscores."""
    return re.sub(r"[_\s]+", "-", text.strip().upper())[:40]


def as_given(door: str, person: str) -> str:
    """An id in whatever form its panel gives it."""
    return person


def in_form(pattern: str, spelling: Callable[[str], str]) -> Callable[[str, str], str]:
    """A `read` for ids of one form: `spelling` of the text must be `pattern`, else DamagedLink."""

    def read(door: str, text: str) -> str:
        person = spelling(folded(text))
        if not re.fullmatch(pattern, person, re.ASCII):
            raise DamagedLink(DAMAGED)
        return person

    return read


@dataclass(frozen=True)
class Panel:
    """How a panel sends people.

    person: the parameter of its address that tells who comes. study, session: further ones, which
    join the answers with the panel's own data; the session is known to the person and the panel
    alone. read: (door of the study, that parameter) → the person's id; DamagedLink where it can't
    be one. signs: this site signs the address itself. preview: the session's value in a preview.
    fewest_failed_checks: of instructed checks, so many at least must be failed before this panel
    is told so. tells_status: it says what became of a session, so one of which it has not is not
    paid without looking. has_common_name: others call a parameter `person` too, so the open link
    takes it for the panel's only beside all further ones. pays: in money, not in credits. title:
    what people call it.
    """

    name: str
    person: str
    study: str = ""
    session: str = ""
    read: Callable[[str, str], str] = as_given
    signs: bool = False
    preview: str = ""
    fewest_failed_checks: int = 1
    tells_status: bool = False
    has_common_name: bool = False
    pays: bool = True
    title: str = ""

    @property
    def details(self) -> tuple[str, ...]:
        """The names of the further parameters."""
        return tuple(filter(None, (self.study, self.session)))

    def visit(self, door: str, query: Mapping[str, str]) -> Visit | None:
        """The visit that an address' parameters tell of; None if they are not this panel's.

        Raises PreviewLink, UnfilledLink, DamagedLink.
        """
        if self.preview and query.get(self.session) == self.preview:
            raise PreviewLink(_("This is a preview of the study."))
        person = query.get(self.person, "").strip()
        if not person:
            return None
        found = {name: query[name].strip() for name in self.details if query.get(name)}
        for name, text in {self.person: person, **found}.items():
            _refuse_odd(name, text)
        return Visit(
            self.name,
            self.read(door, person),
            found,
            session=found.get(self.session, ""),
            panel_study=found.get(self.study, ""),
            is_signed=self.signs,
        )


def _refuse_odd(name: str, text: str) -> None:
    # What was to be filled in may stand there by its bare name too
    if PLACEHOLDER.search(text) or text.casefold() == name.casefold():
        raise UnfilledLink(
            _(
                "The site that sent you here left your ID out of the link. Please go back there "
                "and open the study again. If that does not help, tell the people who run that "
                "site."
            )
        )
    if len(text) > LONGEST_ID or not PRINTABLE.fullmatch(text):
        raise DamagedLink(DAMAGED)
