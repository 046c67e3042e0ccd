"""What was uploaded goes when it has become a study, or when nobody goes on with it."""

import os
import time
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings

from studyapp.models import Study
from studyapp.studies.uploads import new_token, workspace
from tests.admin.desk import administrator
from tests.admin.test_upload import ADDRESS, TEXTS, TOML, photos

pytestmark = pytest.mark.django_db


def test_an_upload_is_removed_when_it_has_become_a_study(
    tmp_path: Path, settings: Settings
) -> None:
    settings.VAR = tmp_path
    client = administrator()
    client.post(ADDRESS, {"toml": "wrong", **TEXTS, "photos": photos(), "do": "make"})
    assert len(list((tmp_path / "uploads").iterdir())) == 1
    client.post(ADDRESS, {"toml": TOML, **TEXTS, "do": "make"})
    assert Study.objects.get().images.count() == 4
    assert list((tmp_path / "uploads").iterdir()) == []


def test_an_upload_that_nobody_went_on_with_is_removed_by_the_daily_command(
    tmp_path: Path, settings: Settings
) -> None:
    settings.VAR = tmp_path
    old, new = (workspace(new_token()) for _ in range(2))
    (old / "photos").mkdir()
    os.utime(old, (time.time() - 49 * 3600,) * 2)
    os.utime(new, (time.time() - 47 * 3600,) * 2)
    out = StringIO()
    call_command("forget", "--dry-run", stdout=out)
    assert "1 old uploads would be removed" in out.getvalue()
    call_command("forget", stdout=out)
    assert "1 old uploads removed" in out.getvalue()
    assert list((tmp_path / "uploads").iterdir()) == [new]


def test_a_short_name_that_cannot_be_is_told_beside_its_field() -> None:
    wrong = TOML.replace('slug = "mine"', 'slug = "My Study"')
    page = administrator().post(ADDRESS, {"toml": wrong, **TEXTS, "do": "check"})
    assert list(page.context["form"].errors) == ["slug"]
    assert "small letters" in page.context["form"].errors["slug"][0]
