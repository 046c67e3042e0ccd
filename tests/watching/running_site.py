"""A site in processes of its own, with its metrics read as Prometheus reads them."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from django.conf import settings
from django.db import connection
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from sandbox.deployment import answers, start_site
from sandbox.processes import Child, free_port, wait_until_ready

SECONDS = 30
PANEL_ID = "5f0c0ffee0a-panel-id"


@dataclass(frozen=True)
class Site:
    """Where it is, where its metrics are, and its first process."""

    address: str
    metrics: str
    child: Child

    def post(self, path: str, **form: object) -> int:
        """The status of the answer to a form that is sent."""
        reply = requests.post(
            f"{self.address}{path}", data=form, timeout=SECONDS, allow_redirects=False
        )
        return reply.status_code

    def get(self, path: str) -> int:
        return requests.get(f"{self.address}{path}", timeout=SECONDS).status_code

    def look(self, code: str, *, times: int) -> str:
        """Fetch one picture of a person's page so often that each process ends up sending it
        directly; returns the picture's address."""
        page = requests.get(f"{self.address}/p/{code}/", timeout=SECONDS).text
        picture = page.split('<img src="')[1].split('"')[0]
        assert {self.get(picture) for _ in range(times)} == {200}
        return picture

    def scrape(self) -> str:
        reply = requests.get(f"{self.metrics}/metrics", timeout=SECONDS)
        assert reply.status_code == 200, reply.text
        return reply.text

    def samples(self) -> list[Sample]:
        families = text_string_to_metric_families(self.scrape())
        return [sample for family in families for sample in family.samples]

    def value(self, name: str, **labels: str) -> float | None:
        """What one sample says; None where there is none."""
        found = [one.value for one in self.samples() if (one.name, one.labels) == (name, labels)]
        return found[0] if found else None

    def processes(self) -> list[int]:
        """Those that serve, by their numbers."""
        first = self.child.process.pid
        return [
            int(one) for one in Path(f"/proc/{first}/task/{first}/children").read_text().split()
        ]

    def kill_one(self) -> None:
        """End one of them at once, and wait for the next to take its place."""
        gone = self.processes()[0]
        os.kill(gone, signal.SIGKILL)
        end = time.monotonic() + SECONDS
        while (gone in (now := self.processes()) or len(now) < 2) and time.monotonic() < end:
            time.sleep(0.05)


@contextmanager
def running_site(folder: Path, **environment: str) -> Iterator[Site]:
    """gunicorn with two processes on the test's database, until the end of the block."""
    database = connection.settings_dict
    place = f"{database['HOST']}:{database['PORT']}/{database['NAME']}"
    port, metrics = free_port(), free_port()
    given = {
        "DATABASE_URL": f"postgresql://{database['USER']}:{database['PASSWORD']}@{place}",
        "DISCERN_MEDIA": str(settings.MEDIA_ROOT),
        "METRICS_BIND": f"127.0.0.1:{metrics}",
        **environment,
    }
    site = start_site(given, folder / "site.log", port=port)
    try:
        wait_until_ready(site, lambda: answers(f"http://127.0.0.1:{port}/healthz"))
        yield Site(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{metrics}", site)
    finally:
        site.stop()
