"""`python -m demo start|open|stop|reset`: behind `make demo`, `make demo-stop`, `make demo-reset`.

STUDIES=vqa,captions (or all) names ready studies that are opened beside the demo's own.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from demo.environment import STUDIES, study_files
from demo.launcher import Stop, launch, launch_detached, open_beside, port_of, running, said, stop
from demo.reset import reset
from sandbox.processes import PlainError


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    verbs = top.add_subparsers(dest="verb", required=True)
    for verb in ("start", "run"):
        one = verbs.add_parser(verb, help="serve studies until Ctrl-C")
        one.add_argument("files", nargs="*", type=Path, help="study files")
        one.add_argument("--opened", type=int, help=argparse.SUPPRESS)
    one = verbs.add_parser("open", help="open ready studies in a demo that runs")
    one.add_argument("names", help="ready studies with commas between them, or all")
    verbs.add_parser("stop", help="end a demo that was started with DETACH=1")
    verbs.add_parser("reset", help="delete the demo's data")
    return top


def run(options: argparse.Namespace) -> int:
    if options.verb == "stop":
        stop()
    elif options.verb == "reset":
        stop()
        reset()
    elif options.verb == "open":
        return open_beside(study_files(options.names))
    else:
        return start(options)
    return 0


def start(options: argparse.Namespace) -> int:
    """Serve the demo's own studies and those that STUDIES names; where a demo runs already, these
    are opened in it."""
    wanted = study_files(os.environ.get("STUDIES", ""))
    if wanted and not options.files and running():
        return open_beside(wanted)
    files = options.files or list(dict.fromkeys([*STUDIES, *wanted]))
    if options.verb == "start" and os.environ.get("DETACH", "") not in ("", "0"):
        return launch_detached(port_of(os.environ), files)
    launch(port_of(os.environ), files, options.opened)
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
