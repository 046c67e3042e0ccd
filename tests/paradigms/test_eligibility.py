"""What may be asked of which photo, on networks' answers written out by hand."""

from dataclasses import replace

from studyapp.paradigms import PARADIGMS, Candidate, Category, Classified, Refusal
from studyapp.studies.photos.eligibility import apply_rule

from .examples import LABELS, LYNX, MINK, OTTER, SEAL, TABBY, TIGER, found, said, truth


def test_trust_needs_both_networks_right_with_one_class() -> None:
    both = {**said(TIGER, TABBY), "weaker": Classified((TIGER, LYNX), LABELS)}
    assert found("trust", [truth(TIGER)], both) == [Candidate("tiger", TIGER)]
    wrong = {**said(TIGER), "weaker": Classified((LYNX, TIGER), LABELS)}
    assert found("trust", [truth(TIGER)], wrong) == "the weaker network is wrong"
    assert found("trust", [truth(TABBY)], both) == "the stronger network is wrong"
    differing = {**said(TIGER), "weaker": Classified((TABBY,), LABELS)}
    assert "differ" in found("trust", [truth(TIGER, TABBY)], differing)


def test_trust_in_two_methods_needs_one_network_only() -> None:
    assert found("trust", [truth(TIGER)], said(TIGER)) == [Candidate("tiger", TIGER)]


def test_discrimination_explains_both_categories_with_their_best_classes() -> None:
    asked = found("discrimination", [truth(TIGER), truth(OTTER, MINK)], said(MINK, TIGER, OTTER))
    assert asked == [
        Candidate("tiger", TIGER, ("otter", "tiger"), {"right": 1}),
        Candidate("otter", MINK, ("otter", "tiger"), {"right": 0}),
    ]
    alone = found("discrimination", [truth(TIGER)], said(TIGER))
    assert alone == "not exactly two annotated categories"
    pets = [Category("pet", frozenset({TIGER})), Category("pet", frozenset({OTTER}))]
    alike = found("discrimination", pets, said(TIGER, OTTER))
    assert alike == "the two categories have the same name"
    far = found("discrimination", [truth(TIGER), truth(SEAL)], said(TIGER, TABBY))
    assert "first ten" in far


def test_which_answer_names_the_tables_answers_or_the_networks_next_ones() -> None:
    own = found("which_answer", [truth(TIGER)], said(MINK, TIGER, OTTER, SEAL, LYNX))
    assert own == [Candidate("mink", MINK, ("mink", "otter", "seal", "tiger"), {"right": 0})]
    named = replace(truth(TIGER), others=("seal", "lynx", "mink"))
    table = found("which_answer", [named], said(TIGER, TABBY))
    assert table == [Candidate("tiger", TIGER, ("lynx", "mink", "seal", "tiger"), {"right": 3})]
    for other in (TABBY, MINK):
        assert "is not the table's" in found("which_answer", [named], said(other, TIGER))
    strange = replace(named, others=("seal", "lynx", "dog"))
    assert "is none of the network's" in found("which_answer", [strange], said(TIGER))
    assert "fewer than 4 answers" in found("which_answer", [truth(TIGER)], said(TIGER, TABBY))


def test_agreement_takes_right_and_wrong_predictions_apart() -> None:
    right = found("agreement", [truth(TIGER)], said(TIGER, TABBY))
    assert right == [Candidate("tiger", TIGER, (), {"right": 1, "truth": "tiger"}, "right")]
    wrong = found("agreement", [truth(TIGER)], said(TABBY, TIGER))
    assert wrong == [Candidate("tabby", TABBY, (), {"right": 0, "truth": "tiger"}, "wrong")]


def test_distinction_shows_the_first_four_classes_or_three_and_the_truth() -> None:
    numbers = ("0", "1", "2", "3")
    right = found("distinction", [truth(TIGER)], said(TIGER, TABBY, LYNX, OTTER, MINK))
    facts = {"classes": [TIGER, TABBY, LYNX, OTTER], "right": 0, "correct": 0}
    assert right == [Candidate("tiger", TIGER, numbers, facts, "right")]
    wrong = found("distinction", [truth(SEAL)], said(TIGER, TABBY, LYNX, OTTER, MINK, SEAL))
    facts = {"classes": [TIGER, TABBY, LYNX, SEAL], "right": 0, "correct": 3}
    assert wrong == [Candidate("seal", TIGER, numbers, facts, "wrong")]
    near = found("distinction", [truth(TABBY)], said(TIGER, TABBY, LYNX, OTTER))
    assert near[0].facts["correct"] == 1
    twice = found("distinction", [truth(TIGER, TABBY)], said(TIGER, TABBY, LYNX, OTTER))
    assert "several of the 4 classes" in twice


def test_meta_prediction_offers_the_networks_answer_against_the_truth_where_it_is_wrong() -> None:
    right = found("meta_prediction", [truth(TIGER)], said(TIGER, TABBY, LYNX))
    facts = {"right": 1, "truth": "tiger"}
    assert right == [Candidate("tiger", TIGER, ("tabby", "tiger"), facts, "right")]
    wrong = found("meta_prediction", [truth(OTTER)], said(TABBY, TIGER, OTTER))
    facts = {"right": 1, "truth": "otter"}
    assert wrong == [Candidate("tabby", TABBY, ("otter", "tabby"), facts, "wrong")]
    # Of a network with two answers, the truth is the other one
    (only,) = found("meta_prediction", [truth(OTTER)], said(TABBY, OTTER))
    assert (set(only.options), only.stratum) == ({"tabby", "otter"}, "wrong")
    refused = found("meta_prediction", [truth(OTTER)], said(OTTER))
    assert refused == "the network gives no second class"


def test_reliance_offers_the_advice_and_the_truth_among_four() -> None:
    wrong = found("reliance", [truth(SEAL)], said(TIGER, TABBY, LYNX, OTTER))
    options = ("lynx", "seal", "tabby", "tiger")
    facts = {"right": 1, "advice": 3, "accept": 0}
    assert wrong == [Candidate("tiger", TIGER, options, facts, "wrong")]
    right = found("reliance", [truth(TIGER)], said(TIGER, TABBY, LYNX, OTTER))
    assert right[0].facts["accept"] == 1
    few = found("reliance", [truth(TIGER)], said(TIGER, TABBY))
    assert few == "the network gives fewer than 4 classes"


def test_pointing_asks_for_what_the_photo_shows() -> None:
    assert found("pointing", [truth(OTTER, MINK)], said(TIGER, MINK)) == [Candidate("otter", MINK)]
    assert "first ten" in found("pointing", [truth(OTTER)], said(TIGER))


def test_a_rating_takes_any_photo_and_explains_the_networks_answer() -> None:
    asked = found("rating", [truth(OTTER), truth(SEAL)], said(TIGER, SEAL))
    assert asked == [Candidate("tiger", TIGER, (), {"right": 0})]


def test_of_a_network_that_says_several_classes_no_single_answer_is_asked_for() -> None:
    """Of two labels that it gives, neither is the wrong answer to "what does it say?"."""
    several = {"stronger": replace(said(TIGER, TABBY, LYNX, OTTER)["stronger"], said=2)}
    for paradigm in ("meta_prediction", "distinction", "reliance"):
        told = found(paradigm, [truth(TIGER)], several)
        assert told == "the network says several classes about the photo"
    assert isinstance(found("agreement", [truth(TIGER)], several), list)


def test_of_a_network_that_says_no_class_nothing_is_asked() -> None:
    silent = {"stronger": replace(said(TIGER)["stronger"], said=0)}
    refused = apply_rule([truth(TIGER)], silent, PARADIGMS["agreement"])
    assert refused == Refusal("a network gives no class a probability of one half")
