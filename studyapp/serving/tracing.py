"""Traces of requests, statements and tasks, by OpenTelemetry; imported only where they are on.

A span says what the code did and nothing of anybody: a page's route as `urls` has it, a statement
without its values, a task's name without its arguments. What a browser sends of traces is ignored.
"""

import re
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from celery import signals
from django.db import connection
from django.http import HttpRequest, HttpResponse
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from .metrics import view_name

TRACER = trace.get_tracer("discern")
# An error's sentence may quote what somebody sent.
SILENT: dict[str, Any] = {"record_exception": False, "set_status_on_exception": False}
METHODS = {"GET", "HEAD", "POST"}
# Values that stand in a statement itself
VALUES = re.compile(r"'(?:[^']|'')*'|\b\d+\b")
ADDED = TraceContextTextMapPropagator()
PARENT = "traceparent"


def start(name: str) -> None:
    """Send the spans of this process to OTEL_EXPORTER_OTLP_ENDPOINT; the SDK reads its other
    settings (OTEL_SERVICE_NAME, which is `name` otherwise, OTEL_TRACES_SAMPLER, …) itself."""
    provider = TracerProvider(resource=Resource.create({"service.name": name}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    tasks = Tasks()
    signals.before_task_publish.connect(carry, weak=False)
    signals.task_prerun.connect(tasks.begin, weak=False)
    signals.task_postrun.connect(tasks.end, weak=False)


class Traced:
    """Middleware: a span for each request, and in it one for each statement."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with (
            TRACER.start_as_current_span(
                "request", context=Context(), kind=SpanKind.SERVER, **SILENT
            ) as span,
            connection.execute_wrapper(statement),
        ):
            reply = self.answer(request)
            _describe(span, request, reply.status_code)
            return reply


def _describe(span: Span, request: HttpRequest, status: int) -> None:
    method = request.method if request.method in METHODS else "_OTHER"
    span.update_name(f"{method} {view_name(request)}")
    span.set_attribute("http.request.method", method or "")
    span.set_attribute("http.response.status_code", status)
    if request.resolver_match is not None:
        span.set_attribute("http.route", request.resolver_match.route)
    if status >= 500:
        span.set_status(trace.StatusCode.ERROR)


def statement(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
    """A span around one statement, without its values."""
    text = VALUES.sub("?", sql)
    with TRACER.start_as_current_span(
        text.split(maxsplit=1)[0], kind=SpanKind.CLIENT, **SILENT
    ) as span:
        span.set_attribute("db.system.name", "postgresql")
        span.set_attribute("db.query.text", text)
        return execute(sql, *rest)


def carry(headers: dict[str, Any], **_: Any) -> None:
    """A task that a request asks for belongs to the request's trace."""
    ADDED.inject(headers)


class Tasks:
    """A span for each task of a worker, which does one at a time."""

    def __init__(self) -> None:
        self.open = ExitStack()

    def begin(self, task: Any, **_: Any) -> None:
        parent = ADDED.extract({PARENT: getattr(task.request, PARENT, None) or ""})
        self.open.enter_context(
            TRACER.start_as_current_span(
                task.name, context=parent, kind=SpanKind.CONSUMER, **SILENT
            )
        )
        self.open.enter_context(connection.execute_wrapper(statement))

    def end(self, **_: Any) -> None:
        self.open.close()
