"""What was uploaded goes when it has become a study, or when nobody goes on with it."""

import os
import time
from pathlib import Path

import pytest
from pytest_django import Settings

from studyapp.models import Study, new_code
from studyapp.studies.uploads import workspace
from tests.admin.desk import administrator
from tests.admin.test_upload import ADDRESS, TEXTS, TOML, sent
from tests.running import output_of

pytestmark = pytest.mark.django_db


def test_an_upload_is_removed_when_it_has_become_a_study(
    tmp_path: Path, settings: Settings
) -> None:
    settings.VAR = tmp_path
    client = administrator()
    client.post(ADDRESS, sent(toml="wrong"))
    assert len(list((tmp_path / "uploads").iterdir())) == 1
    client.post(ADDRESS, {"toml": TOML, **TEXTS, "do": "make"})
    assert Study.objects.get().images.count() == 4
    assert list((tmp_path / "uploads").iterdir()) == []


def test_an_upload_that_nobody_went_on_with_is_removed_by_the_daily_command(
    tmp_path: Path, settings: Settings
) -> None:
    settings.VAR = tmp_path
    old, new = (workspace(new_code()) for _ in range(2))
    (old / "photos").mkdir()
    os.utime(old, (time.time() - 49 * 3600,) * 2)
    os.utime(new, (time.time() - 47 * 3600,) * 2)
    assert "1 old uploads would be removed" in output_of("forget", "--dry-run")
    assert "1 old uploads removed" in output_of("forget")
    assert list((tmp_path / "uploads").iterdir()) == [new]


def test_a_short_name_that_cannot_be_is_told_beside_its_field() -> None:
    wrong = TOML.replace('slug = "mine"', 'slug = "My Study"')
    page = administrator().post(ADDRESS, {"toml": wrong, **TEXTS, "do": "check"})
    assert list(page.context["form"].errors) == ["slug"]
    assert "lowercase letters" in page.context["form"].errors["slug"][0]
