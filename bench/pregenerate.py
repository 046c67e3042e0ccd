"""How fast workers prepare a study, one and two of them, and what share is not the networks'.

    python -m sandbox.scratch python bench/pregenerate.py [--photos 32] [--builder vgg16]

Each run prepares another study of its own photos by real worker processes, from the first
prediction to the last stored picture; workers are up before the clock starts. "Outside" is the
share of the time between the last prediction and the last picture in which a worker is not inside
`explainer.explain`: what reading photos, drawing, storing, rows and messages add to the passes.
"Busy" are the processors that the workers and PostgreSQL kept busy meanwhile: where they are all of
the machine's, the processor is the bottleneck, and another worker wins nothing. `--before CHECKOUT`
prepares each study a second time by that checkout's workers, in turns.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import django  # noqa: E402

django.setup()

import psutil  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.models import Max  # noqa: E402
from django.test import override_settings  # noqa: E402

from bench.load.servers import cpu_seconds  # noqa: E402
from sandbox.small_line import LAYERS, make_line, worker  # noqa: E402
from studyapp.models import Heartbeat, Study  # noqa: E402
from studyapp.studies.lifecycle import start_preparing  # noqa: E402
from studyapp.studies.preparation.advance import (  # noqa: E402
    study_crops,
    study_explanations,
    study_overlays,
    study_predictions,
)
from studyapp.studies.preparation.progress import progress  # noqa: E402

MOST_SECONDS = 300
numbers = count(1)


class Prepared(NamedTuple):
    """Seconds from asking to prepared, and from the last prediction on; those in the networks'
    passes since then, of all workers; processors kept busy; maps and pictures."""

    seconds: float
    explaining: float
    passes: float
    busy: float
    busy_of_database: float
    cpu: float
    maps: int
    pictures: int

    def told(self, workers: int, name: str) -> str:
        outside = 1 - self.passes / self.explaining / workers
        return (
            f"{name:<8}{workers:>8}{self.seconds:>10.1f}{self.maps / self.seconds:>9.1f}"
            f"{self.pictures / self.seconds:>12.1f}{outside:>10.0%}{self.busy:>8.2f}"
            f"{self.busy_of_database:>12.2f}{1000 * self.cpu / self.maps:>12.0f}"
        )


HEAD = (
    f"{'':<8}{'workers':>8}{'seconds':>10}{'maps/s':>9}{'pictures/s':>12}{'outside':>10}"
    f"{'busy':>8}{'PostgreSQL':>12}{'CPU ms/map':>12}"
)


def prepare(workers: int, checkout: Path, arguments: argparse.Namespace) -> Prepared:
    with tempfile.TemporaryDirectory() as name, ExitStack() as running:
        folder, number = Path(name), next(numbers)
        running.enter_context(override_settings(MEDIA_ROOT=folder / "media"))
        study = make_line(
            folder / "study",
            slug=f"bench-{number}",
            photos=arguments.photos,
            stimuli=arguments.photos // 2,
            first=number * 1000,
            builder=arguments.builder,
            side=arguments.side,
        )
        Heartbeat.objects.all().delete()
        started = [
            running.enter_context(worker(folder, claim=60, checkout=checkout)).process.pid
            for _ in range(workers)
        ]
        wait(lambda: Heartbeat.objects.count() == workers, "the workers' first heartbeat")
        begun, used, of_database = time.perf_counter(), cpu_of(started), cpu_of([database()])
        start_preparing(study)
        wait(lambda: progress(study).finished, "the preparation")
        seconds = time.perf_counter() - begun
        cpu, of_database = cpu_of(started) - used, cpu_of([database()]) - of_database
        if not progress(study).prepared:
            sys.exit(f"not prepared: {progress(study).problem}")
    return measured(study, seconds, cpu, of_database)


def measured(study: Study, seconds: float, cpu: float, of_database: float) -> Prepared:
    last = study_predictions(study).aggregate(at=Max("finished_at"))["at"]
    rows, overlays, crops = study_explanations(study), study_overlays(study), study_crops(study)
    ends = [made.aggregate(at=Max("finished_at"))["at"] for made in (rows, overlays, crops)]
    # Rows of one call carry the same seconds.
    calls = {(row.network_id, row.provenance["seconds_of_batch"]) for row in rows}
    return Prepared(
        seconds=seconds,
        explaining=(max(ends) - last).total_seconds(),
        passes=sum(spent for _, spent in calls),
        busy=cpu / seconds,
        busy_of_database=of_database / seconds,
        cpu=cpu,
        maps=rows.count(),
        pictures=overlays.count() + crops.count(),
    )


def database() -> int:
    """The process of PostgreSQL that all its others belong to."""
    connection.ensure_connection()
    server = psutil.Process(connection.connection.info.backend_pid).parent()
    assert server is not None
    return int(server.pid)


def cpu_of(processes: list[int]) -> float:
    return sum(map(cpu_seconds, processes))


def wait(truth: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + MOST_SECONDS
    while not truth():
        if time.monotonic() > end:
            sys.exit(f"{what} took over {MOST_SECONDS} seconds")
        time.sleep(0.1)


def checkouts(before: str) -> Iterator[tuple[str, Path]]:
    if before:
        yield "before", Path(before)
        yield "now", settings.ROOT
    else:
        yield "", settings.ROOT


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=32, help="8 or more")
    parser.add_argument("--builder", choices=sorted(LAYERS), default="vgg16")
    parser.add_argument("--side", type=int, default=448, help="of photos and pictures")
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--before", default="", help="a checkout whose workers take turns")
    arguments = parser.parse_args()
    call_command("migrate", verbosity=0)
    processors = len(os.sched_getaffinity(0))
    print(f"{arguments.photos} photos of {arguments.side} × {arguments.side}, two networks")
    print(f"({arguments.builder}), two methods; {processors} processors\n{HEAD}")
    for workers in arguments.workers:
        for name, checkout in checkouts(arguments.before):
            print(prepare(workers, checkout, arguments).told(workers, name), flush=True)


if __name__ == "__main__":
    main()
