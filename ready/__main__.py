"""`python -m ready list|make|check`: the photos and networks of ready studies."""

import argparse
import os
import sys
from collections.abc import Sequence

from ready.catalogue import READY, check, folder_of, make, with_factories
from ready.errors import MakingError


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m ready", description=__doc__)
    verbs = top.add_subparsers(dest="verb", required=True)
    verbs.add_parser("list", help="the ready studies, and how long each takes to make")
    for verb, what in (("make", "make"), ("check", "measure, beside controls,")):
        one = verbs.add_parser(verb, help=f"{what} what these studies need")
        one.add_argument("names", nargs="+", metavar="NAME", help=", ".join(READY))
    return top


def run(options: argparse.Namespace) -> int:
    """1 where something does not hold that was asked of what was made."""
    if options.verb == "list":
        for name, ready in READY.items():
            print(f"{name:20} {ready.minutes} min  {folder_of(name)}")
        return 0
    failed = False
    for name in options.names:
        if options.verb == "make":
            make(name)
            continue
        failed |= _measured(name)
    return int(failed)


def _measured(name: str) -> bool:
    """Print what `check` finds; whether something does not hold."""
    from ready.measures import table  # listing studies loads no PyTorch

    found = check(name)
    print(f"## {name}\n\n{table(found)}\n")
    faults = [fault for one in found for fault in one.faults]
    for fault in faults:
        print(f"{name}: {fault}", file=sys.stderr)
    return bool(faults)


def main(arguments: Sequence[str] | None = None) -> int:
    try:
        return run(parser().parse_args(arguments))
    except MakingError as reason:
        print(reason, file=sys.stderr)
        return 1


if __name__ == "__main__":
    os.environ["NETWORK_FACTORIES"] = with_factories(os.environ.get("NETWORK_FACTORIES", ""))
    sys.exit(main())
