"""People who answer over HTTP and try again until they are told that it was taken.

They know what a browser knows: the pages. Half of them send as the page's module does (JSON), the
others as a plain form (303); after a failure most send the same again, some reload the page.
"""

import http.client
import json
import math
import re
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from urllib.parse import urlencode

TRIAL = re.compile(r'name="trial" value="([^"]+)"')
CHOICE = re.compile(r'type="radio" name="value" value="(-?\d+)"')
ACTION = re.compile(r'action="(/p/[^"/]+/(consent|begin|answer))"')
CODE = re.compile(r'<code id="completion-code"[^>]*>([^<]+)</code>')
PICTURE = re.compile(r'src="(/p/[^"]+\.png)"')
KIND = "We are still saving"
# Somebody who gets no further for so long, however often they retry, is stuck.
PATIENCE = 300.0
Key = tuple[str, str]
Answer = tuple[int, int]


class Unkind(Exception):
    """A reply that nobody should see: another status, or a page that is not as it must be."""


class Stuck(Exception):
    """Nothing worked for the whole of a person's patience."""


@dataclass(frozen=True, slots=True)
class Wait:
    """One try that was answered: how long it took, and when it was over (since the epoch), in
    seconds."""

    method: str
    path: str
    seconds: float
    ended: float


@dataclass
class Seen:
    """What all people saw together. `sent` and `acknowledged` are by (person, trial)."""

    target: int
    deadline: float = math.inf
    kills_are_over: bool = False
    sent: dict[Key, set[Answer]] = field(default_factory=dict)
    acknowledged: set[Key] = field(default_factory=set)
    moments: list[float] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    completion: dict[str, str] = field(default_factory=dict)
    unkind: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_over(self) -> bool:
        enough = self.kills_are_over and len(self.acknowledged) >= self.target
        return enough or time.monotonic() > self.deadline

    def count(self, what: str) -> None:
        with self.lock:
            self.counts[what] += 1

    def note_sent(self, key: Key, answer: Answer) -> None:
        with self.lock:
            self.sent.setdefault(key, set()).add(answer)

    def note_taken(self, key: Key) -> None:
        with self.lock:
            self.acknowledged.add(key)
            self.moments.append(time.monotonic())


@dataclass(frozen=True)
class Reply:
    status: int
    text: str
    location: str


class Person:
    """One person's browser and patience."""

    def __init__(
        self,
        line: http.client.HTTPConnection,
        name: str,
        random: Random,
        seen: Seen,
        *,
        think: float = 0.0,
        looks: bool = False,
    ) -> None:
        """looks: fetches the pictures of each page too, each once."""
        self.line, self.name, self.random, self.seen, self.think = line, name, random, seen, think
        self.looks, self.pictures = looks, set[str]()
        self.is_scripted = random.random() < 0.5
        self.progressed = time.monotonic()
        self.pause = 0.1

    def walk(self, start: str) -> None:
        """From the link to the completion code, or until the crowd has answered enough."""
        try:
            self._go(start)
        except Unkind as reply:
            self.seen.unkind.append(f"{self.name}: {reply}")
        except Stuck as place:
            self.seen.stuck.append(f"{self.name}: {place}")
        finally:
            self.line.close()

    def _go(self, start: str) -> None:
        address = self._until_taken("POST", start)
        while not self.seen.is_over:
            page = self._until_there(address)
            forms = {verb: action for action, verb in ACTION.findall(page)}
            if "answer" in forms:
                self._look_at(page)
                address = self._answer(address, forms["answer"], page)
            elif "consent" in forms:
                address = self._until_taken("POST", forms["consent"], {"agree": "yes"})
            elif "begin" in forms:
                address = self._until_taken("POST", forms["begin"], {})
            elif found := CODE.search(page):
                self.seen.completion[address.split("/")[2]] = found[1]
                self.seen.count("finished")
                return
            else:
                raise Unkind(f"{address} leads nowhere: {page[-300:]}")
        self.seen.count("stopped")

    def _look_at(self, page: str) -> None:
        """As the page's own script, which asks for a lost picture again."""
        found = set(PICTURE.findall(page)) - self.pictures if self.looks else set()
        for picture in found:
            while (reply := self._try("GET", picture, is_page=False)) is None:
                self.seen.count("pictures asked for again")
            if reply.status != http.HTTPStatus.OK:
                raise Unkind(f"{picture}: {reply.status}")
            self.seen.count("pictures")
        self.pictures |= found

    def _answer(self, address: str, action: str, page: str) -> str:
        """Answer the trial of `page`; where to go next. A reload is told by the same address."""
        trial, choices = TRIAL.search(page), CHOICE.findall(page)
        if trial is None or not choices:
            raise Unkind(f"{address} has a form without a question")
        key = (address.split("/")[2], trial[1])
        answer = (int(self.random.choice(choices)), self.random.randrange(200, 9000))
        fields = {"trial": trial[1], "value": answer[0], "rt_ms": answer[1]}
        self.seen.note_sent(key, answer)
        time.sleep(self.think)
        while True:
            reply = self._try("POST", action, fields, json_too=True)
            following = self._taken(reply) if reply is not None else None
            if following:
                self.seen.note_taken(key)
                return following
            if self.random.random() < 0.3:
                self.seen.count("reloaded")
                return address
            self.seen.count("sent again")

    def _until_taken(self, method: str, path: str, fields: dict[str, object] | None = None) -> str:
        while True:
            reply = self._try(method, path, fields)
            if reply is not None and (following := self._taken(reply)):
                return following
            self.seen.count("sent again")

    def _until_there(self, address: str) -> str:
        while True:
            reply = self._try("GET", address)
            if reply is not None:
                if reply.status != http.HTTPStatus.OK:
                    raise Unkind(f"{address}: {reply.status} {reply.text[:200]}")
                return reply.text
            self.seen.count("reloaded")

    def _taken(self, reply: Reply) -> str:
        """Where an acknowledged step leads on to."""
        if reply.status == http.HTTPStatus.SEE_OTHER:
            return reply.location
        if reply.status == http.HTTPStatus.OK and reply.text.startswith("{"):
            facts = json.loads(reply.text)
            if facts["ok"]:
                return str(facts["next"])
        raise Unkind(f"{reply.status} {reply.text[:200]}")

    def _try(
        self,
        method: str,
        path: str,
        fields: dict[str, object] | None = None,
        *,
        json_too: bool = False,
        is_page: bool = True,
    ) -> Reply | None:
        """One request; None where it failed kindly, after a pause. Stuck at the end of patience."""
        try:
            reply = self._send(method, path, fields, json_too and self.is_scripted)
        except (OSError, http.client.HTTPException):
            self.line.close()
            self.seen.count("connection errors")
        else:
            if reply.status != http.HTTPStatus.SERVICE_UNAVAILABLE:
                self.progressed, self.pause = time.monotonic(), 0.1
                return reply
            if (is_page and KIND not in reply.text) or "Traceback" in reply.text:
                raise Unkind(f"{path}: 503 {reply.text[:200]}")
            self.seen.count("“saving…” pages" if is_page else "pictures with 503")
        if time.monotonic() - self.progressed > PATIENCE:
            raise Stuck(f"{method} {path}")
        time.sleep(self.pause * (0.5 + self.random.random()))
        self.pause = min(2 * self.pause, 2.0)
        return None

    def _send(self, method: str, path: str, fields: dict[str, object] | None, json: bool) -> Reply:
        headers = {"Accept": "application/json" if json else "text/html"}
        body = None
        if fields is not None:
            body = urlencode(fields)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        began = time.monotonic()
        self.line.request(method, path, body, headers)
        reply = self.line.getresponse()
        text = reply.read().decode(errors="replace")
        seconds = time.monotonic() - began
        self.seen.waits.append(Wait(method, path.partition("?")[0], seconds, time.time()))
        return Reply(reply.status, text, reply.headers.get("Location", ""))
