"""`methods`: what there is to explain with, and to measure explanations with."""

import argparse

from explainer.laboratory.metrics import METRICS
from explainer.methods import METHODS

from .base import Command


def run(arguments: argparse.Namespace) -> int:
    print("METHODS")
    for method in METHODS.values():
        tell(method.name, method.formula, method.paper, method.cost)
        settings = ", ".join(f"{key}={value!r}" for key, value in method.defaults().items())
        if settings:
            print(f"    settings: {settings}")
    print("METRICS")
    for metric in METRICS.values():
        tell(metric.name, metric.formula, metric.paper, metric.cost)
        print(f"    better: {metric.better}; needs: {metric.needs}")
    return 0


def tell(name: str, formula: str, paper: str, cost: str) -> None:
    print(f"  {name}\n    {formula}\n    {paper}\n    cost: {cost}")


METHODS_COMMAND = Command("methods", "list the methods and metrics, with their settings", run)
