"""`study open|pause|resume|close SLUG`."""

import sys
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from studyapp.models import Study, StudyState
from studyapp.studies.design.certificate import certificate_lines
from studyapp.studies.lifecycle import close_study, open_study, pause_study, resume_study

from .base import Verb, VerbError, find_study, slug_argument

Facts = tuple[dict[str, Any], list[str]]


def _open(options: dict[str, Any]) -> Facts:
    study = open_study(find_study(options["slug"]))
    lines = [f"{study.slug} is open", *certificate_lines(study.certificate)]
    lines.extend(
        f"left out: {row['photo']} ({row['category']}): {row['because']}"
        for row in study.certificate["dropped"]
    )
    return {"slug": study.slug, "state": study.state, "certificate": study.certificate}, lines


def _moving(move: Callable[[Study], Study]) -> Callable[[dict[str, Any]], Facts]:
    def run(options: dict[str, Any]) -> Facts:
        study = move(find_study(options["slug"]))
        return {"slug": study.slug, "state": study.state}, [f"{study.slug} is {study.state}"]

    return run


OPEN = Verb("verify, draw the design, freeze, let people in", slug_argument, _open)
PAUSE = Verb(
    "let nobody new in; people already taking part can finish", slug_argument, _moving(pause_study)
)
RESUME = Verb("let people in again", slug_argument, _moving(resume_study))


def _close_arguments(parser: ArgumentParser) -> None:
    slug_argument(parser)
    parser.add_argument("--yes", action="store_true", help="close without asking")


def _close(options: dict[str, Any]) -> Facts:
    """Raises VerbError where nobody confirms it."""
    study = find_study(options["slug"])
    if not options.get("yes") and study.state != StudyState.CLOSED:
        under_way = study.participations.active().count()
        _confirm(
            f"Close {study.slug} for good? It can't be opened again, and {under_way} "
            f"{'person who is' if under_way == 1 else 'people who are'} taking part can't finish. "
            f"Type its name to close it: ",
            study.slug,
        )
    return _moving(close_study)(options)


def _confirm(question: str, answer: str) -> None:
    # Not to the output, which a script may read as JSON
    print(question, end="", file=sys.stderr, flush=True)
    try:
        given = input()
    except (EOFError, OSError) as error:  # no terminal to ask at
        raise VerbError(f"closing {answer} can't be undone; add --yes to close it") from error
    if given.strip() != answer:
        raise VerbError(f"{answer} was not closed")


CLOSE = Verb("accept no more answers, permanently", _close_arguments, _close)
