"""Whatever a definition asks, its design keeps: counted here from the trials, over random plans."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from studyapp.studies.design.certificate import certify, exact_cycle
from studyapp.studies.design.draw import BlockPlan, Item, Plan, SlotPlan, TrialPlan, draw

from .plans import block, plan

KINDS = ("right", "wrong")


@st.composite
def blocks(draw_from: st.DrawFn, name: str) -> BlockPlan:
    """A block of any shape, with photos of its own."""
    strata = draw_from(st.sampled_from([("",), KINDS]))
    each = draw_from(st.integers(2, 8))
    photos = tuple(
        Item(f"{name}/{kind}{n}", f"{name}/{kind}{n}", kind) for kind in strata for n in range(each)
    )
    trials = draw_from(st.integers(1, each)) * len(strata)
    steps = draw_from(st.sampled_from([1, 1, 2]))
    has_sides = draw_from(st.booleans())
    return replace(
        block(
            name=name,
            trials=trials,
            checks=draw_from(st.integers(0, min(3, trials - 1))),
            conditions=draw_from(st.integers(1, 4)),
            of=photos,
            has_sides=has_sides,
        ),
        options=0 if has_sides else draw_from(st.sampled_from([2, 4])),
        steps=steps,
        repeats=draw_from(st.integers(0, trials // 2)) if steps == 1 else 0,
    )


@st.composite
def plans(draw_from: st.DrawFn) -> Plan:
    asked = [draw_from(blocks(f"b{n}")) for n in range(draw_from(st.integers(1, 3)))]
    people = max(exact_cycle(one) for one in asked)
    return replace(
        plan(*asked, people=min(people, 40), seed=draw_from(st.integers(0, 2**40))),
        exact_ratings=False,
        takes_turns=draw_from(st.booleans()),
    )


def of_block(slot: SlotPlan, name: str, *stages: str) -> list[TrialPlan]:
    return [t for t in slot.trials if t.block == name and t.stage in stages]


@settings(max_examples=60, deadline=None)
@given(plans())
def test_any_definition_gives_everybody_what_it_asks(asked: Plan) -> None:
    design = draw(asked)
    assert draw(asked) == design
    assert certify(asked, design)["problems"] == []
    for slot in design.slots:
        for one in asked.arms[slot.arm]:
            main = of_block(slot, one.name, "main", "final")
            kinds = Counter(trial.item.stratum for trial in main if trial.item is not None)
            assert sum(kinds.values()) == one.trials
            assert len(set(kinds.values())) == 1
            assert len(of_block(slot, one.name, "check")) == one.checks
            assert len(of_block(slot, one.name, "repeat")) == one.repeats
            images = [trial.item.image for trial in main if trial.item is not None]
            assert len(set(images)) == len(images)


@settings(max_examples=60, deadline=None)
@given(plans())
def test_pages_follow_one_another_as_they_must(asked: Plan) -> None:
    for slot in draw(asked).slots:
        assert slot.trials[0].stage != "check"
        for before, after in pairwise(slot.trials):
            assert not before.stage == after.stage == "check"
            if before.step == 1:
                same = (after.item, after.condition, after.bit, after.order)
                assert after.step == 2
                assert same == (before.item, before.condition, before.bit, before.order)
        for place, trial in enumerate(slot.trials):
            if trial.stage == "repeat":
                first = next(t for t in slot.trials[:place] if t.item == trial.item)
                assert first.condition == trial.condition
                assert (first.bit, first.order) != (trial.bit, trial.order) or (
                    first.bit is None and first.order is None
                )


@settings(max_examples=40, deadline=None)
@given(plans())
def test_every_option_stands_at_every_place_equally_often(asked: Plan) -> None:
    design = draw(asked)
    for one in asked.arms["arm0"]:
        counts: dict[object, Counter[tuple[int, int]]] = {}
        for slot in design.slots:
            for trial in of_block(slot, one.name, "main", "final"):
                if trial.order is not None:
                    cell = counts.setdefault((trial.item, trial.condition), Counter())
                    cell.update((option, place) for place, option in enumerate(trial.order))
        for cell in counts.values():
            every = [cell[option, place] for option in range(4) for place in range(4)]
            assert max(every) - min(every) <= 1


@settings(max_examples=40, deadline=None)
@given(plans(), st.integers(1, 3))
def test_whole_cycles_give_exactly_equal_ratings(asked: Plan, cycles: int) -> None:
    one = asked.arms["arm0"][0]
    whole = plan(one, people=exact_cycle(one) * cycles, seed=asked.seed)
    block_found = certify(whole, draw(whole))["blocks"][0]
    low, high = block_found["ratings_per_cell"]
    assert low == high > 0
    assert block_found["side_by_stimulus"] <= 1
    assert block_found["side_overall"] <= 1
    assert block_found["option_places"] <= 1
