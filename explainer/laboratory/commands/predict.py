"""`predict`: the first classes of many photos, for readers that can't import torch."""

import argparse
import json
import sys

from explainer.errors import ExplainerError
from explainer.laboratory.classification import classify

from .choices import Command, add_device


def run(arguments: argparse.Namespace) -> int:
    try:
        wanted = json.load(sys.stdin)
    except ValueError as error:
        raise ExplainerError("no JSON to read", "give networks and photos") from error
    json.dump(classify(wanted, arguments.device), sys.stdout)
    return 0


PREDICT = Command(
    "predict",
    "read photos and networks as JSON, print each network's first classes for each photo",
    run,
    add_device,
)
