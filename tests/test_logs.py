"""Logs are JSON lines with a participation's code, and never a name, an address or a query."""

import json
import logging
from typing import Any

import pytest
from django.db import IntegrityError
from django.test import RequestFactory

from studyapp.models import PanelIdentity, Participant
from studyapp.shelf.logs import JsonFormatter


def logged(message: str, **facts: Any) -> dict[str, Any]:
    record = logging.LogRecord("django.request", logging.ERROR, "x.py", 1, message, None, None)
    record.__dict__.update(facts)
    text = JsonFormatter().format(record)
    assert "\n" not in text
    return json.loads(text)


def test_a_line_about_a_participants_page_carries_the_code() -> None:
    request = RequestFactory().get("/p/abc_DEF-1/answer?name=Ada")
    line = logged("Internal Server Error: /p/abc_DEF-1/answer", request=request)
    assert line["participation"] == "abc_DEF-1"
    assert "Ada" not in json.dumps(line)


def test_a_query_is_never_logged() -> None:
    line = logged('"GET /s/demo/?PROLIFIC_PID=5f0c&SESSION_ID=77 HTTP/1.1" 200 12')
    assert line["message"] == '"GET /s/demo/ HTTP/1.1" 200 12'


@pytest.mark.django_db
def test_a_panels_id_in_a_database_error_is_never_logged() -> None:
    panel_id = "-".join(["5f0c", "77"])  # the traceback quotes the code, not what it holds
    person = Participant.objects.create(source="prolific")
    PanelIdentity.objects.create(participant=person, source="prolific", external_id=panel_id)
    other = Participant.objects.create(source="prolific")
    try:
        PanelIdentity.objects.create(participant=other, source="prolific", external_id=panel_id)
    except IntegrityError as error:
        line = logged(str(error), exc_info=(type(error), error, error.__traceback__))
    assert "panel_identity_once" in line["failure"]
    assert panel_id not in json.dumps(line)


def test_a_newline_in_an_address_makes_no_second_line() -> None:
    assert logged('Not Found: /p/x\n{"forged": true}')["message"].startswith("Not Found")
