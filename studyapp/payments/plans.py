"""Dry runs: exactly what a panel would be asked to do, about whom, and what it would cost."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from studyapp.models import ActKind, ActState, PanelVisit, Study
from studyapp.participations.approvals import approvals
from studyapp.participations.decisions import Decision
from studyapp.participations.panels import PANELS, title_of
from studyapp.shelf.formatting import counted
from studyapp.studies.definition.study import study_definition

from .line import Refused

# Whom each kind of act may be about. Nobody is approved who is not finished here and, where the
# panel tells it, waiting there.
OFFERED = {
    ActKind.APPROVE: (Decision.APPROVE, Decision.REVIEW, Decision.PAY),
    ActKind.ASK_RETURN: (Decision.UNEARNED, Decision.REVIEW),
    ActKind.BONUS: (
        Decision.PART,
        Decision.LOST,
        Decision.UNDERPAID,
        Decision.APPROVE,
        Decision.SETTLED,
    ),
}
LONGEST_WORDS = 200
PENCE = Decimal("0.01")
# More for one person is taken for a slip: 30 for 0.30
LARGEST_BONUS = Decimal(100)


@dataclass(frozen=True)
class Wish:
    """What a researcher asks for. about: the decisions whose visits are meant. amount: of each
    bonus; None: the part that the study declares. words: the reason for asking a person to return,
    or what a bonus is for, which a visit gets once."""

    source: str
    kind: ActKind
    about: tuple[Decision, ...]
    amount: Decimal | None = None
    words: str = ""


@dataclass(frozen=True)
class Planned:
    """One visit, with who it is to the panel."""

    visit: int
    person: str
    session: str
    panel_study: str
    outcome: str
    amount: Decimal | None


@dataclass(frozen=True)
class Plan:
    """left_out: why some of those meant are not asked about."""

    wish: Wish
    currency: str
    visits: tuple[Planned, ...]
    left_out: tuple[str, ...]

    @property
    def total(self) -> Decimal:
        return sum((one.amount for one in self.visits if one.amount is not None), Decimal(0))

    @property
    def sentence(self) -> str:
        people, panel = counted(len(self.visits), "visit", "visits"), title_of(self.wish.source)
        pay = "to approve, and so to pay," if PANELS[self.wish.source].pays else "to credit"
        words = {
            ActKind.APPROVE: f"{panel} would be told {pay} {people}.",
            ActKind.ASK_RETURN: f"{panel} would ask people to return {people}.",
            ActKind.BONUS: (
                f"{panel} would be told to pay bonuses for {people}, "
                f"{self.total:.2f} {self.currency} in total, not counting its fees."
            ),
        }
        return words[self.wish.kind]

    @property
    def digest(self) -> str:
        """What a confirmation must name: whoever confirms saw this plan and no other."""
        facts = [asdict(self.wish), self.currency, [asdict(one) for one in self.visits]]
        return hashlib.sha256(json.dumps(facts, default=str).encode()).hexdigest()


def plan(study: Study, wish: Wish) -> Plan:
    """The dry run of `wish`; nothing is sent or stored. Raises Refused for what can't be asked."""
    _refuse_odd(wish)
    definition = study_definition(study)
    visits, without, again = [], 0, 0
    for row in approvals(study, kinds=wish.about):
        visit, session = row["visit"], _session(row)
        if row["panel"] != wish.source:
            continue
        if visit is None or not session:
            without += 1
        elif _was_asked(visit, wish):
            again += 1
        else:
            visits.append(_planned(row, visit, session, wish))
    left_out = [
        f"{counted(count, 'visit', 'visits')} {why}"
        for count, why in (
            (without, "without the panel's session, which its API needs"),
            (again, "for which the panel has already been asked this"),
        )
        if count
    ]
    currency = definition.pay.currency if definition.pay is not None else ""
    return Plan(wish, currency, tuple(visits), tuple(left_out))


def read_amount(text: str) -> Decimal:
    """A bonus as typed; Refused unless it is at most 100 with at most two decimals."""
    try:
        amount = Decimal(text.strip().replace(",", "."))
    except InvalidOperation as error:
        raise Refused(f"{text[:20]} is not an amount; write it like 0.50") from error
    if not (
        amount.is_finite() and 0 < amount <= LARGEST_BONUS and amount == amount.quantize(PENCE)
    ):
        raise Refused(f"a bonus is between 0.01 and {LARGEST_BONUS}, with at most two decimals")
    return amount.quantize(PENCE)


def _refuse_odd(wish: Wish) -> None:
    wrong = [one for one in wish.about if one not in OFFERED[wish.kind]]
    if wrong or not wish.about:
        names = ", ".join(f"“{one}”" for one in OFFERED[wish.kind])
        raise Refused(f"“{wish.kind.label}” is possible only for {names}; choose among these")
    if len(wish.words) > LONGEST_WORDS:
        raise Refused(f"the text is longer than {LONGEST_WORDS} characters; shorten it")
    if wish.kind != ActKind.APPROVE and not wish.words.strip():
        what = "what the bonus is for" if wish.kind == ActKind.BONUS else "the reason, politely"
        raise Refused(f"say {what}")
    if wish.kind == ActKind.BONUS and wish.amount is None and wish.about != (Decision.PART,):
        raise Refused("say how much the bonus is")


def _was_asked(visit: PanelVisit, wish: Wish) -> bool:
    acts: Iterator[Any] = (one for one in visit.acts.all() if one.state != ActState.REFUSED)
    purpose = purpose_of(wish)
    return any(one.kind == wish.kind and one.purpose == purpose for one in acts)


def purpose_of(wish: Wish) -> str:
    """What tells apart several acts of a kind about one visit: only bonuses have several."""
    return " ".join(wish.words.split()) if wish.kind == ActKind.BONUS else ""


def _session(row: dict[str, Any]) -> str:
    """What the panel knows the visit by."""
    return str(row["session"] if PANELS[row["panel"]].session else row["id"])


def _planned(row: dict[str, Any], visit: PanelVisit, session: str, wish: Wish) -> Planned:
    amount = None
    if wish.kind == ActKind.BONUS:
        amount = wish.amount or Decimal(str(row["bonus"])).quantize(PENCE)
    return Planned(visit.pk, row["id"], session, visit.panel_study, str(row["outcome"]), amount)
