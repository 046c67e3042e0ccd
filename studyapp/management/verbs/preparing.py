"""`study prepare SLUG [--wait]`: the workers predict, select, explain and draw the pictures."""

import sys
import time
from argparse import ArgumentParser
from typing import Any

from tqdm import tqdm

from studyapp.models import Study
from studyapp.queue import PREPARE, START_A_WORKER, ask
from studyapp.studies.lifecycle import start_preparing
from studyapp.studies.preparation.progress import (
    Progress,
    RowCounts,
    failures,
    live_workers,
    progress,
)
from studyapp.studies.retrying import retry_failed

from .base import Verb, VerbError, find_study
from .status import study_facts

LOOK_SECONDS = 0.5
ASK_AGAIN_SECONDS = 60
WORKER_SECONDS = 120  # one that starts may import torch for 40 s on a busy machine


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("slug")
    parser.add_argument("--wait", action="store_true", help="until it is prepared or stopped")
    parser.add_argument("--retry", action="store_true", help="try what failed once more")


def run(options: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    study = find_study(options["slug"])
    if options["retry"]:
        retry_failed(study)
    start_preparing(study)
    if not options["wait"]:
        return study_facts(study), [f"{study.slug}: asked the workers; see study status"]
    done = _wait(study)
    if not done.prepared:
        raise VerbError(f"{study.slug} is not prepared: {done.problem}")
    facts = study_facts(study)
    lines = [f"{study.slug} is prepared: {done.explanations.ready} explanations"]
    return facts, lines + [f"  left out: {reason}" for reason in failures(study)]


def _wait(study: Study) -> Progress:
    """Draw a bar from the rows until the preparation has ended."""
    asked = moved = time.monotonic()
    before = -1
    Study.objects.filter(pk=study.pk).update(problem="")
    with tqdm(total=1, unit="row", disable=not sys.stderr.isatty()) as bar:
        while not (done := progress(study)).finished:
            ready = _show(bar, done)
            now = time.monotonic()
            if ready != before:
                before, moved = ready, now
            if now - moved > WORKER_SECONDS and not live_workers():
                raise VerbError(f"no worker is running; start one: {START_A_WORKER}")
            if now - max(moved, asked) > ASK_AGAIN_SECONDS:
                asked = now
                ask(PREPARE, study.pk)
            time.sleep(LOOK_SECONDS)
        _show(bar, done)
    return done


def _show(bar: "tqdm[Any]", done: Progress) -> int:
    """Move the bar; the explanations' number is known only after the predictions."""
    parts: list[RowCounts] = [done.predictions, done.explanations, done.pictures]
    ready = sum(part.ready + part.failed for part in parts)
    bar.total = max(1, sum(part.total for part in parts))
    step = next((n for n, part in zip(("predict", "explain", "draw"), parts, strict=True)
                 if part.pending or not part.total), "verify")  # fmt: skip
    bar.set_description(step, refresh=False)
    bar.n = ready
    bar.refresh()
    return ready


VERB = Verb("let the workers make every prediction, map and picture", arguments, run)
