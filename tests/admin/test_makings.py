"""Ready studies that a worker makes, at the desk: asked for, watched, cancelled, tried again."""

import shutil
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from sandbox.builders import make_study
from studyapp.models import Making, WorkState
from studyapp.studies import ready_files
from tests.admin.desk import administrator, make_user, signed_in

pytestmark = pytest.mark.django_db
ASKED = {"what": "make", "ready": "another-tool", "slug": ""}


def address() -> str:
    return reverse("admin:study_make")


def author(name: str) -> Client:
    user = make_user(name)
    user.user_permissions.add(Permission.objects.get(codename="add_study"))
    return signed_in(user)


def test_what_is_made_first_is_listed_with_its_line_and_asked_for_by_a_row() -> None:
    client = author("maker")
    page = client.get(address()).content.decode()
    assert "transformers: A vision transformer and a ResNet" in page
    assert "paper-trust" not in page
    client.post(address(), ASKED)
    row = Making.objects.get()
    assert (row.ready, row.slug, row.state) == ("another-tool", "another-tool", WorkState.PENDING)
    assert "waiting for a worker" in client.get(address()).content.decode()
    Making.objects.update(claimed_by="a worker", doing="Photos: 72 of 160", share=45)
    facts = client.get(reverse("admin:study_make_progress")).json()
    assert facts == {
        "pending": True, "bar": {"total": 100, "ready": 45}, "doing": "Photos: 72 of 160"
    }  # fmt: skip
    assert "Photos: 72 of 160" in client.get(address()).content.decode()


def test_the_form_of_a_new_study_leads_to_the_worker_that_makes_what_it_needs() -> None:
    client = author("maker")
    form = client.get(reverse("admin:studyapp_study_add"), {"from": "transformers"})
    assert f"{address()}?ready=transformers" in form.content.decode()
    chosen = client.get(address(), {"ready": "transformers"}).content.decode()
    assert chosen.count(" checked") == 1
    form = client.get(reverse("admin:studyapp_study_add"), {"from": "paper-trust"})
    assert f"{address()}?ready" not in form.content.decode()


def test_a_name_that_is_taken_or_can_be_none_is_refused_beside_the_field() -> None:
    make_study(slug="taken")
    client = author("maker")
    rule = "use at most 80 lowercase letters"
    taken = "a study called taken already exists"
    for slug, sentence in (("taken", taken), ("a b", rule), ("Mine", rule), ("a_b", rule)):
        page = client.post(address(), {**ASKED, "slug": slug})
        assert sentence in page.context["form"].errors["slug"][0]
    page = client.post(address(), {**ASKED, "ready": "paper-trust"})
    assert "not one of the available choices" in page.context["form"].errors["ready"][0]
    assert not Making.objects.exists()


def test_a_network_that_the_site_does_not_allow_is_told_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shutil.copytree(ready_files.FOLDER, tmp_path / "studies")
    monkeypatch.setattr(ready_files, "FOLDER", folder)
    file = folder / "transformers.toml"
    file.write_text(file.read_text("utf-8").replace("timm:test_vit", "my_lab.nets:vit"), "utf-8")
    page = author("maker").post(address(), {**ASKED, "ready": "transformers"})
    assert "NETWORK_FACTORIES" in page.context["form"].errors["ready"][0]
    assert not Making.objects.exists()


def test_one_is_under_way_for_each_user_and_it_is_cancelled_and_tried_again() -> None:
    client = author("maker")
    client.post(address(), ASKED)
    page = client.post(address(), {**ASKED, "slug": "second"})
    assert "One is under way for you already" in page.content.decode()
    row = Making.objects.get()
    client.post(address(), {"what": "cancel", "row": row.pk})
    row.refresh_from_db()
    assert (row.state, row.error) == (WorkState.FAILED, "cancelled by maker")
    client.post(address(), {"what": "again", "row": row.pk})
    row.refresh_from_db()
    assert (row.state, row.error, row.attempts) == (WorkState.PENDING, "", 0)
    client.post(address(), {"what": "cancel", "row": row.pk})
    client.post(address(), {**ASKED, "slug": "second"})
    page = client.post(address(), {"what": "again", "row": row.pk}, follow=True)
    assert "One is under way for you already" in page.content.decode()


def test_who_may_not_add_studies_asks_for_none_and_nobody_sees_anothers() -> None:
    author("maker").post(address(), ASKED)
    row = Making.objects.get()
    stranger = signed_in(make_user("stranger"))
    for name in ("study_make", "study_make_progress"):
        assert stranger.get(reverse(f"admin:{name}")).status_code == 403
    assert stranger.post(address(), ASKED).status_code == 403
    other = author("other")
    assert "Nothing yet." in other.get(address()).content.decode()
    assert other.post(address(), {"what": "cancel", "row": row.pk}).status_code == 404
    assert other.get(reverse("admin:study_make_progress")).json()["pending"] is False
    assert "another-tool, " in administrator().get(address()).content.decode()
    assert Making.objects.get().state == WorkState.PENDING
