"""The metrics as Prometheus reads them: at METRICS_BIND alone, which no proxy passes on."""

import os
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from django.db import close_old_connections
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from .counting import FOLDER, whole
from .facts import facts

# Facts are asked for again after so long, and no more than a twentieth of the time
SECONDS, SHARE = 5.0, 20.0
Site = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Facts(Collector):
    """`facts`, as they were a moment ago where that was so; one thread asks at a time."""

    def __init__(self) -> None:
        self.found: list[Metric] = []
        self.until = 0.0
        self.lock = threading.Lock()

    def collect(self) -> Iterable[Metric]:
        with self.lock:
            began = time.monotonic()
            if began >= self.until:
                self.found = list(facts())
                ended = time.monotonic()
                self.until = ended + max(SECONDS, SHARE * (ended - began))
            return self.found


class Exposed:
    """The site; to whoever asks at METRICS_BIND it gives its metrics, and nothing else."""

    def __init__(self, site: Site, bind: str) -> None:
        self.site = site
        self.port = int(bind.rpartition(":")[2])
        self.facts = Facts()

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        # By the socket: the host's name and port in a request are what its sender wrote there.
        place = environ["gunicorn.socket"].getsockname()
        if not isinstance(place, tuple) or place[1] != self.port:
            return self.site(environ, start_response)
        if environ["PATH_INFO"] != "/metrics" or environ["REQUEST_METHOD"] != "GET":
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [b"The metrics are at /metrics.\n"]
        encode, kind = choose_encoder(environ.get("HTTP_ACCEPT", ""))
        body = self._written(encode)
        start_response("200 OK", [("Content-Type", kind), ("Content-Length", str(len(body)))])
        return [body]

    def _written(self, encode: Callable[[CollectorRegistry], bytes]) -> bytes:
        """What all processes of this gunicorn have counted, and the facts."""
        registry, folder = CollectorRegistry(), Path(os.environ[FOLDER])
        MultiProcessCollector(registry, str(folder))
        registry.register(self.facts)
        close_old_connections()
        try:
            with whole(folder):
                return encode(registry)
        finally:
            close_old_connections()
