"""Start everything that a study needs, keep watch over it, and end all of it together."""

import contextlib
import errno
import os
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from demo.environment import ROOT, log_file, site_environment, var, write_env
from sandbox.deployment import answers, start_site, start_worker
from sandbox.postgres import find_binaries, start_postgres
from sandbox.processes import (
    Child,
    PlainError,
    last_line,
    require_free_port,
    wait_until_ready,
    wrapped,
)
from sandbox.valkey import start_valkey

FREE_BYTES = 1_500_000_000
LOOK_SECONDS = 0.2
ENDED_BY = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stop(BaseException):
    """Somebody pressed Ctrl-C, or asked by a signal."""


@dataclass(frozen=True)
class Site:
    """Where the site is served, and with which environment."""

    port: int
    environment: Mapping[str, str]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def launch(port: int, files: Sequence[Path], opened: int | None = None) -> None:
    """Serve the studies of `files` until a signal comes; raises PlainError where that fails.

    `opened` is a file descriptor that hears when the studies are open; the output goes to a log
    from then on.
    """
    check_disk()
    require_free_port(port, "PORT")
    # The mark goes last: while it is there, something may still run.
    with own_mark(), stopping() as children:
        site = Site(port, start_servers(children, port))
        finish(start_step(children, site, "migrate"), children)
        start_workers(children, site)
        served = start_site(site.environment, log_file("site"), port=port)
        children.append(served)
        finish(start_step(children, site, "open", *map(str, files)), children)
        wait_until_ready(served, lambda: answers(f"{site.address}/healthz"), seconds=60)
        tell(site, files)
        if opened is not None:
            detach(opened)
        watch(children)


def check_disk() -> None:
    var().mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(var()).free
    if free < FREE_BYTES:
        raise PlainError(
            f"The disk is nearly full: {free / 1e9:.1f} GB are free where {var()} lies; make room "
            f"for {FREE_BYTES / 1e9:.1f} GB and start again."
        )


@contextlib.contextmanager
def stopping() -> Iterator[list[Child]]:
    """Children that are ended, the last first, when the block ends; a signal ends the block."""
    children: list[Child] = []
    for number in ENDED_BY:
        signal.signal(number, on_signal)
    try:
        yield children
    finally:
        # A second Ctrl-C must not cut the ending short: what is left would be an orphan.
        for number in ENDED_BY:
            signal.signal(number, signal.SIG_IGN)
        for child in reversed(children):
            child.stop()


def on_signal(number: int, frame: FrameType | None) -> None:
    raise Stop


@contextlib.contextmanager
def own_mark() -> Iterator[None]:
    """var/demo.pid names this process while it runs; a second launcher is refused."""
    other = running()
    if other is not None:
        raise PlainError(f"A demo is running already (process {other}); `make demo-stop` ends it.")
    mark().write_text(str(os.getpid()), encoding="ascii")
    try:
        yield
    finally:
        mark().unlink(missing_ok=True)


def mark() -> Path:
    return var() / "demo.pid"


def running() -> int | None:
    """The process that runs the demo of this var/; None where there is none."""
    try:
        process = int(mark().read_text("ascii"))
    except (FileNotFoundError, ValueError):
        return None
    return process if process != os.getpid() and is_launcher(process) else None


def is_launcher(process: int) -> bool:
    """Whether `process` runs and is a launcher: a number may have been given to another since."""
    try:
        return b"demo" in Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
    except FileNotFoundError:
        return False


def start_servers(children: list[Child], port: int) -> dict[str, str]:
    """PostgreSQL and Valkey, but those that the environment names win; writes var/env."""
    (var() / "log").mkdir(exist_ok=True)
    database, broker = os.environ.get("DATABASE_URL"), os.environ.get("REDIS_URL")
    if not database:
        child, database = start_postgres(var() / "postgres", log_file("postgres"))
        children.append(child)
    if not broker:
        child, broker = start_valkey(var() / "valkey", log_file("valkey"))
        children.append(child)
    environment = site_environment(database, broker, port)
    if "DATABASE_URL" not in os.environ:
        # `manage.py backup` needs programs of the server's own version.
        environment["POSTGRES_BIN"] = str(find_binaries())
    write_env(var() / "env", environment)
    return environment


def start_step(children: list[Child], site: Site, *arguments: str) -> Child:
    """A verb of demo.studies, which talks to the terminal itself."""
    command = [sys.executable, "-m", "demo.studies", *arguments]
    process = subprocess.Popen(
        wrapped(command, signal.SIGTERM, "self"),
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, **site.environment},
        cwd=ROOT,
    )
    child = Child("The preparation", process, log_file("demo"), signal.SIGTERM)
    children.append(child)
    return child


def finish(step: Child, children: list[Child]) -> None:
    """Wait for a step while the others are watched; what went wrong, the step has said itself."""
    servers = [child for child in children if child is not step]
    while step.process.poll() is None:
        refuse_dead(servers)
        time.sleep(LOOK_SECONDS)
    children.remove(step)
    refuse_dead(servers)
    if step.process.returncode != 0:
        raise PlainError("The demo could not be made ready; see above, and var/log/.")


def start_workers(children: list[Child], site: Site) -> None:
    """One solo worker a core, two at the most: each holds the networks in its memory."""
    for number in range(1, min(2, os.cpu_count() or 1) + 1):
        name = f"worker-{number}"
        children.append(start_worker(site.environment, log_file(name), name=name))


def tell(site: Site, files: Sequence[Path]) -> None:
    """Addresses, each alone on its line, then the admin's user and password."""
    links = [f"{site.address}/s/{slug_of(file)}/" for file in files]
    lines = [
        "Landing page:",
        f"{site.address}/",
        "Take part:",
        *links,
        "Admin:",
        f"{site.address}/admin/login/",
        "User: admin",
        f"Password: {site.environment['DEMO_ADMIN_PASSWORD']}",
    ]
    print("\n".join(["", *lines, ""]), flush=True)


def slug_of(file: Path) -> str:
    return str(tomllib.loads(file.read_text("utf-8"))["slug"])


def detach(opened: int) -> None:
    """Let go of the terminal, and tell who waits that the studies are open."""
    with log_file("demo").open("ab") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    os.write(opened, b"open")
    os.close(opened)


def watch(children: Sequence[Child]) -> None:
    while True:
        refuse_dead(children)
        time.sleep(LOOK_SECONDS)


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
    command = [sys.executable, "-m", "demo", "run", "--opened", str(told), *map(str, files)]
    environment = {**os.environ, "PORT": str(port)}
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        pass_fds=[told],
        env=environment,
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
    """End a running demo and wait until all of it is gone; nothing to do where none runs."""
    process = running()
    if process is None:
        print("No demo is running.")
        return
    os.kill(process, signal.SIGTERM)
    deadline = time.monotonic() + 90
    while is_launcher(process):
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
        raise PlainError(f"PORT={text} is no port; choose a number from 1 to 65535.")
    return int(text)
