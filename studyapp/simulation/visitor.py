"""A browser without a screen, which sends only fields that it found on the page."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import Any
from urllib.parse import urljoin, urlsplit

from lxml import etree, html

from .form import Fields
from .session import Reply, Session, form_encoded

# The form whose answers the page's script sends, and how (`trial.js`)
SCRIPTED = "trial"
BY_SCRIPT = {"Accept": "application/json", "Prefer": "return=representation"}
# Compiled once: parsing a query costs more than running it.
PARTS = etree.XPath(
    "//link[@rel='stylesheet']/@href | //script/@src | //img/@src | //input[@type='image']/@src",
    smart_strings=False,
)
MODULES = etree.XPath("//@data-modules | //@data-presentation", smart_strings=False)
AHEAD = etree.XPath("//@data-next", smart_strings=False)
# The path of an address that `urljoin` would take as it is
PLAIN_PATH = re.compile(r"(?!//|.*(?:/\.|\s))/")


class PageError(Exception):
    """A page that a person could not use: one sentence with its address."""


class UnacknowledgedError(PageError):
    """What a person sent was answered by a page instead of a redirect, with the HTTP status
    `answered`."""

    def __init__(self, verb: str, address: str, answered: int) -> None:
        super().__init__(f"{verb} at {address} was answered with {answered}")
        self.answered = answered


@dataclass(frozen=True)
class Page:
    """One page as it arrived: its address without the host, its status, its HTML."""

    address: str
    status: int
    source: str

    @cached_property
    def document(self) -> Any:
        """The root element, parsed when first used; PageError for an empty page."""
        try:
            return html.document_fromstring(self.source)
        except etree.ParserError as error:
            raise PageError(f"{self.address} is an empty page") from error

    @cached_property
    def _forms(self) -> list[tuple[str, Any]]:
        """Each form, preceded by the last part of its address."""
        forms = self.document.iter("form")
        return [(_verb(form.get("action")), form) for form in forms]

    @cached_property
    def _fields(self) -> dict[str, Fields]:
        """Of each form that somebody has asked for, by its verb."""
        return {}

    def form(self, verb: str) -> Any:
        """The form whose address ends with `/verb`; PageError when the page has none."""
        for name, form in self._forms:
            if name == verb:
                return form
        raise PageError(f"{self.address} has no form for “{verb}”")

    def fields(self, verb: str) -> Fields:
        """Those of the form whose address ends with `/verb`, as they are filled by now; PageError
        when the page has none."""
        if verb not in self._fields:
            self._fields[verb] = Fields(self.form(verb))
        return self._fields[verb]

    def has_form(self, verb: str) -> bool:
        return any(name == verb for name, _ in self._forms)

    def first_verb(self) -> str | None:
        """That of the first form which is posted; None where there is none. A choice of language
        tells no page from another."""
        verbs = (verb for verb, form in self._forms if form.get("method", "").lower() == "post")
        return next((verb for verb in verbs if verb != "language"), None)

    def checkboxes(self, verb: str) -> list[str]:
        """The names of the boxes that the form for `verb` offers to tick."""
        return [str(name) for name in self.form(verb).xpath(".//input[@type='checkbox']/@name")]

    def pictures(self) -> list[str]:
        """The addresses of the pictures on the page, in order."""
        return [str(source) for source in self.document.xpath("//img/@src")]

    def parts(self) -> list[str]:
        """The addresses of what a browser fetches to show the page, in order."""
        modules = " ".join(_texts(MODULES, self.document))
        return [*_texts(PARTS, self.document), *modules.split()]

    def ahead(self) -> list[str]:
        """The addresses of the pictures that the page's script fetches for later ones."""
        return [one for names in _texts(AHEAD, self.document) for one in names.split()]


class Visitor:
    """One person's browser: cookies, one connection, pages one after the other.

    has_script: sends trials' answers as the pages' script does, and takes the next trial from what
    acknowledges them.
    """

    def __init__(self, base: str, *, has_script: bool = True) -> None:
        self.base = base
        self.has_script = has_script
        self.session = Session()
        self._origin = urljoin(base, "/")[:-1]
        self.requests = 0
        # Seconds from sending the last form to what acknowledged it
        self.acknowledged_after = 0.0

    def open(self, address: str, **parameters: str) -> Page:
        """The page at `address` after redirects, whatever its status."""
        return self._page(self.session.get(self._url(address), parameters))

    def send(self, page: Page, verb: str, answers: Mapping[str, object]) -> Page:
        """Fill the form for `verb` with `answers`, send it, and give the page that follows.

        Raises PageError for a field or a choice that the form does not have, and for an answer
        that was not acknowledged, by a redirect or to the page's script.
        """
        form, fields = page.form(verb), page.fields(verb)
        clicks = {name: value for name, value in answers.items() if name in fields.clicks}
        fill(fields, {name: answers[name] for name in answers if name not in clicks}, page.address)
        target = self._url(form.get("action", ""), page.address)
        values = [*fields.sent(), *clicks.items()]
        if self.has_script and form.get("id") == SCRIPTED:
            return self._send_by_script(page, verb, target, values)
        reply = self.session.post(target, form_encoded(values))
        if not reply.first.is_redirect:
            raise UnacknowledgedError(verb, page.address, reply.first.status)
        self.acknowledged_after = reply.first.seconds
        return self._page(reply)

    def _send_by_script(
        self, page: Page, verb: str, target: str, values: list[tuple[str, object]]
    ) -> Page:
        reply = self.session.post(target, form_encoded(values, line_end="\n"), BY_SCRIPT)
        facts = _facts(reply)
        if not facts.get("ok"):
            raise UnacknowledgedError(verb, page.address, reply.status)
        self.acknowledged_after = reply.seconds
        self.requests += 1 + len(reply.history)
        if "page" not in facts:
            return self.open(facts["next"])
        return Page(_path(facts["next"]), HTTPStatus.OK, facts["page"])

    def fetch(self, address: str) -> bytes:
        """The bytes of a picture; PageError when it is not there."""
        reply = self.session.get(self._url(address))
        self.requests += 1 + len(reply.history)
        if reply.status != HTTPStatus.OK:
            raise PageError(f"the picture {address} was answered with {reply.status}")
        return reply.content

    def close(self) -> None:
        self.session.close()

    def _url(self, address: str, page: str = "") -> str:
        """The whole address of what a page names."""
        if PLAIN_PATH.match(address):
            return self._origin + address
        return urljoin(urljoin(self.base, page), address)

    def _page(self, reply: Reply) -> Page:
        self.requests += 1 + len(reply.history)
        address = _path(reply.url)
        if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise PageError(f"{address} was answered with {reply.status}")
        return Page(address, reply.status, reply.text)


def _facts(reply: Reply) -> dict[str, Any]:
    """What the page's script was told; nothing if a page or a refusal was sent instead."""
    is_told = reply.status == HTTPStatus.OK
    is_told &= reply.headers.get_content_type() == "application/json"
    return dict(json.loads(reply.content)) if is_told else {}


def fill(fields: Fields, answers: Mapping[str, object], address: str = "") -> None:
    """Write `answers` into the form's fields; PageError for what the page does not offer."""
    for name, value in answers.items():
        if name not in fields:
            raise PageError(f"{address} has no field “{name}”")
        try:
            fields[name].fill(value)
        except ValueError as error:
            raise PageError(f"{address} offers no “{value}” for “{name}”") from error


def _texts(query: Any, element: Any) -> list[str]:
    return list(query(element))


def _verb(action: str | None) -> str:
    """The last part of a form's address."""
    return _path(action).rstrip("/").rsplit("/", 1)[-1]


def _path(address: str | None) -> str:
    return urlsplit(address or "").path
