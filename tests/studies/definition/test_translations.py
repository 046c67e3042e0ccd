"""A study in several languages has everything that people read in each, or is refused."""

from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

import pytest
from django.core.management import call_command
from pydantic import BaseModel

from studyapp.paradigms import PARADIGMS
from studyapp.sections.base import ReadByPeople
from studyapp.studies.definition.file import check_text, parse_definition
from studyapp.studies.definition.study import Definition
from studyapp.studies.definition.translated import in_language

from .test_definition import GOOD

# Words of a study file that stand on no participant's page, by the last part of their class
UNREAD = {
    "Definition": {"slug", "summary", "language", "parent", "texts", "translations", "networks",
                   "pairs"},
    "EthicsSection": {"protocol"},
    "SiteSection": {"name", "protocol"},
    "PaySection": {"currency"},
    "FieldSection": {"name"},
    "ShowIfSection": {"field"},
    "DisplaySection": {"colour_map"},
    "ScreeningSection": {"name"},
    "StratumSection": {"name"},
    "EntrySection": {"not_after", "only_after"},
}  # fmt: skip
# Sections without any: about photos, networks, the design, the panel, the plan and the data
NO_WORDS = {
    "NetworkSection", "PairSection", "ImagesSection", "ConditionSection", "ArmSection",
    "Codes", "PanelSection", "StoppingSection", "AnalysisSection", "HypothesisSection",
    "ModeratorSection", "PublicationSection", "PhotosSection", "PersonSection",
    "FundingSection", "RelatedSection", "TranslationSection", "EvidenceSection",
}  # fmt: skip
OF_A_BLOCK = {"name", "paradigm", "conditions", "compare", "instrument", "translation", "text",
              "tool"}  # fmt: skip

TITLE = 'title = "Cats"'
GERMAN = """
[translations.de.words]
"Cats" = "Katzen"
"Robot A" = "Roboter A"
"Robot B" = "Roboter B"
"What shows {name}?" = "Woran sieht man {name}?"
"""
ASKING = GOOD.replace('name = "main"\n', 'name = "main"\nquestion = "What shows {name}?"\n')
TEXTS = "".join(f'{name}-de = "{name}.de.md"\n' for name in ("consent", "instructions", "debrief"))
WHOLE = ASKING.replace("[texts]\n", f"[texts]\n{TEXTS}") + GERMAN


def told(text: str) -> list[str]:
    return [one.sentence for one in check_text(text)[1]]


def sections(kind: Any) -> Iterator[type[BaseModel]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for one in get_args(kind):
        yield from sections(one)


def is_text(kind: Any) -> bool:
    return kind is str or any(is_text(one) for one in get_args(kind) if get_origin(kind))


def is_read(kind: Any) -> bool:
    """Whether people read what is in the key, by its mark."""
    marks = get_args(kind)[1:] if get_origin(kind) is Annotated else ()
    return any(isinstance(one, ReadByPeople) for one in marks) or any(map(is_read, get_args(kind)))


def unclassified(section: type[BaseModel], known: set[type[BaseModel]]) -> Iterator[str]:
    known.add(section)
    is_block = hasattr(section, "wording")
    for name, field in section.model_fields.items():
        kind = field.rebuild_annotation()
        unread = UNREAD.get(section.__name__, set()) | (OF_A_BLOCK if is_block else set())
        is_of_words = section.__name__ not in NO_WORDS and name not in unread
        if is_of_words and is_text(kind) and not is_read(kind) and not list(sections(kind)):
            yield f"{section.__name__}.{name}"
        for one in sections(kind):
            if one not in known:
                yield from unclassified(one, known)


def test_every_key_with_words_says_whether_people_read_them() -> None:
    known: set[type[BaseModel]] = set()
    found = list(unclassified(Definition, known))
    for paradigm in PARADIGMS.values():
        found += unclassified(paradigm.block, known)
    told = "mark its type as ShownText, or list it here as unread"
    assert found == [], told


def test_a_study_with_everything_in_both_languages_passes() -> None:
    assert told(WHOLE) == []
    definition = parse_definition(WHOLE, "f")
    german = in_language(definition, "de")
    assert (german.title, german.language) == ("Katzen", "de")
    assert german.blocks[1].question == "Woran sieht man {name}?"
    assert german.text_name("consent") == "consent-de"
    assert definition.text_name("consent") == "consent"
    assert definition.languages == ["en", "de"]


def test_what_is_missing_is_listed_and_no_language_is_offered_without_it() -> None:
    without = WHOLE.replace('"Cats" = "Katzen"\n', "").replace('debrief-de = "debrief.de.md"\n', "")
    assert told(without) == [
        "`texts.debrief-de` is missing; name the Markdown file of debrief in that language",
        "`translations.de.words` lacks “Cats”; `study words FILE --language de` prints all that is "
        "missing, to fill in",
    ]
    empty = WHOLE.replace('"Katzen"', '" "')
    assert "`translations.de.words.Cats`: is empty; write a text" in " ".join(told(empty))


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('"Cats" =', '"Cat" = "Katze"\n"Cats" =', 'nothing in the study says “Cat”; did you mean'),
        ("Woran sieht man {name}?", "Woran sieht man es?", "must have {name}, like “What shows"),
        ("translations.de.", "translations.pt-br.", "the pages are not translated into it"),
        ("translations.de.", "translations.en.", "its pages are those of en"),
        ("translations.de.", "translations.German.", "translations.German"),
    ],
)  # fmt: skip
def test_a_wrong_translation_is_refused_with_its_fix(old: str, new: str, sentence: str) -> None:
    assert old in WHOLE
    assert sentence in " ".join(told(WHOLE.replace(old, new)))


def test_answers_that_are_one_in_another_language_are_refused() -> None:
    answers = 'answers = ["no", "rather not", "rather", "yes"]\npoints = 4\n'
    text = WHOLE.replace('question = "What shows {name}?"\n', answers).replace(
        '"What shows {name}?" = "Woran sieht man {name}?"\n',
        '"no" = "nein"\n"rather not" = "nein"\n"rather" = "eher"\n"yes" = "ja"\n',
    )
    text = text.replace('paradigm = "trust"', 'paradigm = "agreement"')
    assert any("in that language" in one and "nein" in one for one in told(text)), told(text)


def test_the_words_that_a_language_lacks_are_printed_to_be_filled_in(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text(ASKING, encoding="utf-8")
    out = StringIO()
    call_command("study", "words", str(path), "--language", "de", stdout=out)
    printed = out.getvalue()
    assert '# [texts] consent-de = "consent.de.md"' in printed
    filled = (
        printed.replace('"Cats" = ""', '"Cats" = "Katzen"')
        .replace('"Robot A" = ""', '"Robot A" = "A"')
        .replace('"Robot B" = ""', '"Robot B" = "B"')
        .replace('"What shows {name}?" = ""', '"What shows {name}?" = "Woran sieht man {name}?"')
    )
    filled = "\n".join(line for line in filled.split("\n") if not line.startswith("#"))
    assert told(ASKING.replace("[texts]\n", f"[texts]\n{TEXTS}") + filled) == []
