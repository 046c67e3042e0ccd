"""A study of small networks with random weights, and real worker processes to prepare it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from PIL import Image as Picture

import explainer
from studyapp.models import Crop, Explanation, Overlay, Prediction, Study, Work
from studyapp.queue import QUEUES
from studyapp.simulation.server import environment
from studyapp.studies.loading import load_study

from .small_disk import on_small_disk

ROWS: tuple[type[Work], ...] = (Prediction, Explanation, Overlay, Crop)
BUILDER = "squeezenet1_1"
SIDE = 96
LAYERS = {
    BUILDER: ("features.11", "features.12"),
    "resnet18": ("layer3", "layer4"),
    "vgg16": ("features.27", "features.29"),
}
STUDY = """
slug = "{slug}"
title = "A small line"
kind = "pilot"
texts = {{ consent = "text.md", instructions = "text.md", debrief = "text.md" }}
images = {{ reader = "folder", folder = "photos" }}
pairs = {{ main = {{ stronger = "one", weaker = "other" }} }}
conditions = [
    {{ name = "saliency", method = "guided_backprop" }},
    {{ name = "overlay", method = "grad_cam" }},
]
blocks = [{{ name = "main", paradigm = "trust", trials = 4 }}]
design = {{ seed = 1, people = 4, stimuli = {stimuli}, ratings = "nearest" }}
display = {{ size = {side} }}

# Twins that differ in the layer only: both name every photo alike.
[networks.one]
builder = "{builder}"
weights = "{weights}"
labels = "labels.txt"
layer = "{layers[0]}"
[networks.other]
builder = "{builder}"
weights = "{weights}"
labels = "labels.txt"
layer = "{layers[1]}"
"""


def photo(seed: int, side: int = SIDE) -> Picture.Image:
    """Coarse noise: another picture for every seed."""
    noise = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return Picture.fromarray(noise).resize((side, side), Picture.Resampling.NEAREST)


def write_study(
    folder: Path,
    *,
    slug: str = "small-line",
    photos: int = 12,
    stimuli: int = 8,
    first: int = 0,
    builder: str = BUILDER,
    weights: str = "random",
    side: int = SIDE,
) -> Path:
    """A study file beside photos sorted by what its networks take them for, and what else it needs.

    `first`: the number of the first photo; photos of other numbers are others. `side`: of photos
    and pictures, in pixels.
    """
    folder.mkdir(parents=True, exist_ok=True)
    network = explainer.load_network(builder, weights=None)
    names = [f"class {number}" for number in range(1000)]
    for seed in range(first, first + photos):
        drawn = photo(seed, side)
        top = int(network.predict(network.prepare([drawn]))[0].argmax())
        place = folder / "photos" / names[top].replace(" ", "_")
        place.mkdir(parents=True, exist_ok=True)
        drawn.save(place / f"{seed}.png")
    (folder / "labels.txt").write_text("\n".join(names), encoding="utf-8")
    (folder / "text.md").write_text("Plain words.", encoding="utf-8")
    path = folder / "study.toml"
    text = STUDY.format(
        slug=slug,
        stimuli=stimuli,
        builder=builder,
        weights=weights,
        layers=LAYERS[builder],
        side=side,
    )
    path.write_text(text, encoding="utf-8")
    return path


def make_line(folder: Path, **options: Any) -> Study:
    return load_study(write_study(folder, **options))


class WorkerProcess:
    """`celery worker` as it is deployed, with quick heartbeats."""

    def __init__(
        self,
        folder: Path,
        *,
        queues: str = "gpu,cpu,measure",
        claim: int = 2,
        disk: Path | None = None,
        checkout: Path = settings.ROOT,
        given: dict[str, str] | None = None,
    ) -> None:
        """`disk`: a folder that is a small disk of its own for this worker, of 64 MB.

        `checkout`: where its code lies; `given`: its environment in place of this process's.
        """
        self.log = folder / "worker.log"
        command = [sys.executable, "-m", "celery", "-A", "tasks", "worker", "--pool", "solo"]
        command += ["-Q", queues, "--without-gossip", "--without-mingle"]
        if disk is not None:
            command = on_small_disk(disk, command, megabytes=64)
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                command,
                cwd=checkout,
                env={**(given or environment()), "CLAIM_SECONDS": str(claim), "BEAT_SECONDS": "1"},
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def kill(self) -> None:
        """What a power cut does: no signal handler runs."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)


@contextmanager
def worker(folder: Path, **options: object) -> Iterator[WorkerProcess]:
    running = WorkerProcess(folder, **options)  # type: ignore[arg-type]
    try:
        yield running
    finally:
        running.end()


def wait_for(truth: Callable[[], bool], *, log: Path, seconds: float = 90) -> None:
    """Until `truth()`; fails with the end of the worker's log."""
    end = time.monotonic() + seconds
    while not truth():
        assert time.monotonic() < end, log.read_text(encoding="utf-8")[-3000:]
        time.sleep(0.02)


def files_on_disk(kind: str) -> set[str]:
    """Everything below the media folder's `kind`, half-written files included."""
    top = Path(settings.MEDIA_ROOT)
    return {str(p.relative_to(top)) for p in (top / kind).rglob("*") if p.is_file()}


def files_of_rows() -> set[str]:
    maps = Explanation.objects.exclude(map_file="").values_list("map_file", flat=True)
    pictures = [model.objects.exclude(file="").values_list("file", flat=True)
                for model in (Overlay, Crop)]  # fmt: skip
    return set(maps).union(*pictures)


def empty_broker() -> None:
    """Messages of an earlier test, or what a broker without a disk forgets when it is killed."""
    import redis

    client = redis.Redis.from_url(os.environ["REDIS_URL"])
    client.flushall()
    client.close()


def broker_is_idle() -> bool:
    """No message waits, and none is being worked on: each was acknowledged."""
    import redis

    client = redis.Redis.from_url(os.environ["REDIS_URL"])
    waiting = sum(client.llen(queue) for queue in QUEUES) + client.hlen("unacked")
    client.close()
    return waiting == 0
