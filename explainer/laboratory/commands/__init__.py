"""Every verb of `python -m explainer`. A new one is a file here and a line in COMMANDS."""

from . import dissect, evaluate, explain, import_maps, listings, predict, train
from .choices import Command

COMMANDS: dict[str, Command] = {
    command.name: command
    for command in (
        explain.EXPLAIN,
        evaluate.EVALUATE,
        dissect.DISSECT,
        train.TRAIN,
        listings.NETWORKS,
        listings.METHODS_COMMAND,
        listings.CATALOGUE,
        predict.PREDICT,
        import_maps.IMPORT_MAPS,
    )
}

__all__ = ["COMMANDS", "Command"]
