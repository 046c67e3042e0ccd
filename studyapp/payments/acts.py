"""A confirmed plan is carried out: a row for each visit before the panel is called, its end after.

The row comes first, as unknown. If the process dies or the answer is lost it stays so, and nothing
is sent again until a researcher has looked at the panel. The table's constraint lets no visit have
two, whoever presses the button twice or at once.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.db import IntegrityError, transaction

from studyapp.models import ActKind, ActState, PanelAct, PanelVisit, Study, VisitStatus
from studyapp.participations.decisions import Decision
from studyapp.participations.panels import PANELS
from studyapp.participations.visit_states import PAID

from .access import access_of, api_of
from .base import Bonus, PanelApi
from .line import Refused, Unanswered
from .plans import Plan, Planned, Wish, plan, purpose_of

# A page of the desk waits so long at most; the rest stays to be confirmed again
LONGEST_SECONDS = 20.0


class StalePlan(Refused):
    """What would be sent is no longer what was shown."""


@dataclass
class Outcome:
    """How many visits it was done for, refused for, and not known for; how many were left out as
    they had changed meanwhile, and how many were not begun."""

    done: int = 0
    refused: int = 0
    unknown: int = 0
    changed: int = 0
    not_begun: int = 0
    sentences: list[str] = field(default_factory=list)

    @property
    def sentence(self) -> str:
        counts = {
            "done": self.done,
            "refused": self.refused,
            "unknown, check at the panel": self.unknown,
            "left out, because they had changed": self.changed,
            "not begun yet (do it again for these)": self.not_begun,
        }
        told = ", ".join(f"{count} {words}" for words, count in counts.items() if count)
        return f"{told or 'Nothing was sent'}. {' '.join(self.sentences)}".strip()


def carry_out(study: Study, wish: Wish, digest: str, by: str) -> Outcome:
    """Ask the panel for what the plan with this digest lists.

    Raises NoAccess, Refused, and StalePlan if the plan is another one by now.
    """
    api = api_of(access_of(study, wish.source))
    if wish.kind not in api.at_once:
        raise Refused(f"{wish.source} can't be asked to {wish.kind.label}")
    planned = plan(study, wish)
    if planned.digest != digest:
        raise StalePlan("What would be sent has changed since it was shown; look at it again.")
    outcome, began = Outcome(), time.monotonic()
    for chunk in _chunks(planned, api.at_once[wish.kind]):
        if time.monotonic() - began > LONGEST_SECONDS:
            outcome.not_begun += len(chunk)
            continue
        rows = _written(study, planned, chunk, by)
        outcome.changed += len(chunk) - len(rows)
        if rows:
            _ask(api, planned, chunk, rows, outcome)
    return outcome


def settle(act: PanelAct, *, was_done: bool, by: str) -> int:
    """Say of an act whose answer was lost, and of the others of the same payment, what the panel
    shows; how many there were, 0 if they were settled before."""
    state = ActState.DONE if was_done else ActState.REFUSED
    lost = PanelAct.objects.filter(study=act.study_id, state=ActState.UNKNOWN)
    lost = lost.filter(batch=act.batch) if act.batch else lost.filter(pk=act.pk)
    return lost.update(state=state, sentence=f"looked up at the panel by {by}")


def _chunks(planned: Plan, most: int) -> Iterator[list[Planned]]:
    """Of one study of the panel each, and so many at most."""
    for study in sorted({one.panel_study for one in planned.visits}):
        mine = [one for one in planned.visits if one.panel_study == study]
        yield from (mine[start : start + most] for start in range(0, len(mine), most))


def _written(study: Study, planned: Plan, chunk: list[Planned], by: str) -> dict[int, PanelAct]:
    """The rows of those visits that are as they were when planned, by visit; of none if somebody
    else is at one of them."""
    wish = planned.wish
    try:
        with transaction.atomic():
            keys = [one.visit for one in chunk]
            visits = PanelVisit.objects.select_for_update(of=("self",)).filter(pk__in=keys)
            visits = visits.select_related("participation__participant")
            fit = {visit.pk for visit in visits if _still_fits(visit, wish)}
            rows = PanelAct.objects.bulk_create(
                PanelAct(
                    study=study, visit_id=one.visit, kind=wish.kind, purpose=purpose_of(wish),
                    amount=one.amount, currency=planned.currency if one.amount else "", made_by=by,
                )
                for one in chunk
                if one.visit in fit
            )  # fmt: skip
    except IntegrityError:
        return {}
    return {row.visit_id: row for row in rows if row.visit_id is not None}


def _still_fits(visit: PanelVisit, wish: Wish) -> bool:
    """A message of the panel may have come since the plan was made."""
    if wish.kind == ActKind.BONUS:
        # What the panel has paid meanwhile is not paid again; what it paid too little is the reason
        return visit.status not in PAID or Decision.UNDERPAID in wish.about
    # Of a panel that tells no status the act itself says that it was done
    source = visit.participation.participant.source
    return visit.status == VisitStatus.AWAITING_REVIEW or not PANELS[source].tells_status


def _ask(
    api: PanelApi,
    planned: Plan,
    chunk: Sequence[Planned],
    rows: dict[int, PanelAct],
    outcome: Outcome,
) -> None:
    mine = [one for one in chunk if one.visit in rows]
    keys, state, sentence, batch = [rows[one.visit].pk for one in mine], ActState.DONE, "", ""
    try:
        batch = _send(api, planned.wish, mine)
        outcome.done += len(mine)
    except Refused as error:
        state, sentence = ActState.REFUSED, str(error)
        outcome.refused += len(mine)
    except Unanswered as error:
        state, sentence, batch = ActState.UNKNOWN, str(error), error.batch
        outcome.unknown += len(mine)
    if sentence and sentence not in outcome.sentences:
        outcome.sentences.append(sentence)
    PanelAct.objects.filter(pk__in=keys).update(state=state, sentence=sentence, batch=batch)


def _send(api: PanelApi, wish: Wish, mine: Sequence[Planned]) -> str:
    """Call the panel; its number of a payment."""
    sessions = [one.session for one in mine]
    if wish.kind == ActKind.APPROVE:
        api.approve(sessions)
    elif wish.kind == ActKind.ASK_RETURN:
        api.ask_return(sessions, wish.words.strip())
    else:
        bonuses = [Bonus(one.session, one.amount) for one in mine if one.amount is not None]
        return api.pay(mine[0].panel_study, bonuses)
    return ""
