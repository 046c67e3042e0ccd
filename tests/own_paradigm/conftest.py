"""The one line that adds the paradigm, and what settings make of it."""

from typing import Any

import pytest

from studyapp.folders import locale_folders, page_folders, static_folders

LINE = "tests.own_paradigm.two_intervals"


@pytest.fixture(autouse=True)
def added(settings: Any) -> None:
    paradigms = [*settings.PARADIGMS, LINE]
    settings.PARADIGMS = paradigms
    desk, pages = settings.TEMPLATES
    settings.TEMPLATES = [desk, {**pages, "DIRS": page_folders(paradigms)}]
    settings.STATICFILES_DIRS = static_folders(paradigms)
    settings.LOCALE_PATHS = [settings.ROOT / "studyapp" / "locale", *locale_folders(paradigms)]
