"""Several explanations on one page: the best, the best and the worst, an order."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from sandbox.builders import make_definition, open_small_study, take_part
from sandbox.people import due, send_people
from studyapp.analyses.reports.sections import section
from studyapp.analyses.results import results, results_json
from studyapp.analyses.sources import tidy_study
from studyapp.analyses.tidy import tidy_file
from studyapp.models import Judgment
from studyapp.paradigms import PARADIGMS, TrialForm
from studyapp.paradigms.ranking.analysis import placed, share_before
from studyapp.sections.meetings import members
from studyapp.studies.definition.study import study_definition
from studyapp.studies.design.certificate import certificate_lines, certify
from studyapp.studies.design.draw import draw
from studyapp.studies.design.stand_ins import plan_with_stand_ins
from studyapp.views.trials import pictures_of
from tests.analyses.tidy_tables import write_csv
from tests.studies.definition.test_blocks import complaint, definition

from .examples import asked, trial

SMALL: dict[str, Any] = {
    "paradigm": "ranking", "people": 6, "trials": 4, "stimuli": 4, "conditions": 3,
}  # fmt: skip


def form(data: dict[str, str], **block: Any) -> TrialForm:
    one = trial("ranking", option_order=[2, 0, 1, 3])
    return TrialForm(data, questions=PARADIGMS["ranking"].asks(asked(one, **block)))


def test_an_order_asks_for_every_place_but_the_last_one() -> None:
    assert [question.name for question in form({}).questions] == ["value", "place_2", "place_3"]
    best = form({}, asks_for="best").questions
    assert [(question.name, question.values) for question in best] == [("value", [0, 1, 2, 3])]
    both = form({}, asks_for="best_and_worst").questions
    assert [question.name for question in both] == ["value", "worst"]


def test_own_words_ask_for_the_best_the_worst_and_each_place() -> None:
    words = {"question": "Beste für {name}?", "further_question": "Platz {place} für {name}?"}
    assert [question.words for question in form({}, **words).questions] == [
        "Beste für tiger?", "Platz 2 für tiger?", "Platz 3 für tiger?",
    ]  # fmt: skip
    both = form({}, asks_for="best_and_worst", further_question="Und die schlechteste?").questions
    assert [question.words for question in both] == [
        "Which explanation of the robot's answer is the best?", "Und die schlechteste?",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"asks_for": "best", "further_question": "Worst?"}, "only the best is asked for"),
        ({"further_question": "And then?"}, "write {place} where its number should stand"),
        ({"asks_for": "best_and_worst", "further_question": "Which {place}?"},
         "nothing takes the place of {place} in main"),
        ({"question": "Which is in {place}?"}, "nothing takes the place of {place} in main"),
    ],
)  # fmt: skip
def test_own_words_that_do_not_fit_are_refused(keys: dict[str, Any], sentence: str) -> None:
    keys = {"paradigm": "ranking", **keys}
    assert sentence in complaint(definition(**{key: f'"{one}"' for key, one in keys.items()}))


def test_one_explanation_has_one_place_only() -> None:
    assert form({"value": "2", "place_2": "0", "place_3": "1"}).is_valid()
    twice = form({"value": "2", "place_2": "0", "place_3": "2"})
    assert twice.problems() == {
        "place_3": "You have chosen this one above. Please choose another one here."
    }
    assert not form({"value": "1", "worst": "1"}, asks_for="best_and_worst").is_valid()


def test_a_question_that_nobody_answered_is_not_called_a_second_place() -> None:
    assert form({"value": "2"}).problems() == dict.fromkeys(
        ["place_2", "place_3"], "Please choose one of the answers."
    )


def test_confidence_may_be_any_whatever_the_order_is() -> None:
    filled = {"value": "2", "place_2": "1", "place_3": "3", "confidence": "2"}
    assert form(filled, confidence=True).is_valid()


def test_answers_give_places_in_the_drawn_order() -> None:
    shown = ["c", "a", "b", "d"]
    order = placed(shown, 1, {"place_2": 3, "place_3": 0})
    assert order == {"a": 1, "d": 2, "c": 3, "b": 4}
    assert placed(shown, 1, {"worst": 2}) == {"a": 1, "b": 4, "c": 2, "d": 2}
    assert placed(shown, 0, {}) == {"c": 1, "a": 2, "b": 2, "d": 2}


def test_the_share_before_others_counts_level_ones_a_half() -> None:
    assert [share_before(place, [1, 2, 2, 4]) for place in (1, 2, 4)] == [1, pytest.approx(0.5), 0]
    assert share_before(1, [1, 2, 2, 2]) == 1
    assert share_before(2, [1, 2, 2, 2]) == pytest.approx(1 / 3)


def test_everything_stands_at_every_place_equally_often() -> None:
    plan = plan_with_stand_ins(make_definition(**{**SMALL, "people": 12}), [])
    certificate = certify(plan, draw(plan))
    assert certificate["problems"] == []
    [block] = certificate["blocks"]
    assert (block["conditions"], block["ratings_per_cell"]) == (1, [12, 12])
    assert block["option_places"] == 0


@pytest.mark.parametrize(
    ("count", "people", "trials", "stimuli"), [(4, 24, 8, 16), (5, 10, 7, 10), (3, 7, 4, 6)]
)
def test_each_stands_at_every_place_equally_often_for_one_person_and_over_all(
    count: int, people: int, trials: int, stimuli: int
) -> None:
    sizes = {"people": people, "trials": trials, "stimuli": stimuli, "conditions": count}
    plan = plan_with_stand_ins(make_definition(paradigm="ranking", **sizes), [])
    [block] = certify(plan, draw(plan))["blocks"]
    assert block["places_by_person"] == int(trials % count > 0)
    assert block["places_overall"] <= 1
    assert block["option_places"] <= 1


def test_one_person_sees_each_at_every_place_about_as_often() -> None:
    plan = plan_with_stand_ins(make_definition(**{**SMALL, "people": 12}), [])
    certificate = certify(plan, draw(plan))
    [block] = certificate["blocks"]
    assert (block["places_by_person"], block["places_overall"]) == (1, 0)
    assert (
        "  how often one competitor stands at a place differs by at most 1 for one person and 0 "
        "over all"
    ) in certificate_lines(certificate)


@pytest.mark.django_db
def test_people_who_prefer_what_comes_first_give_worths_in_that_order() -> None:
    study = open_small_study(**SMALL)
    send_people(study, 6, paradigm="ranking", seed=4)
    found = results(tidy_study(study))
    results_json(found)
    own = found["ranking"]
    assert found["n"] == own["n"] == 24
    assert {one["pages"] for one in own["counts"].values()} == {24}
    assert sum(one["best"] for one in own["counts"].values()) == 24
    assert sum(one["worst"] for one in own["counts"].values()) == 24
    assert sum(one["mean"] for one in found["methods"].values()) == pytest.approx(1.5)
    worths = {name: one["estimate"] for name, one in own["worths"].items()}
    assert worths["guided_backprop"] > worths["grad_cam"] == 0
    told = section(found, None)
    assert told.figures[0].title == "Worth, on the log scale"
    assert [table.caption for table in told.own_tables][2] == "P(row is placed before the other)"


@pytest.mark.django_db
def test_a_page_shows_all_by_letters_and_refuses_a_place_given_twice() -> None:
    study = open_small_study(**{**SMALL, "people": 1})
    person = take_part(study)
    one = due(person)
    assert one.condition is not None
    assert len(members(one.condition.name)) == 3
    assert list(pictures_of(one, study_definition(study))) == ["photo", "A", "B", "C"]
    client = Client()
    sent = {"trial": one.code, "value": "0", "place_2": "0"}
    page = client.post(reverse("answer", args=[person.code]), sent, follow=True)
    assert "You have chosen this one above." in page.content.decode()
    assert not Judgment.objects.exists()
    client.post(reverse("answer", args=[person.code]), {**sent, "place_2": "2"}, follow=True)
    judgment = Judgment.objects.get()
    assert (judgment.value, judgment.data) == (0, {"place_2": 2})


PAGES = "participant,image,method,page,place\n" + "".join(
    f"p{person},i{photo},{name},{person}-{photo},{place}\n"
    for person in range(4)
    for photo in range(3)
    for name, place in zip(("cam", "grad", "lrp"),
                           ((1, 2, 3), (2, 1, 3), (3, 2, 1))[(person + photo) % 3], strict=True)
)  # fmt: skip


def test_a_table_from_elsewhere_has_a_row_for_each_on_a_page(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "table.csv", PAGES)
    found = results(tidy_file(path, paradigm="ranking"))
    assert found["n"] == 12
    assert found["ranking"]["counts"]["cam"] == {"pages": 12, "best": 4, "worst": 4}
    assert found["methods"]["lrp"]["mean"] == pytest.approx(1 / 3)
    assert found["ranking"]["worths"]["lrp"]["estimate"] < 0


def test_pages_are_numbered_for_each_person_anew(tmp_path: Path) -> None:
    named = results(tidy_file(write_csv(tmp_path / "named.csv", PAGES), paradigm="ranking"))
    text = re.sub(r",\d-(\d),", r",\1,", PAGES)
    assert text != PAGES
    found = results(tidy_file(write_csv(tmp_path / "table.csv", text), paradigm="ranking"))
    for told in ("worths", "counts", "n"):
        assert found["ranking"][told] == named["ranking"][told]
    assert found["methods"]["cam"]["mean"] == named["methods"]["cam"]["mean"]


def test_a_page_with_two_groups_of_level_methods_is_refused_by_its_name(tmp_path: Path) -> None:
    rows = [("a", 1), ("b", 1), ("c", 2), ("d", 2)]
    text = "participant,image,method,page,place\n" + "".join(
        f"p,i,{name},first,{place}\n" for name, place in rows
    )
    own = results(tidy_file(write_csv(tmp_path / "table.csv", text), paradigm="ranking"))
    assert own["ranking"]["refused"].startswith("page p/first has several groups of methods in one")


def test_letters_stand_at_the_drawn_order() -> None:
    shown = PARADIGMS["ranking"].places(asked(trial("ranking", option_order=[2, 0, 1])))
    assert shown == {"photo": "photo", "A": "option_2", "B": "option_0", "C": "option_1"}
