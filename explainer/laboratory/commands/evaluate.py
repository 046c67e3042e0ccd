"""`evaluate`: methods judged by metrics, as a table and CSV."""

import argparse
import sys
from pathlib import Path

from explainer import store
from explainer.errors import ExplainerError
from explainer.laboratory.evaluation import (
    Case,
    as_csv,
    evaluate,
    labelled_cases,
    metric_named,
    table,
)
from explainer.laboratory.metrics import METRICS, Budget
from explainer.laboratory.segmentations import read_labelled
from explainer.networks import Network

from .base import Command
from .choices import (
    ALL,
    FIRST,
    add_methods,
    add_network,
    classes_of,
    methods_of,
    network_of,
    photos_of,
    settings_of,
    split,
)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("photos", nargs="*", type=Path, metavar="PHOTO", help="files or folders")
    add_network(parser)
    add_methods(parser)
    parser.add_argument("--metrics", default=ALL, help="names with commas between, or all")
    parser.add_argument("--targets", default=FIRST, help=f"{FIRST}, or one class name for all")
    parser.add_argument(
        "--coco", type=Path, metavar="F", help="photos with boxes, in place of PHOTO…"
    )
    parser.add_argument("--csv", type=Path, metavar="F", help="write each photo's numbers here")
    parser.add_argument("--batch", type=int, default=8, help="photos at once")


def run(chosen: argparse.Namespace) -> int:
    network, settings = network_of(chosen), settings_of(chosen)
    cases = cases_of(chosen, network)
    methods = methods_of(chosen, network, cases[0].path, settings)
    metrics = metrics_of(chosen)
    scores = list(
        evaluate(
            network,
            cases,
            methods,
            metrics,
            settings=settings,
            batch=chosen.batch,
            budget=Budget(progress=True),
        )
    )
    if chosen.csv:
        store.save_bytes(chosen.csv, as_csv(scores).encode())
    print(f"Means over {len(cases)} photos; ↑ higher is better, ↓ lower is better.")
    print(table(scores))
    return 0


def cases_of(chosen: argparse.Namespace, network: Network) -> list[Case]:
    """Photos with boxes from a COCO file, or plain photos."""
    if bool(chosen.coco) == bool(chosen.photos):
        raise ExplainerError("photos are missing or given twice", "give PHOTO… or --coco F")
    if not chosen.coco:
        return [Case(path, _target(chosen, network)) for path in photos_of(chosen.photos)]
    photos = read_labelled(chosen.coco)
    cases = labelled_cases(network, photos)
    if not cases:
        raise ExplainerError(
            f"no photo of {chosen.coco} shows a class of {network.name}",
            "add the class names as “accepted” to the categories",
        )
    told = f"{len(photos) - len(cases)} of {len(photos)} photos show no class of {network.name}"
    print(told, file=sys.stderr)
    return cases


def _target(chosen: argparse.Namespace, network: Network) -> int | None:
    classes = classes_of(chosen.targets)
    if classes is None:
        return None
    if len(classes) != 1:
        raise ExplainerError(f"{len(classes)} classes", "metrics are of one class per photo")
    (only,) = classes
    return network.label_index(only) if isinstance(only, str) else only


def metrics_of(chosen: argparse.Namespace) -> list[str]:
    """The metrics asked for; “all” are those that the photos allow."""
    if chosen.metrics != ALL:
        return [metric_named(name).name for name in split(chosen.metrics)]
    return [name for name, metric in METRICS.items() if chosen.coco or metric.needs != "boxes"]


EVALUATE = Command("evaluate", "judge methods by metrics, as a table and CSV", run, arguments)
