"""Screenshots of the researcher's desk: `python -m demo.desk_screenshots [ADDRESS [FOLDER]]`.

ADDRESS is that of a running `make demo`. Simulated people walk `demo-trust` first, so that there
is something to see.
"""

import sys

from ready.folders import ROOT, var
from sandbox.processes import PlainError, run

from .environment import read_env
from .screenshots import Camera, photograph

SLUG, PEOPLE = "demo-trust", 20
# Name of the picture → the tab that it shows, and whether the whole of it
TABS = (
    ("desk-study", "Overview", True),
    ("desk-gallery", "Gallery", False),
    ("desk-coverage", "Coverage", False),
    ("desk-links", "Links", False),
    ("desk-exclusions", "Exclusions", False),
    ("desk-payment", "Payment", False),
    ("desk-results", "Results", True),
    ("desk-people", "People", False),
)


def walk(camera: Camera, address: str) -> None:
    """The desk as a researcher goes through it."""
    page = camera.page
    page.goto(f"{address}/admin/login/")
    page.fill("[name=username]", "admin")
    page.fill("[name=password]", read_env(var() / "env").get("DEMO_ADMIN_PASSWORD", ""))
    page.click("[type=submit]")
    shoot(camera, "desk-home")
    page.goto(f"{address}/admin/studyapp/study/add/?from={SLUG}")
    shoot(camera, "desk-new", whole=False)
    page.goto(f"{address}/admin/studyapp/study/?q={SLUG}-simulated")
    page.locator("#result_list tbody th a").first.click()
    page.wait_for_url("**/change/**")
    study = page.url
    for name, tab, whole in TABS:
        page.locator(".tabs").get_by_role("link", name=tab, exact=True).click()
        shoot(camera, name, whole=whole)
    # A copy's people are those of its original: that tab leads away.
    page.goto(study)
    page.locator(".row a.verb", has_text="Close").click()
    shoot(camera, "desk-confirm", whole=False)
    page.get_by_role("link", name="No, go back").click()
    page.get_by_role("link", name="Participations").click()
    page.locator("#result_list tbody th a").first.click()
    shoot(camera, "desk-participation", whole=False)
    page.get_by_role("link", name="Replay", exact=True).click()
    shoot(camera, "desk-replay", whole=False)


def shoot(camera: Camera, name: str, *, whole: bool = True) -> None:
    """A picture once everything that the window shows is there."""
    camera.page.wait_for_load_state("networkidle")
    camera.shoot(name, whole=whole)


def main(arguments: list[str]) -> int:
    manage = ROOT / "manage.py"
    try:
        # People to look at, on a marked copy of the study
        run([sys.executable, manage, "study", "simulate", SLUG, "--people", str(PEOPLE)])
    except PlainError as error:
        print(f"no screenshots of the desk: {error}", file=sys.stderr)
        return 1
    return photograph(arguments, [walk])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
