"""What is explained of a network that is no classifier, as a command line names it."""

import argparse
from collections.abc import Callable, Mapping

from explainer.errors import ExplainerError, did_you_mean
from explainer.networks import Network
from explainer.passes.named import Channel, Detected, Difference, Neuron, Words
from explainer.passes.regions import SOUGHT
from explainer.passes.target import Target
from explainer.passes.target_texts import read_target

from .choices import FIRST, split

HELP = (
    "what is explained of every photo, in place of a class: region:dog (of a segmenter, the pixels "
    "where dog wins), box:dog (of a detector, its surest dog), box:dog@40,60,210,300 (a box of the "
    "network's input), difference:dog,cat, words:a,dog (of a captioner), channel:7, neuron:3,0,5, "
    "or a target as JSON"
)


def add_target(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--target", metavar="KIND:…", help=HELP)


def target_of(chosen: argparse.Namespace, network: Network) -> Target | None:
    """The named target that the arguments ask for; None where they name classes, or none."""
    given: str | None = chosen.target
    if given is None:
        return None
    if chosen.targets != FIRST:
        raise ExplainerError("--target and --targets are both given", "leave one of them out")
    if given.lstrip().startswith("{"):
        return read_target(given)
    kind, _, rest = given.partition(":")
    if kind not in KINDS:
        raise ExplainerError(f'--target {given}: no kind "{kind}"', did_you_mean(kind, KINDS))
    return KINDS[kind](network, rest)


def _region(network: Network, rest: str) -> Target:
    return SOUGHT["region"](_class(network, rest))


def _box(network: Network, rest: str) -> Target:
    name, at, corners = rest.rpartition("@")
    if not at:
        return SOUGHT["box"](_class(network, rest))
    try:
        left, top, right, bottom = (float(number) for number in corners.split(","))
    except ValueError as error:
        raise ExplainerError(
            f'"{corners}" is not a box', "write left,top,right,bottom in pixels, as 40,60,210,300"
        ) from error
    return Detected(_class(network, name), (left, top, right, bottom))


def _difference(network: Network, rest: str) -> Target:
    names = split(rest)
    if len(names) != 2:
        raise ExplainerError(
            f"difference:{rest} needs two classes",
            "separate them by a comma, as difference:dog,cat",
        )
    return Difference(*(_class(network, name) for name in names))


def _words(network: Network, rest: str) -> Target:
    return Words(tuple(_class(network, name) for name in split(rest)))


def _channel(network: Network, rest: str) -> Target:
    return Channel(_index(rest))


def _neuron(network: Network, rest: str) -> Target:
    return Neuron(tuple(_index(number) for number in split(rest)))


KINDS: Mapping[str, Callable[[Network, str], Target]] = {
    "region": _region,
    "box": _box,
    "difference": _difference,
    "words": _words,
    "channel": _channel,
    "neuron": _neuron,
}


def _class(network: Network, given: str) -> int:
    """A class by its name, or by its index where no other has that name."""
    name = given.strip()
    if not name.isdecimal():
        return network.label_index(name)
    index, count = int(name), len(network.labels)
    if name in network.labels and network.label_index(name) != index:
        raise ExplainerError(
            f'"{name}" could be the name of class {network.label_index(name)} or the index {index}',
            "give the target as JSON, which names classes by their indices alone",
        )
    if network.labels and index >= count:
        raise ExplainerError(f"class index {index} is out of range", f"use 0 to {count - 1}")
    return index


def _index(number: str) -> int:
    if not number.strip().isdecimal():
        raise ExplainerError(f'"{number}" is not an index', "use a whole number from 0")
    return int(number)
