"""Methods judged by metrics on the same photos: one number per photo, method and metric."""

import csv
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from explainer.errors import ExplainerError, did_you_mean
from explainer.explanations.batches import all_or_none, in_batches
from explainer.explanations.explanation import Settings, explain
from explainer.networks.contexts import refuse_context
from explainer.networks.network import Network
from explainer.passes.targets import class_index
from explainer.pictures.resizing import size_of
from photos.class_names import class_names

from .metrics import METRICS, Budget, Metric
from .segmentations import LabelledPhoto

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Case:
    """A photo file with the class to explain (None: the first) and, where known, its boxes.

    Boxes are (left, top, right, bottom) in pixels of the network's input. `context`: what the
    network is asked about the photo, if it takes more than photos.
    """

    path: Path
    target: int | None = None
    boxes: tuple[Box, ...] = ()
    context: Any = None

    def __str__(self) -> str:
        asked = "" if self.context is None else f" asked {self.context!r}"
        return f"{self.path.name}{asked}"


@dataclass(frozen=True)
class Score:
    """One metric's number for one method's map of one photo; NaN where it is not defined."""

    photo: str
    target: str
    method: str
    metric: str
    value: float


def labelled_cases(network: Network, photos: Sequence[LabelledPhoto]) -> list[Case]:
    """Photos with a class of the network on them: the best scored one, and its boxes.

    A photo none of whose things the network knows, or whose crop leaves them out, is left out.
    """
    return [case for photo in photos if (case := _labelled(network, photo)) is not None]


def _labelled(network: Network, photo: LabelledPhoto) -> Case | None:
    names = class_names(tuple(network.labels))
    known = [
        (target, concept)
        for concept in photo.concepts
        for target in sorted(names.accepted(concept.accepted))
    ]
    if not known:
        return None
    asked = network.asking([photo.context])
    scores = asked.predict(network.prepare([network.open(photo.path)]))[0]
    target, concept = max(known, key=lambda pair: float(scores[pair[0]]))
    boxes = tuple(photo.seen_boxes(concept, network.steps))
    return Case(photo.path, target, boxes, photo.context) if boxes else None


def evaluate(
    network: Network,
    cases: Sequence[Case],
    methods: Sequence[str],
    metrics: Sequence[str],
    *,
    settings: Settings | None = None,
    batch: int = 8,
    budget: Budget | None = None,
) -> Iterator[Score]:
    """Scores of every case, method and metric, batch by batch.

    Metrics that need boxes are refused where a case has none.
    """
    refuse_context(network.name, network.context)
    chosen = [metric_named(name) for name in metrics]
    boxless = next((case for case in cases if not case.boxes), None)
    for metric in chosen:
        if metric.needs == "boxes" and boxless is not None:
            raise ExplainerError(
                f"{metric.name} needs boxes, and {boxless.path.name} has none",
                "use photos with annotations",
            )

    def read(case: Case) -> tuple[Case, Tensor]:
        return case, network.seen(network.open(case.path))

    def compute(read: Sequence[tuple[Case, Tensor]]) -> list[Score]:
        images = network.batch([image for _, image in read])
        part = [case for case, _ in read]
        asked = network.asking([case.context for case in part])
        return _scores(asked, images, part, (methods, chosen), (settings or {}, budget))

    bar = tqdm(total=len(cases), unit="photo", disable=not (budget and budget.progress))
    with bar:
        for some, found in all_or_none(in_batches(cases, read, compute, size=batch)):
            yield from found
            bar.update(len(some))


def metric_named(name: str) -> Metric:
    """The metric called `name`."""
    if name not in METRICS:
        raise ExplainerError(f'no metric "{name}"', did_you_mean(name, METRICS))
    return METRICS[name]


def _scores(
    network: Network,
    images: Tensor,
    cases: Sequence[Case],
    asked: tuple[Sequence[str], Sequence[Metric]],
    how: tuple[Settings, Budget | None],
) -> list[Score]:
    methods, metrics = asked
    settings, budget = how
    scores = []
    first = network.predict(images).argmax(1).tolist()
    given = zip(cases, first, strict=True)
    targets = torch.tensor(
        [own if case.target is None else class_index(case.target) for case, own in given]
    )
    found = explain(network, images, targets, methods, settings=settings)
    for method in methods:
        for metric in metrics:
            if metric.needs == "network":
                values = metric.compute(network, images, found[method], targets, budget=budget)
            elif metric.needs == "boxes":
                boxes = [case.boxes for case in cases]
                values = metric.compute(found[method], boxes, size_of(images))
            else:
                own = settings.get(method)
                values = metric.compute(
                    network, images, targets, method, settings=own, budget=budget
                )
            names = zip(cases, targets.tolist(), values.tolist(), strict=True)
            for case, target, value in names:
                label = network.labels[target] if network.labels else str(target)
                scores.append(Score(str(case), label, method, metric.name, value))
    return scores


def means(scores: Sequence[Score]) -> dict[tuple[str, str], tuple[float, int]]:
    """By (method, metric): the mean over the photos where it is defined, and their number."""
    values: dict[tuple[str, str], list[float]] = {}
    for score in scores:
        of_pair = values.setdefault((score.method, score.metric), [])
        if not math.isnan(score.value):
            of_pair.append(score.value)
    return {
        pair: (sum(found) / len(found) if found else math.nan, len(found))
        for pair, found in values.items()
    }


def table(scores: Sequence[Score]) -> str:
    """Methods down, metrics across, means in the cells; a note where some were not defined."""
    found = means(scores)
    methods = list(dict.fromkeys(method for method, _ in found))
    metrics = list(dict.fromkeys(metric for _, metric in found))
    photos = len({score.photo for score in scores})
    arrows = {"higher": "↑", "lower": "↓"}
    heads = [f"{name} {arrows[METRICS[name].better]}" for name in metrics]
    rows = [["method", *heads]]
    for method in methods:
        rows.append([method, *(_cell(*found[method, metric], photos) for metric in metrics)])
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _cell(mean: float, count: int, photos: int) -> str:
    shown = "–" if math.isnan(mean) else f"{mean:.3f}"
    return shown if count == photos else f"{shown} (of {count})"


def as_csv(scores: Sequence[Score]) -> str:
    """photo, target, method, metric, value: a line per number; an undefined one is empty."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["photo", "target", "method", "metric", "value"])
    for score in scores:
        value: Any = "" if math.isnan(score.value) else repr(score.value)
        writer.writerow([score.photo, score.target, score.method, score.metric, value])
    return out.getvalue()
