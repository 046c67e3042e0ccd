"""A visitor may send only what the page offers, and believes only an acknowledgement."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest

from studyapp.simulation.visitor import Page, PageError, Visitor, fields_of

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


def test_fields_are_grouped_as_lxml_groups_them() -> None:
    page = Page("/", 200, """<form action="/answer"><input type="hidden" name="code" value="c">
        <input type="radio" name="one" value="1"><input type="radio" name="one" value="2" checked>
        <input type="radio" name="alone" value="1"><input type="checkbox" name="box">
        <input type="checkbox" name="more" value="a"><input type="checkbox" name="more" value="b">
        <input name="twice"><input name="twice"><select name="list"><option>x</select>
        <textarea name="words">w</textarea><input type="submit"></form>""")  # fmt: skip
    form = page.form("answer")
    found = fields_of(form)
    assert list(found) == form.inputs.keys()
    for name, fields in found.items():
        assert type(fields) is type(form.inputs[name])
        assert fields.value == form.inputs[name].value


def test_an_empty_page_is_told() -> None:
    with pytest.raises(PageError, match="/p/x/ is an empty page"):
        Page("/p/x/", 200, "").has_form("answer")
