"""`methods`, `networks` and `catalogue`: the names that commands and study files may use."""

import argparse
import json

from explainer.laboratory.catalogue import catalogue
from explainer.laboratory.metrics import METRICS
from explainer.methods import METHODS
from explainer.networks import BUILDERS, TIMM, allowed_factories, options_of, weights_of

from .choices import Command


def list_methods(arguments: argparse.Namespace) -> int:
    print("METHODS")
    for method in METHODS.values():
        print(f"  {method.name}\n    {method.formula}\n    {method.paper}\n    cost: {method.cost}")
        settings = ", ".join(f"{key}={value!r}" for key, value in method.defaults().items())
        if settings:
            print(f"    settings: {settings}")
    print("METRICS")
    for metric in METRICS.values():
        print(f"  {metric.name}\n    {metric.formula}\n    {metric.paper}\n    cost: {metric.cost}")
        print(f"    better: {metric.better}; needs: {metric.needs}")
    return 0


def list_networks(arguments: argparse.Namespace) -> int:
    for name in (*BUILDERS, f"{TIMM}NAME", *allowed_factories()):
        options = ", ".join(f"{key}={value}" for key, value in options_of(name).items())
        print(f"{name}\n  weights: {', '.join(weights_of(name))}, or a file\n  options: {options}")
    return 0


def print_catalogue(arguments: argparse.Namespace) -> int:
    print(json.dumps(catalogue(), indent=1, ensure_ascii=False))
    return 0


METHODS_COMMAND = Command(
    "methods", "list the methods and metrics, with their settings", list_methods
)
NETWORKS = Command("networks", "list the networks, their weights and options", list_networks)
CATALOGUE = Command(
    "catalogue", "print the names that a study file may use, as JSON", print_catalogue
)
