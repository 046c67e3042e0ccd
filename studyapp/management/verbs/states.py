"""`study open|pause|resume|close SLUG`."""

from collections.abc import Callable
from typing import Any

from studyapp.models import Study
from studyapp.studies.certificate import certificate_lines
from studyapp.studies.lifecycle import close_study, open_study, pause_study, resume_study

from .base import Verb, find_study, slug_argument

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
PAUSE = Verb("let nobody new in; who is inside finishes", slug_argument, _moving(pause_study))
RESUME = Verb("let people in again", slug_argument, _moving(resume_study))
CLOSE = Verb("take no further answer, for good", slug_argument, _moving(close_study))
