"""Answers that were given in several languages are one sample, whose language stays in the data."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from sandbox.builders import ANIMALS, open_small_study
from sandbox.people import send_people
from studyapp.analyses.reports.sample import sample_table
from studyapp.analyses.results import results, results_json
from studyapp.analyses.sources import tidy_study
from studyapp.analyses.wordings import wordings
from studyapp.exports.rebuilding import import_bundle
from studyapp.models import Participation, Study
from studyapp.studies.lifecycle import close_study
from tests.analyses.test_moderators import run_script
from tests.tables import rows_of

from .test_rebuilding import carry

TEXTS = {f"{name}{end}": f"{name}{end}.md" for name in ("consent", "instructions", "debrief")
         for end in ("", "-de")}  # fmt: skip
WORDS = {
    "A small study": "Eine kleine Studie", "Which one?": "Welcher?",
    "Robot A": "Roboter A", "Robot B": "Roboter B",
}  # fmt: skip


def study_in_two_languages() -> Study:
    """Twelve people who judge six photos each, every other one in German."""
    study = open_small_study(
        blocks=[{"name": "main", "paradigm": "trust", "trials": 6, "question": "Which one?"}],
        people=12, stimuli=6, texts=TEXTS,
        translations={"de": {"words": WORDS, "names": {one: f"{one}e" for one in ANIMALS}}},
    )  # fmt: skip
    send_people(study, 12, paradigm="trust", seed=3)
    german = study.texts.get(name="consent-de")
    for number, person in enumerate(Participation.objects.filter(study=study).order_by("pk")):
        language = ("en", "de")[number % 2]
        text = german if number % 2 else person.consent_text
        Participation.objects.filter(pk=person.pk).update(language=language, consent_text=text)
    return study


@pytest.mark.django_db(transaction=True)
def test_languages_are_one_sample_with_an_exploratory_effect_of_each(
    tmp_path: Path, settings: Any
) -> None:
    study = study_in_two_languages()
    found = results(tidy_study(study, "trust"))
    assert len(wordings(study.definition, "trust")) == 1
    assert found["sample"]["language"] == {"de": 6, "en": 6}
    (one,) = found["moderators"]
    assert (one["field"], one["planned"]) == ("language", False)
    assert [(level["level"], level["people"]) for level in one["levels"]] == [("en", 6), ("de", 6)]
    table = sample_table(found["sample"])
    assert table is not None
    assert ["Languages of the pages", "de 6 (50 %), en 6 (50 %)"] in table.rows
    bundle = carry(close_study(study), tmp_path, settings, analysis=True)
    assert (bundle / "analysis" / "results.json").read_text("utf-8") == results_json(found)
    report = (bundle / "analysis" / "report.html").read_text("utf-8")
    assert "Does the effect depend on language of a person?" in report
    assert "everything is as in the results" in run_script(bundle / "analysis" / "reanalyse.py")
    people = rows_of(bundle, "participations")
    assert Counter(one["language"] for one in people) == {"en": 6, "de": 6}
    digests = {one["language"]: one["consent_digest"] for one in people}
    assert len(set(digests.values())) == 2
    texts = {one.name for one in (bundle / "materials" / "texts").iterdir()}
    assert {"consent.1.md", "consent-de.1.md"} <= texts
    again = import_bundle(bundle)
    read = Participation.objects.filter(study=again, language="de").select_related("consent_text")
    assert [one.consent_text.name for one in read if one.consent_text] == ["consent-de"] * 6
