"""Traces and error reports, as a receiver on loopback gets them: what the code did, and nobody."""

import os
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.builders import open_small_study, take_part
from sandbox.people import due
from studyapp.models import Participation, Study
from tests.running import ROOT, python

from .receiver import Received, receiving
from .running_site import PANEL_ID, running_site

ADDRESS, COOKIE, SENT = "192.0.2.77", "a-cookie-of-theirs", "words-that-they-typed"
AGENT = "Their-Own-Browser/1.0"


@pytest.fixture(name="told")
def _told(person: Participation, tmp_path: Path) -> Any:
    """What a site tells while a person answers, and then meets an error of the program whose
    sentence quotes what they sent."""
    headers = {
        "X-Forwarded-For": ADDRESS,
        "User-Agent": AGENT,
        "Cookie": f"sessionid={COOKIE}",
        "traceparent": f"00-{'a1' * 16}-{'b2' * 8}-01",
    }
    broken = take_part(open_small_study(slug="broken"), PANEL_ID)
    trials = {one.code: due(one).code for one in (person, broken)}
    wrong = {"title": [PANEL_ID, SENT]}
    Study.objects.filter(pk=broken.study_id).update(definition=wrong)
    with receiving() as received:
        given = {"OTEL_EXPORTER_OTLP_ENDPOINT": received.traces, "SENTRY_DSN": received.dsn}
        with running_site(tmp_path, **given) as site:
            session = requests.Session()
            session.headers.update(headers)
            asked = f"{site.address}/s/{person.study.slug}/?PROLIFIC_PID={PANEL_ID}"
            replies = [session.get(asked, timeout=30)]
            for code, trial in trials.items():
                form = {"trial": trial, "value": "1", "comment": SENT}
                replies.append(session.post(f"{site.address}/p/{code}/answer", form, timeout=30))
            site.look(person.code, times=9)
        assert [reply.status_code for reply in replies] == [400, 200, 500]
        yield received, broken


def nobody_in(received: Received, *people: Participation) -> None:
    text = received.text()
    codes = [person.code for person in people]
    told = (PANEL_ID, *codes, ADDRESS, COOKIE, SENT, AGENT, "a1" * 16)
    assert [one for one in told if one in text] == []


def test_a_site_tells_of_its_requests_and_errors_and_of_nobody(
    told: tuple[Received, Participation], person: Participation
) -> None:
    received, broken = told
    nobody_in(received, person, broken)
    spans = received.spans()
    answered, _ = sorted(
        (span for span in spans if span.name == "POST answer"),
        key=lambda span: span.start_time_unix_nano,
    )
    attributes = {one.key: one.value.string_value for one in answered.attributes}
    assert attributes["http.route"] == "p/<code:code>/answer"
    assert not answered.parent_span_id
    assert len([span for span in spans if span.name == "GET picture"]) == 9
    inside = [one for one in spans if one.parent_span_id == answered.span_id]
    texts = [one.value.string_value for span in inside for one in span.attributes]
    assert any(text.startswith("INSERT INTO") for text in texts)
    assert not [span for span in spans if span.events or span.status.message]
    (event,) = received.events()
    assert event["transaction"] == "p/<code:code>/answer"
    assert event["logentry"]["message"] == "%s: %s"
    failed = event["exception"]["values"][-1]
    assert failed["type"] == "ValidationError"
    assert {"give_answer", "study_definition"} <= {
        frame["function"] for frame in failed["stacktrace"]["frames"]
    }
    assert not [frame for frame in failed["stacktrace"]["frames"] if "vars" in frame]
    assert {"request", "user", "extra", "breadcrumbs", "contexts"} & set(event) == set()


def test_where_neither_is_asked_for_nothing_of_them_is_loaded() -> None:
    """Of OpenTelemetry redis loads what it finds installed, which is why it is in a lock apart."""
    code = (
        "import sys\n"
        "sys.modules['opentelemetry.sdk.metrics'] = None\n"
        "import studyapp.wsgi\n"
        "print([one for one in sys.modules if one.startswith(('sentry_sdk', 'opentelemetry.sdk.t',"
        " 'opentelemetry.exporter', 'studyapp.serving.tracing'))])"
    )
    done = python("-c", code)
    assert done.stdout.strip() == "[]", done.stderr
    locked = (ROOT / "requirements" / "web.lock").read_text("utf-8")
    assert "opentelemetry" not in locked


TASK = """
import django
django.setup()
from types import SimpleNamespace
from studyapp.serving import tracing
tracing.start("discern-worker")
headers, tasks = {}, tracing.Tasks()
with tracing.TRACER.start_as_current_span("POST begin"):
    tracing.carry(headers)
tasks.begin(SimpleNamespace(name="tasks.explain", request=SimpleNamespace(**headers)))
tasks.end()
tasks.begin(SimpleNamespace(name="tasks.render", request=SimpleNamespace()))
tasks.end()
"""


def test_a_task_belongs_to_the_request_that_asked_for_it() -> None:
    with receiving() as received:
        given = {**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": received.traces}
        done = python("-c", TASK, env=given)
    assert done.returncode == 0, done.stderr
    spans = {span.name: span for span in received.spans()}
    asked, task, other = (spans[name] for name in ("POST begin", "tasks.explain", "tasks.render"))
    assert (task.trace_id, task.parent_span_id) == (asked.trace_id, asked.span_id)
    assert other.trace_id != asked.trace_id
    assert not other.parent_span_id
