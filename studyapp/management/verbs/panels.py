"""`study invite|approvals|erase-ids`: what a panel is given, and for how long."""

import csv
import secrets
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.utils import timezone

from studyapp.participations.approvals import approvals, columns, unpaid
from studyapp.participations.decisions import AT_ODDS, PAYABLE, TO_DO, Decision
from studyapp.participations.erasure import erase_identities, is_over, is_paid
from studyapp.participations.panels.personal import signed
from studyapp.participations.sites import PARAMETER, signed_door
from studyapp.shelf.formatting import counted
from studyapp.shelf.spreadsheets import inert
from studyapp.studies.definition.study import study_definition
from studyapp.studies.extension import refuse_unknown_site

from .base import Verb, VerbError, find_study

# What a signature leaves of the longest parameter that a link may have
LONGEST_PERSONAL = 150
Facts = tuple[dict[str, Any], list[str]]


def invite_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("slug")
    parser.add_argument("--site", required=True, help="address of the site, https://…")
    parser.add_argument("--of-site", default="", help="of a study with several sites: whose people")
    parser.add_argument("--people", type=int, help="so many ids, drawn at random")
    parser.add_argument("--ids", type=Path, help="a file with one id a line instead")


def invite(options: dict[str, Any]) -> Facts:
    study = find_study(options["slug"])
    if study_definition(study).panel.kind != "personal":
        raise VerbError(f'{study.slug}: personal links need `panel.kind = "personal"`')
    named = options["of_site"]
    refuse_unknown_site(study, named)
    door = f"{options['site'].rstrip('/')}/s/{study.slug}/?"
    door += f"{PARAMETER}={named}&participant=" if named else "participant="
    links = [
        {"id": one, "link": f"{door}{quote(signed(signed_door(study.slug, named), one))}"}
        for one in _ids(options)
    ]
    return {"links": links}, [f"{row['id']},{row['link']}" for row in links]


def _ids(options: dict[str, Any]) -> list[str]:
    if options["ids"] is not None:
        try:
            lines = options["ids"].read_text("utf-8").splitlines()
        except OSError as error:
            reason = f"{options['ids']}: {error.strerror}; name a file with one id on each line"
            raise VerbError(reason) from error
        ids = [line.strip() for line in lines if line.strip()]
        for one in ids:
            if len(one) > LONGEST_PERSONAL:
                raise VerbError(
                    f"{options['ids']}: {one[:40]}… has {len(one)} characters and at most "
                    f"{LONGEST_PERSONAL} fit a link; use shorter ids"
                )
        return ids
    if not options["people"]:
        raise VerbError("give their number with --people N, or a file of ids with --ids FILE")
    return [secrets.token_hex(6) for _ in range(options["people"])]


def approvals_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("slug")
    parser.add_argument("--out", type=Path, help="a CSV file instead of the screen")
    parser.add_argument("--all", action="store_true", help="all visits, not only payable ones")


def list_approvals(options: dict[str, Any]) -> Facts:
    study = find_study(options["slug"])
    names = columns(study_definition(study))
    found = approvals(study, kinds=tuple(Decision) if options["all"] else PAYABLE)
    rows = [{name: row[name] for name in names} for row in found]
    if options["out"] is not None:
        with options["out"].open("w", encoding="utf-8", newline="") as file:
            _write(file, names, rows)
        lines = [f"{counted(len(rows), 'visit', 'visits')} in {options['out']}"]
    else:
        if not options["json"]:
            _write(sys.stdout, names, rows)
        lines = []
    if left := unpaid(study):
        lines.append(f"{left} people have not finished yet: make the list again later")
    odds = Counter(Decision(row["decision"]) for row in approvals(study, kinds=AT_ODDS))
    lines += [f"{count} {kind}: {TO_DO[kind]}" for kind, count in odds.items()]
    return {"approvals": rows, "unfinished": left}, lines


def _write(file: Any, names: Sequence[str], rows: Iterable[dict[str, Any]]) -> None:
    writer = csv.DictWriter(file, names)
    writer.writeheader()
    for row in rows:
        # An id comes from an address, so it may look like a formula.
        texts = {name: inert(value) for name, value in row.items() if isinstance(value, str)}
        writer.writerow({**row, **texts})


def erase_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("slug", nargs="?", help="of this study, now; else all whose day has come")


def erase(options: dict[str, Any]) -> Facts:
    slug = options["slug"]
    done = is_paid(find_study(slug), timezone.now()) if slug else is_over()
    erased = erase_identities(done)
    return {"erased": erased}, [f"{erased} panel ids erased"]


INVITE = Verb("print signed personal links, one for each person", invite_arguments, invite)
APPROVALS = Verb("list the people whom the panel has to pay", approvals_arguments, list_approvals)
ERASE = Verb("erase panel ids, for cron: those whose day has come", erase_arguments, erase)
