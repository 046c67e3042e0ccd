"""Logs as JSON lines: a participation's code, and never a name, an address or a query.

A panel's address carries the person's id in its query, so no query is ever written.
"""

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

CODE = re.compile(r"^/p/([A-Za-z0-9_-]{1,64})(?:/|$)")
QUERY = re.compile(r"\?[^\s\"']*")
# PostgreSQL's details quote the row: `Key (source, external_id)=(prolific, …) already exists.`
DETAIL = re.compile(r"^(?:DETAIL|CONTEXT): .*$", re.MULTILINE)


def participation_code(path: str) -> str:
    """The code in the path of a participant's page; "" elsewhere."""
    found = CODE.match(path)
    return found[1] if found else ""


def line(**facts: Any) -> str:
    """One JSON object on one line, without what is empty."""
    kept = {name: value for name, value in facts.items() if value not in ("", None)}
    return json.dumps({"at": datetime.now(UTC).isoformat(timespec="milliseconds"), **kept})


class JsonFormatter(logging.Formatter):
    """A record as one line; a failure's traceback is a field of it."""

    def format(self, record: logging.LogRecord) -> str:
        path = getattr(getattr(record, "request", None), "path", "")
        failure = self.formatException(record.exc_info) if record.exc_info else ""
        return line(
            level=record.levelname,
            logger=record.name,
            message=QUERY.sub("", DETAIL.sub("", record.getMessage())),
            participation=participation_code(path),
            failure=DETAIL.sub("", failure),
        )
