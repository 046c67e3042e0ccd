"""What is wrong with a deployment: numbered system checks, each with a hint that fixes it.

E: the site, its workers and `manage.py` refuse to start. W: told by `manage.py check --deploy`.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, Tags, Warning, register, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

SHORTEST_KEY = 50
FEWEST_CHARACTERS = 5
DEFAULT_KEYS = ("insecure", "changeme", "change-me", "example", "secret-key", "only-for-")
DEFAULT_PASSWORDS = ("admin", "discern", "password", "changeme", "secret", "postgres")
Checked = Callable[..., list[CheckMessage]]


# What no other machine can ask for; the last is the name that Django's own test client uses.
LOOPBACK = {"localhost", ".localhost", "::1", "[::1]", "testserver"}


def is_loopback(host: str) -> bool:
    return host in LOOPBACK or host.startswith("127.")


def is_public() -> bool:
    """Whether the site answers to another name than this machine's own."""
    return any(not is_loopback(host) for host in settings.ALLOWED_HOSTS)


def check_secret_key(**_: Any) -> list[CheckMessage]:
    """E001: a key that is short, or one that stands in somebody's example, of now or before."""
    found = (_key_problem(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))
    return next((problem for problem in found if problem), [])


def _key_problem(key: str) -> list[CheckMessage]:
    hint = "make one: python -c 'import secrets; print(secrets.token_urlsafe(50))'"
    if any(word in key.lower() for word in DEFAULT_KEYS):
        return [Error("SECRET_KEY is an example's.", hint=hint, id="studyapp.E001")]
    if len(key) < SHORTEST_KEY or len(set(key)) < FEWEST_CHARACTERS:
        return [Error(f"SECRET_KEY is shorter than {SHORTEST_KEY} characters or repeats a few.",
                      hint=hint, id="studyapp.E001")]  # fmt: skip
    return []


def check_debug(**_: Any) -> list[CheckMessage]:
    """E002: pages with the code and the settings, for everybody."""
    if not (settings.DEBUG and is_public()):
        return []
    return [Error("DEBUG is on while the site has a public name.",
                  hint="unset DEBUG, or leave only localhost in ALLOWED_HOSTS",
                  id="studyapp.E002")]  # fmt: skip


def check_hosts(**_: Any) -> list[CheckMessage]:
    """E003: a site that answers to every name lets strangers write the links in its pages."""
    if "*" not in settings.ALLOWED_HOSTS:
        return []
    return [Error("ALLOWED_HOSTS has *.", hint="name the site's host names, with commas between",
                  id="studyapp.E003")]  # fmt: skip


def check_database_kind(**_: Any) -> list[CheckMessage]:
    """E004: the constraints and the row locks are PostgreSQL's."""
    url = urlsplit(settings.DATABASE_URL)
    if url.scheme in {"postgres", "postgresql"} and url.path.strip("/"):
        return []
    return [Error("DATABASE_URL names no PostgreSQL database.",
                  hint="write postgresql://user:password@host:port/name",
                  id="studyapp.E004")]  # fmt: skip


def check_broker_kind(**_: Any) -> list[CheckMessage]:
    """E005: what asks the workers speaks Redis."""
    url = urlsplit(settings.REDIS_URL)
    if url.scheme in {"redis", "rediss", "unix"} and (url.hostname or url.path):
        return []
    return [Error("REDIS_URL names no Redis server.",
                  hint="write redis://:password@host:port/0", id="studyapp.E005")]  # fmt: skip


def check_passwords(**_: Any) -> list[CheckMessage]:
    """E006: a public site whose database or broker has an example's password, or none."""
    if not is_public():
        return []
    weak = [
        name
        for name in ("DATABASE_URL", "REDIS_URL")
        if _is_weak(urlsplit(getattr(settings, name)).password or "")
    ]
    return [
        Error(f"{name} has no password or an example's.", hint="give the server one of its own, "
              "of 16 characters or more, and write it there", id="studyapp.E006")
        for name in weak
    ]  # fmt: skip


def _is_weak(password: str) -> bool:
    return len(password) < 12 or password.lower() in DEFAULT_PASSWORDS


def check_folders(**_: Any) -> list[CheckMessage]:
    """E007: a place for files that is missing or that this process can't write."""
    return [
        Error(f"{name} ({folder}) {problem}.", hint=f"make it, writable for the site's user, or "
              f"name another with {variable}", id="studyapp.E007")
        for name, variable, folder in _folders()
        if (problem := _folder_problem(folder))
    ]  # fmt: skip


def _folders() -> Iterator[tuple[str, str, Path]]:
    yield "The folder for the site's files", "DISCERN_VAR", Path(settings.VAR)
    if not settings.STORAGE_URL:
        yield "The folder for photos and pictures", "DISCERN_MEDIA", Path(settings.MEDIA_ROOT)


def _folder_problem(folder: Path) -> str:
    """What is wrong; a folder that is missing is made at first use, where its parent allows."""
    present = next(path for path in (folder, *folder.parents) if path.exists())
    if not present.is_dir():
        return "is no folder"
    if os.access(present, os.W_OK | os.X_OK, effective_ids=True):
        return ""
    return "can't be written"


def check_static_files(**_: Any) -> list[CheckMessage]:
    """W008: pages without their style and script."""
    if settings.DEBUG or (Path(settings.STATIC_ROOT) / "studyapp").is_dir():
        return []
    return [Warning("The static files are not collected.",
                    hint="run manage.py collectstatic --noinput", id="studyapp.W008")]  # fmt: skip


def check_https(**_: Any) -> list[CheckMessage]:
    """E009: a public site over plain HTTP gives its cookies and its codes to every listener."""
    if settings.HTTPS or not is_public():
        return []
    return [Error("HTTPS is off while the site has a public name.",
                  hint="unset HTTPS and put a proxy with a certificate before the site, which "
                  "sets X-Forwarded-Proto", id="studyapp.E009")]  # fmt: skip


def check_trusted_origins(**_: Any) -> list[CheckMessage]:
    """E010: an origin that is trusted must be one of HTTPS where the site is public."""
    plain = [one for one in settings.CSRF_TRUSTED_ORIGINS if not one.startswith("https://")]
    if not plain or not is_public():
        return []
    return [Error(f"CSRF_TRUSTED_ORIGINS has {plain[0]}.", hint="write https:// and the name",
                  id="studyapp.E010")]  # fmt: skip


def check_admin_passwords(databases: Any = None, **_: Any) -> list[CheckMessage]:
    """E011: somebody who may do everything, with a password that everybody tries first.

    Reads the database, so `manage.py check --database default` runs it, and `migrate` where
    there are tables already.
    """
    if not databases:
        return []
    people = get_user_model()
    if people._meta.db_table not in connection.introspection.table_names():
        return []
    weak = [
        user.get_username()
        for user in people._default_manager.filter(is_active=True, is_staff=True)
        if any(user.check_password(word) for word in (*DEFAULT_PASSWORDS, user.get_username()))
    ]
    return [
        Error(f"The account {name} has a password that everybody tries first.",
              hint=f"manage.py changepassword {name}", id="studyapp.E011")
        for name in weak
    ]  # fmt: skip


def check_storage(**_: Any) -> list[CheckMessage]:
    """E012: a place for files that names no bucket, or half of the keys to it."""
    if not settings.STORAGE_URL:
        return []
    url = urlsplit(settings.STORAGE_URL)
    asked = dict(parse_qsl(url.query))
    endpoint = urlsplit(asked.pop("endpoint", "https://default"))
    asked.pop("region", None)
    well_formed = endpoint.scheme in {"http", "https"} and endpoint.hostname and not asked
    if url.scheme != "s3" or not url.netloc or not well_formed:
        return [Error("STORAGE_URL names no bucket of S3's kind.",
                      hint="write s3://bucket/folder?endpoint=https://host&region=name, or unset "
                      "it to keep files in DISCERN_MEDIA", id="studyapp.E012")]  # fmt: skip
    if bool(settings.S3_ACCESS_KEY) != bool(settings.S3_SECRET_KEY):
        return [Error("One of S3_ACCESS_KEY and S3_SECRET_KEY is missing.", hint="set both (or "
                      "the files that hold them), or none where the machine itself has a role",
                      id="studyapp.E012")]  # fmt: skip
    return []


ALWAYS: tuple[Checked, ...] = (
    check_secret_key,
    check_debug,
    check_hosts,
    check_database_kind,
    check_broker_kind,
    check_passwords,
    check_folders,
    check_storage,
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
