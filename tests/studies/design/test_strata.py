"""The places of strata: their quotas in every arm, evenly drawn within each, and refusals."""

from collections import Counter, defaultdict
from typing import Any

import pytest

from sandbox.builders import SITES, STRATA, make_definition, open_small_study
from studyapp.studies.definition.contradictions import contradictions
from studyapp.studies.design.certificate import certificate_lines, certify
from studyapp.studies.design.draw import BlockPlan, Item, Plan, draw

ARMS = [
    {"name": "one", "conditions": ["guided_grad_cam", "guided_backprop"]},
    {"name": "two", "conditions": ["guided_grad_cam", "guided_backprop"]},
]
AGE = {
    "name": "age", "question": "How old are you?", "answers": ["18 to 39", "40 or older"],
    "accept": [1, 2], "strata": [{"name": "younger", "answers": [1]},
                                 {"name": "older", "answers": [2]}],
}  # fmt: skip


def plan(people: int, strata: dict[str, int], **changes: Any) -> Plan:
    block = BlockPlan(
        "main", "trust", "main", 4, 0, ("a", "b"),
        tuple(Item(f"s{n}", f"i{n}") for n in range(8)), True, 0, (),
    )  # fmt: skip
    return Plan(7, people, {"one": (block,), "two": (block,)}, strata=strata, **changes)


def test_each_stratum_sees_every_stimulus_under_every_condition_on_both_sides_evenly() -> None:
    """16 cells and 4 trials: 4 people are a cycle, so 8 of each arm give 2 ratings of each cell."""
    strata = {"expertise=novice": 16, "expertise=expert": 32}
    design = draw(plan(48, strata))
    cells: defaultdict[tuple[str, str], Counter[tuple[str, str]]] = defaultdict(Counter)
    sides: defaultdict[tuple[str, str], Counter[tuple[str, str]]] = defaultdict(Counter)
    for slot in design.slots:
        for trial in slot.trials:
            assert trial.item is not None
            cell = (trial.item.key, str(trial.condition))
            cells[slot.stratum, slot.arm][cell] += 1
            sides[slot.stratum, slot.arm][cell] += 1 if trial.bit else -1
    assert Counter(slot.stratum for slot in design.slots) == strata
    for (stratum, arm), counts in cells.items():
        assert len(counts) == 16
        assert set(counts.values()) == {strata[stratum] // 8}
        assert max(map(abs, sides[stratum, arm].values())) <= 1
    facts = certify(plan(48, strata), design)["strata"]["expertise=novice"]
    assert facts["arms"] == {"one": 8, "two": 8}
    assert [one["ratings_per_cell"] for one in facts["blocks"]] == [[2, 2], [2, 2]]


def test_the_whole_design_stays_as_even_as_without_strata() -> None:
    """5 novices of an arm are no whole cycle, and all 8 people of an arm are two."""
    certificate = certify(
        plan(16, {"expertise=novice": 10, "expertise=expert": 6}),
        draw(plan(16, {"expertise=novice": 10, "expertise=expert": 6})),
    )
    assert certificate["problems"] == []
    [first, _] = certificate["strata"]["expertise=novice"]["blocks"]
    assert first["ratings_per_cell"] == [1, 2]
    assert first["side_by_cell"] <= 1


@pytest.mark.django_db
def test_strata_cross_with_sites_and_arms() -> None:
    halves = [{**one, "people": 6} for one in STRATA["strata"]]
    screening = [{**STRATA, "strata": halves}]
    study = open_small_study(people=12, sites=SITES, screening=screening)
    counts = Counter(study.slots.values_list("site", "stratum"))
    assert counts == {
        ("leeds", "expertise=novice"): 2, ("leeds", "expertise=expert"): 2,
        ("graz", "expertise=novice"): 4, ("graz", "expertise=expert"): 4,
    }  # fmt: skip
    lines = certificate_lines(study.certificate)
    assert "stratum expertise=novice: 6 places, 6 in arm everyone" in lines


def test_strata_without_quotas_are_no_places_and_the_certificate_says_that_arms_take_turns() -> (
    None
):
    found = certify(plan(16, {}, in_turn=("age",)), draw(plan(16, {}, in_turn=("age",))))
    assert {slot.stratum for slot in draw(plan(16, {}, in_turn=("age",))).slots} == {""}
    line = "strata by age: arms are taken in turn within each, without quotas"
    assert line in certificate_lines(found)
    plain = certificate_lines(certify(plan(16, {}), draw(plan(16, {}))))
    assert not [one for one in plain if "strat" in one]


def test_a_question_without_strata_is_stored_as_before() -> None:
    colours = {"question": "Do you see colours?", "answers": ["yes", "no"], "accept": [1]}
    [stored] = make_definition(screening=[colours]).model_dump(mode="json")["screening"]
    assert stored == colours


def wrong(name: str, **changes: Any) -> dict[str, Any]:
    return {**STRATA, "name": name, **changes}


@pytest.mark.parametrize(
    ("screening", "said"),
    [
        ([{**STRATA, "strata": []}], "has a name but no strata, so nothing of it is stored"),
        ([{**STRATA, "name": None}], "has strata but no name"),
        ([{**AGE, "strata": AGE["strata"][:1]}], "age has only one stratum"),
        ([{**AGE, "strata": [AGE["strata"][0], {"name": "younger", "answers": [2]}]}],
         "two strata of age are called “younger”"),
        ([{**AGE, "accept": [1]}], "a stratum of age has answer 2, which is not accepted"),
        ([{**AGE, "strata": [AGE["strata"][0], {"name": "old", "answers": [1, 2]}]}],
         "answer 1 of age is in 2 strata"),
        ([{**AGE, "answers": ["a", "b", "c"], "accept": [1, 2, 3]}], "answer 3 of age is in no"),
        ([{**AGE, "strata": [{**AGE["strata"][0], "people": 12}, AGE["strata"][1]]}],
         "older of age has no quota, but others have one"),
        ([{**AGE, "strata": [{**one, "people": 5} for one in AGE["strata"]]}],
         "the strata of age have 10 places in total, but design.people is 12"),
        ([{**AGE, "strata": [{**AGE["strata"][0], "people": 5},
                             {**AGE["strata"][1], "people": 7}]}],
         "5 places for younger can't be shared equally by 2 arms: choose quotas that give 4 or 6"),
        ([STRATA, {**AGE, "strata": [{**one, "people": 6} for one in AGE["strata"]]}], ""),
        ([STRATA, {**AGE, "strata": [{**AGE["strata"][0], "people": 3},
                                     {**AGE["strata"][1], "people": 9}]}],
         "1 places for novice and younger can't be shared equally by 2 arms"),
        ([wrong("arm")], "“arm” is the name of another column of the data"),
        ([STRATA, STRATA], "two screening questions are called “expertise”"),
        ([AGE, wrong("a"), wrong("b")], "8 strata in 2 arms need at least 16 places"),
        ([AGE, wrong("a"), wrong("b"), wrong("c")], "3 is the limit"),
    ],
)  # fmt: skip
def test_strata_that_do_not_fit_are_refused(screening: list[dict[str, Any]], said: str) -> None:
    definition = make_definition(people=12, screening=screening, arms=ARMS)
    told = [sentence for _, sentence in contradictions(definition)]
    assert [one for one in told if said in one] if said else not told


def test_a_site_whose_stratum_has_no_whole_places_is_named() -> None:
    definition = make_definition(people=12, screening=[STRATA], sites=SITES, arms=ARMS)
    [told] = [one for _, one in contradictions(definition) if "places for" in one]
    assert told.startswith("1.3 places for novice at leeds can't be shared equally by 2 arms")
