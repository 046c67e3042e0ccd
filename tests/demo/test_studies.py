"""What the launcher asks of the site: studies that are opened, and those that can't be."""

from pathlib import Path

import pytest

from demo.studies import drafts_of_others, main
from ready.catalogue import FILES, READY, Ready
from sandbox.builders import make_study, open_small_study, take_part
from studyapp.models import Study, StudyKind, StudyState, StudyText
from studyapp.studies.editing import Version
from studyapp.studies.texts import text_digest

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCERN_VAR", str(tmp_path))
    monkeypatch.setenv("DEMO_PORT", "8000")
    monkeypatch.setenv("DEMO_ADMIN_PASSWORD", "long enough")
    for name in ("another-tool", "paper-pair"):
        monkeypatch.setitem(READY, name, Ready("ready_tool_of_nowhere", 1))


@pytest.mark.parametrize("slug", ["another-tool", "paper-pair"])
def test_a_study_that_cant_be_made_is_told_and_hinders_no_other(
    slug: str, capsys: pytest.CaptureFixture[str]
) -> None:
    open_small_study(slug="demo-trust", demo=True)
    assert main("open", [str(FILES / f"{one}.toml") for one in (slug, "demo-trust")]) == 0
    told = capsys.readouterr().out
    assert f"{slug} can't be opened: {slug} can't be made without the Python" in told
    assert f"\nNot open: {slug}: {slug} can't be made without the Python mod" in told
    assert told.index("/s/demo-trust/") < told.index("Not open") < told.index("Password")
    assert list(Study.objects.values_list("slug", flat=True)) == ["demo-trust"]


def test_every_demonstration_that_is_open_is_told_with_those_that_were_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for slug, demo in (("demo-trust", False), ("vqa", True), ("own", False)):
        open_small_study(slug=slug, demo=demo)
    assert main("open", [str(FILES / "demo-trust.toml")]) == 0
    told = [line for line in capsys.readouterr().out.splitlines() if "/s/" in line]
    assert told == [f"http://127.0.0.1:8000/s/{slug}/" for slug in ("demo-trust", "vqa")]


def as_its_file(slug: str) -> Study:
    """A draft as the ready study's file says, as far as it is asked here."""
    draft = make_study(slug=slug, prepared=False)
    version = Version.of_file(FILES / f"{slug}.toml")
    Study.objects.filter(pk=draft.pk).update(
        definition_toml=version.toml, state=StudyState.PREPARING
    )
    draft.texts.all().delete()
    for name, words in version.texts.items():
        StudyText.objects.create(study=draft, name=name, markdown=words, digest=text_digest(words))
    return draft


@pytest.mark.parametrize("slug", ["another-tool", "demo-trust"])
def test_a_draft_that_somebody_has_changed_or_piloted_is_left_and_told(
    slug: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = FILES / f"{slug}.toml"
    draft = as_its_file(slug)
    assert drafts_of_others([file]) == {}
    draft.texts.filter(name="consent").update(markdown="Our own words.")
    assert main("open", [str(file)]) == 0
    told = capsys.readouterr().out
    assert f"\nNot open: {slug}: its draft differs from the file, perhaps because s" in told
    assert f"`./manage.py study load {file} --replace`" in told
    draft.refresh_from_db()
    assert (draft.state, draft.texts.get(name="consent").markdown) == (
        StudyState.PREPARING, "Our own words.",
    )  # fmt: skip


def test_a_draft_in_whose_pilot_people_took_part_is_left() -> None:
    file = FILES / "another-tool.toml"
    draft = as_its_file("another-tool")
    pilot = open_small_study(slug="pilot")
    Study.objects.filter(pk=pilot.pk).update(copy_of=draft, kind=StudyKind.PILOT)
    take_part(pilot)
    assert (
        "1 person took part in a pilot of its draft, so it stays" in drafts_of_others([file])[file]
    )
