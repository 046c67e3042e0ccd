"""A page tells by one word whether it has the scripts and styles that a trial was written for."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles.finders import find, get_finder
from django.test import Client

from sandbox.builders import open_small_study, take_part
from studyapp.shelf.static_version import static_version
from studyapp.shelf.templates import preload


def version() -> str:
    get_finder.cache_clear()
    static_version.cache_clear()
    return static_version()


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Iterator[Path]:
    settings.STATICFILES_DIRS = [("theirs", tmp_path)]
    yield tmp_path
    get_finder.cache_clear()
    static_version.cache_clear()


def test_another_script_is_another_version_and_another_picture_is_not(folder: Path) -> None:
    none = version()
    (folder / "present.js").write_text("export function present() {}", "utf-8")
    first = version()
    (folder / "one.png").write_bytes(b"a picture")
    assert version() == first != none
    (folder / "present.js").write_text("export function present() { }", "utf-8")
    assert version() not in {first, none}


def test_a_process_tells_the_version_that_it_started_with(folder: Path) -> None:
    """Also one that has shown no trial before the next release is unpacked."""
    static_version.cache_clear()
    preload()
    (folder / "present.js").write_text("export function present() {}", "utf-8")
    get_finder.cache_clear()
    told = static_version()
    assert told != version()


def test_no_script_is_served_under_the_version_of_another_release(
    settings: Any, client: Client
) -> None:
    settings.WHITENOISE_USE_FINDERS = settings.WHITENOISE_AUTOREFRESH = True
    script = "/static/studyapp/trial.js"
    source = Path(find(script.removeprefix("/static/")) or "").read_bytes()
    for asked in (f"{script}?{static_version()}", script):
        reply = client.get(asked)
        assert reply.getvalue() == source
    reply = client.get(f"{script}?0123456789ab")
    assert b"location.reload()" in reply.content
    assert len(reply.content) < 100
    assert (reply["Content-Type"], reply["Cache-Control"]) == ("text/javascript", "no-store")


def test_no_browser_keeps_a_style_under_the_version_of_another_release(
    settings: Any, client: Client
) -> None:
    settings.WHITENOISE_USE_FINDERS = settings.WHITENOISE_AUTOREFRESH = True
    settings.WHITENOISE_MAX_AGE = 60
    style = "/static/studyapp/pages.css"
    source = Path(find(style.removeprefix("/static/")) or "").read_bytes()
    kept = {}
    for asked in ("", f"?{static_version()}", "?0123456789ab"):
        reply = client.get(style + asked)
        assert reply.getvalue() == source
        kept[asked] = reply["Cache-Control"]
    assert [*kept.values()] == ["max-age=60, public", "max-age=60, public", "no-store"]


def test_every_page_names_its_own_styles_by_their_version(admin_client: Client) -> None:
    study = open_small_study()
    person = take_part(study)
    for address, least in {
        "/": 2, f"/s/{study.slug}/": 2, f"/p/{person.code}/": 2, "/no/such/page": 2,
        "/admin/": 2, "/admin/studyapp/study/add/": 3,
    }.items():  # fmt: skip
        page = admin_client.get(address, follow=True).content.decode()
        styles = re.findall(r'href="(/static/studyapp/[^"]+\.css[^"]*)"', page)
        assert len(styles) >= least, address
        assert {one.partition("?")[2] for one in styles} == {static_version()}, address
