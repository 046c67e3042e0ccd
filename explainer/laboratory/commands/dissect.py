"""`dissect`: names for a layer's units, and classes explained in their words."""

import argparse
from pathlib import Path

from explainer.errors import ExplainerError
from explainer.laboratory.dissection import Dissection, Voice, dissect, explain_in_words
from explainer.networks import Network

from .annotated import add_annotated, annotated_of
from .choices import FIRST, Command, add_network, classes_of, network_of, photos_of


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "photos", nargs="*", type=Path, metavar="PHOTO", help="photos to explain in words"
    )
    add_network(parser)
    add_annotated(parser, "photos with outlined objects, which name the units")
    parser.add_argument("--targets", default=FIRST, help=f"{FIRST}, or one class for all photos")


def run(chosen: argparse.Namespace) -> int:
    network = network_of(chosen)
    classes = classes_of(chosen.targets)
    if classes is not None and len(classes) != 1:
        raise ExplainerError(
            f"{len(classes)} classes for each photo", "name one class: --targets CLASS"
        )
    found = dissect(network, annotated_of(chosen), progress=True)
    print(f"{len(found.named)} of {len(found.overlaps)} units of {found.layer} have a name")
    if not chosen.photos:
        tell_units(found)
    for path in photos_of(chosen.photos, network) if chosen.photos else []:
        tell_photo(network, path, classes, found)
    return 0


def tell_units(found: Dissection) -> None:
    """Every named unit, the surest first."""
    for unit in sorted(found.named.values(), key=lambda unit: -unit.iou):
        print(f"  unit {unit.index:5}  {unit.name}  IoU {unit.iou:.3f}")


def tell_photo(
    network: Network, path: Path, classes: list[str | int] | None, found: Dissection
) -> None:
    """What speaks for and against the class on one photo."""
    images = network.prepare([network.open(path)])
    target = int(network.predict(images).argmax()) if classes is None else classes[0]
    (words,) = explain_in_words(network, images, [target], found)
    label = network.labels[target] if isinstance(target, int) and network.labels else target
    print(f"{path.name}: {label}")
    print(f"  for:     {_listed(words.positive)}")
    print(f"  against: {_listed(words.negative)}")


def _listed(voices: tuple[Voice, ...]) -> str:
    named = [f"{v.unit.name} (unit {v.unit.index}, α {v.alpha:+.2g})" for v in voices]
    return ", ".join(named) or "no named unit"


DISSECT = Command("dissect", "name a layer's units and explain photos in words", run, arguments)
