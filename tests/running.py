"""Programs and management commands, run to their end, with what they said."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path

from django.core.management import call_command
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

ROOT = Path(__file__).resolve().parents[1]
Done = subprocess.CompletedProcess[str]


def run(*command: object, env: Mapping[str, str] | None = None, cwd: Path = ROOT) -> Done:
    return subprocess.run(
        list(map(str, command)), env=env, cwd=cwd, capture_output=True, text=True, check=False
    )


def python(*arguments: object, env: Mapping[str, str] | None = None, cwd: Path = ROOT) -> Done:
    return run(sys.executable, *arguments, env=env, cwd=cwd)


def output_of(command: str, *arguments: object, **options: object) -> str:
    """What a management command prints."""
    out = StringIO()
    call_command(command, *map(str, arguments), stdout=out, **options)
    return out.getvalue()


def at_once(count: int, work: Callable[[int], object]) -> None:
    """Run `work` in so many threads that start in the same moment; errors reach the test."""
    barrier = threading.Barrier(count)

    def run(number: int) -> None:
        try:
            barrier.wait()
            work(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        list(pool.map(run, range(count)))


def queries_of(ask: Callable[[], object], *, again: bool = False) -> int:
    """How many queries it takes; `again`: once what is remembered has been read."""
    if again:
        ask()
    with CaptureQueriesContext(connection) as asked:
        ask()
    return len(asked)


def is_running(process: int) -> bool:
    """What nobody has waited for yet is a zombie, and runs no more."""
    try:
        state = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):  # the latter if it is reaped meanwhile
        return False
    return state not in ("Z", "X")


def gone_within(process: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while is_running(process) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not is_running(process)
