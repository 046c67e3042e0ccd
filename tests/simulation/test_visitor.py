"""A visitor may send only what the page offers, and believes only an acknowledgement."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urljoin

import pytest

from studyapp.simulation.visitor import Page, PageError, Visitor, fill

PAGE = """<!doctype html><title>One question</title><p>Which?</p><img src="/o/a.png">
<form method="post" action="/p/x/answer"><input type="hidden" name="token" value="t">
<input type="radio" name="value" value="-1"><input type="radio" name="value" value="1">
<input type="checkbox" name="sure"><button>Go</button></form>"""

# What the addresses of pages with a script answer
SCRIPTED = {
    "/part": {"ok": True, "next": "/p/x/", "page": '<h1>2</h1><form id="trial" action="answer">'},
    "/page": {"ok": True, "next": "/after"},
    "/none": {"ok": False, "sentence": "No."},
    "/shown": {},
}


class Site(BaseHTTPRequestHandler):
    """Answers a form with what the address of the page asks for: 303, 200 or 500."""

    sent: list[dict[str, list[str]]] = []

    def do_GET(self) -> None:
        found = self.path in {"/303", "/200", "/500", "/after", "/o/a.png", *SCRIPTED}
        page = PAGE.replace("<form", '<form id="trial"') if self.path in SCRIPTED else PAGE
        self._reply(200 if found else 404, page.replace("/p/x/answer", f"{self.path}/answer"))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.sent.append(parse_qs(body))
        if self.path == "/shown/answer":
            self._reply(200, PAGE)
            return
        if facts := SCRIPTED.get(f"/{self.path.split('/')[1]}"):
            assert self.headers["Prefer"] == "return=representation"
            self._reply(200 if facts["ok"] else 409, json.dumps(facts), kind="application/json")
            return
        status = int(self.path.split("/")[1])
        self._reply(status, "<p>So?</p>", location="/after" if status == 303 else "")

    def _reply(
        self, status: int, text: str, *, location: str = "", kind: str = "text/html"
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if location:
            self.send_header("Location", location)
        content = text.encode()
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged."""


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    Site.sent = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    visitor = Visitor(f"http://127.0.0.1:{server.server_port}")
    yield visitor
    visitor.close()
    server.shutdown()
    thread.join()
    server.server_close()


def send(visitor: Visitor, address: str, **answers: object) -> Page:
    return visitor.send(visitor.open(address), "answer", answers)


def test_an_answer_goes_with_the_hidden_fields_of_its_form(visitor: Visitor) -> None:
    page = send(visitor, "/303", value=-1, sure=True)
    assert page.address == "/after"
    assert Site.sent == [{"token": ["t"], "value": ["-1"], "sure": ["on"]}]


def test_a_field_that_is_not_on_the_page_is_refused(visitor: Visitor) -> None:
    with pytest.raises(PageError, match="no field “truth”"):
        send(visitor, "/303", value=1, truth=1)
    assert Site.sent == []


def test_a_choice_that_is_not_on_the_page_is_refused(visitor: Visitor) -> None:
    with pytest.raises(PageError, match="offers no “2” for “value”"):
        send(visitor, "/303", value=2)
    assert Site.sent == []


def test_a_page_without_the_form_is_told(visitor: Visitor) -> None:
    with pytest.raises(PageError, match="no form for “consent”"):
        visitor.send(visitor.open("/303"), "consent", {})


@pytest.mark.parametrize("status", [200, 500])
def test_only_a_redirect_acknowledges_an_answer(visitor: Visitor, status: int) -> None:
    with pytest.raises(PageError, match=f"answered with {status}"):
        send(visitor, f"/{status}", value=1)


def test_a_trial_that_comes_with_the_acknowledgement_is_the_next_page(visitor: Visitor) -> None:
    page = send(visitor, "/part", value=1)
    assert (page.address, page.has_form("answer"), visitor.requests) == ("/p/x/", True, 2)
    assert send(visitor, "/page", value=1).address == "/after"
    with pytest.raises(PageError, match="answered with 409"):
        send(visitor, "/none", value=1)
    with pytest.raises(PageError, match="answered with 200"):
        send(visitor, "/shown", value=1)


def test_a_picture_that_is_missing_is_told(visitor: Visitor) -> None:
    assert visitor.open("/303").pictures() == ["/o/a.png"]
    assert visitor.fetch("/o/a.png")
    with pytest.raises(PageError, match=r"/o/none\.png was answered with 404"):
        visitor.fetch("/o/none.png")


def test_what_is_on_a_form_can_be_asked(visitor: Visitor) -> None:
    page = visitor.open("/303")
    assert page.checkboxes("answer") == ["sure"]
    assert (page.has_form("answer"), page.has_form("begin")) == (True, False)


CONTROLS = """<form action="/answer"><input type="hidden" name="code" value="c"><input name="none">
    <input type="radio" name="one" value="1"><input type="radio" name="one" value="2" checked>
    <input type="radio" name="alone" value="1"><input type="checkbox" name="box">
    <input type="checkbox" name="more" value="a"><input type="checkbox" name="more" value="b">
    <input name="twice"><input name="twice" value="2"><select name="list"><option>x
    <option>y</select><select name="several" multiple><option selected>x<option>y
    <option selected>z</select>
    <textarea name="words">w</textarea><input type="submit" name="go" value="Go"><input value="n">
    <input name="off" value="o" disabled><input type="image" name="map"><input type="file" name="f">
    <INPUT TYPE="RADIO" name="mixed" value="3" checked><button name="choice">B</button></form>"""
WRITTEN = {
    "none": "é",
    "one": 1,
    "alone": 1,
    "box": True,
    "twice": "t",
    "list": "y",
    "words": "a b",
}


@pytest.mark.parametrize("written", [{}, WRITTEN, {"box": False, "one": 2, "code": ""}])
def test_a_form_sends_what_lxml_would_send(written: dict[str, object]) -> None:
    page, told = Page("/", 200, CONTROLS), Page("/", 200, CONTROLS).form("answer")
    fields = page.fields("answer")
    fill(fields, written)
    for name, value in written.items():
        field = told.inputs[name]
        if name == "box":
            field.checked = value
        else:
            field.value = str(value)
    assert fields.sent() == told.form_values()
    assert list(fields) == told.inputs.keys()
    assert fields.clicks == {"map.x", "map.y", "choice"}


def test_a_form_offers_what_can_be_chosen() -> None:
    fields = Page("/", 200, CONTROLS).fields("answer")
    options = {name: field.options for name, field in fields.items() if field.options is not None}
    assert options == {
        "one": ["1", "2"], "alone": ["1"], "box": ["on"], "more": ["a", "b"], "mixed": ["3"],
        "list": ["x", "y"], "several": ["x", "y", "z"],
    }  # fmt: skip
    fill(fields, {"more": "b"})
    assert (fields["more"].value, fields["one"].value, fields["none"].value) == ("b", "2", None)
    for name in ("one", "alone", "more", "list"):
        with pytest.raises(PageError, match=f"offers no “4” for “{name}”"):
            fill(fields, {name: 4})


@pytest.mark.parametrize(
    "address", ["/a?b=c", "/", "//127.0.0.1/x", "/./a", "/a/../b", "b", "../c", "?d", "/a\tb", ""]
)
def test_addresses_lead_where_browsers_go(address: str) -> None:
    visitor = Visitor("http://127.0.0.1:1/s/x/")
    page = urljoin(visitor.base, "/p/y/z")
    assert visitor._url(address, "/p/y/z") == urljoin(page, address)


def test_an_empty_page_is_told() -> None:
    with pytest.raises(PageError, match="/p/x/ is an empty page"):
        Page("/p/x/", 200, "").has_form("answer")
