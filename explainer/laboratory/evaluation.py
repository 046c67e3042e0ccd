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
from explainer.explanations.explanation import Settings, explain, method_named
from explainer.explanations.own_photo import refuse_other_photos
from explainer.networks.contexts import refuse_context
from explainer.networks.folded import folded
from explainer.networks.network import Network
from explainer.networks.sought import sought
from explainer.passes.named import named
from explainer.passes.target import Target
from explainer.passes.targets import Wanted, class_index
from explainer.pictures.resizing import size_of
from photos.class_names import class_names

from .asked import entry_of
from .metrics import METRICS, Budget, Metric
from .segmentations import LabelledPhoto

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Case:
    """A photo file with what to explain (a class or a named target; None: its first class) and,
    where known, its boxes.

    Boxes are (left, top, right, bottom) in pixels of the network's input. `context`: what the
    network is asked about the photo, if it takes more than photos; `further`: files of photos that
    it gets as well (see `Asked`).
    """

    path: Path
    target: int | Target | None = None
    boxes: tuple[Box, ...] = ()
    context: Any = None
    further: Sequence[Path] = ()

    def __str__(self) -> str:
        asked = "" if self.context is None else f" asked {self.context!r}"
        beside = ", ".join(path.name for path in self.further)
        return f"{self.path.name}{asked}{f' beside {beside}' if beside else ''}"


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

    A photo none of whose things the network knows, or whose crop leaves them out, is left out. One
    of which only the class is told has no boxes.
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
    is_left_out = bool(concept.outlines) and not boxes
    return None if is_left_out else Case(photo.path, target, boxes, photo.context)


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

    Metrics that need boxes are refused where a case has none, and maps of a layer that does not see
    the case's own photo.
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

    def read(case: Case) -> tuple[Case, Tensor, Any]:
        image = network.seen(network.open(case.path))
        return case, image, entry_of(network, case.context, case.further)

    def compute(read: Sequence[tuple[Case, Tensor, Any]]) -> list[Score]:
        part, images, entries = zip(*read, strict=True)
        asked = network.asking(entries)
        how = settings or {}, budget
        return _scores(asked, network.batch(images), part, (methods, chosen), how)

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
    targets, labels = _targets(network, images, cases)
    view, pictures = folded(network, images)
    chosen = [(method_named(name), settings.get(name) or {}) for name in methods]
    refuse_other_photos(view.of([0]), pictures[:1], chosen)
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
            for case, label, value in zip(cases, labels, values.tolist(), strict=True):
                scores.append(Score(str(case), label, method, metric.name, value))
    return scores


def _targets(
    network: Network, images: Tensor, cases: Sequence[Case]
) -> tuple[Wanted, Sequence[str]]:
    """What is explained of each image, with its name: regions of the photos as they are."""
    asked = [case.target for case in cases]
    if any(isinstance(target, Target) for target in asked):
        wanted = sought(network, named(asked, len(images)), network.placed(images))
        return wanted, [target.text() for target in asked if isinstance(target, Target)]
    first = network.predict(images).argmax(1).tolist()
    given = zip(asked, first, strict=True)
    indices = [own if target is None else class_index(target) for target, own in given]
    labels = [network.labels[k] if network.labels else str(k) for k in indices]
    return torch.tensor(indices), labels


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
