"""PostgreSQL and Valkey for each process that runs tests, up before Django reads its settings."""

import gc
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import django
import pytest
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants
from pytest_django import DjangoDbBlocker

from sandbox.scratch import scratch_environment

# What a shell has exported for another purpose must not change what the tests see. Servers may be
# given by DATABASE_URL and REDIS_URL.
FORGOTTEN = [
    *("ALLOWED_HOSTS", "BEAT_SECONDS", "BIND", "CLAIM_SECONDS", "CSRF_TRUSTED_ORIGINS"),
    *("DATABASE_SECONDS", "LOCK_SECONDS", "LONGEST_TASK_SECONDS", "WORKER_DEVICE"),
    "WORKER_PRECISION",
    *("DATABASE_PASSWORD", "DATABASE_POOLED", "DEBUG", "DISCERN_MEDIA", "DISCERN_SHOWN"),
    *("DISCERN_STATIC", "DISCERN_VAR", "HTTPS", "PANEL_ID_DAYS", "PROLIFIC_WEBHOOK_SECRET"),
    *("WEB_BOT_AUTH_DIRECTORY", "METRICS_BIND", "OTEL_EXPORTER_OTLP_ENDPOINT", "SENTRY_DSN"),
    *("PROXY_ADDRESSES", "REDIS_PASSWORD", "S3_ACCESS_KEY", "S3_SECRET_KEY", "SECRET_KEY"),
    *("NETWORK_FACTORIES", "SECRET_KEY_FALLBACKS", "SHOWN_URL", "STORAGE_URL", "TWO_FACTOR"),
    "ZENODO_TOKEN",
]
LOOPBACK = ["127.0.0.1", "::1", "localhost"]
# Folders whose files take a moment each: they come last, so that no process ends with a long file
# while the other has nothing left to do.
QUICK = {"models", "paradigms", "photos", "statistics"}
servers = ExitStack()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    for name in FORGOTTEN:
        os.environ.pop(name, None)
        os.environ.pop(f"{name}_FILE", None)
    if only_hands_out(config):
        return
    gc.disable()  # until all is loaded: see pytest_collection_finish
    os.environ.update(servers.enter_context(scratch_environment()))
    # Hypothesis mixes in the constants of whatever modules are loaded at the moment, so that the
    # examples of one run would depend on the order of its tests.
    assert callable(providers._get_local_constants)
    providers._get_local_constants = Constants
    # No test reaches another host; a broker that was given by its address is no stranger.
    broker = urlsplit(os.environ["REDIS_URL"]).hostname
    config.option.allow_hosts = ",".join([*LOOPBACK, *([broker] if broker else [])])
    config.option.allow_unix_socket = True


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Load the models after pytest-cov has begun, which in pytest-xdist's processes is only now:
    no line that was run by then would be counted."""
    if not only_hands_out(session.config):
        django.setup()
        from django.contrib.auth.hashers import PBKDF2PasswordHasher

        # A million rounds for each of some hundred users would be minutes.
        PBKDF2PasswordHasher.iterations = 1
        # As for PostgreSQL in sandbox.postgres: what a test writes need not outlive a power cut,
        # and waiting for the disk would be minutes. Workers that a test starts do wait.
        os.fsync = lambda descriptor: None


def only_hands_out(config: pytest.Config) -> bool:
    """Whether other processes (pytest-xdist's) run the tests: each starts servers of its own, which
    it would not with this one's addresses in its environment."""
    return bool(getattr(config.option, "numprocesses", None)) and not hasattr(config, "workerinput")


def pytest_unconfigure() -> None:
    servers.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.parent.name in QUICK)
    if shutil.which("chromium"):
        return
    missing = pytest.mark.skip(reason="Chromium is missing: install Debian's package chromium")
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(missing)


def pytest_collection_finish() -> None:
    """What is loaded stays until the end: scanning it for garbage again and again would take a
    quarter of the time of loading, and a twelfth of the tests'."""
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """At the end nobody holds the database that is dropped then: the server may still carry out
    what somebody asked for who has gone since."""
    yield
    from django.db import connection

    # PostgreSQL ends its own, such as those that vacuum; nobody else may
    others = "datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {others}"
        )


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    """What a process remembers by a row's key is of another row where a test emptied the tables and
    started their keys anew."""
    from studyapp.studies import shown, texts, trial_cache
    from studyapp.studies.definition import study as definition

    for module in (definition, shown, texts, trial_cache):
        for value in vars(module).values():
            if hasattr(value, "cache_clear"):
                value.cache_clear()
