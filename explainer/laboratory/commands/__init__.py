"""Every verb of `python -m explainer`. A new one is a file here and a line in COMMANDS."""

from . import catalogue, dissect, evaluate, explain, methods, networks, predict
from .base import Command

COMMANDS: dict[str, Command] = {
    command.name: command
    for command in (
        explain.EXPLAIN,
        evaluate.EVALUATE,
        dissect.DISSECT,
        networks.NETWORKS,
        methods.METHODS_COMMAND,
        catalogue.CATALOGUE,
        predict.PREDICT,
    )
}

__all__ = ["COMMANDS", "Command"]
