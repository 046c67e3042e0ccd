"""How fast workers prepare a study, one and two of them, and what share is not the network's.

    python -m sandbox.scratch python bench/pregenerate.py [--photos 48] [--builder resnet18]

Each run prepares another study of its own photos by real worker processes, from the first
prediction to the last picture; workers are up before the clock starts. "Outside" is the share of
the time between the last prediction and the last explanation that one worker spends outside
`explainer.explain`: reading photos, storing maps, rows and messages. Takes some three minutes on
two cores; ten at most, as no run may take more than five.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db.models import Max  # noqa: E402
from django.test import override_settings  # noqa: E402

from sandbox.small_line import LAYERS, make_line, worker  # noqa: E402
from studyapp.models import Explanation, Heartbeat, Prediction, Study  # noqa: E402
from studyapp.studies.lifecycle import start_preparing  # noqa: E402
from studyapp.studies.preparation.advance import study_explanations, study_predictions  # noqa: E402
from studyapp.studies.preparation.progress import progress  # noqa: E402

MOST_SECONDS = 300


def prepare(workers: int, arguments: argparse.Namespace) -> tuple[float, Study]:
    """Seconds from asking to prepared, with so many workers."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as running:
        folder = Path(name)
        running.enter_context(override_settings(MEDIA_ROOT=folder / "media"))
        study = make_line(
            folder / "study",
            slug=f"bench-{workers}",
            photos=arguments.photos,
            stimuli=arguments.photos // 2,
            first=workers * 1000,
            builder=arguments.builder,
        )
        Heartbeat.objects.all().delete()
        for _ in range(workers):
            running.enter_context(worker(folder, claim=60))
        wait(lambda: Heartbeat.objects.count() == workers, "the workers' first heartbeat")
        start = time.perf_counter()
        start_preparing(study)
        wait(lambda: progress(study).finished, "the preparation")
        seconds = time.perf_counter() - start
        if not progress(study).prepared:
            sys.exit(f"not prepared: {progress(study).problem}")
    return seconds, study


def wait(truth: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + MOST_SECONDS
    while not truth():
        if time.monotonic() > end:
            sys.exit(f"{what} took over {MOST_SECONDS} seconds")
        time.sleep(0.1)


def outside(study: Study) -> float:
    """The share of the explaining time that is not inside `explainer.explain`."""
    last = study_predictions(study).aggregate(at=Max("finished_at"))["at"]
    rows = study_explanations(study)
    wall = (rows.aggregate(at=Max("finished_at"))["at"] - last).total_seconds()
    # Rows of one call carry the same seconds.
    calls = {(row.network_id, row.provenance["seconds_of_batch"]) for row in rows}
    return float(1 - sum(seconds for _, seconds in calls) / wall)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--photos", type=int, default=48, help="8 or more")
    parser.add_argument("--builder", choices=sorted(LAYERS), default="resnet18")
    arguments = parser.parse_args()
    call_command("migrate", verbosity=0)
    found = {workers: prepare(workers, arguments) for workers in (1, 2)}
    print(f"{arguments.photos} photos, two networks ({arguments.builder}), two methods")
    for workers, (seconds, study) in found.items():
        maps = study_explanations(study).count()
        print(f"  {workers} worker(s): {seconds:6.1f} s, {maps} maps, {maps / seconds:5.1f} maps/s")
    print(f"  two workers: {found[1][0] / found[2][0]:.2f} times as fast as one")
    print(f"  outside the network, one worker: {outside(found[1][1]):.0%} of the explaining time")
    print(f"  rows: {Prediction.objects.count()} predictions, {Explanation.objects.count()} maps")


if __name__ == "__main__":
    main()
