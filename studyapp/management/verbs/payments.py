"""`study panel-token|-poll|-codes|-hook|-file` and `study pay`: a panel called by its API."""

import sys
from argparse import ArgumentParser
from collections.abc import Callable
from datetime import UTC, datetime
from getpass import getpass
from pathlib import Path
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from studyapp.models import ActKind, PanelAccess
from studyapp.participations.decisions import Decision
from studyapp.payments.access import (
    access_of,
    api_of,
    complaints,
    give_token,
    keep_subscription,
    remove_token,
)
from studyapp.payments.acts import carry_out
from studyapp.payments.base import SendsNews
from studyapp.payments.exported import take_in_export
from studyapp.payments.line import PanelError, Refused
from studyapp.payments.plans import OFFERED, Plan, Wish, plan, read_amount
from studyapp.payments.polling import due, poll

from .base import Verb, VerbError, find_study, slug_argument

Facts = tuple[dict[str, Any], list[str]]
BY = "command line"


def _told(run: Callable[[dict[str, Any]], Facts]) -> Callable[[dict[str, Any]], Facts]:
    """A verb whose panel's refusals are told like any other."""

    def told(options: dict[str, Any]) -> Facts:
        try:
            return run(options)
        except PanelError as error:
            raise VerbError(str(error)) from error

    return told


def panel_arguments(parser: ArgumentParser) -> None:
    slug_argument(parser)
    parser.add_argument("--panel", default="prolific", help="which panel; prolific by default")


def token_arguments(parser: ArgumentParser) -> None:
    panel_arguments(parser)
    parser.add_argument("--remove", action="store_true", help="forget the token")


@_told
def token(options: dict[str, Any]) -> Facts:
    """Not an argument, so that no list of processes and no shell's history holds it."""
    study, source = find_study(options["slug"]), options["panel"]
    if options["remove"]:
        was_there = remove_token(study, source)
        line = f"the token for {source} was removed"
        if not was_there:
            line = f"there was no token for {source}"
        return {"removed": was_there}, [line]
    typed = getpass("Token: ") if sys.stdin.isatty() else sys.stdin.readline()
    owner = give_token(study, source, typed, BY)
    return {"owner": owner}, [f"the token for {source} is kept; it belongs to {owner}"]


def poll_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "slug", nargs="?", help="of this study; by default of all that are due, for cron"
    )
    parser.add_argument("--panel", default="prolific", help="which panel; prolific by default")


def ask_panels(options: dict[str, Any]) -> Facts:
    slug = options["slug"]
    lines, failed = [], 0
    for access in _accesses(slug, options["panel"]):
        try:
            lines.append(f"{access.study.slug}: {poll(access).sentence}")
        except PanelError as error:
            failed += 1
            lines.append(f"{access.study.slug}: {error}")
    if failed and slug:
        raise VerbError(lines[0])
    return {"asked": len(lines), "failed": failed}, lines


def _accesses(slug: str | None, source: str) -> list[PanelAccess]:
    if slug is None:
        return list(due().select_related("study"))
    try:
        return [access_of(find_study(slug), source)]
    except PanelError as error:
        raise VerbError(str(error)) from error


@_told
def compare_codes(options: dict[str, Any]) -> Facts:
    found = complaints(access_of(find_study(options["slug"]), options["panel"]))
    return {"complaints": found}, found or ["codes, pay and address are the same on both sides"]


def hook_arguments(parser: ArgumentParser) -> None:
    panel_arguments(parser)
    parser.add_argument("--site", required=True, help="address of the site, https://…")
    parser.add_argument("--workspace", default="", help="which one, if the token has several")


@_told
def subscribe(options: dict[str, Any]) -> Facts:
    access = access_of(find_study(options["slug"]), options["panel"])
    api = api_of(access)
    if not isinstance(api, SendsNews):
        raise Refused(f"{access.source} sends no messages")
    address = f"{options['site'].rstrip('/')}{reverse(api.route)}"
    if not address.startswith("https://"):
        raise Refused(f"{access.source} sends messages to https addresses only")
    made = api.subscribe(address, options["workspace"])
    keep_subscription(access, made.number, made.secret)
    return {"subscription": made.number}, [f"{access.source} sends every change to {address}"]


def file_arguments(parser: ArgumentParser) -> None:
    panel_arguments(parser)
    parser.add_argument("file", type=Path, help="the panel's CSV file, as it was downloaded")
    parser.add_argument(
        "--exported", help="when it was downloaded, such as 2026-05-01T12:00; by default the "
        "file's own time",
    )  # fmt: skip


@_told
def read_file(options: dict[str, Any]) -> Facts:
    file: Path = options["file"]
    try:
        text, changed = file.read_text("utf-8"), file.stat().st_mtime
    except (OSError, UnicodeDecodeError) as error:
        raise VerbError(f"{file} can't be read as UTF-8 text; name the panel's export") from error
    at: datetime | None = datetime.fromtimestamp(changed, UTC)
    if options["exported"]:
        at = parse_datetime(options["exported"])
    if at is None:
        raise VerbError(f"{options['exported']} is not a time; write it like 2026-05-01T12:00")
    at = timezone.make_aware(at) if timezone.is_naive(at) else at
    found = take_in_export(find_study(options["slug"]), options["panel"], text, at)
    return {"told": found.told, "changed": found.changed}, [found.sentence]


def pay_arguments(parser: ArgumentParser) -> None:
    panel_arguments(parser)
    parser.add_argument("kind", choices=ActKind.values)
    names = sorted({one.name.lower() for offered in OFFERED.values() for one in offered})
    parser.add_argument("--about", nargs="+", choices=names, help="which visits are meant")
    parser.add_argument("--amount", help="of each bonus, such as 0.50")
    parser.add_argument("--words", default="", help="the reason, or what the bonus is for")
    parser.add_argument("--confirm", help="the digest that the dry run printed")


@_told
def pay(options: dict[str, Any]) -> Facts:
    study, wish = find_study(options["slug"]), _wish(options)
    access_of(study, wish.source)
    if options["confirm"]:
        outcome = carry_out(study, wish, options["confirm"], BY)
        counts = {"done": outcome.done, "refused": outcome.refused, "unknown": outcome.unknown}
        return counts, [outcome.sentence]
    shown = plan(study, wish)
    return {"digest": shown.digest, "visits": len(shown.visits)}, _lines(shown)


def _wish(options: dict[str, Any]) -> Wish:
    kind = ActKind(options["kind"])
    first = OFFERED[kind][0].name
    about = tuple(Decision[name.upper()] for name in options["about"] or [first])
    amount = read_amount(options["amount"]) if options["amount"] else None
    return Wish(options["panel"], kind, about, amount, options["words"])


def _lines(shown: Plan) -> list[str]:
    rows = [
        f"{one.person} {one.session} {one.outcome}"
        + (f" {one.amount} {shown.currency}" if one.amount is not None else "")
        for one in shown.visits
    ]
    last = f"nothing has been sent; to do it, add --confirm {shown.digest}"
    return [*rows, *shown.left_out, shown.sentence, last if rows else "there is nothing to send"]


TOKEN = Verb("keep a panel's token for a study, read from standard input", token_arguments,
             token)  # fmt: skip
POLL = Verb("ask panels what became of their sessions, for cron", poll_arguments, ask_panels)
CODES = Verb("compare a panel's codes, pay and address with the study file", panel_arguments,
             compare_codes)  # fmt: skip
HOOK = Verb("have a panel send every change to this site", hook_arguments, subscribe)
FILE = Verb("read the CSV file that a panel offers", file_arguments, read_file)
PAY = Verb("approve, ask to return, or pay bonuses; first shown, then confirmed", pay_arguments,
           pay)  # fmt: skip
