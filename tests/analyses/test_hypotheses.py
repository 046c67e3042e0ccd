"""Hypotheses that are tied to contrasts: their tests, one family, and each verdict."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sandbox.builders import make_definition
from studyapp.analyses import comparisons
from studyapp.analyses.hypotheses import hypotheses, hypothesis_family, incomplete, verdicts
from studyapp.analyses.reports.models import models
from studyapp.analyses.results import results, results_json
from studyapp.analyses.tidy import Outcome, Tidy
from studyapp.paradigms import PARADIGMS
from studyapp.statistics.holm import holm
from studyapp.statistics.hypothesis_family import Measured, Nulls, adjusted, nulls
from tests.analyses.tidy_tables import PARADIGM_OF, make_tidy

ORACLES = Path(__file__).with_name("oracles")
A, B = "guided_grad_cam", "guided_backprop"


def tied(**changes: Any) -> dict[str, Any]:
    return {"text": "The first is better.", "contrast": [A, B], "direction": "greater", **changes}


def planned(outcome: Outcome, *hypotheses: Any, **analysis: Any) -> dict[str, Any]:
    """The stored definition of a study with these hypotheses."""
    names = sorted(
        {
            PARADIGM_OF[outcome],
            *(
                one.get("paradigm") or PARADIGM_OF[outcome]
                for one in hypotheses
                if isinstance(one, dict)
            ),
        }
    )
    blocks = [{"name": name, "paradigm": name, "trials": 2} for name in names]
    plan = {"hypotheses": list(hypotheses), **analysis}
    return make_definition(blocks=blocks, analysis=plan).model_dump(mode="json")


def answered(
    outcome: Outcome, means: Mapping[str, float], *, people: int = 24, photos: int = 24
) -> Tidy:
    """Everybody judges every photo with each method; answers spread around each method's mean."""
    random = np.random.default_rng(3)
    rows = [
        (f"p{person}", f"i{photo}", method, _answer(outcome, mean, random))
        for method, mean in means.items()
        for person in range(people)
        for photo in range(photos)
    ]
    return make_tidy(outcome, rows)


def _answer(outcome: Outcome, mean: float, random: np.random.Generator) -> int:
    if outcome == "correct":
        return int(random.random() < mean)
    return int(np.clip(np.round(random.normal(mean, 0.8)), -2, 2))


def found(outcome: Outcome, means: Mapping[str, float], *hypotheses: Any, **analysis: Any) -> Any:
    definition = planned(outcome, *hypotheses, **analysis)
    return results(replace(answered(outcome, means), definition=definition))


def decided(outcome: Outcome, means: Mapping[str, float], *plan: Any, **analysis: Any) -> Any:
    """The verdicts by the robust numbers alone, without what else the results tell."""
    definition = planned(outcome, *plan, **analysis)
    tidy = replace(answered(outcome, means), definition=definition)
    told = {
        "paradigm": tidy.paradigm,
        "outcome": outcome,
        "methods": means,
        "contrasts": comparisons.contrasts(tidy, comparisons.pairs(tidy)),
        "hypothesis_family": hypothesis_family(definition),
    }
    raw = hypotheses(definition, tidy.paradigm, comparisons.tied_means(tidy), told)
    return verdicts([{**told, "hypotheses": raw}])


@pytest.mark.parametrize(
    ("second", "changes", "verdict", "words"),
    [
        (-0.6, {}, "supported", "Supported: guided_grad_cam − guided_backprop is +0.6"),
        (-0.6, {"smallest_effect": 0.2}, "supported", "It is at least the smallest effect of"),
        (-0.6, {"smallest_effect": 0.6}, "supported", "0.60, stays open."),
        (-0.2, {"smallest_effect": 0.9}, "supported, but below the smallest effect",
         "within ±0.90 with an adjusted p < 0.001"),
        (0.6, {}, "opposite", "The opposite was found"),
        (0.0, {"smallest_effect": 0.5}, "equivalent", "smaller than the smallest effect of"),
        (0.0, {}, "undecided", "Undecided: guided_grad_cam − guided_backprop is"),
        (0.0, {"direction": "equivalent", "smallest_effect": 0.5}, "supported", "within ±0.50"),
        (0.9, {"direction": "equivalent", "smallest_effect": 0.3}, "opposite", "at least 0.30"),
        (0.6, {"direction": "less"}, "supported", "is −0.5"),
        (0.6, {"direction": "different"}, "supported", "is −0.5"),
    ],
)  # fmt: skip
def test_each_verdict_follows_from_what_people_answered(
    second: float, changes: dict[str, Any], verdict: str, words: str
) -> None:
    (one,) = decided("score", {A: 0.0, B: second}, tied(**changes))
    assert one["verdict"] == verdict
    assert words in one["sentence"]


def test_with_one_side_the_opposite_is_never_claimed() -> None:
    two, one = (
        decided("score", {A: 0.0, B: 0.6}, tied(), sided=sided)[0] for sided in ("two", "one")
    )
    assert (two["verdict"], one["verdict"]) == ("opposite", "undecided")
    assert one["p"] == pytest.approx(1 - two["p"] / 2)
    two, one = (
        decided("score", {A: 0.1, B: 0.0}, tied(), sided=sided)[0] for sided in ("two", "one")
    )
    assert one["p"] == pytest.approx(two["p"] / 2)


def test_one_method_is_tested_against_chance() -> None:
    told = found("correct", {A: 0.62, B: 0.5}, tied(contrast=[A], smallest_effect=0.05))
    (one,) = verdicts([told])
    assert one["p"] == told["tests"][A]["p"]
    assert one["null"] == 0.5
    assert json.loads(results_json(told))["verdicts"] == [one]
    assert "guided_grad_cam is 6" in one["sentence"]
    assert ", against 50.0 %, adjusted p < 0.001." in one["sentence"]
    assert "at least the smallest effect of interest, 5.0 pp" in one["sentence"]


def test_a_contrast_is_told_as_its_hypothesis_states_it() -> None:
    (one,) = decided("score", {A: 0.0, B: 0.6}, tied(contrast=[B, A]))
    assert (one["a"], one["b"], one["verdict"]) == (B, A, "supported")
    assert one["estimate"] > 0.5


def test_tied_contrasts_alone_are_planned() -> None:
    told = found("score", {A: 0.0, B: 0.5, "third": 0.2}, tied(direction="less"), "Words.")
    families = {(one["a"], one["b"]): (one["planned"], one.get("hypothesis"), one["p_holm"])
                for one in told["contrasts"]}  # fmt: skip
    assert families[A, B] == (True, 1, None)
    p_values = {(one["a"], one["b"]): one["p"] for one in told["contrasts"]}
    exploratory = dict(zip(p_values, holm(list(p_values.values())), strict=True))
    for pair in (("third", A), ("third", B)):
        assert families[pair] == (False, None, exploratory[pair])
    assert not any(one["planned"] for one in told["clmm_full"]["contrasts"])


def test_without_a_tied_hypothesis_contrasts_with_the_reference_are_planned_as_before() -> None:
    tidy = answered("score", {A: 0.0, B: 0.5, "third": 0.2}, people=8, photos=8)
    told = results(replace(tidy, definition=planned("score", "Words.")))
    plain = results(tidy)
    assert told["contrasts"] == plain["contrasts"]
    assert (told["hypotheses"], told["hypothesis_family"], verdicts([told])) == ([], None, [])


def test_a_mixed_model_decides_where_the_plan_names_it_and_nothing_takes_its_place() -> None:
    told = found("correct", {A: 0.7, B: 0.5}, tied(model="glmer_full"))
    (one,) = verdicts([told])
    (pair,) = told["glmer_full"]["contrasts"]
    assert (one["estimate"], one["p"], one["unit"]) == (pair["estimate"], pair["p"], "logits")
    assert (pair["planned"], pair["hypothesis"], pair["p_holm"]) == (True, 1, None)
    assert not told["glmer"]["contrasts"][0]["planned"]
    (shown,) = [model for model in models(told) if model.title.startswith("glmer_full")]
    assert "hypothesis 1" in shown.tables[1].rows[0]
    assert one["verdict"] == "supported"
    assert " logits (95 % interval " in one["sentence"]
    (alone,) = verdicts(
        [found("correct", {A: 0.7, B: 0.5}, tied(contrast=[A], model="glmer_full"))]
    )
    assert alone["p"] == told["glmer_full"]["chance"][A]["p"]
    assert alone["verdict"] == "supported"
    assert re.search(r"guided_grad_cam is \+[0-9.]+ logits above chance \(95", alone["sentence"])
    assert "against 0" not in alone["sentence"]
    broken = {**told["glmer_full"], "converged": False}
    (raw,) = hypotheses(planned("correct", tied(model="glmer_full")), "discrimination", {},
                        {**told, "glmer_full": broken})  # fmt: skip
    (one,) = verdicts([{**told, "hypotheses": [raw]}])
    assert one["verdict"] == "undecided"
    assert one["sentence"] == (
        "Undecided: glmer_full did not converge, and the plan names nothing in its place."
    )


def test_what_nobody_judged_and_what_rests_on_too_little_is_undecided() -> None:
    tidy = answered("score", {A: 0.0})
    told = results(replace(tidy, definition=planned("score", tied())))
    assert verdicts([told])[0]["sentence"] == f"Undecided: nobody judged {B}."
    few = answered("score", {A: 0.0, B: 0.9}, people=4)
    (one,) = verdicts([results(replace(few, definition=planned("score", tied())))])
    assert one["verdict"] == "undecided"
    assert "no test: it rests on 4.0 effective people" in one["sentence"]


def test_hypotheses_of_all_paradigms_are_one_family() -> None:
    plan = [tied(paradigm="trust"), tied(paradigm="discrimination")]
    trust = found("score", {A: 0.12, B: 0.0}, *plan)
    right = found("correct", {A: 0.56, B: 0.5}, *plan)
    one, other = verdicts([right, trust])
    assert (one["number"], other["number"]) == (1, 2)
    assert [one["p_adjusted"], other["p_adjusted"]] == holm([one["p"], other["p"]])
    assert verdicts([trust]) == []
    assert "with those about discrimination, which is not analysed here" in incomplete([trust])
    assert incomplete([trust, right]) == ""


def test_what_the_paradigms_declare_to_test_against_is_what_their_analyses_do() -> None:
    for name, null in (("pointing", 50.0), ("comparison", 0.5), ("ranking", 0.5)):
        assert PARADIGMS[name].null == null
    assert not PARADIGMS["rating"].has_null


@pytest.mark.parametrize("sides", ["two", "one"])
def test_every_p_and_its_adjustment_is_that_of_r(sides: Any) -> None:
    oracle = json.loads((ORACLES / "hypotheses.json").read_text("utf-8"))
    rows = [dict(zip(oracle["effects"], row, strict=True))
            for row in zip(*oracle["effects"].values(), strict=True)]  # fmt: skip
    told = [
        nulls(Measured(row["distance"], row["se"], row["df"], row["p"]), row["direction"], sides,
              row["margin"])
        for row in rows
    ]  # fmt: skip
    after = adjusted(told, [row["margin"] is not None for row in rows])
    for key in ("none", "large", "small"):
        expected = oracle[sides]
        # R's two-sided test leaves "different" and "equivalent" as they are
        assert [getattr(one, key) for one in told] == almost(expected[key])
        assert [getattr(one, key) for one in after] == almost(expected[f"{key}_adjusted"])


def almost(values: list[float | None]) -> list[Any]:
    return [None if one is None else pytest.approx(one, rel=1e-9) for one in values]


def test_an_effect_with_a_smallest_one_keeps_its_share_of_alpha() -> None:
    told = [Nulls(0.001), Nulls(0.6), Nulls(0.02)]
    assert [one.none for one in adjusted(told, [False] * 3)] == holm([0.001, 0.6, 0.02])
    assert [one.none for one in adjusted(told, [True] * 3)] == pytest.approx([0.003, 1, 0.06])
    assert [one.none for one in adjusted(told, [False, False, True])] == pytest.approx(
        [0.003, 1, 0.04]
    )
    untested = adjusted([Nulls(None), Nulls(0.02)], [False, False])
    assert untested == [Nulls(None), Nulls(0.04)]
