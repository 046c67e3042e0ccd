"""Errors told to a server of Sentry's kind (GlitchTip, Bugsink), where SENTRY_DSN names one.

What leaves is what the code is, where it failed, and on which page by its route: nothing that a
person sent, no address, no value of a variable, and no error's sentence, which may quote any of it.
"""

import logging
from typing import Any

from django.conf import settings

import studyapp
from studyapp.shelf.faults import is_passing

KEPT = ("event_id", "timestamp", "level", "logger", "platform", "release", "environment",
        "server_name", "sdk")  # fmt: skip
OF_A_FRAME = ("filename", "abs_path", "function", "module", "lineno", "in_app", "pre_context",
              "context_line", "post_context")  # fmt: skip


def start() -> None:
    """From now on every record of ERROR or worse in this process's log is told."""
    if not settings.SENTRY_DSN:
        return
    # Only here: where it is off, it costs nothing.
    import sentry_sdk
    from sentry_sdk.integrations.atexit import AtexitIntegration
    from sentry_sdk.integrations.logging import EventHandler

    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        release=f"discern@{studyapp.__version__}",
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[AtexitIntegration(callback=lambda pending, timeout: None)],
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        before_send=told,
    )
    logging.getLogger().addHandler(EventHandler(level=logging.ERROR))


def told(event: Any, hint: dict[str, Any]) -> Any:
    """What is sent of an event; None where nothing is: requests of strangers to wrong names, and a
    database that is away, of which people see “Saving…” and the metrics tell."""
    record: logging.LogRecord = hint["log_record"]
    error = (record.exc_info or (None, None))[1]
    if record.name.startswith("django.security") or is_passing(error):
        return None
    if record.name == "django.request" and error is None:
        return None
    sent = {name: event[name] for name in KEPT if name in event}
    # As it stands in the code, without what was put in
    sent["logentry"] = {"message": str(record.msg)}
    sent["transaction"] = _route(record)
    if "exception" in event:
        values = [_exception(one) for one in event["exception"]["values"]]
        sent["exception"] = {"values": values}
    return sent


def _route(record: logging.LogRecord) -> str:
    """Of the page, as `urls` has it; else the logger's name."""
    match = getattr(getattr(record, "request", None), "resolver_match", None)
    return match.route if match is not None else record.name


def _exception(one: dict[str, Any]) -> dict[str, Any]:
    frames = (one.get("stacktrace") or {}).get("frames", [])
    return {
        "type": one.get("type"),
        "module": one.get("module"),
        "stacktrace": {
            "frames": [{name: frame.get(name) for name in OF_A_FRAME} for frame in frames]
        },
    }
