"""One person's way through a study, request by request, each with a name."""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any

from django.test import Client

from studyapp.models import Study

Request = tuple[str, Callable[[], Any]]
TRIAL = re.compile(r'name="trial" value="([^"]+)"')
PICTURE = re.compile(r'<img src="([^"]+)"')


def panel_id(name: str) -> str:
    """An id of Prolific's form for a person whom a test calls `name`."""
    return hashlib.sha256(name.encode()).hexdigest()[:24]


def come_by(client: Client, link: str, query: Mapping[str, str] | None = None) -> Any:
    """Open a panel's link and press its *Begin*; the last reply, which may be a refusal."""
    reply = client.get(link, query)
    if reply.status_code == HTTPStatus.SEE_OTHER and "/come/" in reply["Location"]:
        return client.post(reply["Location"])
    return reply


class Noted:
    """A request that keeps its reply."""

    def __init__(self, send: Callable[[], Any]) -> None:
        self.send = send
        self.reply: Any = None

    def __call__(self) -> Any:
        self.reply = self.send()
        return self.reply


def requests(client: Client, study: Study) -> Iterator[Request]:
    """(name, what sends it): each must be sent before the next is taken."""
    door = f"/s/{study.slug}/"
    yield "the door", lambda: client.get(door)
    enter = Noted(lambda: client.post(door))
    yield "enter", enter
    here = enter.reply["Location"]
    yield "consent page", lambda: client.get(here)
    yield "consent", lambda: client.post(f"{here}consent", {"agree": "yes"})
    yield "instructions", lambda: client.get(here)
    yield "begin", lambda: client.post(f"{here}begin")
    yield from trials(client, here)
    yield "finished page", lambda: client.get(here)
    yield "about", lambda: client.get(f"{here}about")
    yield "withdraw page", lambda: client.get(f"{here}withdraw")


def trials(client: Client, here: str) -> Iterator[Request]:
    while True:
        show = Noted(lambda: client.get(here))
        yield "trial page", show
        page = show.reply.content.decode()
        for picture in PICTURE.findall(page):
            yield "picture", partial(client.get, picture)
        given = {"trial": TRIAL.findall(page)[0], "value": "1", "rt_ms": "900"}
        last = is_last(page)
        yield "last answer" if last else "answer", partial(client.post, f"{here}answer", given)
        if last:
            return


def is_last(page: str) -> bool:
    """Whether the page is that of the last trial."""
    found = re.search(r"question (\d+) of (\d+)", page)
    return found is not None and found[1] == found[2]
