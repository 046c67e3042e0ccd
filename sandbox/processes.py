"""Child processes that never outlive their parent, and the ports they listen on."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


class PlainError(Exception):
    """What went wrong and how to fix it, in one sentence for the terminal."""


@dataclass(frozen=True)
class Child:
    """A running process, by what it is called in messages and where it logs."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    ends_by: signal.Signals

    def stop(self, patience: float = 15) -> None:
        """Ask it to end, wait `patience` seconds, then kill it with all its own children."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(self.ends_by)
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def start(
    name: str,
    command: Sequence[str | Path],
    *,
    log: Path,
    shown: bool = False,
    ends_by: signal.Signals = signal.SIGTERM,
    identity: str = "self",
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Child:
    """Start `command` in its own session: Ctrl-C reaches only the launcher. It writes to `log`, or,
    `shown`, to the terminal."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            wrapped(command, ends_by, identity),
            stdin=subprocess.DEVNULL,
            stdout=None if shown else output,
            stderr=None if shown else subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, **(environment or {})},
            cwd=folder,
        )
    return Child(name, process, log, ends_by)


def run(command: Sequence[str | Path], *, identity: str = "self") -> str:
    """Output of a command that must succeed; raises PlainError with its last line otherwise."""
    done = subprocess.run(
        wrapped(command, signal.SIGKILL, identity),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        cwd="/",
    )
    if done.returncode != 0:
        raise PlainError(f"{Path(command[0]).name} failed: {last_line(done.stdout)}")
    return done.stdout


def wrapped(command: Sequence[str | Path], ends_by: signal.Signals, identity: str) -> list[str]:
    """`command` as one that the kernel ends with this process, by util-linux's programs.

    `identity` is `self`, `namespace` (root becomes nobody inside a user namespace of its own, so
    that a server which refuses root runs while its files stay root's) or the name of a user.
    """
    if shutil.which("setpriv") is None:
        raise PlainError("setpriv is missing: install the package util-linux.")
    end = ["setpriv", "--pdeathsig", ends_by.name.removeprefix("SIG")]
    if identity == "namespace":
        nobody = pwd.getpwnam("nobody")
        inside = [f"--map-user={nobody.pw_uid}", f"--map-group={nobody.pw_gid}"]
        # The change of user clears what is set before it.
        end = ["unshare", "--user", *inside, *end]
    elif identity != "self":
        group = pwd.getpwnam(identity).pw_gid
        end += [f"--reuid={identity}", f"--regid={group}", "--clear-groups"]
    return [*end, *map(str, command)]


def wait_until_ready(child: Child, ready: Callable[[], bool], seconds: float = 30) -> None:
    """Return once `ready()`; raise PlainError when the child ends or the time is up."""
    deadline = time.monotonic() + seconds
    while not ready():
        if child.process.poll() is not None:
            tail = last_line(child.log.read_text("utf-8", errors="replace"))
            raise PlainError(f"{child.name} ended at once; the last line of {child.log}: {tail}")
        if time.monotonic() > deadline:
            child.stop()
            raise PlainError(f"{child.name} was not ready after {seconds:.0f} s; see {child.log}.")
        time.sleep(0.02)


def last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing."


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def require_free_port(port: int, name: str) -> None:
    """Raise PlainError, naming the variable that moves it, when `port` is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as reason:
            raise PlainError(f"Port {port} is taken; choose another with {name}=…") from reason
