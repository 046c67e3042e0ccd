"""`python -m explainer …`: the explainer from the command line."""

import argparse
import json
import sys
from collections.abc import Sequence

from .catalogue import catalogue
from .classification import classify
from .errors import ExplainerError


def write_catalogue(arguments: argparse.Namespace) -> None:
    """Print the names that a study file may use, as JSON."""
    print(json.dumps(catalogue(), indent=1, ensure_ascii=False))


def predict(arguments: argparse.Namespace) -> None:
    """Read photos and networks as JSON, print each network's first classes for each photo."""
    try:
        wanted = json.load(sys.stdin)
    except ValueError as error:
        raise ExplainerError("no JSON to read", "give networks and photos") from error
    json.dump(classify(wanted), sys.stdout)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="python -m explainer", description=__doc__)
    verbs = top.add_subparsers(required=True, metavar="command")
    verb = verbs.add_parser("catalogue", help=write_catalogue.__doc__)
    verb.set_defaults(run=write_catalogue)
    verb = verbs.add_parser("predict", help=predict.__doc__)
    verb.set_defaults(run=predict)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; bad input is one line on standard error and 1."""
    chosen = parser().parse_args(arguments)
    try:
        chosen.run(chosen)
    except ExplainerError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
