"""A bundle of before each kind of question had keys of its own is rebuilt, with its digest.

`of-before.zip` was written by the code of the commit 49958fe: every block holds the defaults of
every kind of question.
"""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from studyapp.analyses.preregistration import frozen_preregistration
from studyapp.analyses.reports import study_report
from studyapp.exports.archives import ArchiveError
from studyapp.exports.rebuilding import import_bundle
from studyapp.models import Judgment, Study
from studyapp.studies.definition.asking import asked_questions
from studyapp.studies.definition.stored import ONCE_OF_EVERY_BLOCK, with_own_keys
from studyapp.studies.definition.study import Definition, digest_of, study_definition

pytestmark = pytest.mark.django_db(transaction=True)
BUNDLE = Path(__file__).with_name("of-before.zip")
OWN_KEYS = {
    "side_by_side": set(),
    "advice": {"steps"},
    "after": {"items", "points", "lowest", "highest", "instrument"},
    "words": {"question", "required", "longest", "with_photos"},
    "own": {"text", "fields", "with_photos"},
}


def facts() -> dict[str, Any]:
    with zipfile.ZipFile(BUNDLE) as archive:
        [name] = [one for one in archive.namelist() if one.endswith("materials/study.json")]
        found: dict[str, Any] = json.loads(archive.read(name))
    return found


def test_its_definition_verifies_and_is_read_with_each_paradigms_own_keys() -> None:
    told = facts()["study"]
    assert set(told["definition"]["blocks"][0]) >= ONCE_OF_EVERY_BLOCK
    study = import_bundle(BUNDLE)
    assert study.definition == told["definition"]
    assert digest_of(study.definition) == study.definition_digest == told["definition_digest"]
    for block in study_definition(study).model_dump()["blocks"]:
        assert set(block) & ONCE_OF_EVERY_BLOCK == OWN_KEYS[block["name"]]


def test_the_words_of_its_plan_are_those_that_may_have_been_registered() -> None:
    told = facts()["study"]
    plan = frozen_preregistration(told, told["definition"], told["certificate"])
    assert plan.digest == "48538304f9059a055d41704137460137e6023842742be3e34e4ce21adf866114"


def test_it_is_asked_and_analysed_as_it_was() -> None:
    study = import_bundle(BUNDLE)
    names = {
        name: [one.question.name for one in asked_questions(study_definition(study))
               if one.block.name == name]
        for name in OWN_KEYS
    }  # fmt: skip
    assert names == {
        "side_by_side": ["value", "confidence"], "advice": ["value"], "after": ["value"],
        "words": ["text"], "own": ["value"],
    }  # fmt: skip
    assert Judgment.objects.count() == 8
    html = study_report(study).html
    assert "side_by_side" in html


def test_a_definition_that_is_stored_today_holds_its_own_keys_and_verifies() -> None:
    stored = with_own_keys(facts()["study"]["definition"])
    definition = Definition.model_validate(stored)
    assert with_own_keys(stored) == stored
    assert definition.digest() == digest_of(definition.model_dump(mode="json"))


def test_a_bundle_of_a_paradigm_that_is_not_here_is_refused_whole(settings: Any) -> None:
    settings.PARADIGMS = [one for one in settings.PARADIGMS if not one.endswith(".reliance")]
    with pytest.raises(ArchiveError, match="asks reliance, a paradigm that is not installed here"):
        import_bundle(BUNDLE)
    assert not Study.objects.exists()
