"""`manage.py healthy` and the access log: what the processes say to those who look after them."""

import datetime
import json
import logging
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError
from django.utils import timezone
from gunicorn.config import Config

from studyapp.models import Heartbeat
from studyapp.serving.access import AccessLogger
from tests.running import output_of


@pytest.mark.django_db(transaction=True)
def test_a_site_that_answers_is_healthy(live_server: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("BIND", urlsplit(str(live_server)).netloc)
    assert json.loads(output_of("healthy", "site"))["database"] == "ok"


def test_a_site_that_does_not_answer_is_told_by_its_address(monkeypatch: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: whoever calls is refused
        port = taken.getsockname()[1]
        monkeypatch.setenv("BIND", f"0.0.0.0:{port}")
        with pytest.raises(CommandError, match=f"does not answer at 127.0.0.1:{port}"):
            output_of("healthy", "site")


@pytest.mark.django_db
def test_a_worker_is_healthy_as_long_as_this_machine_hears_of_it() -> None:
    with pytest.raises(CommandError, match="no worker on this machine"):
        output_of("healthy", "worker")
    now = timezone.now()
    name = f"{socket.gethostname()}/1"
    Heartbeat.objects.create(worker=name, queues="cpu", started_at=now, seen_at=now)
    assert output_of("healthy", "worker").strip().endswith("waiting")


def test_a_request_is_logged_without_its_query_or_its_sender(
    caplog: pytest.LogCaptureFixture,
) -> None:
    config = Config()
    config.set("accesslog", "-")
    logger = AccessLogger(config)
    logger.access_log.propagate = True
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/p/abc_DEF-1/answer",
        "QUERY_STRING": "PROLIFIC_PID=5f0c",
        "REMOTE_ADDR": "192.0.2.7",
    }
    answer = type("Response", (), {"status": "303 See Other", "sent": 12})()
    with caplog.at_level(logging.INFO, logger="gunicorn.access"):
        logger.access(answer, None, environ, datetime.timedelta(milliseconds=7))
    told = json.loads(caplog.messages[-1])
    told.pop("at")
    assert told == {
        "level": "INFO",
        "logger": "access",
        "method": "POST",
        "path": "/p/abc_DEF-1/answer",
        "participation": "abc_DEF-1",
        "status": 303,
        "bytes": 12,
        "ms": 7.0,
    }
