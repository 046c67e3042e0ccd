"""Start everything that a study needs, keep watch over it, and end all of it together."""

import contextlib
import errno
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

from demo.environment import log_file, read_env, site_environment, write_env
from ready.folders import ROOT, var
from sandbox.deployment import answers, start_site, start_worker
from sandbox.processes import (
    Child,
    PlainError,
    last_line,
    require_free_port,
    start,
    wait_until_ready,
)
from sandbox.scratch import start_servers

FREE_BYTES = 1_500_000_000
LOOK_SECONDS = 0.2
ENDED_BY = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stop(BaseException):
    """Ctrl-C, or another signal to end."""


def launch(port: int, files: Sequence[Path], opened: int | None = None) -> None:
    """Serve the studies of `files` until a signal comes; raises PlainError if that fails.

    `opened` is a file descriptor that is written to when the studies are open; the output goes to
    a log from then on.
    """
    (var() / "log").mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(var()).free
    if free < FREE_BYTES:
        raise PlainError(
            f"The disk is nearly full: {free / 1e9:.1f} GB are free where {var()} lies; make room "
            f"for {FREE_BYTES / 1e9:.1f} GB and start again."
        )
    require_free_port(port, "PORT")
    take_mark()
    address = f"http://127.0.0.1:{port}/"
    with stopping() as children:
        servers = start_servers(var(), var() / "log", children, durable=True)
        environment = site_environment(servers, port)
        write_env(var() / "env", environment)
        run_step(children, environment, "migrate")
        # Two workers at most, each on one core: each holds the networks in its memory.
        for number in range(1, min(2, os.cpu_count() or 1) + 1):
            name = f"worker-{number}"
            children.append(start_worker(environment, log_file(name), name=name))
        site = start_site(environment, log_file("site"), port=port)
        children.append(site)
        wait_until_ready(site, lambda: answers(f"{address}healthz"), seconds=60)
        run_step(children, environment, "open", *map(str, files))
        if opened is not None:
            detach(opened)
        while True:
            refuse_dead(children)
            time.sleep(LOOK_SECONDS)


@contextlib.contextmanager
def stopping() -> Iterator[list[Child]]:
    """Children that are ended, the last first, when the block ends; a signal ends the block."""

    def end(number: int, frame: FrameType | None) -> None:
        raise Stop

    children: list[Child] = []
    for number in ENDED_BY:
        signal.signal(number, end)
    try:
        yield children
    finally:
        # A second Ctrl-C must not cut the ending short: what is left would be an orphan.
        for number in ENDED_BY:
            signal.signal(number, signal.SIG_IGN)
        for child in reversed(children):
            child.stop()


def take_mark() -> None:
    """var/demo.pid names this process and is locked until it has ended, however it ends; a second
    launcher is refused."""
    # Never closed: only the end of the process frees the lock.
    mark = os.open(var() / "demo.pid", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as reason:
        other = os.read(mark, 20).decode("ascii")
        raise PlainError(
            f"A demo is running already (process {other}); `make demo-stop` ends it."
        ) from reason
    os.truncate(mark, 0)
    os.write(mark, str(os.getpid()).encode("ascii"))


def running() -> int | None:
    """The process that runs the demo of this var/; None if none does."""
    with contextlib.suppress(FileNotFoundError), (var() / "demo.pid").open() as mark:
        try:
            fcntl.flock(mark, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(mark.read())
    return None


def run_step(children: list[Child], environment: Mapping[str, str], *arguments: str) -> None:
    """Run a verb of demo.studies, which prints to the terminal itself, and watch the others."""
    command, log = [sys.executable, "-m", "demo.studies", *arguments], log_file("demo")
    step = start(
        "The preparation", command, log=log, shown=True, environment=environment, folder=ROOT
    )
    servers = list(children)
    children.append(step)
    while step.process.poll() is None:
        refuse_dead(servers)
        time.sleep(LOOK_SECONDS)
    children.remove(step)
    refuse_dead(servers)
    if step.process.returncode != 0:
        raise PlainError("The demo could not be made ready; see above, and var/log/.")


def open_beside(files: Sequence[Path]) -> int:
    """Open further studies in the demo that runs on this var/: 0, or 1 where one can't be."""
    if running() is None:
        raise PlainError("No demo is running; `make demo` starts one.")
    with stopping() as children:
        run_step(children, read_env(var() / "env"), "open", *map(str, files))
    return 0


def detach(opened: int) -> None:
    """Let go of the terminal, and tell the waiting process that the studies are open."""
    with log_file("demo").open("ab") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    os.write(opened, b"open")
    os.close(opened)


def refuse_dead(children: Sequence[Child]) -> None:
    """Raise PlainError about the first child that has ended by itself."""
    for child in children:
        code = child.process.poll()
        if code is not None:
            how = f"was killed by signal {-code}" if code < 0 else f"ended with {code}"
            tail = last_line(child.log.read_text("utf-8", errors="replace"))
            raise PlainError(
                f"{child.name} {how} (the last line of {child.log}: {tail}), so everything was "
                "stopped; `make demo` goes on with the same data."
            )


def launch_detached(port: int, files: Sequence[Path]) -> int:
    """Run `launch` in a process of its own and wait until its studies are open: 0, else 1."""
    heard, told = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "demo", "run", "--opened", str(told), *map(str, files)],
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        pass_fds=[told],
        env={**os.environ, "PORT": str(port)},
        cwd=ROOT,
    )
    os.close(told)
    try:
        with os.fdopen(heard, "rb") as pipe:
            is_open = pipe.read() == b"open"
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        return 130
    return 0 if is_open else process.wait()


def stop() -> None:
    """End a running demo and wait until all of it is gone."""
    process = running()
    if process is None:
        print("No demo is running.")
        return
    os.kill(process, signal.SIGTERM)
    deadline = time.monotonic() + 90
    while running() == process:
        if time.monotonic() > deadline:
            raise PlainError(f"Process {process} does not end; see {log_file('demo')}.")
        time.sleep(LOOK_SECONDS)
    print("The demo has ended; `make demo` goes on with the same data.")


def said(reason: Exception) -> str:
    """The one sentence for the terminal."""
    if isinstance(reason, OSError) and reason.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"The disk is full: make room where {var()} lies and start again."
    return str(reason)


def port_of(environment: Mapping[str, str]) -> int:
    """PORT, a whole number from 1 to 65535."""
    text = environment.get("PORT") or "8000"
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise PlainError(f"PORT={text} is not a port; choose a number from 1 to 65535.")
    return int(text)
