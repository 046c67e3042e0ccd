"""A server on loopback that keeps what traces and error reports are sent to it."""

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span


@dataclass
class Received:
    """Bodies by the path they were sent to."""

    port: int = 0
    bodies: list[tuple[str, bytes]] = field(default_factory=list)

    @property
    def dsn(self) -> str:
        return f"http://0123456789abcdef@127.0.0.1:{self.port}/7"

    @property
    def traces(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def text(self) -> str:
        """All that was received, whatever it is."""
        return "\n".join(body.decode("utf-8", errors="replace") for _, body in self.bodies)

    def spans(self) -> list[Span]:
        found = []
        for path, body in self.bodies:
            if path == "/v1/traces":
                told = ExportTraceServiceRequest.FromString(body)
                for resource in told.resource_spans:
                    found += [span for scope in resource.scope_spans for span in scope.spans]
        return found

    def events(self) -> list[dict[str, Any]]:
        """Of Sentry's envelopes: a header, then a header and a body for each item, a line each."""
        found = []
        for path, body in self.bodies:
            if path == "/api/7/envelope/":
                lines = [json.loads(line) for line in body.splitlines() if line]
                pairs = zip(lines[1::2], lines[2::2], strict=True)
                found += [event for header, event in pairs if header["type"] == "event"]
        return found


@contextmanager
def receiving() -> Iterator[Received]:
    received = Received()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            received.bodies.append((self.path, body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing: what came is looked at."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    received.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield received
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
