"""Both sites as they are run in production, on loopback, and the CPU time of their processes."""

import os
import secrets
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.postgres import start_postgres
from sandbox.processes import Child, free_port, start, wait_until_ready
from sandbox.valkey import start_valkey

ROOT = Path(__file__).resolve().parents[2]
TICK = os.sysconf("SC_CLK_TCK")


@contextmanager
def data_servers(folder: Path) -> Iterator[tuple[Child, dict[str, str]]]:
    """PostgreSQL, which acknowledges only what is on its disk, and Valkey, in `folder`: the
    first's process, and the environment for Django."""
    (folder / "var" / "static").mkdir(parents=True)
    database, url = start_postgres(folder / "postgres", folder / "postgres.log", durable=True)
    broker, broker_url = start_valkey(folder / "valkey", folder / "valkey.log")
    environment = {
        "DATABASE_URL": url,
        "REDIS_URL": broker_url,
        "SECRET_KEY": secrets.token_urlsafe(48),
        "HTTPS": "0",
        "DISCERN_VAR": str(folder / "var"),
        "DISCERN_MEDIA": str(folder / "media"),
        "DJANGO_SETTINGS_MODULE": "studyapp.settings",
    }
    try:
        yield database, environment
    finally:
        broker.stop()
        database.stop()


@contextmanager
def served(
    folder: Path, environment: dict[str, str], *, workers: int = 2
) -> Iterator[tuple[Child, str]]:
    """gunicorn as `gunicorn.conf.py` says, with so many processes; its process and the address."""
    port = free_port()
    child = start(
        "The site",
        [sys.executable, "-m", "gunicorn", "studyapp.wsgi"],
        log=folder / f"site-{workers}.log",
        environment={**environment, "BIND": f"127.0.0.1:{port}", "WEB_WORKERS": str(workers)},
        folder=ROOT,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until_ready(child, lambda: answers(f"{address}/healthz"))
        yield child, address
    finally:
        child.stop()


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False


def cpu_seconds(root: int) -> float:
    """CPU time so far of a process and all its descendants, those that have ended too."""
    parents, spent = {}, {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            text = (folder / "stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        # The name, in brackets, may hold spaces.
        values = text[text.rindex(")") + 2 :].split()
        parents[int(folder.name)] = int(values[1])
        spent[int(folder.name)] = sum(map(int, values[11:15])) / TICK
    return sum(seconds for process, seconds in spent.items() if descends(process, root, parents))


def descends(process: int, root: int, parents: dict[int, int]) -> bool:
    while process > 1:
        if process == root:
            return True
        process = parents.get(process, 0)
    return False
