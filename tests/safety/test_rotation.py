"""A new SECRET_KEY ends nothing that the old one signed, as long as that one is named beside it."""

import os
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from sandbox.builders import open_small_study, take_part
from studyapp.participations.panels import personal
from studyapp.shelf.sealing import Unsealable, seal, unseal
from tests.admin.desk import administrator
from tests.running import python

pytestmark = pytest.mark.django_db


def rotate(settings: Settings, *, keep: bool) -> None:
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY] if keep else []
    settings.SECRET_KEY = "another-" * 10


@pytest.mark.parametrize("keep", [True, False])
def test_personal_links_and_logins_hold_only_while_the_former_key_is_kept(
    client: Client, settings: Settings, keep: bool
) -> None:
    study = open_small_study(panel={"kind": "personal"})
    link = {"participant": personal.signed(study.slug, "person-1")}
    desk = administrator()
    person = take_part(study)
    rotate(settings, keep=keep)
    assert client.get(f"/s/{study.slug}/", link).status_code == (303 if keep else 400)
    assert desk.get("/admin/").status_code == (200 if keep else 302)
    assert client.get(f"/p/{person.code}/").status_code == 200


def test_former_keys_are_read_one_a_line_from_their_file(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("one-former-key\nanother-former-key\n", encoding="utf-8")
    code = "from studyapp import settings as s; print(s.SECRET_KEY_FALLBACKS)"
    environment = {**os.environ, "SECRET_KEY_FALLBACKS_FILE": str(tmp_path / "keys")}
    told = python("-c", code, env=environment)
    assert told.stdout.strip() == "['one-former-key', 'another-former-key']"


def test_what_was_sealed_is_unreadable_and_opens_only_by_a_kept_key(settings: Settings) -> None:
    token = seal("a panel's id", "door")
    assert "panel" not in token
    assert token.replace("-", "").replace("_", "").rstrip("=").isalnum()
    for other, purpose in ((token[:-6] + "AAAA==", "door"), (token, "another"), ("", "door")):
        with pytest.raises(Unsealable):
            unseal(other, purpose)
    with pytest.raises(Unsealable):
        unseal(token, "door", max_age=-1)
    rotate(settings, keep=True)
    assert unseal(token, "door", max_age=60) == "a panel's id"
    rotate(settings, keep=False)
    with pytest.raises(Unsealable):
        unseal(token, "door")
