"""`study extend SLUG --people N`: more places in an open study, drawn and listed as a deviation."""

from argparse import ArgumentParser
from typing import Any

from studyapp.studies.design.certificate import certificate_lines
from studyapp.studies.extension import extend_study

from .base import Verb, VerbError, find_study


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("slug")
    parser.add_argument("--people", type=int, required=True, help="how many places to add")
    parser.add_argument("--site", default="", help="of a study with several sites: for which one")
    parser.add_argument(
        "--stratum", default="",
        help="for which stratum, in a study with quotas: expertise=novice, say; by default all",
    )  # fmt: skip
    parser.add_argument("--reason", default="", help="why; every report states it")


def run(options: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    if options["people"] < 1:
        raise VerbError("--people must be at least 1")
    study = find_study(options["slug"])
    certificate = extend_study(
        study,
        people=options["people"],
        reason=options["reason"],
        site=options["site"],
        stratum=options["stratum"],
    )
    lines = [f"{study.slug} has {options['people']} more places", *certificate_lines(certificate)]
    return {"slug": study.slug, "certificate": certificate}, lines


VERB = Verb("add places to an open study: a new seeded block, a deviation", arguments, run)
