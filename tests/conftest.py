"""The tests' own servers: a PostgreSQL and a Valkey per run, in a temporary folder.

They start before Django reads its settings. DATABASE_URL and REDIS_URL win when set.
"""

import os
import shutil
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import django
import pytest

from demo.postgres import remove_home, start_postgres
from demo.processes import Child
from demo.valkey import start_valkey

LOOPBACK = ["127.0.0.1", "::1", "localhost"]
servers: list[Child] = []
folder = Path(tempfile.gettempdir())


def start_servers() -> None:
    if "DATABASE_URL" not in os.environ:
        log = folder / "postgres.log"
        child, os.environ["DATABASE_URL"] = start_postgres(folder / "pg", log, durable=False)
        servers.append(child)
    if "REDIS_URL" not in os.environ:
        child, os.environ["REDIS_URL"] = start_valkey(folder / "valkey", folder / "valkey.log")
        servers.append(child)


def set_environment() -> None:
    os.environ["SECRET_KEY"] = "only-for-tests-" + os.urandom(24).hex()
    os.environ["HTTPS"] = "0"
    os.environ["DISCERN_VAR"] = str(folder / "var")
    os.environ["DISCERN_MEDIA"] = str(folder / "media")
    os.environ["DJANGO_SETTINGS_MODULE"] = "studyapp.settings"
    # Two threads on two shared cores have been ten times slower than one.
    os.environ["OMP_NUM_THREADS"] = "1"


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    global folder
    folder = Path(tempfile.mkdtemp(prefix="discern-tests-"))
    set_environment()
    start_servers()
    django.setup()
    # No test reaches another host; a broker that was given by its address is no stranger.
    broker = urlsplit(os.environ["REDIS_URL"]).hostname
    config.option.allow_hosts = ",".join([*LOOPBACK, *([broker] if broker else [])])
    config.option.allow_unix_socket = True


def pytest_unconfigure() -> None:
    while servers:
        servers.pop().stop()
    remove_home(folder / "pg")
    shutil.rmtree(folder, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if shutil.which("chromium"):
        return
    missing = pytest.mark.skip(reason="Chromium is missing: install Debian's package chromium")
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(missing)
