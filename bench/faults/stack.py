"""The production stack on loopback, every part of which can be killed with -9 and started again.

Children die with the thread that started them, so all of this belongs to the main thread.
"""

import contextlib
import http.client
import os
import random
import secrets
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import psutil

from sandbox import valkey
from sandbox.deployment import start_site, start_worker
from sandbox.postgres import find_binaries, remove_home, start_postgres
from sandbox.processes import Child, PlainError, start, wait_until_ready

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[2]
# How long somebody waits for an answer to one request
SECONDS = 20.0
# Generous: a machine may be busy with other things, and nothing here measures haste.
PATIENCE = 300.0
# What PostgreSQL must not be let off for a count of what it kept to mean anything
DURABLE = ("fsync", "synchronous_commit", "full_page_writes")


class Stack:
    """PostgreSQL, Valkey, gunicorn and a Celery worker, with their files below `folder`."""

    webs: tuple[str, ...] = ("site",)
    workers: tuple[str, ...] = ("worker",)
    web_workers = 2

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = {name: steady_port() for name in ("database", "broker", *self.webs)}
        self.children: dict[str, Child] = {}
        (folder / "var" / "static").mkdir(parents=True)
        self.start_database()
        child, broker = valkey.start_valkey(
            folder / "valkey", self.log("valkey"), port=self.ports["broker"]
        )
        self.children["broker"] = child
        self.environment = {
            "SECRET_KEY": secrets.token_urlsafe(48),
            "HTTPS": "0",
            "ALLOWED_HOSTS": "127.0.0.1",
            "DATABASE_URL": self.database_url,
            "REDIS_URL": broker,
            "POSTGRES_BIN": str(find_binaries()),
            "DISCERN_VAR": str(folder / "var"),
            "DISCERN_MEDIA": str(folder / "media"),
            "DJANGO_SETTINGS_MODULE": "studyapp.settings",
            "CLAIM_SECONDS": "4",
            "BEAT_SECONDS": "1",
            "OMP_NUM_THREADS": "1",
        }

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def start_database(self) -> None:
        """Start it, again if its dead predecessor's last processes still hold its memory."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                self.children["database"], self.database_url = start_postgres(
                    self.folder / "postgres", self.log("postgres"), port=self.ports["database"]
                )
                return
            except PlainError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)

    def start_broker(self) -> None:
        command = [valkey.find_server(), self.folder / "valkey" / "valkey.conf"]
        child = self.children["broker"] = start("Valkey", command, log=self.log("valkey"))
        wait_until_ready(child, lambda: valkey.is_ready(self.environment["REDIS_URL"]))

    def start_site(self, name: str = "site") -> None:
        port = self.ports[name]
        self.children[name] = start_site(
            self.site_environment(name), self.log(name), port=port, workers=self.web_workers
        )
        (self.folder / f"{port}.pid").write_text(str(self.process(name)), "ascii")

    def start_worker(self, name: str = "worker") -> None:
        self.children[name] = start_worker(self.worker_environment(), self.log(name), name=name)

    def start_all(self) -> None:
        """What people and work need beside the servers that are there from the beginning."""
        for name in self.workers:
            self.start_worker(name)
        for name in self.webs:
            self.start_site(name)

    def site_environment(self, name: str) -> dict[str, str]:
        return self.environment

    def worker_environment(self) -> dict[str, str]:
        return self.environment

    def line(self) -> http.client.HTTPConnection:
        """A new connection, as people have it, to the site."""
        return self.line_to("site")

    def line_to(self, web: str) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.ports[web], timeout=SECONDS)

    def doors(self) -> list[Callable[[], http.client.HTTPConnection]]:
        """Every web by itself, and people's own door last."""
        return [self.line]

    def access_logs(self) -> dict[str, list[Path]]:
        """By whose they are, the outermost server's first."""
        return {"the site": [self.log(name) for name in self.webs]}

    def process(self, name: str) -> int:
        return self.children[name].process.pid

    def kill(self, name: str) -> None:
        """-9 for all of a server's processes: none can tidy up after another."""
        child = self.children[name]
        kill_all([child.process.pid, *descendants(child.process.pid)])
        child.process.wait()

    def kill_one(self, name: str, mark: str = "") -> int:
        """-9 for one process that the server has started, with `mark` in its title; which."""
        found = wait_for(lambda: [p for p in descendants(self.process(name)) if mark in title(p)])
        victim = random.choice(found)
        kill_all([victim])
        return victim

    def stop(self) -> None:
        for child in reversed(self.children.values()):
            child.stop()
        remove_home(self.folder / "postgres")

    def durability(self) -> dict[str, str]:
        import psycopg2

        with contextlib.closing(psycopg2.connect(self.database_url)) as session:
            cursor = session.cursor()
            found = {}
            for name in DURABLE:
                cursor.execute(f"SHOW {name}")
                found[name] = cursor.fetchone()[0]
        return found


@contextlib.contextmanager
def running(kind: type[Stack], folder: Path) -> Iterator[Stack]:
    stack = kind(folder)
    try:
        yield stack
    finally:
        stack.stop()


def wait_for(find: Callable[[], T], seconds: float = PATIENCE) -> T:
    """What `find` gives as soon as it is something; TimeoutError otherwise."""
    end = time.monotonic() + seconds
    while not (found := find()):
        if time.monotonic() > end:
            raise TimeoutError(f"{find} gave nothing in {seconds:.0f} s")
        time.sleep(0.05)
    return found


def steady_port() -> int:
    """A free port that no connection's own end is given while its server is away."""
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = random.SystemRandom().randrange(10_000, max(lowest, 10_500))
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def descendants(process: int) -> list[int]:
    """The processes that `process` started, and those that they started."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return [one.pid for one in psutil.Process(process).children(recursive=True)]
    return []


def title(process: int) -> str:
    with contextlib.suppress(psutil.NoSuchProcess):
        return " ".join(psutil.Process(process).cmdline())
    return ""


def kill_all(processes: list[int]) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
