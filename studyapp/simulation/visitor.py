"""A browser without a screen, which sends only fields that it found on the page."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from lxml import html

SECONDS = 60
# The form whose answers the page's script sends, and how (`trial.js`)
SCRIPTED = "trial"
BY_SCRIPT = {"Accept": "application/json", "Prefer": "return=representation"}
PARTS = "//link[@rel='stylesheet']/@href | //script/@src | //img/@src | //input[@type='image']/@src"


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
    """One page as it came: its address without the host, its status, its document."""

    address: str
    status: int
    document: Any
    source: str = ""

    def form(self, verb: str) -> Any:
        """The form whose address ends with `/verb`; PageError when the page has none."""
        found = [form for form in self.document.forms if _verb(form.action) == verb]
        if not found:
            raise PageError(f"{self.address} has no form for “{verb}”")
        return found[0]

    def has_form(self, verb: str) -> bool:
        return any(_verb(form.action) == verb for form in self.document.forms)

    def first_verb(self) -> str | None:
        """That of the first form which is posted; None where there is none. A choice of language
        tells no page from another."""
        verbs = (_verb(form.action) for form in self.document.forms if form.method == "POST")
        return next((verb for verb in verbs if verb != "language"), None)

    def checkboxes(self, verb: str) -> list[str]:
        """The names of the boxes that the form for `verb` offers to tick."""
        return [str(name) for name in self.form(verb).xpath(".//input[@type='checkbox']/@name")]

    def pictures(self) -> list[str]:
        """The addresses of the pictures on the page, in order."""
        return [str(source) for source in self.document.xpath("//img/@src")]

    def parts(self) -> list[str]:
        """The addresses of what a browser fetches to show the page, in order."""
        modules = " ".join(self.document.xpath("//@data-modules | //@data-presentation"))
        return [*map(str, self.document.xpath(PARTS)), *modules.split()]

    def ahead(self) -> list[str]:
        """The addresses of the pictures that the page's script fetches for later ones."""
        return [one for names in self.document.xpath("//@data-next") for one in str(names).split()]


class Visitor:
    """One person's browser: cookies, one connection, pages one after the other.

    has_script: sends trials' answers as the pages' script does, and takes the next trial from what
    acknowledges them.
    """

    def __init__(self, base: str, *, has_script: bool = True) -> None:
        self.base = base
        self.has_script = has_script
        self.session = requests.Session()
        self.requests = 0
        # Seconds from sending the last form to what acknowledged it
        self.acknowledged_after = 0.0

    def open(self, address: str, **parameters: str) -> Page:
        """The page at `address` after redirects, whatever its status."""
        return self._page(
            self.session.get(urljoin(self.base, address), params=parameters, timeout=SECONDS)
        )

    def send(self, page: Page, verb: str, answers: Mapping[str, object]) -> Page:
        """Fill the form for `verb` with `answers`, send it, and give the page that follows.

        Raises PageError for a field or a choice that the form does not have, and for an answer
        that was not acknowledged, by a redirect or to the page's script.
        """
        form = page.form(verb)
        clicks = _clicks(form, answers)
        written = {name: value for name, value in answers.items() if name not in clicks}
        fill(form, written, page.address)
        target = urljoin(urljoin(self.base, page.address), form.action)
        values = [*form.form_values(), *clicks.items()]
        if self.has_script and form.get("id") == SCRIPTED:
            return self._send_by_script(page, verb, target, values)
        response = self.session.post(target, data=values, timeout=SECONDS)
        first = response.history[0] if response.history else response
        if not first.is_redirect:
            raise UnacknowledgedError(verb, page.address, first.status_code)
        self.acknowledged_after = first.elapsed.total_seconds()
        return self._page(response)

    def _send_by_script(
        self, page: Page, verb: str, target: str, values: list[tuple[str, object]]
    ) -> Page:
        response = self.session.post(target, data=values, headers=BY_SCRIPT, timeout=SECONDS)
        facts = response.json() if response.ok else {}
        if not facts.get("ok"):
            raise UnacknowledgedError(verb, page.address, response.status_code)
        self.acknowledged_after = response.elapsed.total_seconds()
        self.requests += 1
        if "page" not in facts:
            return self.open(facts["next"])
        part = facts["page"]
        return Page(_path(facts["next"]), HTTPStatus.OK, html.document_fromstring(part), part)

    def fetch(self, address: str) -> bytes:
        """The bytes of a picture; PageError when it is not there."""
        response = self.session.get(urljoin(self.base, address), timeout=SECONDS)
        self.requests += 1
        if response.status_code != HTTPStatus.OK:
            raise PageError(f"the picture {address} was answered with {response.status_code}")
        return response.content

    def close(self) -> None:
        self.session.close()

    def _page(self, response: requests.Response) -> Page:
        self.requests += 1 + len(response.history)
        address = _path(response.url)
        if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise PageError(f"{address} was answered with {response.status_code}")
        return Page(
            address, response.status_code, html.document_fromstring(response.text), response.text
        )


def _clicks(form: Any, answers: Mapping[str, object]) -> dict[str, object]:
    """The answers that a browser sends for a click on one of the form's image inputs, or on a
    button with a name."""
    images = [str(name) for name in form.xpath(".//input[@type='image']/@name")]
    names = {f"{image}.{axis}" for image in images for axis in ("x", "y")}
    names |= {str(name) for name in form.xpath(".//button/@name")}
    return {name: value for name, value in answers.items() if name in names}


def fill(form: Any, answers: Mapping[str, object], address: str = "") -> None:
    """Write `answers` into the form's fields; PageError for what the page does not offer."""
    for name, value in answers.items():
        if name not in form.fields:
            raise PageError(f"{address} has no field “{name}”")
        field = form.inputs[name]
        if getattr(field, "type", "") == "checkbox":
            field.checked = bool(value)
            continue
        try:
            form.fields[name] = str(value)
        except ValueError as error:
            raise PageError(f"{address} offers no “{value}” for “{name}”") from error


def _verb(action: str | None) -> str:
    """The last part of a form's address."""
    return _path(action).rstrip("/").rsplit("/", 1)[-1]


def _path(address: str | None) -> str:
    return urlsplit(address or "").path
