"""The design keeps what its certificate says, whatever the definition."""

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studyapp.studies.design.allocation import people_for_exact_ratings
from studyapp.studies.design.certificate import certificate_lines, certify
from studyapp.studies.design.draw import Design, DesignError, Plan, draw

from .plans import block, items, plan


def test_the_same_plan_and_seed_give_the_same_design() -> None:
    assert draw(plan(block(checks=1))).digest() == draw(plan(block(checks=1))).digest()


def test_another_seed_gives_another_design() -> None:
    assert draw(plan(seed=1)).digest() != draw(plan(seed=2)).digest()


def test_a_drawn_design_is_pinned_for_ever() -> None:
    # Studies under way were drawn with this code: another digest here means that they could no
    # longer be drawn again from their definition.
    pinned = "48456cd972b92c4473220702a251e39d522730f104ea966aa44a36b0a9e0d468"
    assert draw(plan(block(checks=1))).digest() == pinned


def test_added_places_go_on_in_position_and_differ_from_the_first() -> None:
    first = draw(plan())
    more = draw(dataclasses.replace(plan(), first_position=12))
    assert [slot.position for slot in more.slots] == list(range(12, 24))
    assert [s.trials for s in more.slots] != [s.trials for s in first.slots]


@st.composite
def exact_plans(draw_from: st.DrawFn) -> Plan:
    conditions = draw_from(st.integers(1, 5))
    images, each = draw_from(st.integers(2, 15)), draw_from(st.integers(1, 2))
    trials = draw_from(st.integers(1, images))
    arms = draw_from(st.integers(1, 2))
    people = people_for_exact_ratings(images * each, conditions, trials)
    people *= arms * draw_from(st.integers(1, 3))
    one = block(
        trials=trials,
        checks=draw_from(st.integers(0, max(0, trials - 1))),
        conditions=conditions,
        of=items(images, each),
        has_sides=draw_from(st.booleans()),
    )
    return plan(one, people=people, seed=draw_from(st.integers(0, 2**40)), arms=arms)


@settings(max_examples=60, deadline=None)
@given(exact_plans())
def test_any_exact_definition_is_met(given_plan: Plan) -> None:
    design = draw(given_plan)
    certificate = certify(given_plan, design)
    assert certificate["problems"] == []
    for one in certificate["blocks"]:
        low, high = one["ratings_per_cell"]
        assert low == high > 0
        assert one["side_by_cell"] <= 1
        assert one["side_by_stimulus"] <= 1
        assert one["side_by_person"] <= 1
        assert one["side_overall"] <= 1
    for slot in design.slots:
        stages = [trial.stage for trial in slot.trials]
        assert stages[0] != "check"
        wanted = given_plan.arms[slot.arm][0]
        assert stages.count("main") == wanted.trials
        assert stages.count("check") == wanted.checks


def test_where_a_study_stops_early_coverage_is_even_within_one() -> None:
    whole = plan(block(trials=5, conditions=4, of=items(11)), people=40)
    design = draw(whole)
    for taken in range(1, 41):
        part = Design(design.slots[:taken])
        # A cycle ends after 44 people, so every prefix lies inside one
        low, high = certify(whole, part)["blocks"][0]["ratings_per_cell"]
        assert high - low <= 1


def test_every_condition_stands_at_every_position_equally_often() -> None:
    certificate = certify(plan(), draw(plan()))
    low, high = certificate["blocks"][0]["condition_at_position"]
    assert low == high == 4


def test_practice_asks_everybody_about_the_same_photos() -> None:
    practice = block(name="practice", stage="practice", trials=2, of=items(14)[12:])
    design = draw(plan(practice, block()))
    asked = {tuple(t.item.key for t in s.trials[:2] if t.item) for s in design.slots}
    assert asked == {("photo12/0", "photo13/0")}


def test_unequal_ratings_are_told_with_the_nearest_numbers_of_people() -> None:
    uneven = plan(people=7)
    problems = certify(uneven, draw(uneven))["problems"]
    assert problems == [
        "block main: 7 people give some stimuli 1 and others 2 ratings per condition; "
        'use 6 or 12 people, or set ratings = "nearest"'
    ]


def test_unequal_ratings_are_only_noted_where_the_nearest_will_do() -> None:
    uneven = dataclasses.replace(plan(people=7), exact_ratings=False)
    certificate = certify(uneven, draw(uneven))
    assert certificate["problems"] == []
    assert "note: block main: 7 people" in "\n".join(certificate_lines(certificate))


def test_too_many_trials_are_refused_with_how_many_can_be() -> None:
    with pytest.raises(DesignError, match="there are 12: ask for at most 12"):
        draw(plan(block(trials=13)))


def test_a_photo_in_two_blocks_is_refused() -> None:
    with pytest.raises(DesignError, match="two blocks ask one person about the same photo"):
        draw(plan(block(trials=12), block(trials=12, name="again")))


def test_people_that_arms_cannot_share_are_refused_with_the_nearest_numbers() -> None:
    with pytest.raises(DesignError, match="use 4 or 8"):
        draw(plan(people=7, arms=4))


def test_a_certificate_counts_the_trials_and_not_the_intentions() -> None:
    good = draw(plan())
    slot = good.slots[0]
    spoiled = dataclasses.replace(slot, trials=(slot.trials[0], *slot.trials[:-1]))
    certificate = certify(plan(), Design((spoiled, *good.slots[1:])))
    assert certificate["images_repeated"] == 1
    assert len(certificate["problems"]) == 3
    assert "NOT MET" in "\n".join(certificate_lines(certificate))
