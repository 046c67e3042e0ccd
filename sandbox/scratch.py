"""Throwaway servers: for a test run, and for one command (`python -m sandbox.scratch COMMAND…`)."""

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.postgres import find_binaries, remove_home, start_postgres
from sandbox.processes import Child, PlainError
from sandbox.valkey import start_valkey


@contextmanager
def scratch_environment(*, durable: bool = False) -> Iterator[dict[str, str]]:
    """The environment for Django beside a PostgreSQL and a Valkey that end with the block.

    A DATABASE_URL or REDIS_URL that is set wins; so does every other variable. durable: PostgreSQL
    acknowledges only what is on its disk.
    """
    folder = Path(tempfile.mkdtemp(prefix="discern-scratch-"))
    # The site warns where the folder of collected static files is missing.
    (folder / "var" / "static").mkdir(parents=True)
    children: list[Child] = []
    try:
        own = {
            "SECRET_KEY": secrets.token_urlsafe(48),
            "HTTPS": "0",
            "DISCERN_VAR": str(folder / "var"),
            "DISCERN_MEDIA": str(folder / "media"),
            "DJANGO_SETTINGS_MODULE": "studyapp.settings",
            "OMP_NUM_THREADS": "1",
        }
        yield {**own, **os.environ, **start_servers(folder, folder, children, durable=durable)}
    finally:
        for child in reversed(children):
            child.stop()
        remove_home(folder / "postgres")
        shutil.rmtree(folder, ignore_errors=True)


def start_servers(
    folder: Path, logs: Path, children: list[Child], *, durable: bool
) -> dict[str, str]:
    """The addresses of PostgreSQL and Valkey: those that the environment names, else of new servers
    with their files in `folder`, which join `children`."""
    names = ("DATABASE_URL", "REDIS_URL")
    found = {name: os.environ[name] for name in names if os.environ.get(name)}
    if "DATABASE_URL" not in found:
        log = logs / "postgres.log"
        child, found["DATABASE_URL"] = start_postgres(folder / "postgres", log, durable=durable)
        # `manage.py backup` needs programs of the server's own version.
        found["POSTGRES_BIN"] = str(find_binaries())
        children.append(child)
    if "REDIS_URL" not in found:
        child, found["REDIS_URL"] = start_valkey(folder / "valkey", logs / "valkey.log")
        children.append(child)
    return found


def main(command: list[str]) -> int:
    try:
        with scratch_environment() as environment:
            return subprocess.run(command, env=environment, check=False).returncode
    except PlainError as reason:
        print(reason, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
