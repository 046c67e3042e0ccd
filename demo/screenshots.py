"""Screenshots of every page that participants see: `python -m demo.screenshots [ADDRESS [FOLDER]]`.

ADDRESS is that of a running site with the demo's studies, such as `make demo` prints, and beside
them the ready studies that `make screenshots` opens. Each study is walked once in a wide window and
once in a narrow one, so it must have two places left.
"""

import contextlib
import io
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

from PIL import Image, ImageStat
from playwright.sync_api import Error, Page, ViewportSize, sync_playwright

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "images"
STUDIES = ("trust", "discrimination")
# The pages of demo-questions.toml in order; of two alike the more colourful is kept.
QUESTIONS = (
    "agreement", "agreement", "distinction", "distinction", "learning", "learning",
    "meta-prediction", "meta-prediction", "reliance-first", "reliance-final", "reliance-first",
    "reliance-final", "pointing", "marking", "rating", "questionnaire", "open-text", "custom",
)  # fmt: skip
# Of ready studies, what tells the pages that are photographed
READY: Mapping[str, Mapping[str, str]] = {
    "another-tool": {"words": "blockquote.words", "neighbours": "figure.one img", "film": "video"},
    "five-methods": {"comparison": "#trial"},
    "paper-pair": {"paper-pair": "#trial"},
}
# The ending of the pictures' names, the window, and the viewer's colour scheme
WINDOWS: tuple[tuple[str, ViewportSize, Literal["light", "dark"]], ...] = (
    ("", {"width": 1366, "height": 768}, "light"),
    ("-narrow", {"width": 390, "height": 844}, "dark"),
)
QUALITY = 82


@dataclass
class Camera:
    """Photographs one browser page: each name once, a trial again where it is more colourful."""

    page: Page
    folder: Path
    ending: str
    best: dict[str, float] = field(default_factory=dict)

    def shoot(self, name: str, *, whole: bool = True) -> None:
        """The page as `name`: the whole of it, or what the window shows."""
        picture = Image.open(io.BytesIO(self.page.screenshot(full_page=whole))).convert("RGB")
        colour = ImageStat.Stat(picture.convert("HSV")).mean[1]
        if colour > self.best.get(name, -1.0):
            file = self.folder / f"{name}{self.ending}.webp"
            picture.save(file, "WEBP", quality=QUALITY, method=6)
            self.best[name] = colour


def walk(study: str, camera: Camera, address: str) -> None:
    """From the site's first page to the completion code."""
    page = camera.page
    page.goto(address)
    camera.shoot("landing")
    page.goto(f"{address}/s/demo-{study}/")
    camera.shoot("entry")
    page.locator("main form button.primary").click()
    camera.shoot("consent")
    page.locator("[name=agree]").check()
    page.locator("form[action$=consent] button").click()
    page.wait_for_function("() => [...document.images].every(one => one.complete)")
    camera.shoot(f"instructions-{study}")
    shoot_asides(camera)
    page.locator("form[action$=begin] button").click()
    while page.locator("#trial").count():
        answer(camera, study)
    camera.shoot("finished")


def walk_questions(camera: Camera, address: str) -> None:
    """Through one page of every further kind of question."""
    page = camera.page
    page.goto(f"{address}/s/demo-questions/")
    page.locator("main form button.primary").click()
    page.locator("[name=agree]").check()
    page.locator("form[action$=consent] button").click()
    page.locator("form[action$=begin] button").click()
    for name in QUESTIONS:
        page.wait_for_selector(".answers.shown, .stage.shown")
        for question in page.locator("fieldset.answers").all():
            question.locator(".option").nth(1).click()
        draw(page)
        page.mouse.move(0, 0)
        camera.shoot(f"trial-{name}", whole=page.locator("fieldset.answers").count() > 1)
        trial = page.locator("[name=trial]").input_value()
        page.locator(".confirm, .pointed input[type=image]").click()
        wait_for_next(page, trial)


def walk_ready(camera: Camera, address: str, study: str, kinds: Mapping[str, str]) -> None:
    """Through a ready study, whose pages are told apart by what they hold: of each kind, by the
    picture's name and a selector, one picture."""
    page = camera.page
    page.goto(f"{address}/s/{study}/")
    page.locator("main form button.primary").click()
    page.locator("[name=agree]").check()
    page.locator("form[action$=consent] button").click()
    page.locator("form[action$=begin] button").click()
    while page.locator("#trial").count():
        watch(page)
        if asks(page):
            page.locator(".option").nth(1).click()
        page.mouse.move(0, 0)
        for name, selector in kinds.items():
            if page.locator(selector).count() and not page.locator(".check").count():
                camera.shoot(f"trial-{name}", whole=False)
                break
        trial = page.locator("[name=trial]").input_value()
        page.locator(".confirm").click()
        wait_for_next(page, trial)


def asks(page: Page) -> bool:
    """Whether there are answers to choose from: while people learn, there are none."""
    return page.locator(".answers").count() > 0


def watch(page: Page) -> None:
    """Until the answers are there, or what is learnt from. Films are played, and then show a
    picture of their middle."""
    for button in page.locator(".film button").all():
        button.click()
    page.wait_for_selector(".answers.shown" if asks(page) else ".stage.shown")
    for film in page.locator("video").all():
        film.evaluate("""film => new Promise((done) => {
            film.addEventListener("seeked", done, { once: true });
            film.currentTime = film.duration / 2;
        })""")


def draw(page: Page) -> None:
    """A box, where a part of the photo is marked: by pressing two of its corners."""
    surface = page.locator(".marked.draws")
    if not surface.count():
        return
    side = surface.evaluate("one => one.clientWidth")
    for share in (0.25, 0.75):
        surface.click(position={"x": share * side, "y": share * side})


def wait_for_next(page: Page, trial: str) -> None:
    """Until the page shows anything but `trial`."""
    page.wait_for_function(
        "code => document.querySelector('[name=trial]')?.value !== code", arg=trial
    )
    page.wait_for_load_state()


def shoot_asides(camera: Camera) -> None:
    """The pages beside the way, which lead back to it."""
    here = camera.page.url
    for name in ("about", "withdraw"):
        camera.page.goto(f"{here}{name}")
        camera.shoot(name)
    camera.page.goto(here)


def answer(camera: Camera, study: str) -> None:
    """Photograph one trial with an answer chosen, and go on to the next page."""
    page = camera.page
    page.wait_for_selector(".answers.shown")
    page.locator(".option").nth(1).click()
    page.mouse.move(0, 0)
    if page.locator(".check").count():
        camera.shoot("check", whole=False)
    elif not page.locator(".progress strong").count():
        camera.shoot(f"trial-{study}", whole=False)
    trial = page.locator("[name=trial]").input_value()
    page.locator(".confirm").click()
    wait_for_next(page, trial)


def photograph(arguments: list[str], walks: Sequence[Callable[[Camera, str], None]]) -> int:
    """Go each of `walks` in each window, in a browser of its own; 0, or 1 with a sentence."""
    address = (arguments or ["http://127.0.0.1:8000"])[0].rstrip("/")
    folder = Path(arguments[1]) if len(arguments) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path="/usr/bin/chromium", args=["--headless=new", "--no-sandbox"]
            )
            for ending, size, scheme in WINDOWS:
                for go in walks:
                    context = browser.new_context(
                        viewport=size, color_scheme=scheme, reduced_motion="reduce"
                    )
                    with contextlib.closing(context):
                        go(Camera(context.new_page(), folder, ending), address)
    except Error as error:
        print(f"no screenshots of {address}: {error.message.splitlines()[0]}", file=sys.stderr)
        return 1
    print(f"{len(list(folder.glob('*.webp')))} pictures in {folder}")
    return 0


def main(arguments: list[str]) -> int:
    walks: list[Callable[[Camera, str], None]] = [partial(walk, study) for study in STUDIES]
    walks.append(walk_questions)
    walks += [partial(walk_ready, study=study, kinds=kinds) for study, kinds in READY.items()]
    return photograph(arguments, walks)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
