"""`python -m ready.navigator MAP…`: read topological maps, and say what they hold."""

import sys
from collections.abc import Sequence
from pathlib import Path

from ready.errors import MakingError
from ready.navigator.topological import read_map, summary


def main(paths: Sequence[str]) -> int:
    """1 where a map was refused, or none was named."""
    refused = not paths
    if not paths:
        print("Name the files of one topological map or more.", file=sys.stderr)
    for path in paths:
        try:
            print(f"{path}: {summary(read_map(Path(path)))}")
        except MakingError as reason:
            refused = True
            print(reason, file=sys.stderr)
    return int(refused)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
