"""Long work in a process of its own, which ends with the row that asked for it."""

import os
import signal
import subprocess
from contextlib import suppress
from typing import Any


def bounded(command: list[str], seconds: float) -> list[str]:
    """`command`, which ends by itself where the worker that watches it was killed."""
    return ["timeout", "--kill-after=30", str(int(seconds) + 30), *command]


def end(child: "subprocess.Popen[Any]") -> None:
    """The process, which began a session, and all that it has started."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGTERM)
    try:
        child.wait(timeout=30)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
