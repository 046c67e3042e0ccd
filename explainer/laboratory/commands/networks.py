"""`networks`: the names, weights and options that load_network knows."""

import argparse

from explainer.networks import BUILDERS, options_of, weights_of

from .base import Command


def run(arguments: argparse.Namespace) -> int:
    for name in BUILDERS:
        options = ", ".join(f"{key}={value}" for key, value in options_of(name).items())
        print(f"{name}\n  weights: {', '.join(weights_of(name))}, or a file\n  options: {options}")
    return 0


NETWORKS = Command("networks", "list the networks, their weights and options", run)
