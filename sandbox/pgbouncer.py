"""PgBouncer with the configuration of deploy/pgbouncer, on loopback, in front of a PostgreSQL."""

import os
import shutil
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg2

from sandbox.postgres import make_home
from sandbox.processes import Child, PlainError, start, wait_until_ready

CONFIGURATION = Path(__file__).resolve().parent.parent / "deploy" / "pgbouncer" / "pgbouncer.ini"


def find_pgbouncer() -> Path:
    """PgBouncer's binary, which Debian keeps where not everybody looks."""
    found = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        raise PlainError("PgBouncer is missing: install Debian's package pgbouncer (make servers).")
    return Path(found)


def fill_in(folder: Path, database: str, *, port: int) -> tuple[Path, str]:
    """Write the configuration for the PostgreSQL of the DATABASE_URL `database` into `folder`; its
    path, and as whom PgBouncer, which refuses root, has to run."""
    home, parts = make_home(folder), urlsplit(database)
    users = home.folder / "userlist.txt"
    users.touch(mode=0o600)
    users.write_text(f'"{parts.username}" "{unquote(parts.password or "")}"\n', "utf-8")
    path = home.folder / "pgbouncer.ini"
    text = CONFIGURATION.read_text("utf-8")
    for old, new in (
        ("host=127.0.0.1 port=5432 dbname=discern", address_of(database)),
        ("listen_port = 6432", f"listen_port = {port}"),
        ("/etc/pgbouncer/userlist.txt", str(users)),
    ):
        if old not in text:
            raise PlainError(f"{CONFIGURATION.name} has no {old!r}: change sandbox/pgbouncer.py.")
        text = text.replace(old, new)
    path.write_text(text, "utf-8")
    for one in (users, path):
        home.owned(one)
    return path, home.identity


def address_of(database: str) -> str:
    parts = urlsplit(database)
    return f"host={parts.hostname} port={parts.port} dbname={parts.path.lstrip('/')}"


def start_pgbouncer(folder: Path, log: Path, database: str, *, port: int) -> tuple[Child, str]:
    """Start it on `port`; its process and the DATABASE_URL by which the site calls it (with
    DATABASE_POOLED=1). Raises PlainError."""
    path, identity = fill_in(folder, database, port=port)
    child = start(
        "PgBouncer", [find_pgbouncer(), path], log=log, identity=identity, folder=Path("/")
    )
    parts = urlsplit(database)
    user = parts.netloc.rpartition("@")[0]
    url = parts._replace(netloc=f"{user}@127.0.0.1:{port}", path="/discern").geturl()
    wait_until_ready(child, lambda: is_ready(url))
    return child, url


def is_ready(url: str) -> bool:
    try:
        psycopg2.connect(url, connect_timeout=5).close()
    except psycopg2.OperationalError:
        return False
    return True
