"""`study simulate SLUG --people N`: people of known ability walk a marked copy of the study."""

from argparse import ArgumentParser
from contextlib import nullcontext
from typing import Any

from tqdm import tqdm

from studyapp.analyses.results import results
from studyapp.analyses.sources import tidy_study
from studyapp.models import StudyKind
from studyapp.paradigms import PARADIGMS
from studyapp.simulation.crowd import send_crowd
from studyapp.simulation.earlier import send_before
from studyapp.simulation.profiles import POPULATIONS
from studyapp.simulation.recovery import known_means, recovery, recovery_lines
from studyapp.simulation.server import ServerError, own_site
from studyapp.studies.copies import marked_copy
from studyapp.studies.definition.study import study_definition

from .base import Verb, VerbError, find_study


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("slug")
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1, help="draws the copy and the people")
    profiles = "; ".join(f"{name}: {one.description}" for name, one in POPULATIONS.items())
    parser.add_argument("--profile", choices=sorted(POPULATIONS), default="able", help=profiles)
    parser.add_argument("--url", help="the site's address; its own gunicorn where left out")
    parser.add_argument("--at-once", type=int, default=32, help="how many people walk at once")
    parser.add_argument("--pictures", action="store_true", help="people load the pictures too")


def run(options: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Raises VerbError when an answer was lost or stored twice, or when anybody met an error."""
    if options["people"] < 1 or options["at_once"] < 1:
        raise VerbError("--people and --at-once must be at least 1")
    study, people, seed = find_study(options["slug"]), options["people"], options["seed"]
    copy = marked_copy(study, StudyKind.SIMULATED, seed, people=people)
    try:
        site = own_site() if options["url"] is None else nullcontext(options["url"])
        with site as base, tqdm(total=people, unit="person") as bar:
            before = send_before(
                copy,
                base,
                POPULATIONS[options["profile"]],
                people=people,
                seed=seed,
                at_once=min(people, options["at_once"]),
            )
            crowd = send_crowd(
                copy,
                base,
                POPULATIONS[options["profile"]],
                people=people,
                seed=seed,
                at_once=min(people, options["at_once"]),
                with_pictures=options["pictures"],
                on_progress=bar.update,
            )
    except ServerError as error:
        raise VerbError(str(error)) from error
    facts: dict[str, Any] = {"study": study.slug, "copy": copy.slug, **crowd.as_json()}
    lines = _lines(facts)
    for one in (*before, crowd):
        if not one.is_sound:
            raise VerbError(" ".join([*lines, *one.errors[:3]]))
    facts["recovery"] = {}
    # Whether the analysis finds the known abilities, for each paradigm that has an outcome
    for paradigm in study_definition(copy).paradigms():
        known = known_means(copy, paradigm) if PARADIGMS[paradigm].outcome is not None else {}
        if known:
            rows = recovery(known, results(tidy_study(copy, paradigm)))
            facts["recovery"][paradigm] = rows
            lines += [f"{paradigm}: {line}" for line in recovery_lines(rows)]
    return facts, [*lines, f"next: manage.py analyse {study.slug} --simulated"]


def _lines(facts: dict[str, Any]) -> list[str]:
    outcomes = ", ".join(f"{count} {name}" for name, count in facts["outcomes"].items())
    planned, stored = (facts["coverage"][name] for name in ("planned", "stored"))
    return [
        f"{facts['copy']}: {facts['people']} people ({outcomes}) in {facts['seconds']} s, "
        f"{facts['answers_per_second']} answers/s, {facts['requests_per_second']} requests/s, "
        f"{len(facts['errors'])} errors",
        f"  answers acknowledged {facts['acknowledged']}, stored {facts['stored']}, "
        f"lost {facts['lost']}, double {facts['double']}",
        f"  judgments per stimulus and condition: {stored[0]} to {stored[1]} stored, "
        f"{planned[0]} to {planned[1]} planned"
        + (" (exact)" if facts["coverage"]["exact"] else ""),
    ]


VERB = Verb("send simulated people of known ability through a marked copy", arguments, run)
