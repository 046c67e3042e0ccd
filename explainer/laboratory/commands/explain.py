"""`explain`: photos in, a folder of maps and pictures out."""

import argparse
import sys
from pathlib import Path

from explainer.laboratory.stream import explain_many
from explainer.pictures.render import Display

from . import choices, targets
from .choices import FIRST, Command


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("photos", nargs="+", type=Path, metavar="PHOTO", help="files or folders")
    choices.add_network(parser)
    choices.add_methods(parser)
    choices.add_cases(parser)
    parser.add_argument(
        "--targets", default=FIRST, help=f"{FIRST}, or class names separated by commas"
    )
    targets.add_target(parser)
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="save here")
    parser.add_argument("--batch", type=int, default=8, help="photos per batch")
    parser.add_argument("--colours", default=Display().colour_map, help="colour map of the CAMs")
    parser.add_argument("--no-pictures", action="store_true", help="save maps without pictures")


def run(chosen: argparse.Namespace) -> int:
    network, settings = choices.network_of(chosen), choices.settings_of(chosen)
    display = None if chosen.no_pictures else Display(colour_map=chosen.colours)
    photos = choices.asked_of(chosen, network)
    target = targets.target_of(chosen, network)
    saved = explain_many(
        network,
        photos,
        chosen.out,
        targets=target or choices.classes_of(chosen.targets),
        methods=choices.methods_of(chosen, *choices.first_of(photos, network), settings, target),
        settings=settings,
        display=display,
        batch=chosen.batch,
    )
    said = f"{len(saved.made)} explained, {len(saved.present)} already in {chosen.out}"
    print(said, file=sys.stderr)
    for path, names in saved.empty.items():
        print(f"{path}: empty map: {', '.join(names)}", file=sys.stderr)
    if saved.failed:
        print(f"{len(saved.failed)} could not be explained", file=sys.stderr)
    return 1 if saved.failed else 0


EXPLAIN = Command("explain", "explain photos and save maps and pictures", run, arguments)
