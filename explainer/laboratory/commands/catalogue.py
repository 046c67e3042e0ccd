"""`catalogue`: the names that a study file may use."""

import argparse
import json

from explainer.laboratory.catalogue import catalogue

from .base import Command


def run(arguments: argparse.Namespace) -> int:
    print(json.dumps(catalogue(), indent=1, ensure_ascii=False))
    return 0


CATALOGUE = Command("catalogue", "print the names that a study file may use, as JSON", run)
