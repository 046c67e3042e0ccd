"""Calls of a panel's HTTP API that know whether something may have been done.

Nothing is sent in the clear or to another host than the one that was asked for. An answer that is
lost is told apart from a refusal: what was refused can be tried again, what was lost must be looked
up first.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

CONNECT_SECONDS, ANSWER_SECONDS = 5, 20
LOOPBACK = ("127.0.0.1", "::1", "localhost")
BUSY = 429
UNCONNECTED = (ConnectTimeoutError, NewConnectionError)
# A panel may ask to wait longer than a page of the desk can
LONGEST_WAIT_SECONDS = 8.0
LONGEST_SENTENCE = 500


class PanelError(Exception):
    """What a panel's API did not do: one sentence with what to do."""


class Refused(PanelError):
    """The panel said no, or was not reached: nothing was changed there."""


class NotThere(Refused):
    """The panel has nothing at that address."""


class Unanswered(PanelError):
    """The answer was lost, or makes no sense: the panel may have done it.

    batch: the panel's number of what was being paid, where it had given one.
    """

    def __init__(self, sentence: str, batch: str = "") -> None:
        super().__init__(sentence)
        self.batch = batch


class Reply:
    """The JSON of an answer, and its headers."""

    def __init__(self, answer: requests.Response) -> None:
        self.headers = answer.headers
        try:
            self.data: Any = answer.json() if answer.content else None
        except ValueError as error:
            raise Unanswered("the panel's answer is not JSON; check at the panel") from error

    def __getitem__(self, name: str) -> Any:
        if not isinstance(self.data, dict) or name not in self.data:
            raise Unanswered(f"the panel's answer has no {name}; check at the panel")
        return self.data[name]


@dataclass(frozen=True)
class Line:
    """An API's address, and what is said in the header `Authorization`, if anything.

    pauses: seconds between tries.
    """

    address: str
    authorization: str
    pauses: tuple[float, ...] = (1, 2, 4)

    def __post_init__(self) -> None:
        parts = urlsplit(self.address)
        if parts.scheme != "https" and parts.hostname not in LOOPBACK:
            raise Refused(f"{self.address} is not https, so no token is sent there")

    def get(self, path: str, query: Mapping[str, str | int] | None = None) -> Reply:
        """What is at `path`. Raises Refused, whatever went wrong: nothing was changed."""
        try:
            return Reply(self._call("GET", path, query=query, repeatable=True))
        except Unanswered as error:
            raise Refused(str(error)) from error

    def post(self, path: str, body: Any, *, repeatable: bool = False) -> Reply:
        """Change something. repeatable: done twice it is as done once, so it may be sent again.

        Raises Refused and Unanswered.
        """
        return Reply(self._call("POST", path, body=body, repeatable=repeatable))

    def order(self, path: str, query: Mapping[str, str]) -> str:
        """Change something by a GET, once; the answer's text. Raises Refused and Unanswered."""
        return self._call("GET", path, query=query, repeatable=False).text

    def _call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: Any = None,
        repeatable: bool,
    ) -> requests.Response:
        for pause in (*self.pauses, None):
            answer: requests.Response | None = None
            try:
                answer = self._send(method, path, query, body)
            except requests.RequestException as error:
                problem: PanelError = _silence(error)
                cause: Exception | None = error
            else:
                if answer.status_code < 300:
                    return answer
                problem, cause = _problem(answer), None
            if pause is None or not _may_repeat(answer, repeatable):
                raise problem from cause
            time.sleep(_wait(answer, pause, problem))
        raise AssertionError("the last try returns or raises")

    def _send(
        self, method: str, path: str, query: Mapping[str, str | int] | None, body: Any
    ) -> requests.Response:
        return requests.request(
            method,
            f"{self.address.rstrip('/')}/{path}",
            params=query,
            json=body,
            # A function, so that no .netrc speaks instead
            auth=self._authorized,
            timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
            allow_redirects=False,
        )

    def _authorized(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self.authorization:
            request.headers["Authorization"] = self.authorization
        return request


def _silence(error: requests.RequestException) -> PanelError:
    """What it means that there is no answer: before there was a connection nothing was sent."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(error, requests.exceptions.SSLError) or isinstance(reason, UNCONNECTED):
        return Refused("the panel can't be reached; nothing was sent, so try again later")
    return Unanswered("the panel did not answer; check there whether it was done")


def _problem(answer: requests.Response) -> PanelError:
    if answer.status_code == BUSY:
        return Refused("the panel is too busy at the moment; try again in a few minutes")
    if answer.status_code >= 500 or answer.status_code < 400:
        return Unanswered(
            f"the panel answered with an error ({answer.status_code}); check there whether it was "
            "done"
        )
    if answer.status_code in (401, 403):
        return Refused("the panel does not accept the token, or it may not do this; give a new one")
    kind = NotThere if answer.status_code == 404 else Refused
    return kind(f"the panel refused ({answer.status_code}): {_words(answer)}")


def _words(answer: requests.Response) -> str:
    """What the panel says of a refusal, in one line."""
    return " ".join(answer.text.split())[:LONGEST_SENTENCE] or "it gave no reason"


def _may_repeat(answer: requests.Response | None, repeatable: bool) -> bool:
    """A busy panel has done nothing; else only what is harmless twice is sent again."""
    if answer is None:
        return repeatable
    return answer.status_code == BUSY or (repeatable and answer.status_code >= 500)


def _wait(answer: requests.Response | None, pause: float, problem: PanelError) -> float:
    """Seconds before the next try: as many as the panel asks for."""
    asked = answer.headers.get("Retry-After", "") if answer is not None else ""
    seconds = max(pause, float(asked)) if asked.isascii() and asked.isdecimal() else pause
    if seconds > LONGEST_WAIT_SECONDS:
        raise problem
    return seconds
