"""Screenshots are of a copy that is gone afterwards, one of each kind of page."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from sandbox.builders import ETHICS, open_small_study
from sandbox.people import send_people
from studyapp.models import Judgment, Participation, Study
from studyapp.papers.screenshots import MISSING, ScreenshotError, write_screenshots
from tests.running import run

needs_browser = pytest.mark.skipif(
    not shutil.which("pdftotext"), reason="pdftotext is missing: install poppler-utils"
)


@pytest.mark.browser
@needs_browser
@pytest.mark.django_db(transaction=True)
def test_each_kind_of_page_is_there_and_the_copy_is_gone(tmp_path: Path) -> None:
    call_command("collectstatic", interactive=False, verbosity=0)
    study = open_small_study(people=4, trials=2, stimuli=4, checks=1, practice=1, ethics=ETHICS,
                             demo=True, title="Maps & <b>")  # fmt: skip
    send_people(study, 2)
    before = (Judgment.objects.count(), Participation.objects.count())
    write_screenshots(study, tmp_path, ("This is a demonstration.",))
    told = run("pdftotext", "-layout", tmp_path / "screenshots.pdf", "-").stdout
    for words in (
        "Maps & <b>", "This is a demonstration.", "Page “about”", "Page “withdraw”",
        "Block “practice”, practice", "Block “main”, check",
    ):  # fmt: skip
        assert words in told, words
    assert told.count("Block “main”, main, condition “") == 2
    assert (Judgment.objects.count(), Participation.objects.count()) == before
    assert list(Study.objects.all()) == [study]


@pytest.mark.django_db
def test_without_a_browser_the_kit_says_how_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    study = open_small_study()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ScreenshotError, match="install Playwright"):
        write_screenshots(study, tmp_path, ())
    assert "manage.py paper SLUG" in MISSING
    assert Study.objects.count() == 1
