"""Screenshots of every kind of page that people saw, as a PDF: of a marked copy, never of people.

A simulated person walks a copy of the study through its pages; a browser that has the person's
cookies photographs each page before it is answered. Playwright is no requirement of the site.
"""

import shutil
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.conf import settings

from studyapp.models import Study, StudyKind, Trial
from studyapp.simulation.crowd import truth_of, walkers
from studyapp.simulation.profiles import POPULATIONS
from studyapp.simulation.server import ServerError, own_site
from studyapp.simulation.visitor import Page, Visitor
from studyapp.simulation.walk import Walk
from studyapp.studies.copies import delete_copies, marked_copy
from studyapp.studies.definition.study import Definition, study_definition
from studyapp.studies.lifecycle import LifecycleError

FILE = "screenshots.pdf"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu")
WINDOW = {"width": 1366, "height": 768}
QUALITY = 85
# A page whose answers wait for longer, such as for a film, is photographed as it waits
WAIT_MS = 8_000
SHOWN = ".answers.shown, .stage.shown"
SEED = 1
# People who walk, for each arm: until one of them meets nothing new, and at most
FEWEST, MOST = 2, 8
STYLE = """
@page { size: A4; margin: 15mm }
body { font: 11pt sans-serif; margin: 0 }
section { break-inside: avoid; margin-bottom: 10mm }
h2 { font-size: 12pt; margin: 0 0 4mm }
img { max-width: 180mm; max-height: 240mm; border: 1px solid #999 }
strong { display: block; margin: 2mm 0 }
"""
MISSING = (
    "the screenshots of every page that people saw, which need a browser: install Playwright "
    "(pip install playwright) and Chromium (Debian’s package chromium) where the study’s database "
    "is reached, and run manage.py paper SLUG --out FOLDER there"
)
# A name of a page, and what it is called in the PDF
Named = tuple[str, str]


class ScreenshotError(Exception):
    """No screenshots can be taken: one sentence with the fix."""


@dataclass
class Album:
    """Pictures of pages, the first of each kind. take: (visitor, address) → a JPEG's bytes."""

    take: Callable[[Visitor, str], bytes]
    pictures: dict[Named, bytes] = field(default_factory=dict)

    def see(self, visitor: Visitor, page: Page) -> None:
        """Photograph the page if none of its kind is there, and those that lie beside it."""
        named = _named(page)
        if named not in self.pictures:
            self.pictures[named] = self.take(visitor, page.address)
            for beside in ("about", "withdraw") if named[0] == "begin" else ():
                address = f"{page.address.rstrip('/')}/{beside}"
                self.pictures[(beside, f"Page “{beside}”")] = self.take(visitor, address)


def browser_path() -> str:
    """Chromium's program. Raises ScreenshotError without it, without Playwright, and without the
    site's collected static files, since pages would have no style."""
    found = next(filter(None, map(shutil.which, BROWSERS)), "")
    if not found or find_spec("playwright") is None:
        raise ScreenshotError(MISSING)
    if not (Path(settings.STATIC_ROOT) / "studyapp" / "pages.css").is_file():
        raise ScreenshotError(
            "the screenshots of every page that people saw: the site’s static files are not "
            "collected; run manage.py collectstatic, then this command again"
        )
    return found


def photographer(study: Study) -> Callable[[Path, Sequence[str]], None]:
    return partial(write_screenshots, study)


def write_screenshots(study: Study, folder: Path, marks: Sequence[str]) -> None:
    """Write screenshots.pdf into `folder`. Raises ScreenshotError."""
    browser = browser_path()
    try:
        copy = marked_copy(study, StudyKind.SIMULATED, SEED, people=_people(study, MOST))
    except LifecycleError as error:
        raise ScreenshotError(f"the screenshots of every page: {error}") from error
    try:
        with own_site(processes=1, threads=4) as base, _camera(browser, base) as (take, printed):
            album = Album(take)
            _walk(copy, base, album)
            page = _html(study_definition(copy), marks, album.pictures)
            (folder / FILE).write_bytes(printed(page))
    except ServerError as error:
        raise ScreenshotError(f"the screenshots of every page: {error}") from error
    finally:
        delete_copies(Study.objects.filter(pk=copy.pk))


def _people(study: Study, each: int) -> int:
    return each * len(study_definition(study).arm_conditions())


def _walk(copy: Study, base: str, album: Album) -> None:
    """Send people until one meets no new kind of page; ScreenshotError if one is stopped."""
    people = _people(copy, MOST)
    crowd = walkers(copy, base, POPULATIONS["able"], people=people, seed=SEED, pictures=False)
    for number, walker in enumerate(crowd, 1):
        before = len(album.pictures)
        walk: Walk = replace(walker, saw=album.see).walk()
        if walk.error:
            raise ScreenshotError(f"the screenshots of every page: {walk.error}")
        if number >= _people(copy, FEWEST) and len(album.pictures) == before:
            return


def _named(page: Page) -> Named:
    """Trials by block, stage and condition; other pages by what is sent from them."""
    if page.has_form("answer"):
        trial: Trial = truth_of(page.address.strip("/").split("/")[1])
        shown = f", condition “{trial.condition.name}”" if trial.condition else ""
        key = f"{trial.block}/{trial.stage}/{trial.condition_id}"
        return key, f"Block “{trial.block}”, {trial.stage}{shown}"
    heading = " ".join(page.document.xpath("string(//h1)").split())
    return page.first_verb() or "end", heading or page.address


@contextmanager
def _camera(
    browser: str, base: str
) -> Iterator[tuple[Callable[[Visitor, str], bytes], Callable[[str], bytes]]]:
    """What takes a picture, and what prints HTML as a PDF.

    Playwright's loop has a thread of its own: Django refuses to read rows beside a running loop.
    """
    from playwright.sync_api import sync_playwright

    with ThreadPoolExecutor(1) as thread:
        playwright = thread.submit(lambda: sync_playwright().start()).result()
        try:
            launch = playwright.chromium.launch
            chromium = thread.submit(launch, executable_path=browser, args=[*FLAGS]).result()
            yield (
                lambda visitor, address: thread.submit(
                    _shoot, chromium, visitor, f"{base}{address}"
                ).result(),
                lambda html: thread.submit(_print, chromium, html).result(),
            )
        finally:
            thread.submit(playwright.stop).result()


def _shoot(chromium: Any, visitor: Visitor, address: str) -> bytes:
    from playwright.sync_api import TimeoutError as WaitedError

    context = chromium.new_context(viewport=WINDOW, color_scheme="light", reduced_motion="reduce")
    try:
        context.add_cookies([
            {"name": one.name, "value": one.value, "domain": one.domain, "path": one.path}
            for one in visitor.session.cookies
        ])  # fmt: skip
        page = context.new_page()
        page.goto(address)
        if page.locator("#trial").count():
            with suppress(WaitedError):
                page.wait_for_selector(SHOWN, timeout=WAIT_MS)
        return bytes(page.screenshot(full_page=True, type="jpeg", quality=QUALITY))
    finally:
        context.close()


def _print(chromium: Any, html: str) -> bytes:
    page = chromium.new_page()
    try:
        page.set_content(html)
        return bytes(page.pdf(prefer_css_page_size=True))
    finally:
        page.close()


def _html(definition: Definition, marks: Sequence[str], pictures: dict[Named, bytes]) -> str:
    told = "".join(f"<strong>{escape(one)}</strong>" for one in marks)
    sections = [
        f"<section><h2>{number}. {escape(title)}</h2>"
        f'<img src="data:image/jpeg;base64,{b64encode(picture).decode()}"></section>'
        for number, ((_, title), picture) in enumerate(pictures.items(), 1)
    ]
    language = escape(definition.language)
    head = (
        f"<section><h1>{escape(definition.title)}</h1>{told}"
        f"<p>Every kind of page that people saw, in the language “{language}”, {WINDOW['width']} "
        "pixels wide. A simulated person was on these pages: a marked copy of the study.</p>"
        "</section>"
    )
    return (f'<!doctype html><html lang="{language}"><meta charset="utf-8"><style>{STYLE}</style>'
            f"{head}{''.join(sections)}</html>")  # fmt: skip
