"""deploy/nginx and deploy/pgbouncer, by the programs themselves, before three web processes."""

import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from django.conf import settings
from django.utils.translation import gettext, override

from sandbox.builders import open_small_study, take_part
from sandbox.nginx import CONFIGURATION
from studyapp.models import Judgment, Overlay
from studyapp.shelf.static_version import static_version
from tests.databases import other_session
from tests.views.test_wire import addresses

from .many import SOMEBODY, Many
from .servers import needs_servers

pytestmark = [pytest.mark.django_db(transaction=True), needs_servers]
LATER = "We are still saving. Please wait a moment and send this again."
LARGE = "This request is too large. Please go back and try again."
PANEL_ID = "5f0c5f0c5f0c5f0c5f0c5f0c"
OWN = ("date", "connection", "server", "transfer-encoding")


def test_pages_come_as_the_site_sends_them_with_each_header_once(many: Many) -> None:
    person = take_part(open_small_study())
    direct = requests.get(
        f"http://127.0.0.1:{min(many.webs)}/p/{person.code}/",
        headers={"X-Forwarded-Proto": "https", "Host": f"127.0.0.1:{many.front.https}"},
        timeout=60,
    )
    reply = many.ask(f"/p/{person.code}/")
    assert (reply.status, reply.text) == (200, direct.text)
    sent = {name.lower(): value for name, value in direct.headers.items()}
    got = {name.lower(): value for name, value in reply.headers}
    assert len(got) == len(reply.headers)
    assert {k: v for k, v in got.items() if k not in OWN} == {
        k: v for k, v in sent.items() if k not in OWN
    }
    assert got["strict-transport-security"] == "max-age=31536000; includeSubDomains"
    assert "gunicorn" not in str(reply.headers)


def test_plain_http_leads_to_https_and_browsers_are_offered_http_2(many: Many) -> None:
    plain = requests.get(
        f"http://127.0.0.1:{many.front.http}/s/a-study/?a=b", allow_redirects=False, timeout=60
    )
    assert plain.status_code == 301
    assert plain.headers["Location"] == "https://127.0.0.1/s/a-study/?a=b"
    context = many.front.context()
    context.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection(("127.0.0.1", many.front.https)) as line,
        context.wrap_socket(line, server_hostname="127.0.0.1") as secure,
    ):
        assert secure.selected_alpn_protocol() == "h2"


def test_pictures_are_sent_by_nginx_to_those_whom_the_site_allows(many: Many) -> None:
    person = take_part(open_small_study())
    picture = next(
        one
        for one in addresses(many.ask(f"/p/{person.code}/"))
        if Overlay.objects.filter(code=one[-26:-4]).exists()
    )
    reply = many.ask(picture)
    file = next((many.folder / "var/shown").rglob(f"{picture[-26:-4]}-*"))
    assert (reply.status, reply.content) == (200, file.read_bytes())
    assert reply.all_of("Content-Type") == ["image/png"]
    assert reply.all_of("Cache-Control") == ["private, max-age=31536000, immutable"]
    for name in ("X-Content-Type-Options", "Strict-Transport-Security", "ETag"):
        assert len(reply.all_of(name)) == 1
    assert not reply.all_of("X-Accel-Redirect")
    known = many.ask(picture, If_None_Match=reply.all_of("ETag")[0])
    part = many.ask(picture, Range="bytes=0-9")
    assert (known.status, part.status, part.content) == (304, 206, reply.content[:10])
    # By its place on the disk nobody gets it, nor anything else of that folder.
    name = file.relative_to(many.folder / "var/shown")
    assert many.ask(f"/shown/{name}").status == 404
    assert many.ask("/static/../shown/").status == 404
    assert many.ask("/static../shown/").status == 404


def test_static_files_are_as_the_site_has_them(many: Many) -> None:
    direct = requests.get(
        f"http://127.0.0.1:{min(many.webs)}/static/studyapp/pages.css",
        headers={"X-Forwarded-Proto": "https"},
        timeout=60,
    )
    reply = many.ask("/static/studyapp/pages.css")
    assert (reply.status, reply.content) == (200, direct.content)
    assert reply.all_of("Content-Type")[0].startswith("text/css")
    assert reply.all_of("Strict-Transport-Security") == [
        direct.headers["Strict-Transport-Security"]
    ]
    assert many.ask("/static/studyapp/pages.css", Accept_Encoding="gzip").all_of(
        "Content-Encoding"
    ) == ["gzip"]


def test_a_script_of_a_release_comes_from_a_web_which_knows_its_own(many: Many) -> None:
    script = "/static/studyapp/trial.js"
    plain = many.ask(script)
    assert many.log()[-1]["web"] == ""
    own = many.ask(f"{script}?{static_version()}")
    assert str(many.log()[-1]["web"]).startswith("127.0.0.1:")
    assert (own.status, own.content) == (200, plain.content)
    assert len({name.lower() for name, _ in own.headers}) == len(own.headers)
    small = many.ask(f"{script}?{static_version()}", Accept_Encoding="gzip")
    assert small.all_of("Content-Encoding") == ["gzip"]
    other = many.ask(f"{script}?0123456789ab")
    assert (other.status, other.all_of("Cache-Control")) == (200, ["no-store"])
    assert "location.reload()" in other.text


def test_a_style_of_a_release_comes_from_a_web_which_knows_its_own(many: Many) -> None:
    style = "/static/studyapp/pages.css"
    plain = many.ask(style)
    for version, kept in ((static_version(), "max-age=60, public"), ("0123456789ab", "no-store")):
        asked = many.ask(f"{style}?{version}")
        assert str(many.log()[-1]["web"]).startswith("127.0.0.1:")
        assert (asked.content, asked.all_of("Cache-Control")) == (plain.content, [kept])
    small = many.ask(f"{style}?{static_version()}", Accept_Encoding="gzip")
    assert small.all_of("Content-Encoding") == ["gzip"]


def test_a_body_that_is_too_large_is_refused_in_a_sentence(many: Many) -> None:
    person = take_part(open_small_study())
    for size in (600_000, 2_000_000):  # the site refuses the first, nginx the second
        form = {"trial": "a" * size}
        address = f"/p/{person.code}/answer"
        page = many.ask(address, form, Accept_Language="de-AT,de;q=0.9")
        told = many.ask(address, form, json_too=True)
        assert (page.status, told.status) == (413, 413)
        with override("de"):
            assert gettext(LARGE) in page.text
        assert f'"sentence": "{LARGE}"' in told.text


def test_nginx_says_in_each_language_what_the_site_would(many: Many) -> None:
    words = (CONFIGURATION / "words.conf").read_text("utf-8")
    told = {
        name: dict(re.findall(r'^    (\S+) "(.+)";$', block, re.MULTILINE))
        for name, block in re.findall(r"\$(discern_(?:saving|large)\w*) \{\n(.*?)\}", words, re.S)
    }
    for code, _ in settings.LANGUAGES:
        with override(code):
            key = "default" if code == settings.LANGUAGE_CODE else code
            assert told["discern_saving"][key] == gettext(LATER)
            assert told["discern_large"][key] == gettext(LARGE)
            assert told["discern_saving_title"][key] == gettext("Saving…")
            assert told["discern_large_title"][key] == gettext("That did not work")


def test_an_answer_reaches_another_web_where_the_first_one_dies_over_it(many: Many) -> None:
    person = take_part(open_small_study())
    page = many.ask(f"/p/{person.code}/")
    trial = re.search(r'name="trial" value="([^"]+)"', page.text)[1]
    port = int(str(many.log()[-1]["web"]).rpartition(":")[2])
    with other_session() as cursor, ThreadPoolExecutor(1) as pool:
        cursor.execute("BEGIN")
        cursor.execute(
            "SELECT 1 FROM studyapp_participation WHERE code = %s FOR UPDATE", [person.code]
        )
        form = {"trial": trial, "value": "1", "rt_ms": "900"}
        sent = pool.submit(lambda: many.ask(f"/p/{person.code}/answer", form))
        wait_for_a_lock()
        many.kill(port)
        cursor.execute("COMMIT")
        assert sent.result().status == 303
    assert Judgment.objects.filter(participation=person).count() == 1
    tried = str(many.log()[-1]["web"]).split(", ")
    assert tried[0] == f"127.0.0.1:{port}"
    assert len(tried) == 2
    # Whoever comes now notices nothing, on whichever page.
    for path in [f"/p/{person.code}/", *["/"] * 9]:
        assert many.ask(path).status == 200


def wait_for_a_lock() -> None:
    deadline = time.monotonic() + 30
    with other_session() as cursor:
        while time.monotonic() < deadline:
            cursor.execute("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
            if cursor.fetchone():
                return
            time.sleep(0.02)
    raise AssertionError("nobody waits")


def test_the_pooler_limits_how_long_a_request_waits_for_a_lock(many: Many) -> None:
    person = take_part(open_small_study())
    page = many.ask(f"/p/{person.code}/")
    trial = re.search(r'name="trial" value="([^"]+)"', page.text)[1]
    with other_session() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(
            "SELECT 1 FROM studyapp_participation WHERE code = %s FOR UPDATE", [person.code]
        )
        began = time.monotonic()
        reply = many.ask(f"/p/{person.code}/answer", {"trial": trial, "value": "1", "rt_ms": "9"})
        assert (reply.status, 9 < time.monotonic() - began < 29) == (503, True)
        assert LATER in reply.text


def test_without_any_web_people_are_asked_to_wait_and_nothing_of_them_is_logged(
    many: Many,
) -> None:
    study = open_small_study(panel={"kind": "prolific"})
    link = f"/s/{study.slug}/?PROLIFIC_PID={PANEL_ID}&STUDY_ID=s&SESSION_ID=t"
    door = many.ask(link)
    come = door.all_of("Location")[0]
    assert (door.status, many.ask(come).status) == (303, 200)
    for port in many.webs:
        many.kill(port)
    page, told = many.ask(link), many.ask(link, {}, json_too=True)
    assert (page.status, told.status) == (503, 503)
    assert page.all_of("Retry-After") == ["5"]
    assert page.all_of("Cache-Control") == ["no-store"]
    assert LATER in page.text
    assert told.text == f'{{"ok": false, "retry": true, "sentence": "{LATER}"}}'
    assert many.log()[-1]["method"] == "POST"
    assert many.log()[-1]["path"] == f"/s/{study.slug}/"
    logs = [many.front.log, many.front.folder / "error.log", many.front.folder / "nginx-error.log"]
    for log in [*logs, many.folder / "pgbouncer.log", *many.folder.glob("web-*.log")]:
        said = log.read_text("utf-8")
        for secret in (PANEL_ID, SOMEBODY, "SESSION_ID"):
            assert secret not in said, log
    assert come.split("/come/")[1] not in many.front.log.read_text("utf-8")
