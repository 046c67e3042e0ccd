"""What a verb of `manage.py study` is."""

from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from studyapp.models import Study


class VerbError(Exception):
    """A verb that can't be carried out: one sentence with the fix."""


@dataclass(frozen=True)
class Verb:
    """`run` gets the options and gives back the facts (for --json) and the lines for people."""

    help: str
    arguments: Callable[[ArgumentParser], None]
    run: Callable[[dict[str, Any]], tuple[dict[str, Any], list[str]]]


def slug_argument(parser: ArgumentParser) -> None:
    parser.add_argument("slug")


def find_study(slug: str) -> Study:
    """The study called `slug`; VerbError names those that there are."""
    study = Study.objects.filter(slug=slug).first()
    if study is None:
        known = ", ".join(Study.objects.order_by("slug").values_list("slug", flat=True)[:20])
        raise VerbError(f"no study {slug}; there are: {known or 'none; load one first'}")
    return study
