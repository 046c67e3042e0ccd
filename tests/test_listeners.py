"""A web process takes no call before it can answer it."""

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.conf import settings

from sandbox.deployment import answers
from sandbox.processes import Child, free_port, start, wait_until_ready

# A site that loads for as long as the test wants: reading a named pipe lasts until
# somebody has written to it.
SITE = """
from pathlib import Path

Path("loads").touch()
Path("go_on").read_text()


def application(environ, start_response):
    start_response("200 OK", [])
    return [b"here"]
"""


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def web(port: int, tmp_path: Path) -> Iterator[Child]:
    """gunicorn with our settings, in the middle of loading its site."""
    (tmp_path / "slow_site.py").write_text(SITE, "utf-8")
    os.mkfifo(tmp_path / "go_on")
    command = [sys.executable, "-m", "gunicorn", "-c", settings.ROOT / "gunicorn.conf.py"]
    command += ["--chdir", str(tmp_path), "slow_site"]
    place = {"BIND": f"127.0.0.1:{port}", "WEB_WORKERS": "1"}
    child = start(
        "A site", command, log=tmp_path / "web.log", environment=place, folder=settings.ROOT
    )
    try:
        wait_until_ready(child, (tmp_path / "loads").exists)
        yield child
    finally:
        child.stop()


def is_refused(port: int) -> bool:
    with closing(socket.socket()) as caller:
        try:
            caller.connect(("127.0.0.1", port))
        except ConnectionRefusedError:
            return True
        return False


def test_a_call_is_refused_while_the_site_is_being_loaded(
    web: Child, port: int, tmp_path: Path
) -> None:
    assert is_refused(port)
    (tmp_path / "go_on").write_text("now", "utf-8")
    wait_until_ready(web, lambda: answers(f"http://127.0.0.1:{port}/"))
