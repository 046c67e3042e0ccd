"""Both sites as they are run in production, on loopback, and the CPU time of their processes."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import psutil
import psycopg2

from sandbox.deployment import answers, start_site
from sandbox.processes import Child, free_port, wait_until_ready
from sandbox.scratch import scratch_environment


@contextmanager
def data_servers() -> Iterator[tuple[int, dict[str, str]]]:
    """PostgreSQL, which acknowledges only what is on its disk, and Valkey: the first's process, and
    the environment for Django."""
    for name in ("DATABASE_URL", "REDIS_URL"):
        # Of those that a shell names, the CPU time can't be told.
        os.environ.pop(name, None)
    with scratch_environment(durable=True) as environment:
        with closing(psycopg2.connect(environment["DATABASE_URL"])) as session:
            server = psutil.Process(session.info.backend_pid).parent()
        assert server is not None
        yield server.pid, environment


@contextmanager
def served(
    folder: Path, environment: dict[str, str], *, workers: int = 2
) -> Iterator[tuple[Child, str]]:
    """gunicorn as `gunicorn.conf.py` says, with so many processes; its process and the address."""
    port = free_port()
    log = folder / f"site-{workers}.log"
    child = start_site(environment, log, port=port, workers=workers)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until_ready(child, lambda: answers(f"{address}/healthz"))
        yield child, address
    finally:
        child.stop()


def cpu_seconds(root: int) -> float:
    """CPU time so far of a process and all its descendants, those that have ended too."""
    spent = 0.0
    for process in (psutil.Process(root), *psutil.Process(root).children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            spent += sum(process.cpu_times()[:4])
    return spent
