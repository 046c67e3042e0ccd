"""`study close-arm SLUG ARM --reason …` and `study reopen-arm`: deviations that reports state."""

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from studyapp.models import Deviation
from studyapp.studies.arms import close_arm, reopen_arm

from .base import Verb, find_study


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("slug")
    parser.add_argument("arm", help="its name in the study file")
    parser.add_argument("--reason", required=True, help="why; every report states it")


def _run(change: Callable[..., Deviation]) -> Callable[..., tuple[dict[str, Any], list[str]]]:
    def run(options: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
        study = find_study(options["slug"])
        made = change(study, options["arm"], reason=options["reason"])
        facts = {"slug": study.slug, "deviation": {"what": made.what, "detail": made.detail}}
        return facts, [f"{study.slug}: {made.detail}"]

    return run


CLOSE = Verb(
    "let nobody new into one arm of an open study: a deviation", arguments, _run(close_arm)
)
REOPEN = Verb("let people into a closed arm again: a deviation", arguments, _run(reopen_arm))
