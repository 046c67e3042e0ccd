"""Prolific's API, as <https://docs.prolific.com/api-reference> describes it.

Money is in pence or cents in what Prolific says, and in pounds or dollars in what it is told of
bonuses. Paying a set of bonuses twice pays people twice, so that one call is never repeated;
setting them up pays nothing, and tells the sum before anything is paid.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from django.conf import settings

from studyapp.models import ActKind
from studyapp.participations.panels.prolific import status_of

from .base import Bonus, Expected, Subscription, Told
from .line import Line, NotThere, Refused, Unanswered

PAGE = 100
EVENT = "submission.status.change"
SCREEN_OUT, APPROVES = "FIXED_SCREEN_OUT_PAYMENT", "AUTOMATICALLY_APPROVE"


class Prolific:
    """`PanelApi`, `HasCodes` and `SendsNews` of Prolific."""

    # What Prolific recommends and allows: bulk approvals, and bonuses in one payment
    at_once: Mapping[ActKind, int] = {
        ActKind.APPROVE: 1000,
        ActKind.ASK_RETURN: 1,
        ActKind.BONUS: 200,
    }

    route = "prolific_event"

    def __init__(self, token: str, pauses: tuple[float, ...] = (1, 2, 4)) -> None:
        self.line = Line(settings.PROLIFIC_API, f"Token {token}", pauses)

    def whose(self) -> str:
        me = self.line.get("users/me/")
        return str(me["email"])

    def statuses(self, panel_study: str) -> Iterator[Told]:
        """<…/submissions/get-submissions>, page by page until one brings nothing new."""
        seen: set[str] = set()
        for page in range(1, 10_000):
            query: dict[str, str | int] = {"study": panel_study, "page": page, "page_size": PAGE}
            rows = [one for one in self._page(query) if str(one.get("id")) not in seen]
            for row in rows:
                seen.add(str(row["id"]))
                words = str(row.get("status", ""))
                asked = bool(row.get("return_requested"))
                yield Told(str(row["id"]), status_of(words), words, return_was_asked=asked)
            if not rows:
                return

    def _page(self, query: dict[str, str | int]) -> list[dict[str, Any]]:
        try:
            rows = self.line.get("submissions/", query)["results"]
        except Unanswered as error:
            raise Refused(str(error)) from error
        except NotThere:
            # Beyond the last page
            if query["page"] == 1:
                raise
            return []
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise Refused("Prolific's list of submissions can't be read")
        return rows

    def approve(self, sessions: Sequence[str]) -> None:
        """<…/submissions/bulk-approve-submissions>: repeating it changes nothing."""
        body = {"submission_ids": list(sessions)}
        self.line.post("submissions/bulk-approve/", body, repeatable=True)

    def ask_return(self, sessions: Sequence[str], reason: str) -> None:
        """<…/submissions/request-submission-return>."""
        for session in sessions:
            body = {"request_return_reasons": [reason]}
            self.line.post(f"submissions/{session}/request-return/", body)

    def pay(self, panel_study: str, bonuses: Sequence[Bonus]) -> str:
        """<…/bonuses/create-bonus-payments>, and <…/bonuses/pay-bonus-payments> if Prolific's sum
        is ours."""
        rows = "\n".join(f"{one.session},{one.amount:.2f}" for one in bonuses)
        total = sum((one.amount for one in bonuses), Decimal(0))
        try:
            made = self.line.post(
                "submissions/bonus-payments/", {"study_id": panel_study, "csv_bonuses": rows}
            )
            batch, amount = str(made["id"]), Decimal(str(made["amount"]))
        except Unanswered as error:
            raise Refused("Prolific could not set the bonuses up; nothing was paid") from error
        if amount != total * 100:
            raise Refused(
                f"Prolific would pay {amount / 100:.2f} in place of {total:.2f}, so nothing was "
                "paid; check the amounts"
            )
        try:
            self.line.post(f"bulk-bonus-payments/{batch}/pay/", {})
        except Unanswered as error:
            raise Unanswered(str(error), batch) from error
        return batch

    def complaints(self, panel_study: str, expected: Expected) -> Iterator[str]:
        """<…/studies/the-study-object>: codes with their actions, reward and address."""
        study = self.line.get(f"studies/{quote(panel_study, safe='')}/").data or {}
        there = {str(one.get("code")): one for one in study.get("completion_codes") or []}
        yield from _codes_at_odds(there, expected.codes, expected.part)
        reward, pay = study.get("reward"), expected.pay
        if pay is not None and reward is not None and Decimal(str(reward)) != pay * 100:
            yield (
                f"Prolific pays {Decimal(str(reward)) / 100:.2f}, but people are told {pay:.2f} "
                f"{expected.currency} here: change one of them."
            )
        address = str(study.get("external_study_url", ""))
        if f"/s/{expected.slug}/" not in address or "SESSION_ID" not in address:
            yield (
                "The study's address at Prolific is not this study's: copy it from the page Links, "
                "with all its parameters."
            )

    def subscribe(self, address: str, workspace: str) -> Subscription:
        """<…/webhooks/create-subscription>, confirmed as there described.

        A workspace's secret is taken as it is: to make a new one would silence whatever else
        listens to it.
        """
        workspace = workspace or self._only_workspace()
        secret = self._secret(workspace)
        there = self.line.get("hooks/subscriptions/", {"workspace_id": workspace})["results"]
        for one in there:
            if (one.get("target_url"), one.get("event_type")) == (address, EVENT):
                if one.get("is_enabled", True):
                    return Subscription(str(one["id"]), secret)
                raise Refused("Prolific has this subscription switched off; switch it on there")
        body = {"event_type": EVENT, "target_url": address, "workspace_id": workspace}
        made = self.line.post("hooks/subscriptions/", body)
        number = str(made["id"])
        proof = {"secret": made.headers.get("X-Hook-Secret", "")}
        self.line.post(f"hooks/subscriptions/{number}/", proof)
        return Subscription(number, secret)

    def _only_workspace(self) -> str:
        found = self.line.get("workspaces/")["results"]
        if len(found) != 1:
            names = ", ".join(f"{one.get('title', '')} ({one.get('id')})" for one in found)
            raise Refused(f"say which workspace is meant: {names or 'the token sees none'}")
        return str(found[0]["id"])

    def _secret(self, workspace: str) -> str:
        there = self.line.get("hooks/secrets/", {"workspace_id": workspace})["results"]
        if there:
            return str(there[0]["value"])
        return str(self.line.post("hooks/secrets/", {"workspace_id": workspace})["value"])


def _codes_at_odds(
    there: Mapping[str, dict[str, Any]], codes: Mapping[str, str], part: Decimal
) -> Iterator[str]:
    if "complete" not in codes:
        yield (
            "The study file has no panel.codes.complete, so everybody gets a code of their own, "
            "which Prolific can't know: copy Prolific's code there."
        )
    for outcome, code in codes.items():
        if code not in there:
            yield (
                f"panel.codes.{outcome} is {code}, which Prolific does not have: add it there, or "
                "correct the study file."
            )
            continue
        actions = {one.get("action"): one for one in there[code].get("actions") or []}
        if APPROVES in actions and outcome != "complete":
            yield (
                f"Prolific approves and pays in full by itself whoever enters the code for "
                f"{outcome} ({code}): change its action there."
            )
        if outcome == "screened_out":
            yield from _price_at_odds(actions.get(SCREEN_OUT), part)
    for code in there:
        if code not in codes.values():
            yield (
                f"Prolific has the code {code}, which nobody is given here: remove it there, or "
                "add it to panel.codes."
            )


def _price_at_odds(action: dict[str, Any] | None, part: Decimal) -> Iterator[str]:
    if action is None:
        if part > 0:
            yield (
                "Prolific pays nothing for the code for people who are screened out: give it the "
                f"action “Screen out” there, or pay {part:.2f} as a bonus."
            )
        return
    price = Decimal(str(action.get("fixed_screen_out_reward", 0))) / 100
    if price != part:
        yield (
            f"Prolific pays {price:.2f} to people who are screened out, but they are told "
            f"{part:.2f} here (pay.partial): change one of them."
        )
