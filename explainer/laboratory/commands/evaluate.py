"""`evaluate`: methods judged by metrics, as a table and CSV."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from explainer import store
from explainer.errors import ExplainerError
from explainer.laboratory import evaluation
from explainer.laboratory.asked import Asked, entry_of
from explainer.laboratory.evaluation import Case, evaluate, metric_named
from explainer.laboratory.metrics import METRICS, Budget
from explainer.networks import Network

from . import choices, targets
from .annotated import add_annotated, add_imagenet, annotated_of, source_of
from .choices import ALL, FIRST, Command

# Where a network knows none of the classes
NAMING = {
    "coco": "add the class names as “accepted” to the categories",
    "voc": "give --labels, or name the objects as the network's classes",
    "imagenet": "give --labels, with ImageNet's names of the classes",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("photos", nargs="*", type=Path, metavar="PHOTO", help="files or folders")
    choices.add_network(parser)
    choices.add_methods(parser)
    choices.add_cases(parser)
    parser.add_argument("--metrics", default=ALL, help="names separated by commas, or all")
    parser.add_argument("--targets", default=FIRST, help=f"{FIRST}, or one class for all photos")
    targets.add_target(parser)
    for add in (add_annotated, add_imagenet):
        add(parser, "annotated photos instead of PHOTO…")
    parser.add_argument(
        "--csv", type=Path, metavar="F", help="write each photo's numbers to this file"
    )
    parser.add_argument("--batch", type=int, default=8, help="photos per batch")


def run(chosen: argparse.Namespace) -> int:
    network, settings = choices.network_of(chosen), choices.settings_of(chosen)
    cases = cases_of(chosen, network)
    asked = network.asking([entry_of(network, cases[0].context, cases[0].further)])
    named = targets.target_of(chosen, network)
    methods = choices.methods_of(chosen, asked, cases[0].path, settings, named)
    metrics = metrics_of(chosen, cases)
    how: dict[str, Any] = {"settings": settings, "budget": Budget(progress=True)}
    scores = list(evaluate(network, cases, methods, metrics, batch=chosen.batch, **how))
    if chosen.csv:
        store.save_bytes(chosen.csv, evaluation.as_csv(scores).encode())
    print(f"Means over {len(cases)} photos; ↑ higher is better, ↓ lower is better.")
    print(evaluation.table(scores))
    return 0


def cases_of(chosen: argparse.Namespace, network: Network) -> list[Case]:
    """Photos with boxes from an annotated set, or plain photos."""
    source = source_of(chosen)
    if (source is not None) == bool(chosen.photos):
        raise ExplainerError(
            "photos must come from one source",
            "give either PHOTO… or one of --coco, --voc and --imagenet",
        )
    if source is not None:
        return _annotated_cases(chosen, network, source)
    target = targets.target_of(chosen, network) or _target(chosen, network)
    return [
        Case(one.path, target, context=one.context, further=tuple(map(Path, one.further)))
        if isinstance(one, Asked)
        else Case(one, target)
        for one in choices.asked_of(chosen, network)
    ]


def _annotated_cases(chosen: argparse.Namespace, network: Network, source: str) -> list[Case]:
    if chosen.cases:
        raise ExplainerError("--cases needs a folder of photos", f"leave --{source} out")
    if chosen.target is not None:
        raise ExplainerError(
            f"--{source} names a class of each photo to explain",
            "leave --target out, or give PHOTO…",
        )
    photos = annotated_of(chosen)
    cases = evaluation.labelled_cases(network, photos)
    if not cases:
        folder = vars(chosen)[source]
        raise ExplainerError(
            f"no photo of {folder} shows a class of {network.name}", NAMING[source]
        )
    told = f"{len(photos) - len(cases)} of {len(photos)} photos show no class of {network.name}"
    print(f"{told} and are left out", file=sys.stderr)
    return cases


def _target(chosen: argparse.Namespace, network: Network) -> int | None:
    classes = choices.classes_of(chosen.targets)
    if classes is None:
        return None
    if len(classes) != 1:
        raise ExplainerError(
            f"{len(classes)} classes for each photo", "name one class: --targets CLASS"
        )
    (only,) = classes
    return network.label_index(only) if isinstance(only, str) else only


def metrics_of(chosen: argparse.Namespace, cases: Sequence[Case]) -> list[str]:
    """The metrics asked for; “all” are those that the photos allow, and who has not all boxes is
    told so."""
    if chosen.metrics != ALL:
        return [metric_named(name).name for name in choices.split(chosen.metrics)]
    boxless = sum(not case.boxes for case in cases)
    if 0 < boxless < len(cases):
        told = f"{boxless} of {len(cases)} photos have no boxes"
        print(f"{told}: metrics that need them are left out", file=sys.stderr)
    return [name for name, metric in METRICS.items() if not boxless or metric.needs != "boxes"]


EVALUATE = Command("evaluate", "judge methods by metrics, as a table and CSV", run, arguments)
