"""Interface texts are there in English and German; consent is in the researcher's own words."""

import gettext
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from sandbox.builders import open_small_study
from studyapp.participations.enrolment import begin, consent
from studyapp.participations.entering import enter
from studyapp.studies.lifecycle import close_study

pytestmark = pytest.mark.django_db

APP = settings.ROOT / "studyapp"
CATALOGUE = APP / "locale" / "de" / "LC_MESSAGES" / "django.mo"
# A kind of question may bring words of its own, as the one of the tests does.
OWN = settings.ROOT / "tests" / "own_paradigm"
BROUGHT = [*(APP / "paradigms").rglob("de/**/django.mo"), *OWN.rglob("de/**/django.mo")]
PARTICIPANTS = [
    *sorted((APP / "templates" / "participants").rglob("*.html")),
    *sorted((APP / "paradigms").rglob("*.html")),
    *sorted(OWN.rglob("*.html")),
]
TRANSLATED = re.compile(r"""{% translate (?:"([^"]*)"|'([^']*)') %}""")
IN_CODE = re.compile(r"""\b_\(\s*((?:"[^"\n]*"\s*)+)\)""")


def german(catalogue: Path = CATALOGUE) -> gettext.GNUTranslations:
    with catalogue.open("rb") as file:
        return gettext.GNUTranslations(file)


def texts_of(page: Path) -> list[str]:
    return [one or other for one, other in TRANSLATED.findall(page.read_text("utf-8"))]


def texts_in_code() -> list[str]:
    """The sentences of views, participations and paradigms."""
    found = []
    for room in (APP / "views", APP / "participations", APP / "paradigms", OWN):
        for path in sorted(room.rglob("*.py")):
            for parts in IN_CODE.findall(path.read_text("utf-8")):
                found.append("".join(re.findall(r'"([^"\n]*)"', parts)))
    return found


def test_every_text_of_a_page_is_there_in_german() -> None:
    known = german()
    assert BROUGHT
    for path in BROUGHT:
        known.add_fallback(german(path))
    texts = [text for page in PARTICIPANTS for text in texts_of(page)] + texts_in_code()
    assert len(texts) > 100
    assert [text for text in texts if known.gettext(text) == text] == []


@pytest.mark.parametrize("catalogue", [CATALOGUE, *BROUGHT], ids=lambda path: path.parts[-5])
def test_the_compiled_catalogue_is_that_of_its_source(catalogue: Path) -> None:
    source = catalogue.with_suffix(".po").read_text("utf-8")
    held = {one: other for one, other in german(catalogue)._catalog.items() if one}
    pairs = re.findall(r'^msgid "(.+)"\nmsgstr "(.*)"$', source, re.MULTILINE)
    read = {one.replace('\\"', '"'): other.replace('\\"', '"') for one, other in pairs}
    assert read == held
    assert [one for one, other in read.items() if not other] == []


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
    study = open_small_study(language="he")
    page = client.get(f"/s/{study.slug}/").content.decode()
    assert '<html lang="he" dir="rtl">' in page
    assert ">Begin</button>" in page
