"""Published questionnaires that come with their items: asked, scored by hand, and reported."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from sandbox.builders import open_small_study, take_part
from sandbox.people import due
from studyapp.analyses.results import results, results_json
from studyapp.analyses.sources import tidy_study
from studyapp.exports.bundle import write_bundle
from studyapp.models import Judgment, Stage, Study, Trial
from studyapp.paradigms import PARADIGMS, Question
from studyapp.paradigms.questionnaire.analysis import instrument_scores
from studyapp.paradigms.questionnaire.instruments import INSTRUMENTS
from studyapp.studies.definition.file import parse_definition
from studyapp.studies.lifecycle import close_study
from tests.paradigms.examples import asked, block_of
from tests.running import python
from tests.studies.definition.test_blocks import HEAD, complaint, definition

pytestmark = pytest.mark.django_db
READY = [name for name, one in INSTRUMENTS.items() if one.words]
OWN = [f"Statement {number}." for number in range(1, 11)]


def answers(*given: int) -> dict[str, int]:
    return {f"item_{number}": answer for number, answer in enumerate(given, 1)}


@pytest.mark.parametrize(
    ("instrument", "given", "score"),
    [
        # Odd items less 1: 3+3+4+2+3 = 15; 5 less even items: 3+4+3+4+2 = 16; 31 × 2.5
        ("sus", answers(4, 2, 4, 1, 5, 2, 3, 1, 4, 3), {"SUS": 77.5}),
        ("sus", answers(5, 1, 5, 1, 5, 1, 5, 1, 5, 1), {"SUS": 100}),
        ("sus", answers(*[3] * 10), {"SUS": 50}),
        # 70, 10, 50, 25, 60 and 35 of 100: 250 ÷ 6
        ("nasa_tlx", answers(14, 2, 10, 5, 12, 7), {"raw TLX": 250 / 6}),
        # (6 + 7 − 2) × 100 ÷ 12
        ("umux_lite", answers(6, 7), {"UMUX-Lite": 1100 / 12}),
    ],
)
def test_scores_are_those_that_the_papers_count(
    instrument: str, given: dict[str, int], score: dict[str, float]
) -> None:
    assert instrument_scores(instrument, given) == pytest.approx(score)


def test_a_scale_with_a_declined_item_has_no_score() -> None:
    assert instrument_scores("umux_lite", {"item_1": 6}) == {}


@pytest.mark.parametrize("name", sorted(INSTRUMENTS))
def test_an_instrument_is_whole(name: str) -> None:
    one = INSTRUMENTS[name]
    assert len(one.words) in (0, one.items)
    assert len(one.ends) == len(one.words)
    assert {item for scale in one.scales.values() for item in scale} == set(range(1, one.items + 1))
    assert set(one.reversed_items) <= set(range(1, one.items + 1))


def page(**keys: Any) -> list[Question]:
    return PARADIGMS["questionnaire"].asks(
        asked(Trial(paradigm="questionnaire", stage=Stage.QUESTIONNAIRE), **keys)
    )


def test_published_items_are_asked_on_their_own_scales() -> None:
    sus = page(instrument="sus")
    assert [one.words for one in sus] == list(INSTRUMENTS["sus"].words)
    assert sus[0].answers[0] == (1, "1 – strongly disagree")
    tlx = page(instrument="nasa_tlx")
    assert {(one.kind, one.least, one.most) for one in tlx} == {("slider", 0, 20)}
    assert tlx[3].ends == ("perfect", "failure")
    lines = page(instrument="vas", items=["How tired are you?"], lowest="not", highest="very")
    assert (lines[0].name, lines[0].most, lines[0].ends) == ("value", 100, ("not", "very"))


def test_items_may_be_declined_one_by_one() -> None:
    one = page(items=["Good?"], may_decline=True)[0]
    assert (one.name, one.decline) == ("item_1", "Prefer not to say")
    assert {one.decline for one in page(instrument="sus", may_decline=True)} == {
        "Prefer not to say"
    }
    for keys in ({"paradigm": "rating", "items": ["Good?"]}, {"paradigm": "open_text"}):
        assert "may_decline" not in block_of(**keys).model_dump()
        assert "may_decline" in block_of(**keys, may_decline=True).model_dump()
    text = Trial(paradigm="open_text", stage=Stage.QUESTIONNAIRE)
    question = PARADIGMS["open_text"].asks(asked(text, may_decline=True))[0]
    assert question.decline == "Prefer not to say"


@pytest.mark.parametrize("instrument", sorted(INSTRUMENTS))
def test_a_block_is_read_back_as_it_was_stored(instrument: str) -> None:
    told = block_of("questionnaire", instrument=instrument).model_dump(mode="json")
    again = PARADIGMS["questionnaire"].block.model_validate(told)
    assert again.model_dump(mode="json") == told


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"instrument": '"sus"', "points": "7"}, "`blocks.points`: sus has its own scale"),
        ({"instrument": '"sus"', "lowest": '"no"'}, "`blocks.lowest`: sus has its own scale"),
        ({"instrument": '"sus"', "items": '["a"]'}, "has 1 item, but sus has 10; see Brooke"),
        ({"instrument": '"vas"'}, "`blocks.items` is missing"),
        ({"instrument": '"trust_in_automation"'}, "`blocks.items` is missing"),
        ({"instrument": '"susi"'}, '`blocks.instrument = "susi"`: unknown; did you mean "sus"?'),
    ],
)
def test_what_does_not_fit_an_instrument_is_refused(keys: dict[str, str], sentence: str) -> None:
    assert sentence in complaint(definition(paradigm='"questionnaire"', **keys))


@pytest.mark.parametrize("instrument", READY)
def test_items_are_not_asked_in_a_language_in_which_they_are_not_here(instrument: str) -> None:
    text = definition(paradigm='"questionnaire"', instrument=f'"{instrument}"')
    parse_definition(text, "cats.toml")
    german = text.replace(HEAD, 'language = "de"\n' + HEAD)
    assert 'are here in en only, and the study\'s language is "de"' in complaint(german)


def translated(instrument: str, **ends: str) -> str:
    items = json.dumps([f"Satz {n}." for n in range(1, INSTRUMENTS[instrument].items + 1)])
    keys = {"instrument": f'"{instrument}"', "items": items, **ends}
    return definition(paradigm='"questionnaire"', **keys).replace(HEAD, 'language = "de"\n' + HEAD)


ENDS = {"lowest": '"gar nicht"', "highest": '"völlig"'}


@pytest.mark.parametrize("instrument", ["sus", "umux_lite"])
def test_a_translation_brings_the_words_at_its_ends(instrument: str) -> None:
    assert "the words at their ends, are here in en only" in complaint(translated(instrument))
    block = parse_definition(translated(instrument, **ENDS), "cats.toml").blocks[0]
    told = block.model_dump(mode="json")
    assert (told["lowest"], told["highest"]) == ("gar nicht", "völlig")
    assert PARADIGMS["questionnaire"].block.model_validate(told).model_dump(mode="json") == told


def test_a_named_translation_is_scored_as_the_instrument_and_told() -> None:
    told = {"lowest": "gar nicht", "highest": "völlig", "translation": "Some and Other 2020"}
    study = study_of({"instrument": "sus", "items": OWN, **told})
    answer(study, answers(4, 2, 4, 1, 5, 2, 3, 1, 4, 3))
    found = results(tidy_study(study))
    means = {name: one["mean"] for name, one in found["methods"].items()}
    assert means == pytest.approx({"SUS": 77.5})
    assert found["bounds"] == [0, 100]
    assert any(
        "a translation that the study names (Some and Other 2020)" in n for n in found["notes"]
    )
    assert "translation" not in block_of("questionnaire", instrument="sus").model_dump()
    block = {"instrument": "sus", "items": OWN, **told}
    script = Path("studyapp/exports/scripts/instruments.py").read_text("utf-8")
    scales = json.dumps({name: asdict(one) for name, one in INSTRUMENTS.items()})
    space: dict[str, Any] = {}
    exec(script.replace("@INSTRUMENTS@", scales), space)
    given = answers(4, 2, 4, 1, 5, 2, 3, 1, 4, 3)
    assert space["scales_of"](block, given) == pytest.approx({"SUS": 77.5})


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"instrument": '"vas"', "items": '["a"]'}, "only sus and umux_lite bring items whose"),
        ({"instrument": '"sus"'}, "list the translation's items as `items`, or remove it"),
        ({"instrument": '"umux_lite"', "items": '["a", "b"]'}, "give the translation's words at"),
        (
            {"instrument": '"nasa_tlx"', "items": '["a", "b", "c", "d", "e", "f"]'},
            "ask its items in blocks with instrument",
        ),
    ],
)
def test_a_translation_of_nothing_is_refused(keys: dict[str, str], sentence: str) -> None:
    text = definition(paradigm='"questionnaire"', translation='"Some and Other 2020"', **keys)
    assert sentence in complaint(text)


def test_own_items_stand_between_their_own_ends() -> None:
    answers = page(instrument="sus", items=OWN, lowest="gar nicht", highest="völlig")[0].answers
    assert (answers[0], answers[4]) == ((1, "1 – gar nicht"), (5, "5 – völlig"))
    assert page(instrument="sus", items=OWN)[0].answers[0] == (1, "1 – strongly disagree")
    stored = block_of("questionnaire", instrument="sus", items=OWN).model_dump()
    assert not {"points", "lowest", "highest"} & stored.keys()


def test_items_with_different_ends_are_not_translated() -> None:
    assert "are here in en only" in complaint(translated("nasa_tlx"))
    assert "do not all have the same words at their ends" in complaint(
        translated("nasa_tlx", **ENDS)
    )


def test_one_end_alone_is_refused() -> None:
    one = {"instrument": '"umux_lite"', "items": '["a", "b"]', "lowest": '"no"'}
    assert "give both lowest and highest" in complaint(
        definition(paradigm='"questionnaire"', **one)
    )


def test_a_percentage_is_told_of_published_items_only() -> None:
    def widest(**keys: Any) -> float | None:
        return PARADIGMS["questionnaire"].widest(block_of("questionnaire", **keys))

    assert widest(instrument="sus") == 100
    assert widest(instrument="sus", items=OWN) == 4
    assert widest(instrument="nasa_tlx", items=OWN[:6]) == 20


def study_of(*blocks: dict[str, Any]) -> Study:
    asked_of = [
        {"name": f"block_{number}", "paradigm": "questionnaire", "trials": 1, **one}
        for number, one in enumerate(blocks, 1)
    ]
    return open_small_study(blocks=asked_of, people=8)


def answer(study: Study, *pages: dict[str, int]) -> None:
    person = take_part(study, str(Judgment.objects.count()))
    for given in pages:
        sent = {"trial": due(person).code, **{name: str(value) for name, value in given.items()}}
        assert Client().post(f"/p/{person.code}/answer", sent).status_code == 303


@pytest.mark.django_db(transaction=True)
def test_scores_stand_in_the_results_and_are_recalculated(tmp_path: Path, settings: Any) -> None:
    study = study_of({"instrument": "sus"}, {"instrument": "nasa_tlx"}, {"instrument": "umux_lite"})
    tlx, umux = answers(14, 2, 10, 5, 12, 7), answers(6, 7)
    answer(study, answers(4, 2, 4, 1, 5, 2, 3, 1, 4, 3), tlx, umux)
    answer(study, answers(*[3] * 10), tlx, umux)
    told = results_json(results(tidy_study(study)))
    means = {name: one["mean"] for name, one in json.loads(told)["methods"].items()}
    assert means == pytest.approx(
        {"block_1: SUS": 63.75, "block_2: raw TLX": 250 / 6, "block_3: UMUX-Lite": 1100 / 12}
    )
    close_study(study)
    bundle = write_bundle(study, tmp_path / "bundle").path
    done = python("-I", bundle / "analysis" / "reanalyse.py")
    assert "everything is as in the results" in done.stdout, done.stdout + done.stderr
    call_command("flush", interactive=False, verbosity=0)
    settings.MEDIA_ROOT = str(tmp_path / "another-media")
    call_command("import_bundle", str(bundle), verbosity=0)
    assert results_json(results(tidy_study(Study.objects.get()))) == told


def test_own_words_take_the_published_score_off(tmp_path: Path) -> None:
    copied = list(INSTRUMENTS["sus"].words)
    study = study_of({"instrument": "sus", "items": OWN}, {"instrument": "sus", "items": copied})
    answer(study, answers(*[4] * 10), answers(*[4] * 10))
    found = results(tidy_study(study))
    assert "block_2: SUS" in found["methods"]
    assert "block_1: SUS" not in found["methods"]
    assert found["methods"]["block_1: item_2"]["mean"] == 4
    assert any("items of block_1 are not worded as sus was published" in n for n in found["notes"])
    bundle = write_bundle(study, tmp_path / "bundle").path
    done = python("-I", bundle / "analysis" / "reanalyse.py")
    assert "everything is as in the results" in done.stdout, done.stdout + done.stderr


def test_a_line_is_reported_as_its_number() -> None:
    study = study_of({"instrument": "vas", "items": ["Tired?"]})
    answer(study, {"value": 30})
    answer(study, {"value": 70})
    found = results(tidy_study(study))
    assert found["methods"]["the item"]["mean"] == 50
    assert found["bounds"] == [0, 100]
