"""A SONA on this machine: its server-side completion URL as documented, with credits granted.

<https://www.sona-systems.com/researcher/server-side-completion-url-responses/>
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

EXPERIMENT, CREDIT_TOKEN = "123", "9185d436e5f94b1581b0918162e8"
# The namespaces stand in an answer of the service; the documented sample leaves them out
ANSWER = """<WebstudyCreditResponse xmlns="http://tempuri.org/"><WebstudyCreditResult
 xmlns:a="http://schemas.example/sona" xmlns:i="http://www.w3.org/2001/XMLSchema-instance">
{}</WebstudyCreditResult></WebstudyCreditResponse>"""
GRANTED = """<a:Errors i:nil="true"/><a:Result><a:anon_id_code i:nil="true"/>
<a:credit_status>G</a:credit_status><a:email i:nil="true"/><a:signup_id>123</a:signup_id>
<a:survey_code>{}</a:survey_code></a:Result>"""
REFUSED = """<a:Errors><b:string xmlns:b="http://schemas.example/array">{}</b:string></a:Errors>
<a:Result i:nil="true"/>"""


@dataclass
class FakeSona:
    """What SONA knows. token: the address that a researcher copies. people: survey codes of those
    who signed up. credits: how often each was granted. silent: codes whose answer is lost after
    the credit was granted. page: sent in place of every answer."""

    token: str = ""
    people: set[str] = field(default_factory=set)
    credits: Counter[str] = field(default_factory=Counter)
    silent: set[str] = field(default_factory=set)
    page: str = ""

    def answer(self, query: dict[str, list[str]]) -> str:
        code = query["survey_code"][0]
        if query["experiment_id"] != [EXPERIMENT] or query["credit_token"] != [CREDIT_TOKEN]:
            return REFUSED.format(f"Invalid credit_token {query['credit_token'][0]}")
        if code not in self.people:
            return REFUSED.format(f"No sign-up found for survey code {code}")
        self.credits[code] += 1
        return GRANTED.format(code)


class _Handler(BaseHTTPRequestHandler):
    state: FakeSona

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        text = self.state.page or ANSWER.format(self.state.answer(query))
        if query["survey_code"][0] in self.state.silent:
            self.close_connection = True
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/xml; charset=utf-8")
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Nothing: the token is in what was asked for."""


@contextmanager
def fake_sona() -> Iterator[FakeSona]:
    """The fake, listening on a port of this machine."""
    state = FakeSona()
    handler = type("Handler", (_Handler,), {"state": state})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        state.token = (
            f"http://127.0.0.1:{server.server_port}/services/SonaAPI.svc/WebstudyCredit"
            f"?experiment_id={EXPERIMENT}&credit_token={CREDIT_TOKEN}&survey_code=XXXX"
        )
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()
