"""A page tells by one word whether it has the scripts and styles that a trial was written for."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles.finders import get_finder

from studyapp.views.static_version import static_version


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
