"""Every participants' page in every language, device and theme: contact sheets to look at.

`make matrix` (`python -m sandbox.scratch python -m demo.matrix FOLDER [LANGUAGE…]`) serves studies
of its own that ask every kind of question, walks each once, and photographs each page in every
window and theme. One sheet shows all pages of one language, window and theme. The variables WINDOWS
and THEMES name some of them.
"""

import io
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

# Playwright's loop runs in this thread; the rows are still read by plain, blocking calls.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

import django
from PIL import Image, ImageDraw
from playwright.sync_api import Page, ViewportSize, sync_playwright

WINDOWS: dict[str, ViewportSize] = {
    "laptop": {"width": 1366, "height": 768},
    "phone": {"width": 390, "height": 844},
    "side": {"width": 844, "height": 390},
    "small": {"width": 320, "height": 568},
    "tablet": {"width": 820, "height": 1180},
    # A laptop's window at 200 %
    "zoomed": {"width": 683, "height": 384},
}
THEMES: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "forced_colors": "none", "contrast": "no-preference"},
    "dark": {"color_scheme": "dark", "forced_colors": "none", "contrast": "no-preference"},
    "contrast": {"color_scheme": "light", "forced_colors": "none", "contrast": "more"},
    "forced": {"color_scheme": "dark", "forced_colors": "active", "contrast": "more"},
}
ITEMS = ["It is clear.", "It is enough.", "It helps me."]
FIELDS: list[dict[str, Any]] = [
    {"name": "value", "question": "Which?", "choices": ["this", "that"]},
    {"name": "strength", "question": "How much?", "kind": "scale", "points": 5},
    {"name": "why", "question": "Why?", "kind": "text", "required": False},
    {"name": "age", "question": "How old?", "kind": "number", "most": 99, "may_decline": True},
    {"name": "slide", "question": "How much?", "kind": "slider"},
    {"name": "matrix", "question": "How well?", "kind": "matrix", "items": ITEMS},
]
BLOCKS: list[dict[str, Any]] = [
    {"name": "training", "paradigm": "trust", "stage": "practice", "trials": 1},
    {"name": "trust", "paradigm": "trust", "trials": 1, "confidence": True},
    {"name": "plain", "paradigm": "comparison", "trials": 2, "checks": 1},
    {"name": "discrimination", "paradigm": "discrimination", "trials": 1},
    {"name": "which_answer", "paradigm": "which_answer", "trials": 1},
    {"name": "agreement", "paradigm": "agreement", "trials": 2},
    {"name": "distinction", "paradigm": "distinction", "trials": 2},
    {"name": "learning", "paradigm": "meta_prediction", "stage": "learning", "trials": 2},
    {"name": "test", "paradigm": "meta_prediction", "trials": 2},
    {"name": "reliance", "paradigm": "reliance", "trials": 2},
    {"name": "pointing", "paradigm": "pointing", "trials": 1, "may_decline": True},
    {"name": "marking", "paradigm": "marking", "trials": 1, "tool": "brush"},
    {"name": "rating", "paradigm": "rating", "trials": 1, "items": ITEMS},
    {"name": "ranking", "paradigm": "ranking", "trials": 1, "may_decline": True},
    {"name": "questionnaire", "paradigm": "questionnaire", "trials": 1, "items": ITEMS},
    {"name": "open", "paradigm": "open_text", "trials": 1, "question": "What did you see?"},
    {"name": "sight", "paradigm": "sight", "trials": 1, "illusion": "discs"},
    {"name": "own", "paradigm": "custom", "trials": 1, "fields": FIELDS, "with_photos": True},
]
TEXTS = ("consent", "instructions", "debrief")
ADULTS = {"question": "Are you 18 or older?", "answers": ["yes", "no"], "accept": [1]}
EXPERTISE = {
    "name": "expertise", "question": "Do you work with such pictures?", "answers": ["yes", "no"],
    "accept": [1, 2],
    "strata": [{"name": "expert", "answers": [1], "people": 2},
               {"name": "novice", "answers": [2], "people": 2}],
}  # fmt: skip
COLUMNS = 5
# Of the name of a page that was scrolled down
END = ", its end"


@dataclass
class Sheets:
    """Pictures of the pages so far, by window and theme."""

    folder: Path
    language: str
    windows: dict[str, ViewportSize]
    themes: dict[str, dict[str, Any]]
    taken: dict[tuple[str, str], list[tuple[str, Image.Image]]] = field(default_factory=dict)

    def take(self, page: Page, name: str) -> None:
        """The page in each window and theme: what the window shows of its beginning or END."""
        for window, size in self.windows.items():
            page.set_viewport_size(size)
            if name.endswith(END):
                page.evaluate("scrollTo(0, document.body.scrollHeight)")
            for theme, media in self.themes.items():
                page.emulate_media(reduced_motion="reduce", **media)
                picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
                self.taken.setdefault((window, theme), []).append((name, picture))
        page.set_viewport_size(WINDOWS["laptop"])

    def write(self) -> None:
        for (window, theme), pages in self.taken.items():
            sheet = contact_sheet(pages)
            sheet.save(self.folder / f"{self.language}-{window}-{theme}.webp", quality=80)


def contact_sheet(pages: list[tuple[str, Image.Image]]) -> Image.Image:
    """All `pages` with their names, COLUMNS in a row, as large as the widest row allows."""
    width, height = pages[0][1].size
    scale = min(1.0, 480 / width if width > height else 340 / width)
    cell = (round(width * scale) + 8, round(height * scale) + 24)
    rows = -(-len(pages) // COLUMNS)
    sheet = Image.new("RGB", (cell[0] * COLUMNS, cell[1] * rows), "#7d7")
    draw = ImageDraw.Draw(sheet)
    for number, (name, picture) in enumerate(pages):
        x, y = cell[0] * (number % COLUMNS), cell[1] * (number // COLUMNS)
        draw.text((x + 4, y + 4), name, fill="#000")
        sheet.paste(picture.resize((cell[0] - 8, cell[1] - 24)), (x, y + 20))
    return sheet


@dataclass
class Studies:
    """The slugs of the studies whose pages are photographed in one language."""

    language: str

    def named(self, name: str) -> str:
        return f"{name}-{self.language}".lower()

    def open(self) -> None:
        """One that asks everything, a full one, one with a waiting list, one in two languages, and
        two sessions, of which somebody who is called `self.language` finished the first."""
        from sandbox.builders import ANIMALS, ETHICS, open_small_study
        from sandbox.people import answer_all, make_profile
        from sandbox.visits import panel_id
        from studyapp.participations.enrolment import begin, consent
        from studyapp.participations.entering import enter

        self._open_all(ETHICS)
        common: dict[str, Any] = {"language": self.language, "people": 1}
        for name, entry in (("full", {}), ("waits", {"waiting_list": True})):
            study = open_small_study(slug=self.named(name), entry=entry, **common)
            consent(enter(study, source="link", language=self.language))
        other = "de" if self.language == "en" else "en"
        ends = ("", f"-{other}")
        words = {"words": {"A small study": "A study"}, "names": {one: one for one in ANIMALS}}
        open_small_study(
            slug=self.named("two"), translations={other: words},
            texts={f"{name}{end}": f"{name}{end}.md" for name in TEXTS for end in ends},
            **common,
        )  # fmt: skip
        common["panel"] = {"kind": "prolific", "codes": {"screened_out": "NOT-THIS-TIME"}}
        first = open_small_study(slug=self.named("first"), **common)
        person = enter(first, source="prolific", external_id=panel_id(self.language))
        answer_all(begin(consent(person)), make_profile())
        later = {"only_after": [first.slug], "wait_days": 7}
        open_small_study(slug=self.named("second"), entry=later, **common)

    def _open_all(self, ethics: dict[str, Any]) -> None:
        from sandbox.builders import make_study
        from studyapp.models import StudyText
        from studyapp.studies.lifecycle import open_study

        study = make_study(
            slug=self.named("all"), people=4, stimuli=4, conditions=3, blocks=BLOCKS,
            texts={name: f"{name}.md" for name in TEXTS},
            language=self.language, ethics=ethics, screening=[ADULTS, EXPERTISE],
            comprehension={"attempts": 2, "questions": [ADULTS]}, evidence={"traces": True},
        )  # fmt: skip
        StudyText.objects.filter(study=study, name="consent").update(
            markdown="# Consent\n\nIn these words the researcher says what the study is about."
        )
        open_study(study)


def walk(page: Page, site: str, studies: Studies) -> Iterator[str]:
    """The name of each page, shown."""
    yield from doors(page, site, studies)
    page.goto(f"{site}/s/{studies.named('all')}/")
    page.locator("main form button.primary").click()
    yield "screening"
    page.locator("main form button.primary").click()
    yield "screening refused"
    for question in ("question_1", "question_2"):
        page.locator(f".option:has([name={question}])").first.click()
    page.locator("main form button.primary").click()
    yield "consent"
    yield f"consent{END}"
    here = page.url.removesuffix("screening")
    page.goto(f"{here}withdraw")
    yield "withdraw"
    page.goto(here)
    for tick in ("agree", "traces"):
        page.locator(f"[name={tick}]").check()
    page.locator("form[action$=consent] button").first.click()
    page.wait_for_load_state("networkidle")
    page.goto(f"{here}about")
    yield "about"
    yield f"about{END}"
    page.goto(here)
    yield "instructions"
    page.locator(".gate .option").first.click()
    page.locator("form[action$=begin] button").click()
    yield from trials(page)
    yield "finished"


def doors(page: Page, site: str, studies: Studies) -> Iterator[str]:
    """The pages for people who have not come to a study's questions, or may not."""
    from sandbox.visits import panel_id

    begin = page.locator("main form button.primary")
    page.goto(f"{site}/nothing-here")
    yield "not found"
    page.goto(f"{site}/s/{studies.named('all')}/again?own")
    yield "personal code"
    page.goto(f"{site}/s/{studies.named('full')}/")
    begin.click()
    yield "full"
    page.goto(f"{site}/s/{studies.named('waits')}/")
    begin.click()
    yield "full, with a waiting list"
    page.locator("form[action$='/wait'] button").click()
    yield "waiting"
    for name, who in (("only after", "a stranger"), ("too early", studies.language)):
        page.goto(f"{site}/s/{studies.named('second')}/?PROLIFIC_PID={panel_id(who)}")
        begin.click()
        yield name
    page.goto(f"{site}/s/{studies.named('two')}/?lang={studies.language}")
    yield "entry, two languages"
    page.goto(f"{site}/s/{studies.named('all')}/")
    yield "entry"


def trials(page: Page) -> Iterator[str]:
    """Each trial's page; the first one also after an answer was forgotten."""
    from demo.screenshots import wait_for_next
    from sandbox.walking import answer
    from studyapp.models import Trial

    seen: set[str] = set()
    while page.locator("#trial").count():
        page.wait_for_selector(".answers.shown, .stage.shown")
        code = page.locator("[name=trial]").input_value()
        trial = Trial.objects.get(code=code)
        name = f"{trial.paradigm} {trial.stage} {trial.step or ''}".strip()
        if name not in seen:
            yield name
        if not seen:
            page.locator(".confirm").click()
            yield f"{name}, forgotten"
        seen.add(name)
        answer(page)
        wait_for_next(page, code)


def chosen(names: dict[str, Any], variable: str) -> dict[str, Any]:
    """Those of `names` that the environment's `variable` lists; all where it does not."""
    wanted = os.environ.get(variable, "").split() or [*names]
    return {name: names[name] for name in wanted}


def main(arguments: list[str]) -> int:
    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from studyapp.simulation.server import own_site

    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    languages = arguments[1:] or [code for code, _ in settings.LANGUAGES]
    windows, themes = chosen(WINDOWS, "WINDOWS"), chosen(THEMES, "THEMES")
    headless: list[Literal["--headless=new", "--no-sandbox"]] = ["--headless=new", "--no-sandbox"]
    with own_site() as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=headless)
        for language in languages:
            studies = Studies(language)
            studies.open()
            context = browser.new_context(viewport=WINDOWS["laptop"], locale=language)
            sheets = Sheets(folder, language, windows, themes)
            page = context.new_page()
            for name in walk(page, site, studies):
                sheets.take(page, name)
            sheets.write()
            context.close()
            print(f"{language}: {sum(map(len, sheets.taken.values()))} pictures", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
