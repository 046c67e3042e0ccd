"""`python -m demo start|stop|reset`: behind `make demo`, `make demo-stop`, `make demo-reset`."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from demo.environment import STUDIES
from demo.launcher import Stop, launch, launch_detached, port_of, said, stop
from demo.reset import reset
from sandbox.processes import PlainError


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    verbs = top.add_subparsers(dest="verb", required=True)
    for verb in ("start", "run"):
        one = verbs.add_parser(verb, help="serve studies until Ctrl-C")
        one.add_argument("files", nargs="*", type=Path, default=STUDIES, help="study files")
        one.add_argument("--opened", type=int, help=argparse.SUPPRESS)
    verbs.add_parser("stop", help="end a demo that was started with DETACH=1")
    verbs.add_parser("reset", help="delete the demo's data")
    return top


def run(options: argparse.Namespace) -> int:
    if options.verb == "stop":
        stop()
    elif options.verb == "reset":
        stop()
        reset()
    elif options.verb == "start" and os.environ.get("DETACH", "") not in ("", "0"):
        return launch_detached(port_of(os.environ), options.files)
    else:
        launch(port_of(os.environ), options.files, options.opened)
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    try:
        return run(options)
    except Stop:
        print("Everything was stopped; `make demo` goes on with the same data.")
        return 0
    except (PlainError, OSError) as reason:
        print(said(reason), file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
