"""What a process of the site counts while it serves: requests, submits, and answers that wait.

No label says who asked: a page goes by the name of its view, never by its address.
"""

import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from prometheus_client import Counter, Histogram

# Around what people notice (60 ms) and what they wait for (800 ms)
SECONDS = (0.005, 0.01, 0.02, 0.04, 0.06, 0.1, 0.2, 0.4, 0.8, 1.5, 3, 10)
SUBMIT = "answer"
STORED, REPEATED, REFUSED = "stored", "repeated", "refused"

REQUESTS = Counter(
    "discern_requests",
    "Requests answered, by the page's view and the status of the answer.",
    ["view", "status"],
    registry=None,
)
LATENCY = Histogram(
    "discern_request_seconds",
    "Seconds from a request to its answer, by the page's view.",
    ["view"],
    buckets=SECONDS,
    registry=None,
)
SUBMITS = Counter(
    "discern_submits",
    "Answers that people sent: stored, repeated (stored before) or refused.",
    ["outcome"],
    registry=None,
)
SAVING = Counter(
    "discern_saving",
    "Requests answered by “Saving…”, because the database took nothing.",
    registry=None,
)
# What did not happen yet is 0, not missing
for outcome in (STORED, REPEATED, REFUSED):
    SUBMITS.labels(outcome)


class Measured:
    """Middleware: counts each request and how long it took."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        reply = self.answer(request)
        view, status = view_name(request), reply.status_code
        count(view, status, began)
        if view == SUBMIT and 400 <= status < 500:
            SUBMITS.labels(REFUSED).inc()
        return reply


def count(view: str, status: int, began: float) -> None:
    """Count a request that has just been answered; `began`: by `time.perf_counter`."""
    LATENCY.labels(view).observe(time.perf_counter() - began)
    REQUESTS.labels(view, status).inc()


def view_name(request: HttpRequest) -> str:
    """The view's name in `urls`; "desk" for all of the desk, "none" for no address of the site."""
    match = request.resolver_match
    if match is None:
        return "static" if request.path.startswith(settings.STATIC_URL) else "none"
    return "desk" if match.namespaces else (match.url_name or "none")
