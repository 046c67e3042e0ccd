"""Texts that another tool made, read from a table, or refused by their rows."""

from contextlib import nullcontext
from pathlib import Path

import pytest

from photos.tables import Record, TableError
from studyapp import storage
from studyapp.models import Explanation, Kind, Study
from studyapp.studies.definition.file import DefinitionError, parse_definition
from studyapp.studies.loading import load_study
from studyapp.studies.photos.readers import ReaderError
from studyapp.studies.photos.telling import Telling
from studyapp.studies.words import direction_of, look_of_words
from tests.elsewhere import SAID, TEXTS, WORDS, write_imported

pytestmark = pytest.mark.django_db


def loaded(folder: Path, **given: str) -> Study:
    return load_study(write_imported(folder, **given))


def stored(explanation: Explanation) -> bytes:
    return storage.read(explanation.map_file, explanation.map_digest)


def said(text: str, study: str = WORDS) -> dict[str, str]:
    """A study of texts in which the first one is another."""
    return {"study": study, "manifest": TEXTS.replace(SAID["cat/a.png"], text)}


def test_texts_are_kept_as_they_are_with_how_long_they_are(tmp_path: Path) -> None:
    loaded(tmp_path, study=WORDS, manifest=TEXTS)
    rows = Explanation.objects.all()
    assert {row.kind for row in rows} == {Kind.TEXT}
    found = {stored(row).decode(): row.provenance["imported"]["words"] for row in rows}
    assert found == {
        "Its ears are <b>pointed</b> & soft.": 6,
        "שלום": 1,
        "Whiskers, which it sees\non the left.": 7,
        "A long nose.": 3,
    }


GUESSED = WORDS.replace('"agreement"', '"meta_prediction"')


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (said("x" * 2001), "made/maps.csv, line 2: a text of 2,001 characters, and 2,000 is the "
                           "limit; shorten it"),
        (said("x" * 10**7), "made/maps.csv, line 2: a cell of more than 131,072 characters; "
                            "shorten it"),
        (said("a\x07b"), "made/maps.csv, line 2: the text holds a character that can't be shown"),
        (said("A Cat's ears.", GUESSED), "made/maps.csv, line 2: the text names the class cat, "
                                         "which answers meta_prediction; say it without the name"),
        ({"study": WORDS}, "made/maps.csv, line 1: the columns are photo, answer, file; they must "
                           "be photo, text"),
        ({"study": WORDS, "manifest": TEXTS + "cat/a.png,cat,Again."},
         "made/maps.csv, line 7: the same explanation as line 2; remove one of the two$"),
    ],
)  # fmt: skip
def test_a_text_that_cant_be_shown_is_refused_by_its_row(
    tmp_path: Path, given: dict[str, str], sentence: str
) -> None:
    with pytest.raises(ReaderError, match=sentence):
        loaded(tmp_path, **given)


@pytest.mark.parametrize(
    ("text", "answers", "named"),
    [
        ("この猫の耳は尖っている。", ("犬", "猫"), "猫"),
        ("หูของแมวแหลม", ("หมา", "แมว"), "แมว"),
        ("It is scattered.", ("dog", "cat"), ""),
        ("Its ears are pointed.", ("犬", "猫"), ""),
    ],
)
def test_a_class_is_found_in_a_text_whose_words_stand_without_spaces(
    text: str, answers: tuple[str, ...], named: str
) -> None:
    telling = Telling({"theirs": answers}, "reliance", {}, "")
    record = Record("made/maps.csv, line 2", 2, {"text": text})
    found = pytest.raises(TableError, match=f"the text names the class {named}, which")
    with found if named else nullcontext():
        telling.refuse(record, "theirs")


@pytest.mark.parametrize(("paradigm", "is_told"), [("distinction", True), ("reliance", False)])
def test_what_is_on_a_photo_answers_where_its_category_is_asked_for(
    paradigm: str, is_told: bool
) -> None:
    told = WORDS.replace('"agreement"', f'"{paradigm}"')
    told = told.replace('    { name = "nothing", method = "none" },\n', "")
    study = parse_definition(told, "study.toml")
    condition = study.condition("theirs")
    telling = Telling.of(condition, study, {"theirs": ("tabby", "Siamese")}, ["house cat"])
    record = Record("made/maps.csv, line 2", 2, {"text": "The ears of a House-Cat."})
    said = f"what is on photos, house cat, which answers {paradigm}; say it without"
    found = pytest.raises(TableError, match=said)
    with found if is_told else nullcontext():
        telling.refuse(record, "theirs")


def test_a_class_may_be_named_where_the_page_tells_it(tmp_path: Path) -> None:
    loaded(tmp_path, **said("A cat's ears."))
    assert Explanation.objects.count() == 4


@pytest.mark.parametrize(
    ("settings", "block", "sentence"),
    [
        ("", "", "shows texts, and their language is missing; say settings = { language"),
        ('language = "English!"', "", "their language is no tag such as en: 'English!'"),
        ('language = "en", direction = "up"', "", "direction = 'up'`: use ltr or rtl"),
        ('language = "en", signed = true', "", "unknown; known: direction, language"),
        ('language = "en"', ", presentation = { zoom = true }",
         "shows texts, and `blocks.presentation` of main presents pictures alone; remove it"),
    ],
)  # fmt: skip
def test_texts_say_their_language_and_stand_still(settings: str, block: str, sentence: str) -> None:
    told = WORDS.replace('language = "en"', settings)
    told = told.replace("trials = 4 }", f"trials = 4{block} }}")
    with pytest.raises(DefinitionError, match=sentence):
        parse_definition(told, "study.toml")


def test_pages_that_are_answered_on_pictures_refuse_texts() -> None:
    for paradigm in ("pointing", "marking", "ranking"):
        with pytest.raises(DefinitionError, match="it shows words, which only trust, disc"):
            parse_definition(WORDS.replace('"agreement"', f'"{paradigm}"'), "study.toml")


@pytest.mark.parametrize(
    ("language", "direction"),
    [("en", "ltr"), ("he", "rtl"), ("AR-EG", "rtl"), ("az-Arab", "rtl"), ("ar-Latn", "ltr"),
     ("ur", "rtl"), ("fr-CA", "ltr")],
)  # fmt: skip
def test_a_languages_tag_says_how_it_is_written(language: str, direction: str) -> None:
    assert direction_of(language) == direction
    assert look_of_words({"language": language, "direction": "rtl"})["direction"] == "rtl"
