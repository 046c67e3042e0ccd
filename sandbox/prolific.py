"""A Prolific on this machine: its API as documented, with submissions that tests move along.

<https://docs.prolific.com/api-reference>. It counts what was paid, so that a test sees a payment
that came twice; and it fails on demand, before or after having done what it was asked.
"""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "a-token-of-the-fake"
HOOK_SECRET = "confirm-me"
Answer = tuple[int, Any]


@dataclass
class FakeProlific:
    """What Prolific knows. submissions: id → {study, participant, status}. paid: submission →
    pence, by approval and bonus. failures: (path's beginning, status, whether it is done all the
    same), each used once; status 0 closes the connection without an answer."""

    address: str = ""
    submissions: dict[str, dict[str, Any]] = field(default_factory=dict)
    codes: list[dict[str, Any]] = field(default_factory=list)
    study_url: str = ""
    reward: int = 300
    page_size: int = 100
    approvals: list[str] = field(default_factory=list)
    asked: dict[str, list[str]] = field(default_factory=dict)
    batches: dict[str, list[tuple[str, Decimal]]] = field(default_factory=dict)
    paid: dict[str, Decimal] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    subscriptions: dict[str, dict[str, Any]] = field(default_factory=dict)
    failures: list[tuple[str, int, bool]] = field(default_factory=list)
    retry_after: str = ""
    calls: list[str] = field(default_factory=list)

    def begin(self, submission: str, participant: str, study: str = "st") -> None:
        self.submissions[submission] = {
            "id": submission, "participant_id": participant, "study_id": study, "status": "ACTIVE",
            "return_requested": None, "bonus_payments": [],
        }  # fmt: skip

    def move(self, submission: str, status: str) -> None:
        self.submissions[submission]["status"] = status

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> Answer:
        """The answer to a call below /api/v1/."""
        parts = path.strip("/").split("/")
        match [method, *parts]:
            case ["GET", "users", "me"]:
                return 200, {"id": "r1", "email": "researcher@example.org"}
            case ["GET", "submissions"]:
                return self._page(query)
            case ["POST", "submissions", "bulk-approve"]:
                return self._approve(body["submission_ids"])
            case ["POST", "submissions", "bonus-payments"]:
                return self._set_up(body)
            case ["POST", "submissions", one, "request-return"]:
                self.asked.setdefault(one, []).extend(body["request_return_reasons"])
                self.submissions[one]["return_requested"] = "2026-05-01T12:00:00Z"
                return 200, {"id": one, "status": self.submissions[one]["status"]}
            case ["POST", "bulk-bonus-payments", one, "pay"]:
                for submission, amount in self.batches[one]:
                    self.paid[submission] = self.paid.get(submission, Decimal(0)) + amount * 100
                return 202, "being processed asynchronously"
            case ["GET", "studies", one]:
                return 200, {
                    "id": one, "completion_codes": self.codes, "reward": self.reward,
                    "external_study_url": self.study_url,
                }  # fmt: skip
            case ["GET", "workspaces"]:
                return 200, {"results": [{"id": "w1", "title": "Our laboratory"}]}
            case [_, "hooks", *rest]:
                return self._hooks(method, rest, query, body)
        return 404, {"error": {"detail": "Not found."}}

    def _page(self, query: dict[str, list[str]]) -> Answer:
        size = min(self.page_size, int(query.get("page_size", ["20"])[0]))
        page = int(query.get("page", ["1"])[0])
        mine = [one for one in self.submissions.values() if one["study_id"] == query["study"][0]]
        shown = mine[(page - 1) * size : page * size]
        if not shown and page > 1:
            return 404, {"detail": "Invalid page."}
        return 200, {"results": shown, "meta": {"count": len(mine)}}

    def _approve(self, submissions: list[str]) -> Answer:
        self.approvals += submissions
        for one in submissions:
            if self.submissions[one]["status"] == "AWAITING REVIEW":
                self.submissions[one]["status"] = "APPROVED"
                self.paid[one] = self.paid.get(one, Decimal(0)) + self.reward
        return 200, "The request to bulk approve has been made successfully."

    def _set_up(self, body: dict[str, str]) -> Answer:
        rows = [line.split(",") for line in body["csv_bonuses"].splitlines()]
        wrong = [one for one, _ in rows if one not in self.submissions]
        if wrong:
            return 400, {"error": {"detail": f"not in this study: {wrong}"}}
        number = f"batch-{len(self.batches) + 1}"
        self.batches[number] = [(one, Decimal(amount)) for one, amount in rows]
        amount = float(sum(amount for _, amount in self.batches[number]) * 100)
        return 201, {
            "id": number, "study": body["study_id"], "amount": amount, "fees": amount / 3,
            "vat": 0, "total_amount": amount * 4 / 3,
        }  # fmt: skip

    def _hooks(
        self, method: str, rest: list[str], query: dict[str, list[str]], body: Any
    ) -> Answer:
        match [method, *rest]:
            case ["GET", "secrets"]:
                found = self.secrets.get(query["workspace_id"][0])
                return 200, {"results": [{"id": "s1", "value": found}] if found else []}
            case ["POST", "secrets"]:
                self.secrets[body["workspace_id"]] = f"secret {len(self.secrets) + 1}"
                return 201, {"id": "s1", "value": self.secrets[body["workspace_id"]]}
            case ["GET", "subscriptions"]:
                return 200, {"results": list(self.subscriptions.values())}
            case ["POST", "subscriptions"]:
                number = f"h{len(self.subscriptions) + 1}"
                self.subscriptions[number] = {**body, "id": number, "is_enabled": False}
                return 201, self.subscriptions[number]
            case ["POST", "subscriptions", number]:
                if body != {"secret": HOOK_SECRET}:
                    return 400, {"error": {"detail": "the secret does not match"}}
                self.subscriptions[number]["is_enabled"] = True
                return 200, self.subscriptions[number]
        return 404, None


def signature(secret: str, stamp: str, body: bytes) -> str:
    """As Prolific signs its messages."""
    digest = hmac.new(secret.encode(), stamp.encode() + body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


class _Handler(BaseHTTPRequestHandler):
    state: FakeProlific

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def _answer(self, method: str) -> None:
        parts = urlsplit(self.path)
        path = parts.path.removeprefix("/api/v1/")
        self.state.calls.append(f"{method} {path}")
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length) or b"null")
        if self.headers.get("Authorization") != f"Token {TOKEN}":
            self._reply(401, {"error": {"detail": "Authentication credentials were missing."}})
            return
        failure = next((one for one in self.state.failures if path.startswith(one[0])), None)
        if failure is not None:
            self.state.failures.remove(failure)
            if failure[2]:
                self.state.answer(method, path, parse_qs(parts.query), body)
            if failure[1]:
                self._reply(failure[1], {"error": {"detail": "on demand"}})
            else:
                self.close_connection = True
            return
        self._reply(*self.state.answer(method, path, parse_qs(parts.query), body))

    def _reply(self, status: int, data: Any) -> None:
        text = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        if "hooks/subscriptions" in self.path and status == 201:
            self.send_header("X-Hook-Secret", HOOK_SECRET)
        if status == 429 and self.state.retry_after:
            self.send_header("Retry-After", self.state.retry_after)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        """Nothing: a token or an id may be in what was asked for."""


@contextmanager
def fake_prolific() -> Iterator[FakeProlific]:
    """The fake, listening on a port of this machine at `address`."""
    state = FakeProlific()
    handler = type("Handler", (_Handler,), {"state": state})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        state.address = f"http://127.0.0.1:{server.server_port}/api/v1"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()
