"""Weight, stillness and speed of participants' pages, in headless Chromium on a simulated 3G line.

Prints, for both window sizes: the heaviest page without pictures, the largest cumulative layout
shift, and for a 3G line (1.6 Mbit/s, 150 ms) the time from pressing Start to the first trial's
pictures, and from one trial to the next, each also as a multiple of the same step without the line.
Takes some two minutes on two cores.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studyapp.settings")
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from playwright.sync_api import Browser, Page, Request, sync_playwright  # noqa: E402

from sandbox.large_pictures import enlarge_pictures  # noqa: E402
from sandbox.walking import make_open_study, wait_for_next, wait_for_trial  # noqa: E402
from studyapp.simulation.server import own_site  # noqa: E402

WINDOWS = {"wide": (1366, 768), "narrow": (390, 844)}
# Bytes a second and milliseconds of a 3G line, as browsers' own tools simulate it.
LINE = {"offline": False, "downloadThroughput": 200_000, "uploadThroughput": 93_750, "latency": 150}
READING_SECONDS = 8
ANSWERING_SECONDS = 4
SHIFT = """() => new Promise(done => {
    let sum = 0;
    new PerformanceObserver(list => { for (const one of list.getEntries()) sum += one.value; })
        .observe({ type: 'layout-shift', buffered: true });
    setTimeout(() => done(sum), 100);
})"""
SHOWN = "() => performance.timeOrigin + performance.now()"


class Walk:
    """One walk through a study, with what it weighed."""

    def __init__(self, browser: Browser, window: str, *, slow: bool) -> None:
        width, height = WINDOWS[window]
        context = browser.new_context(viewport={"width": width, "height": height})
        self.page: Page = context.new_page()
        self.weights: dict[str, int] = {}
        self.shift = 0.0
        self.shown: list[float] = []
        self.page.on("requestfinished", self._weigh)
        if slow:
            client = context.new_cdp_session(self.page)
            client.send("Network.enable")
            client.send("Network.emulateNetworkConditions", LINE)

    def _weigh(self, request: Request) -> None:
        if request.resource_type == "image":
            return
        found = request.sizes()
        size = found["responseBodySize"] + found["responseHeadersSize"]
        page = self.page.url
        self.weights[page] = self.weights.get(page, 0) + size

    def go(self, address: str) -> "Walk":
        page = self.page
        page.goto(address)
        self._look()
        page.locator("main form button.primary").click()
        self._look()
        page.locator("[name=agree]").check()
        page.locator("form[action$=consent] button").click()
        self._look()
        # Somebody reads the instructions, while the pictures of the first trial come.
        page.wait_for_timeout(READING_SECONDS * 1000)
        self._step("form[action$=begin] button")
        while page.locator("#trial").count():
            trial = wait_for_trial(page)
            self._look()
            page.wait_for_timeout(ANSWERING_SECONDS * 1000)
            page.locator(".option").first.click()
            self._step(".confirm", trial)
        self._look()
        return self

    def _step(self, button: str, trial: str = "") -> None:
        """Press, and note how long it took until the next trial's pictures were there."""
        pressed = self.page.evaluate(SHOWN)
        self.page.locator(button).click()
        if trial:
            wait_for_next(self.page, trial)
        if self.page.locator("#trial").count():
            wait_for_trial(self.page)
            self.shown.append((self.page.evaluate(SHOWN) - pressed) / 1000)

    def _look(self) -> None:
        self.shift = max(self.shift, self.page.evaluate(SHIFT))


def main() -> None:
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    study = make_open_study()
    size = enlarge_pictures(study)
    print(f"pictures of {size / 1000:.0f} kB; 3G: 1.6 Mbit/s, 150 ms")
    with own_site(processes=1, threads=4) as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--headless=new", "--no-sandbox"]
        )
        for window in WINDOWS:
            fast = Walk(browser, window, slow=False).go(f"{site}/s/{study.slug}/")
            slow = Walk(browser, window, slow=True).go(f"{site}/s/{study.slug}/")
            heaviest = max(slow.weights.values()) / 1000
            print(
                f"{window}: heaviest page {heaviest:.1f} kB; layout shift "
                f"{max(slow.shift, fast.shift):.3f}; first pictures after {slow.shown[0]:.2f} s "
                f"({slow.shown[0] / fast.shown[0]:.1f} × without the line), the next after "
                f"{max(slow.shown[1:]):.2f} s ({max(slow.shown[1:]) / max(fast.shown[1:]):.1f} ×)"
            )


if __name__ == "__main__":
    main()
