"""What the API of a panel can do. A further panel is one file here and one line in `APIS`."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol, runtime_checkable

from studyapp.models import ActKind, VisitStatus


@dataclass(frozen=True)
class Told:
    """What the panel says of one session; words: its own, for a status that is unknown here."""

    session: str
    status: VisitStatus | None
    words: str
    return_was_asked: bool = False


@dataclass(frozen=True)
class Bonus:
    """So much for one session, in the currency of the panel's study."""

    session: str
    amount: Decimal


@dataclass(frozen=True)
class Subscription:
    """That the panel sends messages to this site: its number, and what they are signed with."""

    number: str
    secret: str


class PanelApi(Protocol):
    """A panel, called with one researcher's token. Every method raises Refused if nothing was
    changed, and those that change something Unanswered if it may have been.

    at_once: how many sessions one call may be about, for each kind of act that the panel offers;
    a call is done for all of them or for none. Where a panel has no sessions, the person's id
    stands for one.
    """

    @property
    def at_once(self) -> Mapping[ActKind, int]: ...

    def whose(self) -> str:
        """Whose token it is, in words that a researcher recognises."""

    def statuses(self, panel_study: str) -> Iterator[Told]:
        """Every session of the panel's study, as it is now."""

    def approve(self, sessions: Sequence[str]) -> None: ...

    def ask_return(self, sessions: Sequence[str], reason: str) -> None: ...

    def pay(self, panel_study: str, bonuses: Sequence[Bonus]) -> str:
        """Pay the bonuses; the panel's number of the payment. Never sent twice by itself."""


@dataclass(frozen=True)
class Expected:
    """What this site tells people: the study's address, its codes by outcome, and its pay."""

    slug: str
    codes: Mapping[str, str]
    pay: Decimal | None
    part: Decimal
    currency: str


@runtime_checkable
class HasCodes(Protocol):
    """A panel that knows the study's completion codes."""

    def complaints(self, panel_study: str, expected: Expected) -> Iterator[str]:
        """Where the panel's study differs from this site's: one sentence each, with what to do."""


@runtime_checkable
class SendsNews(Protocol):
    """A panel that sends signed messages when a session changes; route: the name of this site's
    address for them (`studyapp/urls.py`)."""

    @property
    def route(self) -> str: ...

    def subscribe(self, address: str, workspace: str) -> Subscription:
        """Have changes sent to `address`, confirmed; a subscription that is there is taken."""


Api = Callable[[str], PanelApi]
