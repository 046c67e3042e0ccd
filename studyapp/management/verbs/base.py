"""What a verb of `manage.py study` is."""

from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from studyapp.analyses import choice
from studyapp.models import Study, StudyKind


class VerbError(Exception):
    """A verb that can't be carried out: one sentence with the fix."""


@dataclass(frozen=True)
class Verb:
    """`run` takes the options and returns the facts (for --json) and the lines for people."""

    help: str
    arguments: Callable[[ArgumentParser], None]
    run: Callable[[dict[str, Any]], tuple[dict[str, Any], list[str]]]


def slug_argument(parser: ArgumentParser) -> None:
    parser.add_argument("slug")


def kind_arguments(parser: ArgumentParser) -> None:
    """Which of a study's copies is meant, for `chosen_study`."""
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument("--simulated", action="store_true", help="the newest simulated copy")
    kinds.add_argument("--pilot", action="store_true", help="the pilot, or its newest copy")


def chosen_study(options: dict[str, Any]) -> Study:
    """The study or copy that `source` or `slug` and `kind_arguments` name; raises ChoiceError."""
    kind = StudyKind.PILOT if options["pilot"] else StudyKind.REAL
    if options["simulated"]:
        kind = StudyKind.SIMULATED
    return choice.chosen_study(options.get("source") or options["slug"], kind)


def find_study(slug: str) -> Study:
    """The study called `slug`; VerbError lists the existing ones."""
    study = Study.objects.filter(slug=slug).first()
    if study is None:
        known = ", ".join(Study.objects.order_by("slug").values_list("slug", flat=True)[:20])
        raise VerbError(
            f"there is no study {slug}; existing studies: {known or 'none; load one first'}"
        )
    return study
