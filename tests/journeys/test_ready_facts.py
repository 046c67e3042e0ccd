"""Ready questions about people: from one line of a study file to bundle, moderators and paper."""

import json
import re
from pathlib import Path
from typing import Any, get_args

import pandas as pd
import pytest
from django.test import Client
from django.utils import translation

from sandbox.builders import make_definition, open_small_study, take_part
from sandbox.people import due, send_people
from studyapp.admin.timeline import answer_words
from studyapp.exports.bundle import write_bundle
from studyapp.models import Judgment, Participation, Study
from studyapp.papers.material import material_of_study
from studyapp.papers.participants import described
from studyapp.paradigms.custom.facts import FACTS, FactName, fact_question
from studyapp.shelf.languages import offered_languages
from studyapp.studies.definition.contradictions import contradictions
from studyapp.studies.definition.facts import fact_places
from studyapp.studies.definition.study import study_definition
from studyapp.studies.lifecycle import close_study
from studyapp.views.trials import asked_on
from tests.running import python
from tests.tables import read_rows, rows_of

pytestmark = pytest.mark.django_db

ABOUT: dict[str, Any] = {"name": "about_you", "paradigm": "custom", "trials": 1}
TRUST: dict[str, Any] = {"name": "main", "paradigm": "trust", "trials": 3}
PANEL_ID = "5f0000000000000000000001"


def post(client: Client, person: Participation, answers: dict[str, str]) -> Any:
    return client.post(f"/p/{person.code}/answer", {"trial": due(person).code, **answers})


def described_study(**options: Any) -> Study:
    """Three people of two age bands, one of whom declines."""
    study = open_small_study(
        blocks=[{**ABOUT, "facts": ["age_band", "gender"], "fields": [
            {"name": "pets", "question": "Any pets?", "choices": ["yes", "no"]}]}],
        people=4, **options,
    )  # fmt: skip
    for number, (age, gender) in enumerate([("1", "0"), ("1", "0"), ("7", "declined")]):
        person = take_part(study, f"{PANEL_ID}{number}")
        told = {"age_band": age, "gender": gender, "pets": "0"}
        assert post(Client(), person, told).status_code == 303
    Participation.objects.update(publication_consent=True)
    return close_study(study)


def test_a_page_asks_ready_questions_above_own_fields_and_needs_each_answered() -> None:
    study = open_small_study(blocks=[{**ABOUT, "facts": list(FACTS)}])
    client, person = Client(), take_part(study)
    page = client.get(f"/p/{person.code}/").content.decode()
    assert page.count('<span class="words">Prefer not to say</span>') == len(FACTS)
    assert "25 to 34" in page
    refused = post(client, person, {"age_band": "2", **dict.fromkeys(list(FACTS)[2:], "declined")})
    assert refused.status_code == 400
    told = re.findall(r'data-problem="(\w+)" role="alert">[^<]', refused.content.decode())
    assert told == ["gender"]
    assert not Judgment.objects.exists()
    assert post(client, person, dict.fromkeys(FACTS, "declined")).status_code == 303
    assert Judgment.objects.get().data == {name: {"declined": True} for name in FACTS}


def test_every_language_has_as_many_different_answers_as_english() -> None:
    assert set(FACTS) == set(get_args(FactName))
    for language in offered_languages():
        with translation.override(language.code):
            for name, asking in FACTS.items():
                words = [answer for _, answer in fact_question(name).answers]
                assert len(set(words)) == len(words), (language.code, name)
                assert not any("; " in one for one in [asking()[0], *words]), language.code


def test_answers_are_public_near_identifiers_apart_from_panel_ids(tmp_path: Path) -> None:
    study = described_study()
    folder = write_bundle(study, tmp_path / "public", public=True, analysis=False).path
    found = [json.loads(row["further_answers"]) for row in rows_of(folder, "judgments")]
    assert found[0] == {"age_band": 1, "gender": 0, "pets": 0}
    assert found[2] == {"age_band": 7, "gender": {"declined": True}, "pets": 0}
    codebook = {row["column"]: row["levels"] for row in read_rows(folder / "codebook.csv")}
    assert codebook["about_you/age_band"].startswith("0 = Under 18; 1 = 18 to 24; 2 = 25 to 34; ")
    assert codebook["about_you/gender"].endswith('; {"declined": true} = Prefer not to say')
    own = write_bundle(study, tmp_path / "own", panel_ids=True, analysis=False).path
    [with_ids] = [path for path in (own / "data").glob("*.csv") if PANEL_ID in path.read_text()]
    assert "-panel_" in with_ids.name
    told = " ".join((folder / "README.md").read_text("utf-8").split())
    traits = "language, device_class, arm, about_you/age_band, about_you/gender"
    assert f"group of people with the same {traits} has size 1." in told


def test_the_desk_and_the_paper_say_the_answers_in_words() -> None:
    study = described_study()
    first = Judgment.objects.order_by("pk")[0]
    said = answer_words(first, asked_on(first.trial, study_definition(study)))
    assert said == "18 to 24; Woman; yes"
    paper = " ".join(str(run) for runs in described(material_of_study(study)) for run in runs)
    assert "“How old are you?” was answered by 3: 18 to 24: 2; 75 or over: 1." in paper
    assert "was answered by 3: Woman: 2; Prefer not to say: 1." in paper
    assert "age, gender and other characteristics" not in paper


def test_a_ready_question_may_be_a_moderator_and_the_bundle_says_the_same(tmp_path: Path) -> None:
    named = [{"of": "person", "field": "about_you.expertise_domain"}]
    study = open_small_study(
        blocks=[{**ABOUT, "facts": ["expertise_domain"]}, TRUST], people=6, stimuli=3,
        analysis={"moderators": named},
    )  # fmt: skip
    send_people(study, 6, paradigm="trust", seed=3)
    folder = write_bundle(study, tmp_path / "own").path
    table = pd.read_csv(folder / "analysis" / "table-trust.csv")
    levels = set(table["person.about_you.expertise_domain"].dropna())
    assert levels <= {answer for _, answer in fact_question("expertise_domain").answers}
    assert len(levels) > 1
    done = python("-I", folder / "analysis" / "reanalyse.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "by person.about_you.expertise_domain, " in done.stdout


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"facts": ["gender", "gender"]}, "names gender 2 times; name it once"),
        ({"facts": ["gender"], "trials": 2}, "asked of a person once; set trials = 1"),
        ({"facts": ["gender"], "with_photos": True}, "give them a block of their own"),
        ({"facts": ["gender"], "fields": [{"name": "gender", "question": "?", "kind": "line"}]},
         "2 fields of about_you are called gender"),
        ({}, "or name ready questions in `facts`"),
    ],
)  # fmt: skip
def test_facts_that_would_be_asked_again_or_lost_are_refused(
    keys: dict[str, Any], said: str
) -> None:
    definition = make_definition(blocks=[TRUST, {**ABOUT, **keys}])
    assert [one for _, one in contradictions(definition) if said in one] != []


@pytest.mark.parametrize(
    ("places", "said"),
    [((0, 1), "before anything is judged"), ((1, 0), "after everything is judged"),
     ((1, 0, 1), "between judgments")],
)  # fmt: skip
def test_the_place_of_the_questions_is_told_with_what_it_means(
    places: tuple[int, ...], said: str
) -> None:
    about = {**ABOUT, "facts": ["gender"]}
    blocks = [
        {**TRUST, "name": f"main{number}"} if is_judging else about
        for number, is_judging in enumerate(places)
    ]
    [sentence] = fact_places(make_definition(blocks=blocks))
    assert said in sentence


def test_a_block_without_facts_is_stored_as_before() -> None:
    fields = [{"name": "pets", "question": "Any?", "choices": ["yes", "no"]}]
    definition = make_definition(blocks=[{**ABOUT, "fields": fields}])
    assert "facts" not in definition.model_dump(mode="json")["blocks"][0]
    assert list(fact_places(definition)) == []
