"""The site served for simulated people, by a gunicorn of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import requests
from django.conf import settings
from django.db import connection

START_SECONDS = 60


class ServerError(Exception):
    """The site could not be started: one sentence with what it printed last."""


@contextmanager
def own_site(*, processes: int = 2, threads: int = 8) -> Iterator[str]:
    """This checkout served on a free port of the loopback until the block ends; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "studyapp.wsgi", "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", str(processes), "--threads", str(threads), "--log-level", "error"]
    server = subprocess.Popen(
        command, cwd=settings.ROOT, env=environment(), stdout=subprocess.DEVNULL
    )
    try:
        address = f"http://127.0.0.1:{port}"
        _wait(server, address)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=30)


def environment() -> dict[str, str]:
    """This process's environment, on this connection's database, without HTTPS on loopback."""
    database = connection.settings_dict
    user = f"{quote(str(database['USER']))}:{quote(str(database['PASSWORD']), safe='')}"
    place = f"{database['HOST']}:{database['PORT']}/{quote(str(database['NAME']))}"
    return {
        **os.environ,
        "SECRET_KEY": settings.SECRET_KEY,
        "DATABASE_URL": f"postgresql://{user}@{place}",
        "DISCERN_MEDIA": str(settings.MEDIA_ROOT),
        "STORAGE_URL": settings.STORAGE_URL,
        "ALLOWED_HOSTS": "127.0.0.1",
        "HTTPS": "false",
        "DJANGO_SETTINGS_MODULE": "studyapp.settings",
    }


def _wait(server: "subprocess.Popen[bytes]", address: str) -> None:
    """Until the site answers at all; ServerError when it has ended or takes too long."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if server.poll() is not None:
            raise ServerError(f"gunicorn ended with exit code {server.returncode}; see above")
        try:
            requests.get(f"{address}/healthz", timeout=5)
        except (requests.ConnectionError, requests.Timeout):
            time.sleep(0.1)
        else:
            return
    raise ServerError(f"the site did not answer at {address} within {START_SECONDS} seconds")
