"""Pages speak every language that is offered, whole; consent is in the researcher's own words."""

import gettext
import re
import subprocess
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.test import Client

from sandbox.builders import open_small_study
from sandbox.catalogues import TEMPLATE, catalogues, extracted
from studyapp.management.verbs.languages import table
from studyapp.models import Participation
from studyapp.participations.enrolment import begin, consent
from studyapp.participations.entering import enter
from studyapp.shelf.languages import (
    REGISTER,
    missing_texts,
    offered_languages,
    page_languages,
    pages_of,
    wanted_by_browser,
    why_not_spoken,
)
from studyapp.studies.lifecycle import close_study

pytestmark = pytest.mark.django_db

TRANSLATIONS = [
    pytest.param(path, id=f"{path.parts[-5]}-{path.parts[-3]}") for path in catalogues()
]
# What a translation has to keep: what is filled in, and markup
KEPT = re.compile(r"%\(\w+\)[sd]|\{\w+\}|</?\w+[^>]*>|%%")
# Numbers of which each takes a form of its own. Turkish and what follows has one for all.
FORMS = {"pl": (1, 2, 5), "ar": (1, 2, 3, 11, 100), "he": (1, 2, 3)}
ONE_FORM = {"tr", "ja", "zh_Hans"}


def key(entry: polib.POEntry | polib.MOEntry) -> tuple[str, str, str]:
    return entry.msgctxt or "", entry.msgid, entry.msgid_plural or ""


def texts(entry: polib.POEntry | polib.MOEntry) -> list[str]:
    """What an entry says, in every plural form."""
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def plural_rule(translation: polib.POFile) -> Callable[[int], int]:
    return gettext.c2py(translation.metadata["Plural-Forms"].partition("plural=")[2].rstrip(";"))


def test_the_templates_have_every_text_of_the_pages_and_of_the_code_behind_them() -> None:
    found = extracted()
    assert sum(map(len, found.values())) > 250
    for folder, template in found.items():
        written = polib.pofile(str(folder / TEMPLATE))
        told = f"{folder}: `python -m sandbox.catalogues` writes the templates anew"
        assert [key(one) for one in written] == [key(one) for one in template], told


@pytest.mark.parametrize("path", TRANSLATIONS)
def test_a_translation_has_every_text_of_its_template_and_no_other(path: Path) -> None:
    template = polib.pofile(str(path.parents[2] / TEMPLATE))
    translation = polib.pofile(str(path))
    assert {key(one) for one in template} == {key(one) for one in translation}
    assert len(translation) == len(template)
    assert [one.msgid for one in translation if "fuzzy" in one.flags or one.obsolete] == []
    assert [one.msgid for one in translation if not all(map(str.strip, texts(one)))] == []


@pytest.mark.parametrize("path", TRANSLATIONS)
def test_what_is_filled_in_and_marked_up_is_the_same_in_every_language(path: Path) -> None:
    translation = polib.pofile(str(path))
    uses = Counter(map(plural_rule(translation), range(1000)))
    wrong = []
    for one in translation:
        expected = Counter(KEPT.findall(one.msgid_plural or one.msgid))
        for form, said in enumerate(texts(one)):
            kept = Counter(KEPT.findall(said))
            # “One minute” may stand for “1 minute” where the form is for that number alone.
            is_of_one_number = bool(one.msgid_plural) and uses[form] == 1
            lacking = (expected - kept).total()
            if kept - expected or lacking > is_of_one_number:
                wrong.append((one.msgid, said))
    assert wrong == []


@pytest.mark.parametrize("path", TRANSLATIONS)
def test_each_number_has_the_plural_form_that_its_language_needs(path: Path) -> None:
    translation = polib.pofile(str(path))
    rule, language = plural_rule(translation), path.parts[-3]
    forms = {rule(number) for number in [*range(1000), 1_000_000]}
    assert f"nplurals={len(forms)};" in translation.metadata["Plural-Forms"].replace(" ", "")
    asked = {len(one.msgstr_plural) for one in translation if one.msgid_plural}
    assert asked <= {len(forms)}
    different = () if language in ONE_FORM else FORMS.get(language, (1, 2))
    assert len({rule(number) for number in different}) == len(different)


@pytest.mark.parametrize("path", TRANSLATIONS)
def test_the_compiled_catalogue_is_that_of_its_source(path: Path) -> None:
    source, compiled = polib.pofile(str(path)), polib.mofile(str(path.with_suffix(".mo")))
    assert {key(one): texts(one) for one in compiled} == {key(one): texts(one) for one in source}
    assert compiled.metadata["Plural-Forms"] == source.metadata["Plural-Forms"]


def test_a_language_is_offered_only_with_every_text(tmp_path: Path) -> None:
    (folder,) = (
        path for path in map(Path, settings.LOCALE_PATHS) if path.parent.name == "studyapp"
    )
    template = polib.pofile(str(folder / TEMPLATE))
    template.save(str(tmp_path / TEMPLATE))
    assert missing_texts("fr", [tmp_path]) == len(template)
    german = polib.pofile(str(folder / "de" / "LC_MESSAGES" / "django.po"))
    with_forms = next(one for one in german if one.msgid_plural)
    with_forms.msgstr_plural[1] = ""
    german.remove(next(one for one in german if not one.msgid_plural))
    (tmp_path / "de" / "LC_MESSAGES").mkdir(parents=True)
    catalogue = tmp_path / "de" / "LC_MESSAGES" / "django.po"
    german.save(str(catalogue))
    # Unlike polib, it also compiles what lacks a form.
    subprocess.run(["msgfmt", "-o", catalogue.with_suffix(".mo"), catalogue], check=True)
    assert missing_texts("de", [tmp_path]) == 2
    assert {"en", "de"} <= {one.code for one in offered_languages()}


def test_every_language_says_who_has_read_its_words() -> None:
    assert [(one.code, one.checked) for one in page_languages().values() if one.checked] == [
        ("en", True)
    ]
    assert REGISTER.read_text("utf-8").count("\nchecked = ") == len(page_languages()) >= 13


def test_the_docs_tell_which_languages_are_offered_and_who_has_read_them() -> None:
    text = (settings.ROOT / "docs" / "running-a-study.md").read_text("utf-8")
    told = "`manage.py study languages --markdown` prints the table"
    assert [line for line in table(offered_languages()) if line not in text] == [], told


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("de-AT", "de"), ("pt", "pt"), ("pt-PT", "pt"), ("pt-BR", ""), ("zh-CN", "zh-hans"),
        ("zh", "zh-hans"), ("zh-Hans-SG", "zh-hans"), ("zh-TW", ""), ("zh-Hant", ""), ("xx", ""),
    ],
)  # fmt: skip
def test_a_variant_has_the_pages_that_its_readers_would_take_for_their_own(
    tag: str, code: str
) -> None:
    assert pages_of(tag) == code
    assert bool(code) or "the pages are not translated into it" in why_not_spoken(tag)


@pytest.mark.parametrize(
    ("accepted", "among", "wanted"),
    [
        ("fr;q=0.4, de-AT", ["en", "de", "fr"], "de"),
        ("pt-BR, en;q=0.8", ["en", "pt"], "pt"),
        ("zh-TW, en;q=0.8", ["zh-hans", "en"], "en"),
        ("fi", ["en", "de"], ""),
        ("", ["en"], ""),
        ("de", ["en", "de-AT"], "de-AT"),
    ],
)
def test_a_browser_says_which_language_it_wants(
    accepted: str, among: list[str], wanted: str
) -> None:
    assert wanted_by_browser(accepted, among) == wanted


def test_a_german_study_is_german_on_every_page(client: Client) -> None:
    study = open_small_study(language="de")
    door = client.get(f"/s/{study.slug}/").content.decode()
    assert '<html lang="de" dir="ltr">' in door
    assert ">Beginnen</button>" in door
    person = enter(study, source="link")
    here = f"/p/{person.code}/"
    asked = client.get(here).content.decode()
    assert "Ich möchte nicht teilnehmen" in asked
    assert "Plain words of the consent." in asked
    refused = client.post(f"{here}consent").content.decode()
    assert "Bitte kreuzen Sie an" in refused
    early = client.post(f"{here}begin").content.decode()
    assert "Dort weitermachen, wo Sie aufgehört haben" in early
    begin(consent(person))
    trial = client.get(here).content.decode()
    for words in ("Robot A ist deutlich vernünftiger", "Frage 1 von 3", "Bestätigen",
                  'data-saving="Wird gespeichert …"', "Beide Roboter erkannten:"):  # fmt: skip
        assert words in trial
    close_study(study)
    assert "Diese Studie ist beendet" in client.get(here).content.decode()


def test_questions_before_the_trials_complain_in_the_language_of_the_study(client: Client) -> None:
    question = {"question": "Sehen Sie Farben?", "answers": ["ja", "nein"], "accept": [1]}
    asking = {"attempts": 2, "questions": [question]}
    study = open_small_study(language="de", screening=[question], comprehension=asking)
    person = enter(study, source="link")
    here = f"/p/{person.code}/"
    complaint = "Bitte wählen Sie eine der Antworten."
    assert complaint in client.post(f"{here}screening").content.decode()
    client.post(f"{here}screening", {"question_1": "1"})
    client.post(f"{here}consent", {"agree": "yes"})
    assert complaint in client.post(f"{here}begin").content.decode()


def test_a_page_without_a_study_speaks_the_language_of_the_browser(
    client: Client, admin_client: Client
) -> None:
    study = open_small_study(language="de")
    close_study(study)
    for address in ("/nowhere", f"/s/{study.slug}/"):
        page = client.get(address, headers={"Accept-Language": "de-AT,de;q=0.9"}).content.decode()
        assert '<html lang="de" dir="ltr">' in page
        assert "Unter dieser Adresse gibt es nichts." in page
        assert "There is nothing at this address." in client.get(address).content.decode()
    missing = admin_client.get("/admin/nowhere/", headers={"Accept-Language": "de"})
    desk = missing.content.decode()
    assert "This page does not exist, or your account may not see it." in desk


def test_a_language_without_texts_falls_back_to_english_and_keeps_its_direction(
    client: Client,
) -> None:
    study = open_small_study(language="fa")
    page = client.get(f"/s/{study.slug}/").content.decode()
    assert '<html lang="fa" dir="rtl">' in page
    assert ">Begin</button>" in page


def test_the_time_of_consent_is_written_in_the_order_of_the_language(client: Client) -> None:
    study = open_small_study(language="ar")
    person = consent(enter(study, source="link", language="ar"))
    at = datetime(2026, 11, 29, 21, 13, tzinfo=UTC)
    Participation.objects.filter(pk=person.pk).update(consented_at=at)
    page = client.get(f"/p/{person.code}/about").content.decode()
    assert "29 نوفمبر، 2026 21:13" in page
