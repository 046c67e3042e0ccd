"""Nobody gets in where they don't belong: codes, headers, texts, photos, fetches."""

import ast
import base64
import re

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from sandbox.builders import make_study, open_small_study, take_part
from studyapp.models import Participation, Role, StudyKind, new_code
from studyapp.participations.entering import enter
from studyapp.shelf.headers import POLICY
from studyapp.shelf.markdown import safe_fragment, safe_html
from studyapp.simulation.server import environment
from studyapp.studies.copies import marked_copy
from studyapp.studies.definition.file import DefinitionError, parse_definition
from studyapp.studies.lifecycle import close_study
from tests.admin.desk import make_user
from tests.running import ROOT, python

pytestmark = pytest.mark.django_db

PANEL_LINK = {"PROLIFIC_PID": "5f0c77aabb5f0c77aabb5f0c", "STUDY_ID": "1", "SESSION_ID": "2"}


# --- as it is deployed

DEPLOYED = """
import django; django.setup()
from django.test import Client
asked = {"username": "anna", "password": "ferrous-otter-71-lamp"}
reply = Client().post("/admin/login/", asked, secure=True)
for name in ("sessionid", "csrftoken", "discern-device"):
    cookie = reply.cookies[name]
    print(cookie.key, bool(cookie["secure"]), bool(cookie["httponly"]), cookie["samesite"])
print(reply["Strict-Transport-Security"])
for headers in ({}, {"HTTP_X_FORWARDED_PROTO": "https"}):
    print(Client().get("/", **headers).status_code)
"""


@pytest.mark.django_db(transaction=True)
def test_cookies_and_strict_transport_are_safe_where_https_is_on() -> None:
    User.objects.create_superuser("anna", password="ferrous-otter-71-lamp")
    deployed = {**environment(), "HTTPS": "1", "ALLOWED_HOSTS": "testserver"}
    done = python("-c", DEPLOYED, env=deployed)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "sessionid True True Lax",
        "csrftoken True True Lax",
        "discern-device True True Strict",
        "max-age=31536000; includeSubDomains",
        # A header that anybody can send is not believed here; gunicorn believes its proxy.
        "301",
        "301",
    ]


def test_forms_of_the_desk_are_refused_without_their_token() -> None:
    study = open_small_study()
    user = User.objects.create_superuser("anna", password="ferrous-otter-71-lamp")
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    close = f"/admin/studyapp/study/{study.pk}/do/close/"
    assert client.get(close).status_code == 200
    assert client.post(close, {"sure": "on"}).status_code == 403
    study.refresh_from_db()
    assert study.state == "open"
    login = {"username": "anna", "password": "ferrous-otter-71-lamp"}
    refused = Client(enforce_csrf_checks=True).post("/admin/login/", login)
    assert (refused.status_code, "This form has expired" in refused.content.decode()) == (403, True)


def test_a_copy_of_a_study_opens_only_to_who_may_preview_it(client: Client) -> None:
    study = make_study()
    copy = marked_copy(study, StudyKind.PILOT, seed=3)
    door = f"/s/{copy.slug}/"
    assert client.get(door).status_code == 404
    assert client.post(door).status_code == 404
    assert client.get(f"{door}again").status_code == 404
    client.force_login(make_user("stranger"))
    assert client.get(door).status_code == 404
    assert client.post(f"{door}again", {"personal_code": "x"}).status_code == 404
    assert not Participation.objects.exists()
    client.force_login(make_user("helper", study, Role.ASSISTANT))
    assert client.get(door).status_code == 200
    assert client.post(door).status_code == 303


def test_a_cookie_of_thousands_of_digits_is_a_number_like_any_other(client: Client) -> None:
    study = open_small_study()
    person = enter(study, source="link")
    client.cookies["discern-small"] = f"{person.code}.{'9' * 5000}"
    assert client.get("/s/small/").status_code in (200, 303)


def test_the_desk_refuses_what_no_row_can_hold(client: Client) -> None:
    study = open_small_study()
    client.force_login(User.objects.create_superuser("anna", password="ferrous-otter-71-lamp"))
    change = f"/admin/studyapp/study/{study.pk}"
    for address in (
        "/admin/studyapp/judgment/?study=%00", "/admin/studyapp/study/?q=a%00",
        "/admin/studyapp/explanation/?network=%00", f"{change}/gallery/?category=%00",
        f"{change}/exclusions/?code=%00", "/admin/studyapp/study/add/?from=%00",
    ):  # fmt: skip
        page = client.get(address)
        assert page.status_code == 400, address
        assert "it contains an invisible null character" in page.content.decode()
    for name in ("members", "exclusions", "results"):
        sent = {"username": "a\x00", "code": "\x00", "what": "\x00", "role": "owner"}
        assert client.post(f"{change}/{name}/", sent).status_code == 400, name
    login = {"username": "\x00", "password": "guess"}
    assert Client().post("/admin/login/", login).status_code == 200


@pytest.mark.parametrize("after", ["https://evil.example/", "//evil.example", "javascript:x", ""])
def test_who_logs_in_comes_to_the_desk_wherever_the_link_says(client: Client, after: str) -> None:
    User.objects.create_superuser("anna", password="ferrous-otter-71-lamp")
    login = {"username": "anna", "password": "ferrous-otter-71-lamp", "next": after}
    assert client.post("/admin/login/", login)["Location"] == "/admin/"


@pytest.mark.parametrize(
    "address",
    [
        "http://example.org/?cc=",
        "javascript:alert(1)//",
        "https://",
        "https:///c",
        "https://a.org/x y",
    ],
)
def test_a_panel_is_gone_back_to_by_https_alone(address: str) -> None:
    toml = (ROOT / "fixtures" / "studies" / "every-option.toml").read_text("utf-8")
    wrong = re.sub(r'redirect = ".*"', f'redirect = "{address}"', toml)
    assert wrong != toml
    with pytest.raises(DefinitionError, match=r"`panel.redirect` must be a complete address"):
        parse_definition(wrong, "study.toml")


# --- codes


def test_participant_codes_are_128_random_bits_and_not_enumerable() -> None:
    codes = {new_code() for _ in range(2000)}
    assert len(codes) == 2000
    assert {len(base64.urlsafe_b64decode(f"{code}==")) for code in codes} == {16}
    bits = b"".join(base64.urlsafe_b64decode(f"{code}==") for code in codes)
    ones = sum(byte.bit_count() for byte in bits) / (len(bits) * 8)
    assert 0.49 < ones < 0.51


def test_everything_that_a_browser_may_name_has_such_a_code() -> None:
    for name in ("participant", "participation", "trial", "stimulus", "overlay", "crop"):
        field = apps.get_model("studyapp", name)._meta.get_field("code")
        assert field.default is new_code, name
        assert field.unique, name


def test_a_database_key_is_no_address_of_anything(client: Client) -> None:
    person = take_part(open_small_study())
    for address in (f"/p/{person.pk}/", f"/o/{person.pk}.png", "/p/1/", "/o/1.png"):
        assert client.get(address).status_code == 404


def test_a_draft_is_not_found_and_looks_like_a_study_that_is_not_there(client: Client) -> None:
    make_study(slug="draft")
    drafted, missing = client.get("/s/draft/"), client.get("/s/no-such/")
    assert (drafted.status_code, missing.status_code) == (404, 404)
    assert drafted.content == missing.content


@pytest.mark.parametrize("kind", ["link", "prolific", "personal"])
def test_a_closed_studys_page_is_not_found_and_looks_like_one_that_is_not_there(
    client: Client, kind: str
) -> None:
    close_study(open_small_study(panel={"kind": kind}))
    for query in ({}, PANEL_LINK, {"who": "x", "sig": "y"}, {"PROLIFIC_PID": "\x00"}):
        for ask in (client.get, client.post):
            there, missing = (ask(f"/s/{slug}/", query_params=query) for slug in ("small", "none"))
            assert (there.status_code, missing.status_code) == (404, 404), query
            assert (there.content, dict(there.headers)) == (missing.content, dict(missing.headers))
    assert "the study may have ended" in there.content.decode()
    assert Participation.objects.count() == 0


def test_who_is_in_a_closed_study_finds_the_way_back_by_both_links(client: Client) -> None:
    study = open_small_study()
    panel_id = PANEL_LINK["PROLIFIC_PID"]
    known = enter(study, source="prolific", external_id=panel_id, details=PANEL_LINK)
    begun = client.post("/s/small/")["Location"]
    close_study(study)
    assert client.get("/s/small/", PANEL_LINK)["Location"] == f"/p/{known.code}/"
    assert client.get("/s/small/")["Location"] == begun
    for address in (begun, f"/p/{known.code}/"):
        page = client.get(address)
        assert page.status_code == 200
        assert "study is closed" in page.content.decode()


def test_another_participants_page_needs_their_code_and_no_other_opens_it(client: Client) -> None:
    person = take_part(open_small_study())
    for wrong in (person.code[:-1], person.code.swapcase(), person.code + "A", "A" * 22):
        reply = client.get(f"/p/{wrong}/")
        assert reply.status_code == 404, wrong
        assert reply.content == client.get("/s/no-such/").content


# --- headers and pages


def pages(client: Client) -> dict[str, str]:
    """One page of each kind, participants' and the desk's, by address."""
    study = open_small_study()
    person = take_part(study)
    client.force_login(User.objects.create_superuser("anna", password="ferrous-otter-71-lamp"))
    addresses = [
        "/", f"/s/{study.slug}/", f"/p/{person.code}/", f"/p/{person.code}/about",
        f"/p/{person.code}/withdraw", "/nowhere", "/healthz", "/admin/",
        f"/admin/studyapp/study/{study.pk}/change/", "/admin/studyapp/judgment/",
        "/admin/studyapp/participation/", "/admin/password_change/", "/admin/login/",
    ]  # fmt: skip
    found = {}
    for address in addresses:
        reply = client.get(address, follow=True)
        assert reply["Content-Security-Policy"] == POLICY, address
        assert reply["Referrer-Policy"] == "same-origin", address
        assert reply["X-Content-Type-Options"] == "nosniff", address
        assert reply["X-Frame-Options"] == "DENY", address
        assert reply["Cross-Origin-Resource-Policy"] == "same-origin", address
        assert reply["Cross-Origin-Opener-Policy"] == "same-origin", address
        found[address] = reply.content.decode()
    return found


def test_one_strict_policy_stands_on_every_page_and_none_has_inline_code(client: Client) -> None:
    assert "unsafe" not in POLICY
    assert "default-src 'none'" in POLICY
    for address, html in pages(client).items():
        assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", html), address
        assert not re.search(r"<style|\sstyle=|\son[a-z]+\s*=\s*[\"']", html), address
        assert "javascript:" not in html, address


def test_no_page_asks_anything_of_a_third_party(client: Client) -> None:
    loads = re.compile(
        r"<(?:script|img|link|iframe|source|form)\b[^>]*?(?:src|href|action)=\"(.*?)\""
    )
    for address, html in pages(client).items():
        foreign = [found for found in loads.findall(html) if "//" in found]
        assert foreign == [], address


# --- study texts

PAYLOADS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "![x](https://evil.example/pixel.png)",
    "<iframe src=https://evil.example></iframe>",
    "<form action=https://evil.example><input name=code></form>",
    "<style>@import 'https://evil.example'</style>",
    "<p style='background:url(https://evil.example)'>x</p>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
)
ACTING = re.compile(
    r"<(?!/?(?:a|blockquote|br|code|em|h[1-4]|hr|li|ol|p|pre|strong|table|tbody|td|th|thead|tr|ul)\b)"
    r"|<[^>]+\s(?:on\w+|style|src|srcdoc|action|formaction)\s*="
    r"|href=\"(?!https?:|mailto:)",
    re.IGNORECASE,
)  # fmt: skip


@pytest.mark.parametrize("text", PAYLOADS)
def test_script_handlers_and_odd_links_in_study_texts_come_out_inert(text: str) -> None:
    assert not ACTING.search(safe_html(text)), safe_html(text)
    assert not ACTING.search(safe_fragment(text)), safe_fragment(text)


@given(st.text(alphabet="<>\"'=/&#;:()[]!`ajscriptonerr \n\t\x00", max_size=80))
def test_no_text_at_all_becomes_an_acting_tag(text: str) -> None:
    assert not ACTING.search(safe_html(text))


def test_study_texts_are_inert_on_the_page_and_in_the_desk(client: Client) -> None:
    study = open_small_study()
    evil = "\n\n".join(PAYLOADS)
    study.texts.update(markdown=evil)
    study.title = "<script>alert(1)</script>"
    study.save(update_fields=["title"])
    for address, html in texts_of(client, study.pk, study.slug).items():
        assert "<script>alert" not in html, address
        assert "onerror=" not in re.sub(r"&lt;.*?&gt;", "", html), address
        assert 'href="javascript' not in html.lower(), address


def texts_of(client: Client, key: int, slug: str) -> dict[str, str]:
    client.force_login(User.objects.create_superuser("anna", password="ferrous-otter-71-lamp"))
    client.post(f"/s/{slug}/")
    code = Participation.objects.get().code
    addresses = (f"/s/{slug}/", f"/p/{code}/", f"/p/{code}/about", "/admin/studyapp/study/",
                 f"/admin/studyapp/study/{key}/change/")  # fmt: skip
    return {address: client.get(address, follow=True).content.decode() for address in addresses}


# --- fetches

# The site asks only its own address: simulated people, and the health check beside it. A command,
# which no page starts, deposits a bundle at the archive that its operator names. A panel's API is
# called at the address that the settings name, with a researcher's token alone.
ASKING = {
    "simulation/server.py", "simulation/session.py", "serving/healthcheck.py",
    "exports/depositing.py", "payments/line.py",
}  # fmt: skip
CLIENTS = {"requests", "urllib.request", "urllib3", "httpx", "http.client", "ftplib", "aiohttp"}


def test_the_site_fetches_no_url_that_a_user_typed() -> None:
    found = set()
    for path in (ROOT / "studyapp").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            if CLIENTS & set(names):
                found.add(path.relative_to(ROOT / "studyapp").as_posix())
    assert found <= ASKING
    asked = [*(ROOT / "studyapp" / "admin").rglob("*.py")]
    asked += [*(ROOT / "studyapp" / "views").rglob("*.py"), *(ROOT / "tasks").rglob("*.py")]
    assert [path for path in asked if "depositing" in path.read_text("utf-8")] == []
