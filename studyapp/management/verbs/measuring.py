"""`study measure SLUG [--wait | --cancel]`: the workers compute automatic metrics of what people
judge."""

import sys
import time
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from tqdm import tqdm

from studyapp.models import Heartbeat, Study
from studyapp.queue import MEASURING
from studyapp.studies.preparation.measuring import (
    Measuring,
    cancel_measuring,
    measuring,
    measuring_failures,
    start_measuring,
)
from studyapp.studies.preparation.progress import live_workers

from .base import Verb, VerbError, find_study

LOOK_SECONDS = 0.5


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("slug")
    parser.add_argument("--wait", action="store_true", help="until everything is measured")
    parser.add_argument(
        "--cancel", action="store_true", help="cancel what has not been measured yet"
    )


def run(options: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    study = find_study(options["slug"])
    if options["cancel"]:
        count = cancel_measuring(study)
        return _facts(study), [f"{study.slug}: {count} measurements were cancelled"]
    asked = start_measuring(study)
    if options["wait"]:
        _wait(study)
    return _facts(study), [
        f"{study.slug}: {asked} now requested from the workers; {sentence(measuring(study))}",
        *(f"  failed: {reason}" for reason in measuring_failures(study)),
        *_missing_worker(),
    ]


def sentence(done: Measuring) -> str:
    """How far it is, in words."""
    left = done.seconds_left
    time_left = f", about {left / 60:.0f} minutes left" if left and done.pending else ""
    return f"{done.ready} of {done.total} measured, {done.failed} failed{time_left}"


def _facts(study: Study) -> dict[str, Any]:
    failed = measuring_failures(study)
    return {"slug": study.slug, **asdict(measuring(study)), "failures": failed}


def _missing_worker() -> list[str]:
    """A worker started before there was this queue does not take it."""
    alive = Heartbeat.objects.filter(worker__in=live_workers())
    if any(MEASURING in worker.queues.split(",") for worker in alive):
        return []
    start = f"celery -A tasks worker --pool solo -Q {MEASURING}"
    return [f"  no worker serves the queue {MEASURING}; start one: {start}"]


def _wait(study: Study) -> None:
    """Draw a bar until nothing is left; VerbError if no worker serves the queue."""
    with tqdm(total=measuring(study).total, unit="map", disable=not sys.stderr.isatty()) as bar:
        while (done := measuring(study)).pending:
            bar.n = done.ready + done.failed
            bar.refresh()
            for problem in _missing_worker():
                raise VerbError(problem.strip())
            time.sleep(LOOK_SECONDS)


VERB = Verb("let the workers compute automatic metrics of the maps", arguments, run)
