"""Paired comparisons: from the study file to the table of worths."""

from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sandbox.builders import make_definition, make_study, open_small_study
from sandbox.people import send_people
from studyapp.analyses.reports.sections import section
from studyapp.analyses.results import results, results_json
from studyapp.analyses.sources import tidy_study
from studyapp.analyses.tidy import TidyError, tidy_file
from studyapp.models import Side, StimulusOverlay, Study
from studyapp.paradigms import PARADIGMS
from studyapp.paradigms.comparison.analysis import ANALYSIS
from studyapp.paradigms.measures import StudyTables
from studyapp.sections.meetings import SEPARATOR, members, rounds
from studyapp.studies.definition.contradictions import contradictions
from studyapp.studies.definition.study import Definition, digest_of
from studyapp.studies.design.certificate import certificate_lines, certify
from studyapp.studies.design.draw import Plan, draw
from studyapp.studies.design.stand_ins import plan_with_stand_ins
from studyapp.studies.preparation.overlays import Look, SettingsDigests, plan_overlays
from studyapp.studies.preparation.verification import hidden_flaws
from studyapp.views.trials import pictures_of
from tests.analyses.tidy_tables import write_csv
from tests.studies.definition.test_blocks import complaint, definition

from .examples import asked, block_of, trial

METHODS = ["guided_backprop", "guided_grad_cam", "grad_cam", "deconvnet", "occlusion"]
FIVE = [{"name": name, "method": name} for name in METHODS]
WHOLE: dict[str, Any] = {
    "paradigm": "comparison", "people": 8, "trials": 10, "stimuli": 20, "conditions": FIVE,
}  # fmt: skip
SMALL: dict[str, Any] = {
    **WHOLE, "conditions": FIVE[:3], "people": 2, "trials": 6, "stimuli": 6,
}  # fmt: skip


def complaints(**options: Any) -> str:
    definition = make_definition(**{**WHOLE, **options})
    return "\n".join(sentence for _, sentence in contradictions(definition))


@pytest.mark.parametrize("count", range(3, 9))
def test_each_two_meet_once_and_everybody_is_shown_evenly_on_the_way(count: int) -> None:
    names = "abcdefgh"[:count]
    drawn = rounds(names)
    assert sorted(map(sorted, drawn)) == sorted(map(sorted, combinations(names, 2)))
    for length in range(1, len(drawn) + 1):
        seen = Counter(dict.fromkeys(names, 0))
        seen.update(name for pair in drawn[:length] for name in pair)
        assert max(seen.values()) - min(seen.values()) <= 2


def planned(**options: Any) -> Plan:
    return plan_with_stand_ins(make_definition(**{**WHOLE, **options}), [])


def test_five_methods_meet_in_ten_pairs_that_everybody_sees_once() -> None:
    plan = planned()
    design = draw(plan)
    for slot in design.slots:
        met = Counter(frozenset(members(str(one.condition))) for one in slot.trials)
        assert met == Counter(map(frozenset, combinations(METHODS, 2)))
        shown_at_a = sum(one.bit is False for one in slot.trials)
        assert shown_at_a == len(slot.trials) / 2
    lines = "\n".join(certificate_lines(certify(plan, design)))
    assert "5 competitors; those of one person differ by at most 0; the two sides" in lines


def test_few_trials_hold_every_competitor_nearly_as_often() -> None:
    plan = planned(trials=5, people=40)
    certificate = certify(plan, draw(plan))
    assert certificate["problems"] == []
    assert certificate["blocks"][0]["ratings_per_cell"] == [1, 1]
    assert certificate["blocks"][0]["competitors_by_person"] <= 2


@pytest.mark.django_db
def test_a_page_shows_the_two_that_meet_at_their_drawn_sides() -> None:
    study = open_small_study(**SMALL)
    assert list(hidden_flaws(study)) == []
    slot = study.slots.first()
    assert slot is not None
    for one in slot.trials.select_related("stimulus", "condition__pair"):
        definition = Definition.model_validate(study.definition)
        shown = pictures_of(one, definition)
        assert list(shown) == ["photo", "a", "b"]
        codes = {
            use.overlay.explanation.method: use.overlay.code
            for use in StimulusOverlay.objects.filter(
                stimulus=one.stimulus, condition=one.condition
            )
        }
        first, second = members(one.condition.name)
        at_a, at_b = (first, second) if one.stronger_side == Side.A else (second, first)
        assert (shown["a"], shown["b"]) == (codes[at_a], codes[at_b])


def test_ties_are_offered_unless_the_block_says_otherwise() -> None:
    one = trial("comparison", stronger_side=Side.A)
    assert PARADIGMS["comparison"].asks(asked(one))[0].values == [-1, 0, 1]
    assert PARADIGMS["comparison"].asks(asked(one, ties=False))[0].values == [-1, 1]


def analysed(study: Study) -> dict[str, Any]:
    found = results(tidy_study(study))
    results_json(found)
    return found


@pytest.mark.django_db
def test_people_who_prefer_what_comes_first_give_worths_in_that_order() -> None:
    study = open_small_study(**{**SMALL, "people": 6})
    send_people(study, 6, paradigm="comparison", seed=3)
    found = analysed(study)
    own = found["comparison"]
    assert found["n"] == own["n"] == 36
    assert sum(one["won"] + one["tied"] + one["lost"] for one in own["counts"].values()) == 72
    shares = {name: one["mean"] for name, one in found["methods"].items()}
    assert sum(shares.values()) == pytest.approx(1.5)
    worths = {name: one["estimate"] for name, one in own["worths"].items()}
    assert worths["guided_backprop"] > worths["grad_cam"] == 0
    assert own["worths"]["guided_backprop"]["robust95"] is not None
    assert [(one["a"], one["b"]) for one in own["chances"]] == list(combinations(worths, 2))
    assert own["tie"]["estimate"] < 0
    told = section(found, None)
    assert told.figures[0].title == "Worth, on the log scale"
    captions = [table.caption for table in told.own_tables]
    assert captions[0] == "How often"
    assert captions[1].startswith("Worth, on the log scale, against grad_cam")
    assert captions[3] == "Ties and sides"


def test_a_table_from_elsewhere_needs_one_row_a_comparison(tmp_path: Path) -> None:
    lines = ["participant,image,method,against,value"]
    for person in range(4):
        for photo in range(4):
            winner, loser = ("cam", "grad") if (person + photo) % 3 else ("grad", "cam")
            lines += [f"p{person},i{photo},{winner},{loser},1", f"p{person},i{photo},cam,lrp,0.5"]
    path = write_csv(tmp_path / "table.csv", "\n".join(lines) + "\n")
    found = results(tidy_file(path, paradigm="comparison"))
    assert found["n"] == 32
    assert found["comparison"]["counts"]["cam"] == {"won": 10, "tied": 16, "lost": 6}
    assert found["comparison"]["worths"]["lrp"]["estimate"] == pytest.approx(0, abs=1e-6)
    assert found["methods"]["cam"]["n"] == 32


def elsewhere(path: Path, columns: str, rows: list[str]) -> dict[str, Any]:
    text = "\n".join([f"participant,image,method,against,value,{columns}", *rows]) + "\n"
    return results(tidy_file(write_csv(path / "table.csv", text), paradigm="comparison"))


def test_pages_are_numbered_for_each_person_anew(tmp_path: Path) -> None:
    rows = [
        f"p{person},i{page},cam,grad,{(person + page) % 2},{page or ''}"
        for person in range(4)
        for page in range(3)
    ]
    found = elsewhere(tmp_path, "page", rows)
    assert found["n"] == found["comparison"]["n"] == 12
    # Both rows of a comparison are one
    turned = [f"p{person},i1,grad,cam,{person % 2},1" for person in range(4)]
    assert elsewhere(tmp_path, "page", rows + turned)["comparison"]["n"] == 12
    # Half of a page of two comparisons is never dropped without a word
    own = elsewhere(tmp_path, "page", [*rows, "p0,i1,cam,lrp,1,1"])["comparison"]
    assert own["refused"] == (
        "page p0/1 has several comparisons; give each comparison a page of its own"
    )


def test_a_side_is_a_or_b_in_either_case(tmp_path: Path) -> None:
    rows = [
        f"p{person},i{photo},cam,grad,{int((person + photo) % 3 > 0)},{'ab'[photo % 2]}"
        for person in range(4)
        for photo in range(4)
    ]
    assert elsewhere(tmp_path, "side", rows)["comparison"]["side"] is not None
    with pytest.raises(TidyError, match=r"line 2: side 'left' is neither A nor B"):
        elsewhere(tmp_path, "side", ["p,i,cam,grad,1,left"])


def test_a_table_of_somebody_who_always_wins_gives_a_sentence_and_no_worth(tmp_path: Path) -> None:
    lines = ["participant,image,method,against,value", "p,i,cam,grad,1", "q,j,cam,grad,1"]
    path = write_csv(tmp_path / "table.csv", "\n".join(lines) + "\n")
    own = results(tidy_file(path, paradigm="comparison"))["comparison"]
    assert own["refused"].startswith("cam never lost, so how far the worth lies above that of grad")
    assert ANALYSIS.tables is not None
    assert [table.rows for table in ANALYSIS.tables(own)][1][0][0].startswith("No worths: cam")


def test_three_to_eight_conditions_are_compared() -> None:
    assert complaints() == ""
    assert "people would compare 2 conditions, and comparison takes 3 to 8; add some" in complaints(
        conditions=FIVE[:2]
    )
    many = [
        {"name": f"c{number}", "method": "grad_cam", "settings": {"stages": number}}
        for number in range(9)
    ]
    assert "takes 3 to 8; leave some out" in complaints(conditions=many)


def test_a_condition_is_named_once_in_a_block() -> None:
    block = {"name": "main", "paradigm": "comparison", "trials": 3,
             "conditions": ["grad_cam", "grad_cam", "deconvnet", "occlusion"]}  # fmt: skip
    assert "grad_cam is named twice; name each condition once" in complaints(blocks=[block])


def test_two_conditions_that_are_one_picture_are_refused() -> None:
    again = {"name": "again", "method": "grad_cam"}
    assert "grad_cam and again show the same pictures; leave one out" in complaints(
        conditions=[*FIVE, again]
    )


def test_arms_in_another_order_have_the_same_meetings() -> None:
    arms = [{"name": "one", "conditions": METHODS}, {"name": "two", "conditions": METHODS[::-1]}]
    assert len(make_definition(**WHOLE, arms=arms).meetings()) == 10


def test_ties_are_offered_in_every_block_or_in_none() -> None:
    block = {"name": "first", "paradigm": "comparison", "trials": 5}
    blocks = [block, {**block, "name": "second", "ties": False}]
    assert (
        "`blocks.ties`: first offers ties and second does not, and both are analysed together; say "
        "the same in both"
    ) in complaints(blocks=blocks)
    assert "blocks.ties" not in complaints(blocks=[{**one, "ties": False} for one in blocks])


def test_own_words_are_asked_and_stored_with_their_digest() -> None:
    words = {"question": "Which shows {name} better?", "answers": ["the left", "both", "the right"]}
    one = asked(trial("comparison", stronger_side=Side.A), **words)
    page = PARADIGMS["comparison"].asks(one)[0]
    assert page.words == "Which shows tiger better?"
    assert page.answers == ((-1, "the left"), (0, "both"), (1, "the right"))
    stored = one.block.model_dump(mode="json")
    assert len(stored["wording"]) == 64
    assert {"wording", "question", "answers"}.isdisjoint(
        block_of("comparison").model_dump(mode="json")
    )
    decided = asked(trial("comparison", stronger_side=Side.A), ties=False, answers=["A", "B"])
    assert PARADIGMS["comparison"].asks(decided)[0].answers == ((-1, "A"), (1, "B"))


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"answers": '["A", "B"]'},
         "`blocks.answers` has 2 answers; give 3: for A, for both equally and for B"),
        ({"answers": '["A", "=", "B"]', "ties": "false"},
         "`blocks.answers` has 3 answers; give 2: for A and for B, without ties"),
        ({"answers": '["A", "A"]', "ties": "false"}, "“A” is listed twice"),
        ({"answers": '["A", "{name}", "B"]'}, "nothing takes the place of {name} in main"),
        ({"question": '"{a} or {b}?"'}, "use {name}, or write it without braces"),
    ],
)  # fmt: skip
def test_own_words_that_do_not_fit_are_refused(keys: dict[str, str], sentence: str) -> None:
    assert sentence in complaint(definition(paradigm='"comparison"', **keys))


def test_all_blocks_ask_in_the_same_words() -> None:
    block = {"name": "first", "paradigm": "comparison", "trials": 5, "question": "Which?"}
    same = [block, {**block, "name": "second"}]
    assert "different words" not in complaints(blocks=same)
    assert (
        "`blocks.question`: first and second ask in different words, and both are analysed "
        "together; use the same words in both"
    ) in complaints(blocks=[block, {**block, "name": "second", "question": None}])


@pytest.mark.django_db
def test_a_competitor_looks_the_same_beside_every_opponent() -> None:
    layers = [{"name": name, "method": "grad_cam", "settings": {"stages": number}}
              for number, name in enumerate("abc", 6)]  # fmt: skip
    study = make_study(**{**SMALL, "conditions": layers}, display={"scope": "network"})
    StimulusOverlay.objects.all().delete()
    stimulus = study.stimuli.first()
    assert stimulus is not None
    digests = SettingsDigests(lambda network, method, settings: digest_of(settings))
    for condition in study.conditions.filter(name__contains=SEPARATOR):
        look = Look({"size": 96}, "png")
        plan_overlays([stimulus], condition, look, digests, joins=True)
    uses = StimulusOverlay.objects.all()
    assert uses.count() == 6
    assert uses.values("overlay").distinct().count() == 3


def test_a_condition_of_two_methods_or_of_none_does_not_fit() -> None:
    versus = {"name": "both", "method": "grad_cam", "versus": "occlusion"}
    assert "does not fit comparison: only trust compares two methods" in complaints(
        conditions=[*FIVE, versus]
    )
    none = {"name": "nothing", "method": "none"}
    assert "does not fit comparison: it shows the network's answer without" in complaints(
        conditions=[*FIVE, none]
    )


def test_networks_are_compared_under_one_method() -> None:
    networks = {
        name: {"builder": "alexnet", "weights": "random", "options": {"seed": seed}}
        for seed, name in enumerate("xyz", 1)
    }
    pairs = {name: {"stronger": name} for name in networks}
    conditions = [{"name": name, "method": "grad_cam", "pair": name} for name in networks]
    given = {"networks": networks, "pairs": pairs, "conditions": conditions}
    assert complaints(**given) == ""
    edges = [{**one, "method": "edges"} for one in conditions]
    assert "x and y show the same pictures" in complaints(**{**given, "conditions": edges})


@pytest.mark.parametrize(("side", "winner"), [("A", "cam"), ("B", "grad")])
def test_who_stood_at_a_wins_where_a_was_preferred(side: str, winner: str) -> None:
    columns = ["participant_id", "trial_position", "image_group", "stimulus_id", "condition"]
    row = ["p", 0, "photo", "comparison_0001", "cam · grad"]
    main = pd.DataFrame([[*row, side, -1]], columns=[*columns, "stronger_side", "value"])
    tables = StudyTables(frames={}, definition={}, stored_map=lambda digest: None)
    frame = ANALYSIS.measure(tables, "comparison", main).frame
    assert frame.set_index("method")["value"].to_dict() == {
        winner: 1, {"cam": "grad", "grad": "cam"}[winner]: 0
    }  # fmt: skip
