"""One headless Chromium for all browser tests, and pages of the sizes that people have."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

# Playwright's loop runs in this thread; the rows are still read by plain, blocking calls.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {
    "wide": (1366, 768),
    "narrow": (390, 844),
    "low": (844, 390),
    "small": (320, 568),
    "tablet": (820, 1180),
    # A laptop's window at 200 %
    "zoomed": (683, 384),
}
NewPage = Callable[..., Page]
Begun = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[NewPage]:
    """Pages that fail the test on a request to another host or an error in a script."""
    contexts = []
    complaints: list[str] = []

    def make(size: str = "wide", **options: object) -> Page:
        width, height = SIZES[size]
        viewport = {"width": width, "height": height}
        context = browser.new_context(viewport=viewport, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: _note_foreign(request.url, complaints))
        return page

    yield make
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def begun(new_page: NewPage, live_server: object) -> Begun:
    """A page at the first trial of a study, in a browser of somebody new. The four pages before it
    are walked by `sandbox.walking.enter`, where a test is about them."""
    # There are no settings yet when this file is read.
    from sandbox.builders import take_part

    def begin(study: Any, size: str = "wide", *, traces: bool = False, **options: object) -> Page:
        page = new_page(size, **options)
        page.goto(f"{live_server}/p/{take_part(study, traces=traces).code}/")
        return page

    return begin


@pytest.fixture
def desk(new_page: NewPage, live_server: object) -> NewPage:
    """Pages on which an administrator has logged in."""
    from django.contrib.auth.models import User

    def signed_in(size: str = "wide", **options: object) -> Page:
        page = new_page(size, **options)
        User.objects.create_superuser("anna", password="long enough to pass")
        page.goto(f"{live_server}/admin/")
        page.fill("[name=username]", "anna")
        page.fill("[name=password]", "long enough to pass")
        with page.expect_navigation():
            page.click("[type=submit]")
        return page

    return signed_in


def resize(page: Page, size: str) -> None:
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})


def _note_foreign(url: str, complaints: list[str]) -> None:
    if not url.startswith(("http://localhost", "http://127.0.0.1", "data:", "blob:")):
        complaints.append(f"a request to another host: {url}")
