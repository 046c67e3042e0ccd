"""A new version while people answer: web processes are restarted and nobody notices."""

import http.client
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil
import pytest
from django.conf import settings

from sandbox.builders import open_small_study, take_part
from studyapp.models import Judgment, Participation
from tests.running import run

from .many import Many
from .servers import needs_servers

pytestmark = [pytest.mark.django_db(transaction=True), needs_servers]
SCRIPT = settings.ROOT / "deploy" / "rolling-restart"
END = "pid=$(cat {0}/$1.pid); kill $pid; while kill -0 $pid 2>&-; do sleep 0.1; done"
TRIAL = re.compile(r'name="trial" value="([^"]+)"')


@contextmanager
def people(count: int, open_line: Callable[[], http.client.HTTPConnection]) -> Iterator[list[str]]:
    """So many read and answer until the block ends; what any of them got that was not meant so."""
    study = open_small_study(people=count, trials=40, stimuli=40)
    found: list[str] = []
    over = threading.Event()
    known = {"X-Forwarded-Proto": "https", "Accept": "text/html"}

    def walk(person: Participation) -> None:
        address = f"/p/{person.code}/"
        form = {**known, "Content-Type": "application/x-www-form-urlencoded"}
        while not over.is_set():
            with closing(open_line()) as line:
                for _ in range(5):
                    line.request("GET", address, headers=known)
                    reply = line.getresponse()
                    page = reply.read().decode()
                    if reply.status != 200:
                        found.append(f"GET {reply.status}")
                        continue
                    trial = TRIAL.search(page)
                    if trial is None:
                        continue
                    body = f"trial={trial[1]}&value=1&rt_ms=900"
                    line.request("POST", f"{address}answer", body, form)
                    reply = line.getresponse()
                    reply.read()
                    if reply.status != 303:
                        found.append(f"POST {reply.status}")
                    time.sleep(0.3)

    def walk_and_tell(person: Participation) -> None:
        try:
            walk(person)
        except (OSError, http.client.HTTPException) as error:
            found.append(repr(error))

    with ThreadPoolExecutor(count) as pool:
        for number in range(count):
            pool.submit(walk_and_tell, take_part(study, f"somebody {number}"))
        try:
            yield found
        finally:
            over.set()


def test_three_webs_are_restarted_in_turn_under_load_and_nobody_sees_an_error(many: Many) -> None:
    before = {port: web.process.pid for port, web in many.webs.items()}

    def line() -> http.client.HTTPConnection:
        return http.client.HTTPSConnection(
            "127.0.0.1", many.front.https, timeout=60, context=many.front.context()
        )

    logged = len(many.log())
    with people(4, line) as found:
        webs = [f"127.0.0.1:{port}" for port in many.webs]
        command = [SCRIPT, END.format(many.folder), *webs]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as script:
            while script.poll() is None:
                for port, web in many.webs.items():
                    if web.process.poll() is not None:  # as a supervisor does
                        many.start(port)
                time.sleep(0.05)
            said = script.stdout.read()
    assert script.returncode == 0, said
    assert said == "".join(f"{web} is back\n" for web in webs)
    assert not found
    assert not set(before.values()) & {web.process.pid for web in many.webs.values()}
    assert Judgment.objects.count() > 20
    # No request was lost on its way: other webs got only what could not reach theirs.
    others = [line for line in many.log()[logged:] if ", " in str(line["web"])]
    assert {line["status"] for line in many.log()[logged:]} <= {200, 303}
    assert all(re.fullmatch(r"(502, )+(200|303)", str(line["web_status"])) for line in others)
    assert all(float(str(line["web_seconds"]).split(",")[0]) < 0.5 for line in others)


def test_a_web_whose_new_version_does_not_start_leaves_the_others_alone(tmp_path: Path) -> None:
    class Web(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            ended = (tmp_path / str(self.server.server_address[1])).exists()
            self.send_response(503 if ended else 200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ExitStack() as stack:
        webs = []
        for _ in range(2):
            web = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), Web))
            stack.callback(web.shutdown)
            threading.Thread(target=web.serve_forever, daemon=True).start()
            webs.append(f"127.0.0.1:{web.server_address[1]}")
        done = run("env", "SECONDS_TO_START=1", SCRIPT, f"touch {tmp_path}/$1", *webs)
        assert (done.returncode, [one.name for one in tmp_path.iterdir()]) == (1, [webs[0][10:]])
        assert done.stdout == (
            f"{webs[0]} did not get well in 1 s, so the others were left as they are: see its log\n"
        )
        again = run(SCRIPT, f"touch {tmp_path}/$1", *reversed(webs))
        assert (again.returncode, again.stdout) == (
            1,
            f"{webs[0]} was not well, so nothing was restarted: see its log\n",
        )


def test_a_web_that_ends_takes_no_more_calls_and_answers_on_the_lines_that_are_open(
    many: Many,
) -> None:
    port = min(many.webs)
    open_line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    with closing(open_line):
        open_line.request("GET", "/healthz")
        open_line.getresponse().read()
        many.webs[port].process.send_signal(signal.SIGTERM)
        refused = False
        deadline = time.monotonic() + 1.5  # the open line is closed after two seconds
        while not refused and time.monotonic() < deadline:
            late = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            try:
                late.connect()
            except ConnectionRefusedError:
                refused = True
            finally:
                late.close()
            time.sleep(0.02)
        assert refused
        assert many.webs[port].process.poll() is None
        open_line.request("GET", "/healthz")
        reply = open_line.getresponse()
        assert (reply.status, reply.headers["Connection"]) == (200, "close")
    many.webs[port].process.wait(30)


def test_one_gunicorn_takes_new_code_by_a_hup_and_refuses_nobody(many: Many) -> None:
    port = max(many.webs)
    gunicorn = psutil.Process(many.webs[port].process.pid)
    old = {one.pid for one in gunicorn.children()}

    def line() -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    with people(2, line) as found:
        gunicorn.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 60
        while old & {one.pid for one in gunicorn.children()} and time.monotonic() < deadline:
            time.sleep(0.1)
    assert not old & {one.pid for one in gunicorn.children()}
    assert not found
