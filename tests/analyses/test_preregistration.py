"""What a plan says of hypotheses, and that plans of studies without new keys never change."""

from typing import Any

import pytest

from sandbox.builders import make_definition
from studyapp.analyses.preregistration import preregistration
from studyapp.studies.design.certificate import certify
from studyapp.studies.design.draw import draw
from studyapp.studies.design.rows import definition_plan
from studyapp.studies.design.stand_ins import stand_ins

RATED = {"name": "rated", "paradigm": "rating", "trials": 2, "items": ["Clear.", "Useful."]}
RIGHT = {"name": "r", "paradigm": "discrimination", "trials": 2}
TRUST = {"name": "main", "paradigm": "trust", "trials": 2}
WORDS = {"hypotheses": ["One is better.", "Another."], "smallest_effect": 0.3,
         "reference": "guided_backprop", "looks": True}  # fmt: skip
TIED = {"text": "One is better.", "contrast": ["guided_grad_cam", "guided_backprop"],
        "direction": "greater"}  # fmt: skip


def plan_of(**options: Any) -> Any:
    definition = make_definition(**options)
    plan = definition_plan(definition, stand_ins(definition))
    return preregistration(definition, certify(plan, draw(plan)), frozen="A draft.")


@pytest.mark.parametrize(
    ("options", "digest"),
    [
        ({}, "8765cb5c4c2427477756a69c3779469b81b7ae6d34922c914522102c99100d13"),
        ({"analysis": WORDS, "exclusions": {"fastest_median_ms": 400}},
         "c522e7b4f842955f596465790d0d1ebba77754998b5b8376870c389d85fe72df"),
        ({"blocks": [RATED, RIGHT]},
         "4a21c46fbaa4e727f162d839376fcb07a5d3262c0db62d667907ab3dc52bc99a"),
    ],
)  # fmt: skip
def test_a_plan_without_tied_hypotheses_is_what_it_always_was(
    options: dict[str, Any], digest: str
) -> None:
    assert plan_of(**options).digest == digest


def test_a_plan_says_what_each_hypothesis_is_decided_by() -> None:
    other = {**TIED, "contrast": ["guided_grad_cam"], "paradigm": "discrimination",
             "model": "glmer_full", "direction": "different"}  # fmt: skip
    small = {**TIED, "paradigm": "trust", "direction": "equivalent", "smallest_effect": 0.2}
    text = plan_of(
        blocks=[TRUST, RIGHT],
        analysis={"hypotheses": ["In words.", small, other], "alpha": 0.01,
                  "sample_size_reason": "So many come.", "missing_data": "Nobody is replaced."},
    ).plan  # fmt: skip
    for words in (
        "1. In words.\n   - tied to no contrast, so that it gets no verdict",
        "guided_grad_cam − guided_backprop in trust, expected to be within ±0.2 of 0; smallest "
        "effect of interest 0.2; decided by the two-way cluster-robust t",
        "guided_grad_cam in discrimination, expected to differ from chance, either way; decided by "
        "the logistic mixed model correct ~ method + (1|participant) + (1|image) + ",
        "The 2 hypotheses that are tied to a contrast are one family, whatever they ask, with a "
        "family-wise error rate of 0.01; tests for an effect are two-sided.",
        "a hypothesis whose mixed model does not converge",
        "Everything else is exploratory",
        "is left out. Nobody is replaced.",
        "## Sample size",
        "So many come.",
    ):
        assert words in text
    assert "Planned are the contrasts of every other method" not in text


def test_a_plan_with_looks_decides_by_the_sequence() -> None:
    plan = {"hypotheses": [TIED], "looks": True, "smallest_effect": 0.3}
    text = plan_of(blocks=[TRUST], analysis=plan).plan
    assert "decided by a confidence sequence over finished people’s means" in text
    assert "until 30 people have finished (15 in the smaller of two arms), of whom 10" in text
    assert "p values that hold at every look" in text
    for words in ("decided by the two-way", "effective people or photos", "with a t on one degree"):
        assert words not in text


def test_with_one_side_the_plan_claims_no_opposite() -> None:
    text = plan_of(blocks=[TRUST], analysis={"hypotheses": [TIED], "sided": "one"}).plan
    assert "tests for an effect are one-sided" in text
    assert "opposite never" in text
    assert "Of it only planned moderators" not in text
    assert "expected to be greater than 0; decided by" in text


def test_planned_moderators_are_told_apart_from_the_family_of_hypotheses() -> None:
    named = [{"of": "trial", "field": "order", "planned": True}]
    plan = {"hypotheses": [TIED], "moderators": named}
    assert "Of it only planned moderators are not" in plan_of(blocks=[TRUST], analysis=plan).plan
