"""Three web processes, as on three machines, behind nginx with TLS and PgBouncer."""

import http.client
import json
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import psutil
from django.conf import settings

from sandbox.deployment import answers, start_site
from sandbox.nginx import Front, make_front
from sandbox.pgbouncer import start_pgbouncer
from sandbox.processes import Child, free_port, wait_until_ready
from studyapp.simulation.server import environment

# Another address of loopback than anything else has, so that a log that tells it is noticed
SOMEBODY = "127.0.0.77"


@dataclass(frozen=True)
class Reply:
    status: int
    headers: list[tuple[str, str]]
    content: bytes

    def all_of(self, name: str) -> list[str]:
        return [value for one, value in self.headers if one.lower() == name.lower()]

    @property
    def text(self) -> str:
        return self.content.decode()


@dataclass
class Many:
    """The set-up; `webs` by their ports."""

    folder: Path
    front: Front
    webs: dict[int, Child]

    def ask(
        self,
        path: str,
        fields: Mapping[str, str] | None = None,
        *,
        json_too: bool = False,
        **headers: str,
    ) -> Reply:
        """One request from SOMEBODY over TLS; a POST if there are `fields`. It ends once nginx has
        logged a request, which it does after it has sent the reply."""
        logged = len(self.log())
        line = http.client.HTTPSConnection(
            "127.0.0.1",
            self.front.https,
            timeout=60,
            context=self.front.context(),
            source_address=(SOMEBODY, 0),
        )
        sent = {"Accept": "application/json" if json_too else "text/html", **headers}
        if fields is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        with closing(line):
            line.request(
                "GET" if fields is None else "POST",
                path,
                None if fields is None else urlencode(fields),
                {name.replace("_", "-"): value for name, value in sent.items()},
            )
            answer = line.getresponse()
            reply = Reply(answer.status, answer.getheaders(), answer.read())
        end = time.monotonic() + 10
        while len(self.log()) == logged:
            assert time.monotonic() < end, "nginx has logged nothing"
            time.sleep(0.01)
        return reply

    def log(self) -> list[dict[str, object]]:
        """What nginx's access log tells so far."""
        return [json.loads(line) for line in self.front.log.read_text("utf-8").splitlines()]

    def kill(self, port: int) -> None:
        """-9 for all processes of one web."""
        web = self.webs[port].process
        for process in [psutil.Process(web.pid), *psutil.Process(web.pid).children(recursive=True)]:
            process.kill()
        web.wait()

    def start(self, port: int) -> None:
        self.webs[port] = start_web(self.folder, port)

    def restart(self, port: int) -> None:
        self.start(port)
        wait_for_web(self.webs[port], port)


def site_environment(folder: Path, database: str) -> dict[str, str]:
    return {
        **environment(),
        "HTTPS": "1",
        "DATABASE_URL": database,
        "DATABASE_POOLED": "1",
        "DISCERN_VAR": str(folder / "var"),
        "SHOWN_URL": "/shown/",
    }


def start_web(folder: Path, port: int) -> Child:
    database = (folder / "database").read_text("utf-8")
    log = folder / f"web-{port}.log"
    child = start_site(site_environment(folder, database), log, port=port, workers=1)
    (folder / f"{port}.pid").write_text(str(child.process.pid), "ascii")
    return child


def wait_for_web(child: Child, port: int) -> None:
    wait_until_ready(child, lambda: answers(f"http://127.0.0.1:{port}/healthz"), seconds=60)


@contextmanager
def many_webs(folder: Path) -> Iterator[Many]:
    """All of it, on the tests' database, until the block ends."""
    styles = folder / "var" / "static" / "studyapp"
    styles.mkdir(parents=True)
    for name in ("pages.css", "trial.js"):
        shutil.copy(settings.ROOT / "studyapp/static/studyapp" / name, styles)
    with ExitStack() as stack:
        pooler, database = start_pgbouncer(
            folder / "pgbouncer",
            folder / "pgbouncer.log",
            environment()["DATABASE_URL"],
            port=free_port(),
        )
        stack.callback(pooler.stop)
        (folder / "database").write_text(database, "utf-8")
        front = make_front(folder / "nginx", https=free_port(), http=free_port())
        ports = [free_port() for _ in range(3)]
        many = Many(folder, front, {port: start_web(folder, port) for port in ports})
        stack.callback(lambda: [web.stop() for web in many.webs.values()])
        front.fill_in(ports, folder / "var")
        nginx = front.start()
        stack.callback(nginx.stop)
        for port, web in many.webs.items():
            wait_for_web(web, port)
        yield many
