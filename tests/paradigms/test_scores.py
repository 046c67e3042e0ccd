"""Each kind of question's score, worked out by hand beside it."""

import numpy as np
import pytest

from studyapp.models import Side, Stage
from studyapp.paradigms.pointing.analysis import point_scores
from studyapp.paradigms.questionnaire.analysis import instrument_scores, scale_mean
from studyapp.paradigms.reliance.question import advised_button

from .examples import score, trial


def test_trust_is_the_answer_signed_towards_the_stronger_network() -> None:
    # "B clearly" is +2; with the stronger network at B it stays +2, at A it becomes −2.
    assert score(trial("trust", stronger_side=Side.B), 2) == 2
    assert score(trial("trust", stronger_side=Side.A), 2) == -2
    assert score(trial("trust", stronger_side=Side.A), -1) == 1
    assert score(trial("trust", stronger_side=Side.A), 0) == 0


def test_discrimination_is_right_where_the_chosen_button_names_the_explained_category() -> None:
    # Option 1 is explained; this page shows option 1 first, so button 0 is right.
    one = trial("discrimination", {"right": 1}, option_order=[1, 0])
    assert [score(one, button) for button in (0, 1)] == [1, 0]


@pytest.mark.parametrize(("prediction_is_right", "scores"), [(1, [0, 0, 1, 1]), (0, [1, 1, 0, 0])])
def test_agreement_is_belief_of_three_or_more_in_what_is_right(
    prediction_is_right: int, scores: list[int]
) -> None:
    one = trial("agreement", {"right": prediction_is_right})
    assert [score(one, answer) for answer in (1, 2, 3, 4)] == scores


def test_distinction_has_two_scores_that_are_never_merged() -> None:
    # The network says option 0, option 2 is correct; the page shows options 3, 2, 0, 1.
    one = trial("distinction", {"right": 0, "correct": 2}, option_order=[3, 2, 0, 1])
    assert [score(one, place) for place in range(4)] == [0, 0, 1, 0]
    assert [score(one, place, "correct") for place in range(4)] == [0, 1, 0, 0]


def test_meta_prediction_is_right_with_the_networks_answer_and_not_with_the_truth() -> None:
    # Options tabby (0), tiger (1); the network says tabby, the photo shows a tiger.
    one = trial("meta_prediction", {"right": 0, "truth": "tiger"}, option_order=[1, 0])
    assert [score(one, button) for button in (0, 1)] == [0, 1]


def test_reliance_in_two_steps_is_right_with_the_truth_whatever_was_advised() -> None:
    # Options 0…3, truth 2, advice 1; the page shows 1, 3, 2, 0: the advice is button 0, the
    # truth button 2.
    facts = {"right": 2, "advice": 1, "accept": 0}
    one = trial("reliance", facts, option_order=[1, 3, 2, 0], stage=Stage.FINAL, step=2)
    assert [score(one, button) for button in range(4)] == [0, 0, 1, 0]
    assert advised_button(one) == 0
    assert [score(one, button, "advice") for button in range(4)] == [1, 0, 0, 0]


@pytest.mark.parametrize(("advice_is_right", "scores"), [(1, [0, 1]), (0, [1, 0])])
def test_reliance_in_one_step_is_right_to_accept_only_right_advice(
    advice_is_right: int, scores: list[int]
) -> None:
    one = trial("reliance", {"right": 2, "advice": 1, "accept": advice_is_right}, option_order=[])
    assert [score(one, answer) for answer in (0, 1)] == scores


def test_pointing_is_the_share_of_the_map_below_the_click() -> None:
    # Left half 0, right half 1: a click on the right lies above half of all places and level
    # with the other half: 50 + 50/2 = 75. Mean ½, standard deviation ½: NSS (1 − ½)/½ = 1.
    halves = np.zeros((224, 224), dtype=np.float32)
    halves[:, 112:] = 1
    assert point_scores(halves, {"x": 0.9, "y": 0.1}) == pytest.approx((75, 1))
    assert point_scores(halves, {"x": 0.1, "y": 0.1}) == pytest.approx((25, -1))


def test_pointing_counts_the_size_of_a_signed_picture_and_nothing_of_a_constant_one() -> None:
    halves = np.zeros((3, 224, 224), dtype=np.float32)
    halves[1, :, 112:] = -1
    assert point_scores(halves, {"x": 1.0, "y": 1.0}) == pytest.approx((75, 1))
    constant = np.ones((7, 7), dtype=np.float32)
    assert point_scores(constant, {"x": 0.5, "y": 0.5}) == pytest.approx((50, 0))


def test_a_rating_is_the_mean_of_its_items_with_reversed_ones_turned_round() -> None:
    # On 1…7: 6, 2 and, reversed, 2 → 6; (6 + 2 + 6) / 3 = 14/3.
    answers = {"item_1": 6, "item_2": 2, "item_3": 2, "confidence": 5}
    assert scale_mean(answers, ends=8, reversed_items=(3,)) == pytest.approx(14 / 3)


def test_trust_and_distrust_in_automation_are_reported_apart() -> None:
    # Items 1 to 5 are distrust: 1, 2, 3, 4, 5 → 3. Items 6 to 12: five 7s and two 1s → 37/7.
    values = [1, 2, 3, 4, 5, 7, 7, 7, 7, 7, 1, 1]
    answers = {f"item_{number}": value for number, value in enumerate(values, 1)}
    scores = instrument_scores("trust_in_automation", answers)
    assert scores == pytest.approx({"distrust": 3.0, "trust": 37 / 7})


def test_being_wary_counts_the_other_way_round() -> None:
    # Eight items on 1…5, all answered 5; item 6 counts 1: (7 · 5 + 1) / 8 = 4.5.
    answers = {f"item_{number}": 5 for number in range(1, 9)}
    assert instrument_scores("trust_in_explained_systems", answers) == {"trust": 4.5}
    assert instrument_scores("explanation_satisfaction", answers) == {"satisfaction": 5.0}
