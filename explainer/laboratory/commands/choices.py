"""What a command is, and what several ask for: a network, methods, classes, settings."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from torch import Tensor

from explainer.errors import ExplainerError
from explainer.explanations.explanation import explain, method_named
from explainer.laboratory.asked import Asked, entry_of
from explainer.methods import METHODS
from explainer.methods.shapes import ANY_SHAPE
from explainer.networks import RANDOM, Network, load_asked, weights_of
from explainer.networks.preprocessing import endings_of
from explainer.passes.devices import AUTO
from explainer.passes.target import Target
from explainer.passes.targets import Probabilities
from photos.questions import Question, photo_below, read_questions
from photos.tables import TableError

ALL = "all"
FIRST = "top1"
ENDINGS = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"}


@dataclass(frozen=True)
class Command:
    """`python -m explainer NAME …`. `run` returns the exit code."""

    name: str
    help: str
    run: Callable[[argparse.Namespace], int]
    arguments: Callable[[argparse.ArgumentParser], None] = lambda parser: None


def add_network(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--network", required=True, metavar="NAME", help="see `networks`")
    parser.add_argument(
        "--weights",
        metavar="F",
        help="a file, a name that `networks` lists, or “random”; by default the first name",
    )
    parser.add_argument("--sha256", metavar="D", help="SHA-256 that the weights file must have")
    parser.add_argument("--labels", metavar="F", help="a text file of class names, one per line")
    parser.add_argument("--layer", metavar="L", help="address of the layer to explain")
    parser.add_argument(
        "--probabilities",
        choices=get_args(Probabilities),
        help="how scores become probabilities: by softmax, or each by its own sigmoid (several "
        "labels per photo)",
    )
    parser.add_argument(
        "--grid",
        metavar="U,V[,P]",
        help="how a transformer's tokens lie, if its pass does not show it: rows and columns of "
        "patches, and how many tokens come before them",
    )
    add_device(parser)
    parser.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="an option of the network, such as shrink_to=96",
    )


def add_device(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--device",
        default=AUTO,
        metavar="D",
        help="auto (the graphics card, if any), cpu or cuda:1",
    )


def add_methods(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--methods", default="grad_cam", help="names separated by commas, or all")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="METHOD.KEY=VALUE",
        help="a setting of a method, such as group_cam.groups=16",
    )


def network_of(arguments: argparse.Namespace) -> Network:
    """The network that the arguments name."""
    name, weights = arguments.network, arguments.weights
    if weights is None:
        (weights, *_) = weights_of(name)
        if weights == RANDOM:
            raise ExplainerError(
                f"{name} has no weights of its own",
                f"name a file that was trained for it, or write --weights {RANDOM}",
            )
    return load_asked(
        name,
        options_of(arguments),
        weights=weights,
        sha256=arguments.sha256,
        labels=arguments.labels,
        layer=arguments.layer,
        grid=_grid(arguments.grid),
        probabilities=arguments.probabilities,
        device=arguments.device,
    )


def options_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """The options of the network's builder."""
    return dict(_pair(given, "KEY=VALUE") for given in arguments.option)


def _grid(given: str | None) -> list[int] | None:
    if given is None:
        return None
    try:
        return [int(length) for length in given.split(",")]
    except ValueError as error:
        raise ExplainerError(
            f"--grid {given}: not a list of whole numbers", "write --grid 14,14 or --grid 14,14,1"
        ) from error


def settings_of(arguments: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """The settings by method."""
    settings: dict[str, dict[str, Any]] = {}
    for given in arguments.set:
        name, value = _pair(given, "METHOD.KEY=VALUE")
        method, point, key = name.partition(".")
        if not point:
            raise ExplainerError(f'"{given}" names no method', "write METHOD.KEY=VALUE")
        method_named(method)
        settings.setdefault(method, {})[key] = value
    return settings


def methods_of(
    arguments: argparse.Namespace,
    network: Network,
    photo: Path,
    settings: dict[str, Any],
    target: Target | None = None,
) -> list[str]:
    """The methods asked for. Of “all”, those that don't fit the network are named and left out."""
    if arguments.methods != ALL:
        names = split(arguments.methods)
        for name in names:
            method_named(name)
        return names
    left_out = {}
    if not settings.get("other_image", {}).get("photo"):
        left_out["other_image"] = "it needs --set other_image.photo=FILE"
    if (network.frames, network.places) != (None, 2):
        others = sorted(set(METHODS) - ANY_SHAPE)
        left_out |= dict.fromkeys(others, "it is for single pictures")
    image = network.prepare([network.open(photo)])
    for name, given in settings.items():
        METHODS[name].with_settings(given)  # a wrong one is no reason to leave its method out
    if target is not None:
        _refuse_missing(network, image, target, photo)
    for name, method in METHODS.items():
        if method.may_fail and name not in left_out:
            try:
                explain(network, image, target, [name], settings=settings)
            except ExplainerError as error:
                left_out[name] = str(error)
    for name, why in left_out.items():
        print(f"{name} is left out: {why}", file=sys.stderr)
    return [name for name in METHODS if name not in left_out]


def _refuse_missing(network: Network, image: Tensor, target: Target, photo: Path) -> None:
    """ExplainerError where the target is not in the photo: each method that is tried on it would be
    left out, whether it fits the network or not."""
    try:
        explain(network, image, target, ["gradient"])
    except ExplainerError as error:
        raise ExplainerError(
            f"--methods {ALL} is tried on {photo.name}: {error.reason}",
            "name the methods, or give first a photo that shows what is explained",
        ) from error


def classes_of(targets: str) -> list[str | int] | None:
    """None for each photo's first class, else class names and indices."""
    if targets == FIRST:
        return None
    return [int(name) if name.isdecimal() else name for name in split(targets)]


def photos_of(given: Sequence[Path], network: Network) -> list[Path]:
    """The files, and those in the folders among them that the network takes, sorted by name."""
    endings = endings_of(network.preprocess) or ENDINGS
    found: list[Path] = []
    for path in given:
        inside = path.rglob("*") if path.is_dir() else ()
        photos = sorted(file for file in inside if file.suffix.lower() in endings)
        found += photos if path.is_dir() else [path]
    if not found:
        raise ExplainerError(
            "no photos found", f"name files or folders; photos end in {', '.join(sorted(endings))}"
        )
    return found


def add_cases(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--cases",
        type=Path,
        metavar="F",
        help="a table of what the network is asked about the photos in the folder PHOTO: columns "
        "photo and context (a text) or context_json, and further photos in the column further; or "
        "COCO's captions (.json)",
    )


def asked_of(arguments: argparse.Namespace, network: Network) -> list[Path | Asked]:
    """The photos that the arguments name, each with what `--cases` asks about it."""
    if arguments.cases is None:
        return [*photos_of(arguments.photos, network)]
    if len(arguments.photos) != 1 or not arguments.photos[0].is_dir():
        raise ExplainerError(
            "--cases names photos by their paths in one folder", "give that folder, and no other"
        )
    (folder,) = arguments.photos
    try:
        rows = read_questions(arguments.cases, str(arguments.cases))
        asked = [one for questions in rows.values() for one in questions]
        files = [_further(arguments.cases, folder, one) for one in asked]
    except TableError as error:
        raise ExplainerError(str(error)) from error
    for one in asked:
        if not (folder / one.photo).is_file():
            raise ExplainerError(
                f"{arguments.cases}, {one.place}: {folder} holds no photo {one.photo}",
                "write its path in that folder",
            )
    return [
        Asked(folder / one.photo, one.context, further)
        for one, further in zip(asked, files, strict=True)
    ]


def _further(table: Path, folder: Path, asked: Question) -> list[Path]:
    where = f"{table}, {asked.place}"
    return [photo_below(folder, name, where) for name in asked.further]


def first_of(asked: Sequence[Path | Asked], network: Network) -> tuple[Network, Path]:
    """The first photo, and the network asked what is asked about it."""
    first = asked[0]
    if isinstance(first, Asked):
        entry = entry_of(network, first.context, first.further)
        return network.asked([entry]), first.path
    return network, first


def split(names: str) -> list[str]:
    """Names separated by commas."""
    found = [name.strip() for name in names.split(",") if name.strip()]
    if not found:
        raise ExplainerError(f'"{names}" contains no name', "separate names by commas")
    return found


def _pair(given: str, form: str) -> tuple[str, Any]:
    key, equals, value = given.partition("=")
    if not equals or not key:
        raise ExplainerError(f'"{given}" is not a setting', f"write {form}")
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value
