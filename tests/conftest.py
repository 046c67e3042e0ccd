"""Each test run's own PostgreSQL and Valkey, started before Django reads its settings."""

import os
import shutil
from contextlib import ExitStack
from urllib.parse import urlsplit

import django
import pytest

from demo.scratch import scratch_environment

LOOPBACK = ["127.0.0.1", "::1", "localhost"]
servers = ExitStack()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    # What a shell has exported for another purpose must not change what the tests see.
    for name in ("SECRET_KEY", "HTTPS", "DEBUG", "DISCERN_VAR", "DISCERN_MEDIA"):
        os.environ.pop(name, None)
    os.environ.update(servers.enter_context(scratch_environment()))
    django.setup()
    # No test reaches another host; a broker that was given by its address is no stranger.
    broker = urlsplit(os.environ["REDIS_URL"]).hostname
    config.option.allow_hosts = ",".join([*LOOPBACK, *([broker] if broker else [])])
    config.option.allow_unix_socket = True


def pytest_unconfigure() -> None:
    servers.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if shutil.which("chromium"):
        return
    missing = pytest.mark.skip(reason="Chromium is missing: install Debian's package chromium")
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(missing)
