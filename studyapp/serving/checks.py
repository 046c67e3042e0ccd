"""What is wrong with a deployment: numbered system checks, each with a hint that fixes it.

E: the site, its workers and `manage.py` refuse to start. W: told by `manage.py check --deploy`.
"""

import os
from collections.abc import Callable, Iterator
from functools import wraps
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, Tags, Warning, register, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from studyapp.shelf.agent_keys import AgentKeysError, agent_keys

SHORTEST_KEY = 50
FEWEST_CHARACTERS = 5
DEFAULT_KEYS = ("insecure", "changeme", "change-me", "example", "secret-key", "only-for-")
DEFAULT_PASSWORDS = ("admin", "discern", "password", "changeme", "secret", "postgres")
# What no other machine can ask for; the last is the name that Django's own test client uses.
LOOPBACK = {"localhost", ".localhost", "::1", "[::1]", "testserver"}
Checked = Callable[..., list[CheckMessage]]


def numbered(number: int) -> Callable[[Callable[..., Iterator[tuple[str, str]]]], Checked]:
    """A check that yields (what is wrong, the fix) becomes one that Django runs."""

    def decorate(check: Callable[..., Iterator[tuple[str, str]]]) -> Checked:
        @wraps(check)
        def checked(**options: Any) -> list[CheckMessage]:
            name = f"studyapp.E{number:03}"
            return [Error(wrong, hint=fix, id=name) for wrong, fix in check(**options)]

        return checked

    return decorate


def is_loopback(host: str) -> bool:
    return host in LOOPBACK or host.startswith("127.")


def is_public() -> bool:
    """Whether the site answers to another name than this machine's own."""
    return any(not is_loopback(host) for host in settings.ALLOWED_HOSTS)


@numbered(1)
def check_secret_key(**_: Any) -> Iterator[tuple[str, str]]:
    """A key that is short, or copied from an example, whether it signs now or did before."""
    fix = "make one: python -c 'import secrets; print(secrets.token_urlsafe(50))'"
    for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        if any(word in key.lower() for word in DEFAULT_KEYS):
            yield "SECRET_KEY is an example's.", fix
            return
        if len(key) < SHORTEST_KEY or len(set(key)) < FEWEST_CHARACTERS:
            yield f"SECRET_KEY is shorter than {SHORTEST_KEY} characters or repeats a few.", fix
            return


@numbered(2)
def check_debug(**_: Any) -> Iterator[tuple[str, str]]:
    """Pages with the code and the settings, for everybody."""
    if settings.DEBUG and is_public():
        yield (
            "DEBUG is on while the site has a public name.",
            "unset DEBUG, or leave only localhost in ALLOWED_HOSTS",
        )


@numbered(3)
def check_hosts(**_: Any) -> Iterator[tuple[str, str]]:
    """A site that answers to every name lets strangers write the links in its pages."""
    if "*" in settings.ALLOWED_HOSTS:
        yield "ALLOWED_HOSTS has *.", "name the site's host names, with commas between"


@numbered(4)
def check_database_kind(**_: Any) -> Iterator[tuple[str, str]]:
    """The constraints and the row locks are PostgreSQL's."""
    url = urlsplit(settings.DATABASE_URL)
    if url.scheme not in {"postgres", "postgresql"} or not url.path.strip("/"):
        fix = "write postgresql://user:password@host:port/name"
        yield "DATABASE_URL does not name a PostgreSQL database.", fix


@numbered(5)
def check_broker_kind(**_: Any) -> Iterator[tuple[str, str]]:
    """Tasks are sent to the workers through Redis."""
    url = urlsplit(settings.REDIS_URL)
    if url.scheme not in {"redis", "rediss", "unix"} or not (url.hostname or url.path):
        yield "REDIS_URL does not name a Redis server.", "write redis://:password@host:port/0"


@numbered(6)
def check_passwords(**_: Any) -> Iterator[tuple[str, str]]:
    """A public site whose database or broker has an example's password, or none."""
    fix = "give the server its own password, of 16 characters or more, and write it there"
    for name in ("DATABASE_URL", "REDIS_URL") if is_public() else ():
        password = urlsplit(getattr(settings, name)).password or ""
        if len(password) < 12 or password.lower() in DEFAULT_PASSWORDS:
            yield f"{name} has no password or an example's.", fix


@numbered(7)
def check_folders(**_: Any) -> Iterator[tuple[str, str]]:
    """A folder for files that is missing or that this process can't write."""
    folders = [("The folder for the site's files", "DISCERN_VAR", Path(settings.VAR))]
    if not settings.STORAGE_URL:
        media = Path(settings.MEDIA_ROOT)
        folders.append(("The folder for photos and pictures", "DISCERN_MEDIA", media))
    for name, variable, folder in folders:
        # A folder that is missing is made at first use, where its parent allows.
        present = next(path for path in (folder, *folder.parents) if path.exists())
        problem = "" if present.is_dir() else "is not a folder"
        if not problem and not os.access(present, os.W_OK | os.X_OK, effective_ids=True):
            problem = "can't be written"
        if problem:
            fix = f"make it, writable for the site's user, or name another with {variable}"
            yield f"{name} ({folder}) {problem}.", fix


def check_static_files(**_: Any) -> list[CheckMessage]:
    """W008: pages without their style and script."""
    if settings.DEBUG or (Path(settings.STATIC_ROOT) / "studyapp").is_dir():
        return []
    fix = "run manage.py collectstatic --noinput"
    return [Warning("The static files are not collected.", hint=fix, id="studyapp.W008")]


@numbered(9)
def check_https(**_: Any) -> Iterator[tuple[str, str]]:
    """A public site over plain HTTP gives its cookies and its codes to every listener."""
    if not settings.HTTPS and is_public():
        yield (
            "HTTPS is off while the site has a public name.",
            "unset HTTPS and put a proxy with a certificate before the site, which sets "
            "X-Forwarded-Proto",
        )


@numbered(10)
def check_trusted_origins(**_: Any) -> Iterator[tuple[str, str]]:
    """An origin that is trusted must be one of HTTPS where the site is public."""
    plain = [one for one in settings.CSRF_TRUSTED_ORIGINS if not one.startswith("https://")]
    if plain and is_public():
        yield f"CSRF_TRUSTED_ORIGINS has {plain[0]}.", "write https:// and the name"


@numbered(11)
def check_admin_passwords(databases: Any = None, **_: Any) -> Iterator[tuple[str, str]]:
    """An account that may do everything, with a password that everybody tries first.

    Reads the database, so `manage.py check --database default` runs it, and `migrate` where
    there are tables already.
    """
    people = get_user_model()
    if not databases or people._meta.db_table not in connection.introspection.table_names():
        return
    for user in people._default_manager.filter(is_active=True, is_staff=True):
        name = user.get_username()
        if any(user.check_password(word) for word in (*DEFAULT_PASSWORDS, name)):
            wrong = f"The account {name} has a password that everybody tries first."
            yield wrong, f"manage.py changepassword {name}"


@numbered(12)
def check_storage(**_: Any) -> Iterator[tuple[str, str]]:
    """A storage address that is not a bucket's, or half of the keys to it."""
    if not settings.STORAGE_URL:
        return
    url = urlsplit(settings.STORAGE_URL)
    asked = dict(parse_qsl(url.query))
    endpoint = asked.pop("endpoint", "https://default")
    asked.pop("region", None)
    well_formed = _is_endpoint(endpoint) and not asked
    if url.scheme != "s3" or not url.netloc or not well_formed:
        yield (
            "STORAGE_URL does not name an S3 bucket.",
            "write s3://bucket/folder?endpoint=https://host&region=name, with a host named by "
            "letters, digits, hyphens and dots, or unset it to keep files in DISCERN_MEDIA",
        )
    elif bool(settings.S3_ACCESS_KEY) != bool(settings.S3_SECRET_KEY):
        yield (
            "One of S3_ACCESS_KEY and S3_SECRET_KEY is missing.",
            "set both (or the files that hold them), or neither if the machine itself has a role",
        )


def _is_endpoint(address: str) -> bool:
    """Whether boto3 would take it: no host with an underscore, as containers often have. Such a
    site would not start, and say so by a traceback."""
    from botocore.utils import is_valid_endpoint_url  # needed only for files in a bucket

    try:
        parts = urlsplit(address)
        has_usable_port = parts.port != 0
    except ValueError:
        return False
    is_web = parts.scheme in {"http", "https"}
    return is_web and has_usable_port and bool(is_valid_endpoint_url(address))


@numbered(13)
def check_factories(**_options: Any) -> Iterator[tuple[str, str]]:
    """What can't be the name of a function would allow nothing, and say so to nobody."""
    for name in settings.NETWORK_FACTORIES:
        module, _, function = name.partition(":")
        if not all(part.isidentifier() for part in (*module.split("."), function)):
            yield (
                f"NETWORK_FACTORIES has {name}, which names no function.",
                "write package.module:function, with commas between several",
            )


@numbered(14)
def check_agent_keys(**_: Any) -> Iterator[tuple[str, str]]:
    """Keys that can't be read would verify nobody, and say so to nobody."""
    try:
        agent_keys(settings.WEB_BOT_AUTH_DIRECTORY)
    except AgentKeysError as error:
        yield (
            f"WEB_BOT_AUTH_DIRECTORY: {error}.",
            'write {"keys": […]} with the Ed25519 keys of the directories that you trust, or unset '
            "it",
        )


@numbered(15)
def check_metrics_bind(**_: Any) -> Iterator[tuple[str, str]]:
    """Metrics at the site's own port would be read by everybody, or by nobody."""
    _host, colon, port = settings.METRICS_BIND.rpartition(":")
    if not settings.METRICS_BIND:
        return
    if not colon or not port.isdecimal():
        yield (
            f"METRICS_BIND is {settings.METRICS_BIND}, which is not an address with a port.",
            "write host:port, such as 127.0.0.1:9464, or unset it",
        )
    elif port == os.environ.get("BIND", "127.0.0.1:8000").rpartition(":")[2]:
        yield (
            "METRICS_BIND has the same port as BIND.",
            "give the metrics a port of their own, which no proxy passes on",
        )


@numbered(16)
def check_traces(**_: Any) -> Iterator[tuple[str, str]]:
    """Traces that go nowhere say so to nobody."""
    if not settings.OTEL_EXPORTER_OTLP_ENDPOINT:
        return
    url = urlsplit(settings.OTEL_EXPORTER_OTLP_ENDPOINT)
    if url.scheme not in {"http", "https"} or not url.hostname:
        yield (
            "OTEL_EXPORTER_OTLP_ENDPOINT is not the address of a receiver over HTTP.",
            "write http://host:4318, or unset it",
        )
    if find_spec("opentelemetry") is None:
        yield (
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, but OpenTelemetry is not installed.",
            "install requirements/traces.lock too (TRACES=1 docker-compose build), or unset it",
        )


@numbered(17)
def check_error_reports(**_: Any) -> Iterator[tuple[str, str]]:
    """A DSN is an address with a key and the project's number."""
    if settings.SENTRY_DSN:
        url = urlsplit(settings.SENTRY_DSN)
        project = url.path.rpartition("/")[2]
        if url.scheme not in {"http", "https"} or not url.username or not project.isdecimal():
            yield (
                "SENTRY_DSN is not a DSN.",
                "copy it from the project's settings: https://KEY@HOST/NUMBER, or unset it",
            )


ALWAYS: tuple[Checked, ...] = (
    check_secret_key,
    check_debug,
    check_hosts,
    check_database_kind,
    check_broker_kind,
    check_passwords,
    check_folders,
    check_storage,
    check_factories,
    check_agent_keys,
    check_metrics_bind,
    check_traces,
    check_error_reports,
    check_https,
    check_trusted_origins,
)


def refuse_wrong_deployment() -> None:
    """ImproperlyConfigured with every error and its fix; for processes that run no command."""
    wrong = [one for one in run_checks(tags=[Tags.security]) if one.is_serious()]
    if wrong:
        raise ImproperlyConfigured("\n".join(map(str, wrong)))


def register_checks() -> None:
    """Make Django run them all; called once, when the app is ready."""
    for check in ALWAYS:
        register(check, Tags.security)
    register(check_static_files, Tags.staticfiles, deploy=True)
    register(check_admin_passwords, Tags.database)
