"""Where the slowest requests waited, by what nginx and the web processes logged of them."""

import json
from collections.abc import Iterator
from datetime import datetime
from heapq import nlargest
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from .people import Wait
from .stack import Stack

# nginx logs whole seconds.
NEAR_SECONDS = 2


class Logged(NamedTuple):
    """One line of an access log: how long that server took, and which web processes it asked."""

    seconds: float
    asked: str


def slowest(stack: Stack, waits: list[Wait], count: int = 3) -> Iterator[str]:
    """A line for each of the slowest requests: what a person waited, and what each server saw of
    it. What nginx took and the web process did not was spent in between."""
    for wait in nlargest(count, waits, key=attrgetter("seconds")):
        seen = []
        for server, logs in stack.access_logs().items():
            lines = [line for log in logs for line in _lines(log, wait)]
            if lines:
                longest = max(lines)
                seen.append(f"{server} {longest.seconds:.2f} s{longest.asked}")
        yield f"{wait.seconds:.2f} s {wait.method} {wait.path}: {'; '.join(seen) or 'not logged'}"


def _lines(log: Path, wait: Wait) -> Iterator[Logged]:
    """What a log tells of such a request at that time."""
    for line in log.read_text("utf-8", errors="replace").splitlines():
        if f'"{wait.path}"' not in line or f'"{wait.method}"' not in line:
            continue
        try:
            facts = json.loads(line)
        except json.JSONDecodeError:  # what was killed has left half a line
            continue
        ended = datetime.fromisoformat(facts["at"]).timestamp()
        if abs(ended - wait.ended) < NEAR_SECONDS:
            seconds = facts["seconds"] if "seconds" in facts else facts["ms"] / 1000
            asked = f" (asked {facts['web']}: {facts['web_seconds']})" if "web" in facts else ""
            yield Logged(seconds, asked)
