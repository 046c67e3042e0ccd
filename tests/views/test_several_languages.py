"""A study in several languages at once: each person reads one, and answers are the same in all."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from sandbox.builders import ANIMALS, ETHICS, make_study, open_small_study
from studyapp.models import Judgment, Participation, Status, Study, Trial
from studyapp.participations.entering import enter
from studyapp.studies.lifecycle import LifecycleError, open_study

pytestmark = pytest.mark.django_db

NAMES = {name: f"{name.capitalize()}-Tier" for name in ANIMALS}
TEXTS = {f"{name}{end}": f"{name}{end}.md" for name in ("consent", "instructions", "debrief")
         for end in ("", "-de", "-he")}  # fmt: skip
SCREENING = [{"question": "Do you see colours?", "answers": ["yes", "no"], "accept": [1]}]
FIELD = {
    "name": "why", "question": "How sure?", "kind": "choice", "choices": ["very", "hardly"],
}  # fmt: skip
BLOCKS = [
    {"name": "main", "paradigm": "discrimination", "trials": 2, "question": "What is there?"},
    {"name": "own", "paradigm": "custom", "trials": 1, "fields": [FIELD]},
]
SAID = {
    "A small study": "Eine kleine Studie",
    "Do you see colours?": "Sehen Sie Farben?",
    "yes": "ja",
    "no": "nein",
    "What is there?": "Was ist da?",
    "How sure?": "Wie sicher?",
    "very": "sehr",
    "hardly": "kaum",
}
HEBREW = {words: f"עברית {number}" for number, words in enumerate(SAID)}
TRANSLATIONS = {
    "de": {"words": SAID, "names": NAMES},
    "he": {"words": HEBREW, "names": {name: f"חיה {name}" for name in ANIMALS}},
}


def several(**options: object) -> Study:
    kept = {"blocks": BLOCKS, "texts": TEXTS, "screening": SCREENING, "translations": TRANSLATIONS}
    return open_small_study(**{**kept, **options})


def entered(client: Client, study: Study, query: str = "", **headers: str) -> Participation:
    """By the plain link, as a browser sends the form that the first page has."""
    address = f"/s/{study.slug}/{query}"
    page = client.get(address, headers=headers).content.decode()
    hidden = re.search(r'name="lang" value="([^"]+)"', page)
    assert hidden is not None
    client.post(f"/s/{study.slug}/", {"lang": hidden[1]})
    return Participation.objects.latest("pk")


def shown(client: Client, person: Participation) -> str:
    return client.get(f"/p/{person.code}/").content.decode()


@pytest.mark.parametrize(
    ("query", "accepted", "language"),
    [
        ("?lang=de", "he", "de"),
        ("", "he-IL, en;q=0.5", "he"),
        ("", "fi, de;q=0.8", "de"),
        ("?lang=xx", "fi", "en"),
        ("", "", "en"),
    ],
)
def test_the_link_chooses_the_language_else_the_browser_else_the_study(
    client: Client, query: str, accepted: str, language: str
) -> None:
    study = several()
    person = entered(client, study, query, **({"Accept-Language": accepted} if accepted else {}))
    assert person.language == language
    direction = "rtl" if language == "he" else "ltr"
    assert f'<html lang="{language}" dir="{direction}">' in shown(client, person)


def test_every_page_and_every_own_word_is_in_the_persons_language(client: Client) -> None:
    study = several(ethics=None)
    door = client.get(f"/s/{study.slug}/?lang=de").content.decode()
    assert "<h1>Eine kleine Studie</h1>" in door
    person = entered(client, study, "?lang=de")
    here = f"/p/{person.code}/"
    screening = shown(client, person)
    assert "Sehen Sie Farben?" in screening
    assert ">ja</span>" in screening
    client.post(f"{here}screening", {"question_1": "1"})
    asked = shown(client, person)
    assert "Plain words of the consent-de." in asked
    client.post(f"{here}consent", {"agree": "yes"})
    assert "Plain words of the instructions-de." in shown(client, person)
    client.post(f"{here}begin")
    pages = answered(client, person)
    assert [("Was ist da?" in page, "Wie sicher?" in page) for page in pages] == [
        (True, False), (True, False), (False, True),
    ]  # fmt: skip
    read = " ".join(pages)
    assert "-Tier</span>" in read
    assert [words for words in (*SAID, *ANIMALS) if f">{words}<" in read] == []
    assert "Plain words of the debrief-de." in shown(client, person)
    assert "Plain words of the consent-de." in client.get(f"{here}about").content.decode()
    person.refresh_from_db()
    assert (person.language, person.consent_text.name) == ("de", "consent-de")


def answered(client: Client, person: Participation) -> list[str]:
    """Every trial's page, each answered with its first answer."""
    pages = []
    while 'name="trial"' in (page := shown(client, person)):
        pages.append(page)
        trial = re.search(r'name="trial" value="([^"]+)"', page)
        names = dict(re.findall(r'type="radio" name="([^"]+)" value="(\d+)"', page)[::-1])
        client.post(f"/p/{person.code}/answer", {"trial": trial[1], **names})
    return pages


def test_answers_are_stored_and_scored_the_same_in_every_language(client: Client) -> None:
    study = several(people=2)
    stored = []
    for language in ("en", "de"):
        person = enter(study, source="link", language=language)
        client.post(f"/p/{person.code}/screening", {"question_1": "1"})
        client.post(f"/p/{person.code}/consent", {"agree": "yes"})
        client.post(f"/p/{person.code}/begin")
        answered(client, person)
        found = Judgment.objects.filter(participation=person, trial__block="own")
        stored.append(list(found.values_list("value", "data")))
    assert stored[0] == stored[1]
    # What is remembered of trials for everybody keeps the file's own names.
    assert {one.stimulus.category for one in Trial.objects.filter(block="main")} <= {*ANIMALS}


def test_whoever_gets_a_place_after_somebody_reads_it_in_their_own_language(
    client: Client,
) -> None:
    study = several(people=1, screening=[])
    for language, is_german in (("de", True), ("en", False)):
        person = enter(study, source="link", language=language)
        client.post(f"/p/{person.code}/consent", {"agree": "yes"})
        client.post(f"/p/{person.code}/begin")
        assert ("-Tier" in shown(client, person)) is is_german
        Participation.objects.filter(pk=person.pk).leave(Status.DROPPED)


def test_people_choose_another_language_until_they_consent(client: Client) -> None:
    study = several(screening=[])
    person = entered(client, study)
    address = reverse("language", args=[person.code])
    asked = shown(client, person)
    assert '<button name="lang" value="he" lang="he" dir="rtl">עברית</button>' in asked
    client.post(address, {"lang": "he"})
    assert '<html lang="he" dir="rtl">' in shown(client, person)
    client.post(address, {"lang": "xx"})
    client.post(f"/p/{person.code}/consent", {"agree": "yes"})
    client.post(address, {"lang": "de"})
    page = shown(client, person)
    assert '<html lang="he" dir="rtl">' in page
    assert 'name="lang"' not in page
    person.refresh_from_db()
    assert (person.language, person.consent_text.name) == ("he", "consent-he")


def test_the_files_own_language_can_be_chosen_however_its_tag_is_written(client: Client) -> None:
    study = several(language="en-GB", screening=[])
    person = entered(client, study, "?lang=en-GB", **{"Accept-Language": "de"})
    assert person.language == "en-GB"
    client.post(f"/p/{person.code}/language", {"lang": "de"})
    client.post(f"/p/{person.code}/language", {"lang": "en-GB"})
    person.refresh_from_db()
    assert person.language == "en-GB"


def test_the_consent_is_to_the_text_that_was_read_whatever_another_tab_chose(
    client: Client,
) -> None:
    person = entered(client, several(screening=[]), "?lang=de")
    hidden = re.search(r'hidden" name="lang" value="([^"]+)"', shown(client, person))
    assert hidden is not None
    client.post(f"/p/{person.code}/language", {"lang": "he"})
    client.post(f"/p/{person.code}/consent", {"agree": "yes", "lang": hidden[1]})
    person.refresh_from_db()
    assert (person.language, person.consent_text.name) == ("de", "consent-de")


def test_a_study_in_one_language_offers_no_choice(client: Client) -> None:
    study = open_small_study()
    page = client.get(f"/s/{study.slug}/?lang=de", headers={"Accept-Language": "de"})
    assert 'lang="en"' in page.content.decode()
    assert "hreflang" not in page.content.decode()
    assert "translations" not in study.definition


def test_a_study_is_not_opened_with_a_name_that_a_language_lacks() -> None:
    without = {**TRANSLATIONS["de"], "names": {k: v for k, v in NAMES.items() if k != "tiger"}}
    study = make_study(
        blocks=BLOCKS, texts=TEXTS, screening=SCREENING,
        translations={**TRANSLATIONS, "de": without},
    )  # fmt: skip
    with pytest.raises(LifecycleError, match=r"`translations.de.names` lacks “tiger”"):
        open_study(study)


def test_ethics_and_sites_are_told_in_the_persons_language(client: Client) -> None:
    words = {str(one): f"deutsch: {one}" for one in ETHICS.values() if isinstance(one, str)}
    study = several(
        ethics=ETHICS, screening=[],
        translations={"de": {"words": {**SAID, **words}, "names": NAMES}},
    )  # fmt: skip
    page = shown(client, entered(client, study, "?lang=de"))
    assert "deutsch: ten years" in page
    assert "deutsch: the board, P-1" in page


def test_a_panels_link_keeps_its_language_when_its_id_leaves_the_address(client: Client) -> None:
    study = several(panel={"kind": "prolific"})
    link = f"/s/{study.slug}/?lang=de&PROLIFIC_PID={'5f' * 12}&STUDY_ID=s&SESSION_ID=t"
    door = client.get(link)["Location"]
    assert '<html lang="de" dir="ltr">' in client.get(door).content.decode()
    he = door.replace("lang=de", "lang=he")
    assert '<html lang="he" dir="rtl">' in client.get(he).content.decode()
    client.post(he)
    assert Participation.objects.get().language == "he"


def test_who_takes_the_place_of_somebody_at_the_door_reads_the_language_that_they_chose(
    client: Client,
) -> None:
    study = several(panel={"kind": "prolific"})
    link = f"/s/{study.slug}/?PROLIFIC_PID={'5f' * 12}&STUDY_ID=s&SESSION_ID="
    client.post(f"{link}1&lang=de")
    Client().post(f"{link}2&lang=he")
    assert Participation.objects.get().language == "he"
