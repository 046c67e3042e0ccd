"""Which requests nginx gives to another web process where one dies over them."""

import http.client
import re
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sandbox.nginx import Front, make_front
from sandbox.processes import free_port

from .servers import needs_servers

pytestmark = needs_servers


class Dying:
    """A web process that reads each request and hangs up, as one does that is killed meanwhile."""

    def __init__(self) -> None:
        self.door = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.door.getsockname()[1])
        self.heard: list[str] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                line, _ = self.door.accept()
                with closing(line):
                    self.heard.append(line.recv(65536).decode())


@contextmanager
def behind_nginx(folder: Path, webs: list[Dying]) -> Iterator[Front]:
    front = make_front(folder / "nginx", https=free_port(), http=free_port())
    front.fill_in([web.port for web in webs], folder)
    # None is left out after its failures, so that each request meets all of them.
    path = folder / "nginx" / "discern" / "discern.conf"
    path.write_text(path.read_text("utf-8").replace("max_fails=3", "max_fails=0"), "utf-8")
    child = front.start()
    try:
        yield front
    finally:
        child.stop()
        for web in webs:
            web.door.close()


def ask(front: Front, method: str, path: str) -> int:
    line = http.client.HTTPSConnection("127.0.0.1", front.https, context=front.context())
    with closing(line):
        strange = {
            "X-Forwarded-For": "192.0.2.7", "X-Forwarded-Ssl": "off", "Forwarded": "for=192.0.2.7",
            "X-Forwarded-Proto": "http", "X-Real-IP": "192.0.2.7", "SCRIPT_NAME": "/elsewhere",
            "Signature": "sig1=:a:", "Signature-Input": "sig1=()", "Signature-Agent": "an-agent",
        }  # fmt: skip
        line.request(method, path, "a=b" if method == "POST" else None, strange)
        return line.getresponse().status


def test_only_a_persons_own_steps_are_sent_twice(tmp_path: Path) -> None:
    webs = [Dying() for _ in range(3)]
    with behind_nginx(tmp_path, webs) as front:
        tries = Counter[str]()
        for method, path in (
            ("GET", "/"), ("GET", "/admin/"), ("GET", "/p/a/"), ("POST", "/p/a/answer"),
            ("POST", "/p/a/consent"), ("POST", "/p/a/begin"), ("POST", "/s/a/"),
            ("POST", "/admin/x/"), ("POST", "/panels/prolific/"),
        ):  # fmt: skip
            for web in webs:
                web.heard.clear()
            assert ask(front, method, path) == 503
            heard = [one for web in webs for one in web.heard]
            tries[f"{method} {path}"] = len(heard)
    assert tries == {
        "GET /": 3, "GET /admin/": 3, "GET /p/a/": 3, "POST /p/a/answer": 3, "POST /p/a/consent": 3,
        "POST /p/a/begin": 1, "POST /s/a/": 1, "POST /admin/x/": 1, "POST /panels/prolific/": 1,
    }  # fmt: skip


def test_the_site_hears_of_https_and_of_no_address(tmp_path: Path) -> None:
    webs = [Dying() for _ in range(3)]
    with behind_nginx(tmp_path, webs) as front:
        ask(front, "POST", "/s/a/")
        port = front.https
    heard = next(one for web in webs for one in web.heard).lower()
    told = dict(re.findall(r"^([\w-]+): (.*?)\r$", heard, re.MULTILINE))
    assert told["host"] == f"127.0.0.1:{port}"
    assert told["x-forwarded-proto"] == "https"
    # What signs a request goes on, and what a client says of itself to deceive does not.
    assert (told["signature"], told["signature-agent"]) == ("sig1=:a:", "an-agent")
    assert not {"x-forwarded-for", "x-forwarded-ssl", "forwarded", "x-real-ip"} & set(told)
    assert "192.0.2.7" not in heard
    assert "elsewhere" not in heard
