"""A page of a study file before anything is made of it: by the real page, and without a row."""

import re
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.test import Client
from django.urls import reverse
from django.utils import translation
from pytest_django import Settings

from ready.catalogue import with_factories
from sandbox.builders import make_study
from studyapp.models import Judgment, Participation, Role, Slot, Study, Trial
from studyapp.studies.definition.file import parse_definition
from studyapp.studies.design.imagined import ImaginedPhoto, imagined_pages
from tests.admin.desk import administrator, make_user, signed_in
from tests.admin.test_upload import TEXTS, TOML

READY = sorted((configured.ROOT / "fixtures" / "studies").glob("*.toml"))
JSON = {"Accept": "application/json"}


@pytest.mark.parametrize("path", READY, ids=lambda path: path.stem)
def test_every_ready_study_has_pages_before_anything_is_made(
    path: Path, settings: Settings
) -> None:
    settings.NETWORK_FACTORIES = with_factories("").split(",")  # as in the demo
    definition = parse_definition(path.read_text(encoding="utf-8"), path.name)
    for arm in definition.arm_conditions():
        pages = imagined_pages(definition, arm, [ImaginedPhoto("a.png", ("tiger", "otter"))])
        assert {page.block for page in pages} == {block.name for block in definition.blocks}
        assert [page.position for page in pages] == list(range(len(pages)))
        assert all(page.pk is None for page in pages)


def shown(client: Client, study: Study, toml: str = TOML, **asked: str) -> dict[str, object]:
    address = reverse("preview_file", args=[study.pk])
    return client.post(address, {"toml": toml, **TEXTS, **asked}, headers=JSON).json()


@pytest.fixture
def draft() -> Study:
    study = make_study(slug="mine")
    Study.objects.filter(pk=study.pk).update(definition_toml=TOML)
    return study


@pytest.mark.django_db
def test_the_page_is_drawn_from_the_file_as_it_stands_and_nothing_is_stored(draft: Study) -> None:
    client = administrator()
    toml = TOML.replace("trials = 1", 'trials = 1\nquestion = "Which one sees better?"')
    facts = shown(client, draft, toml)
    assert (facts["number"], facts["total"], facts["arms"]) == (1, 1, ["everyone"])
    assert "Which one sees better?" in facts["html"]
    assert "example-map.svg" in facts["html"]
    for model in (Slot, Trial, Participation, Judgment):
        assert not model.objects.exists()
    assert Study.objects.get().definition_toml == TOML


@pytest.mark.django_db
def test_the_page_is_drawn_in_each_language_and_says_that_nobody_has_checked_its_words(
    draft: Study,
) -> None:
    names = ("consent", "instructions", "debrief")
    texts = "".join(f'{name}-de = "{name}.de.md"\n' for name in names)
    toml = TOML.replace("trials = 1", 'trials = 1\nquestion = "Which one sees better?"')
    title = parse_definition(TOML, "t").title
    words = {title: "Titel", "Robot A": "A", "Robot B": "B"}
    said = "".join(f'"{one}" = "{other}"\n' for one, other in words.items())
    toml = toml.replace("[texts]\n", f"[texts]\n{texts}")
    toml += f'\n[translations.de.words]\n{said}"Which one sees better?" = "Wer sieht besser?"\n'
    written = {f"text-{name}-de": "Worte." for name in names}
    client = administrator()
    facts = shown(client, draft, toml, language="de", **written)
    assert facts["sentence"] == ""
    assert (facts["language"], facts["languages"]) == ("de", ["en", "de"])
    assert "Wer sieht besser?" in facts["html"]
    assert 'lang="de"' in facts["html"]
    assert facts["note"].startswith("no native speaker has checked the pages' German words")
    assert shown(client, draft, toml, **written)["note"] == ""


def test_imagined_classes_are_named_in_the_language_of_the_pages() -> None:
    path = next(path for path in READY if path.stem == "five-methods")
    definition = parse_definition(path.read_text(encoding="utf-8"), path.name)
    with translation.override("de"):
        pages = imagined_pages(definition, "everyone", [])
    named = {page.stimulus.category for page in pages if page.stimulus is not None}
    assert named == {"Klasse A"}


@pytest.mark.django_db
def test_a_page_has_what_a_script_would_put_there(draft: Study) -> None:
    head, rest = TOML[: TOML.index("[[blocks]]")], TOML[TOML.index("[design]") :]
    field = '{ name = "age", question = "Age?", kind = "slider", least = 18, most = 99 }'
    block = f'[[blocks]]\nname = "a"\nparadigm = "custom"\ntrials = 1\nfields = [{field}]\n\n'
    page = str(shown(administrator(), draft, head + block + rest)["html"])
    assert '<input type="range" min="18" max="99"' in page


@pytest.mark.django_db
def test_pictures_that_a_script_would_present_are_all_there(draft: Study) -> None:
    toml = TOML.replace("trials = 1", "trials = 1\npresentation = { exposure_ms = 200 }")
    page = str(shown(administrator(), draft, toml)["html"])
    assert 'class="waits"' in page
    assert "data-presented" in page


@pytest.mark.django_db
def test_what_is_made_is_shown_only_where_it_still_is_what_people_would_see() -> None:
    study, client = make_study(slug="mine"), administrator()
    old = study.definition
    toml = TOML.replace('"grad_cam"', '"guided_backprop"') + "\n[display]\nsize = 96\n"
    networks = toml.replace('weights = "random"', 'weights = "random"\noptions = { seed = 1 }', 1)
    same = shown(client, study, networks)
    assert old["display"]["size"] == 96
    assert "/o/" in same["html"]
    assert "example-" not in same["html"]
    other_method = shown(
        client, study, networks.replace('method = "guided_backprop"', 'method = "grad_cam"')
    )
    assert "example-map.svg" in other_method["html"]
    other_display = shown(client, study, networks.replace("size = 96", "size = 128"))
    assert "/o/" not in other_display["html"]


@pytest.mark.django_db
def test_a_file_with_a_mistake_or_without_a_design_has_a_sentence_in_place_of_a_page(
    draft: Study,
) -> None:
    client = administrator()
    wrong = shown(client, draft, TOML.replace("people = 2", "poeple = 2"))
    assert 'did you mean "people"' in wrong["sentence"]
    assert wrong["html"] == ""
    whole = shown(client, draft, "x" * 300_000)
    assert str(whole["sentence"]).startswith("longer than 200 kB")
    undrawn = shown(client, draft, TOML.replace("trials = 1", "trials = 3"))
    assert undrawn["sentence"]
    assert undrawn["html"] == ""


@pytest.mark.django_db
def test_more_than_is_drawn_at_once_is_not_previewed(draft: Study) -> None:
    client = administrator()
    many = shown(client, draft, TOML.replace("stimuli = 2", "stimuli = 100_000"))
    assert "more than 5,000 stimuli is not previewed; write fewer" in str(many["sentence"])
    block = TOML[TOML.index("[[blocks]]") : TOML.index("[design]")]
    blocks = "".join(block.replace('"main"', f'"b{n}"').replace("= 1", "= 1000") for n in range(6))
    long = TOML.replace(block, blocks).replace("stimuli = 2", "stimuli = 5000")
    facts = shown(client, draft, long)
    assert "more than 5,000 trials of a person is not previewed" in str(facts["sentence"])


@pytest.mark.django_db
def test_without_a_script_the_page_comes_in_a_window_of_its_own_and_can_be_turned(
    draft: Study,
) -> None:
    toml = TOML.replace("trials = 1", "trials = 2")
    page = administrator().post(
        reverse("preview_file", args=[draft.pk]), {"toml": toml, **TEXTS, "page": "2"}
    )
    said = page.content.decode()
    assert "Page 2 of 2" in said
    assert said.count("<iframe") == said.count("srcdoc=") == 3
    assert "trials = 2" in said


@pytest.mark.django_db
def test_a_preview_is_for_those_who_may_edit(draft: Study) -> None:
    address, sent = reverse("preview_file", args=[draft.pk]), {"toml": TOML, **TEXTS}
    helper = signed_in(make_user("helper", draft, Role.ASSISTANT))
    assert helper.post(address, sent).status_code == 403
    stranger = signed_in(make_user("stranger"))
    assert stranger.post(address, sent).status_code == 404
    assert stranger.post(reverse("preview_new"), sent).status_code == 403
    assert Client().post(address, sent).status_code == 302
    assert administrator().post(reverse("preview_new"), sent, headers=JSON).json()["html"]


def test_nothing_that_waits_for_the_script_of_a_trial_is_missing_where_there_is_none() -> None:
    folder = configured.ROOT / "studyapp" / "static" / "studyapp"
    parts = r"((?:\.[a-z-]+, )+\.[a-z-]+)"
    (asked,) = re.findall(rf'const PARTS = "{parts}";', (folder / "trial.js").read_text())
    waiting = re.findall(rf"\.waits :is\({parts}\)", (folder / "pages.css").read_text())
    replayed = re.findall(rf"\.waits :is\({parts}\)", (folder / "replay.css").read_text())
    assert waiting
    assert {*waiting, *replayed} == {asked}
