"""`python -m explainer …`: the explainer from the command line."""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from .errors import ExplainerError
from .laboratory.commands import COMMANDS


class Parser(argparse.ArgumentParser):
    """Tells a wrong command line as all bad input is told: in one line, and with 1."""

    def error(self, message: str) -> NoReturn:
        self.exit(1, f"{message}: see {self.prog} --help\n")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = Parser(prog="python -m explainer", description=__doc__)
    verbs = top.add_subparsers(required=True, metavar="command")
    for command in COMMANDS.values():
        verb = verbs.add_parser(command.name, help=command.help, description=command.help)
        command.arguments(verb)
        verb.set_defaults(run=command.run)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; bad input is one line on standard error and 1."""
    chosen = parser().parse_args(arguments)
    try:
        code: int = chosen.run(chosen)
    except ExplainerError as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:  # a reader such as `head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main())
