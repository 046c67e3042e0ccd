"""`study unmask SLUG --reason …`: outcomes may be seen before the end, which reports then state."""

from argparse import ArgumentParser
from typing import Any

from studyapp.studies.masking import unmask

from .base import Verb, find_study


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("slug")
    parser.add_argument("--reason", required=True, help="why; every report states it")


def run(options: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    study = find_study(options["slug"])
    made = unmask(study, reason=options["reason"])
    facts = {"slug": study.slug, "deviation": {"what": made.what, "detail": made.detail}}
    return facts, [f"{study.slug}: {made.detail}"]


VERB = Verb("see outcomes of an open study before its end: a deviation", arguments, run)
