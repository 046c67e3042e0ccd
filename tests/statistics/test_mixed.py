"""The mixed models against R's lme4 and ordinal, and where there is no fit to be had."""

import numpy as np
import pandas as pd
import pytest

from studyapp.statistics.crossing import Crossing, RandomTerm
from studyapp.statistics.families import CumulativeLogit, Family, Logit, Probit
from studyapp.statistics.glmm import Crossed, MethodModel, fit_right, fit_scores, fit_sides
from studyapp.statistics.labels import codes
from studyapp.statistics.laplace import Laplace
from studyapp.statistics.mixed import MixedModel, fit_mixed
from tests.analyses.oracles import oracle

SHARED = ("paper_like", "no_effect", "few_images")
RIGHT = [
    *((name, "glmer") for name in (*SHARED, "interaction", "singular", "near_separation")),
    ("interaction", "glmer_full"),
]
SCORES = [
    *((name, "clmm") for name in (*SHARED, "scores", "never_equal", "sides")),
    ("sides", "clmm_side"),
]


def make_crossed(frame: pd.DataFrame, reference: str) -> Crossed:
    methods = sorted(set(frame["method"]), key=lambda name: (name != reference, name))
    number = {name: place for place, name in enumerate(methods)}
    method = frame["method"].map(number).to_numpy()
    return Crossed(codes(frame["participant"]), codes(frame["image"]), method, methods)


def fit_of(frame: pd.DataFrame, model: str) -> MethodModel:
    reference = "deconvnet" if (frame["method"] == "deconvnet").any() else "blur"
    crossed = make_crossed(frame, reference)
    if model.startswith("glmer"):
        return fit_right(frame["correct"].to_numpy(), crossed, full=model == "glmer_full")
    if model == "clmm_side":
        side = frame["stronger_side"].map({"A": -1, "B": 1}).to_numpy()
        return fit_sides(frame["score"].to_numpy(), side, crossed)
    return fit_scores(frame["score"].to_numpy(), crossed)


@pytest.mark.parametrize(("name", "model"), [*RIGHT, *SCORES])
def test_a_mixed_model_says_what_r_says(name: str, model: str) -> None:
    frame, answers = oracle(name)
    fit = fit_of(frame, model).fit
    told = answers[model]
    se = np.sqrt(np.diag(fit.covariance))
    assert fit.converged
    assert set(fit.names) == {*told["estimate"], *told["sd"]}
    for place, parameter in enumerate(fit.names[: fit.fixed]):
        assert fit.values[place] == pytest.approx(told["estimate"][parameter], abs=1e-3)
        assert se[place] == pytest.approx(told["se"][parameter], rel=0.006)
    assert fit.loglik == pytest.approx(told["loglik"], abs=0.001)
    assert fit.sd == pytest.approx(told["sd"], abs=1e-3)


@pytest.mark.parametrize("model", ["clmm_full", "clmm_side_full"])
def test_full_models_of_scores_say_what_r_says(model: str) -> None:
    frame, answers = oracle("varying")
    told, crossed = answers[model], make_crossed(frame, "a")
    scores, side = frame["score"].to_numpy(), frame["stronger_side"].map({"A": -1, "B": 1})
    if model == "clmm_full":
        fit = fit_scores(scores, crossed, full=True).fit
    else:
        fit = fit_sides(scores, side.to_numpy(), crossed, full=True).fit
    assert list(fit.names[: fit.fixed]) == list(told["estimate"])
    assert fit.values[: fit.fixed] == pytest.approx([*told["estimate"].values()], abs=2e-4)
    se = np.sqrt(np.diag(fit.covariance))[: fit.fixed]
    assert se == pytest.approx([*told["se"].values()], rel=1e-4)
    assert fit.loglik == pytest.approx(told["loglik"], abs=1e-4)
    assert sorted(fit.sd.values()) == pytest.approx([*told["sd"].values()], abs=2e-4)


def test_a_probit_model_says_what_r_says() -> None:
    frame, answers = oracle("detection")
    told = answers["probit"]
    crossed = make_crossed(frame, "blur")
    dummies = crossed.dummies()
    X = np.column_stack([dummies, dummies * frame[["ai_wrong"]].to_numpy()])
    y = frame["said_wrong"].to_numpy()
    names = list(told["estimate"])
    fit = fit_mixed(MixedModel(Probit(), y, X, names, crossed.clusters(), crossed.terms()))
    assert dict(zip(names, fit.values, strict=False)) == pytest.approx(told["estimate"], abs=1e-3)
    se = dict(zip(names, np.sqrt(np.diag(fit.covariance)), strict=False))
    assert se == pytest.approx(told["se"], rel=0.005)
    assert fit.sd == pytest.approx(told["sd"], abs=1e-3)
    assert fit.loglik == pytest.approx(told["loglik"], abs=1e-3)


@pytest.mark.parametrize("family", [Logit(), Probit(), CumulativeLogit(4)])
def test_the_gradient_is_that_of_finite_differences(family: Family) -> None:
    random = np.random.default_rng(1)
    n = 200
    people, images, method = (random.integers(0, count, n) for count in (12, 7, 3))
    side = random.choice([-1.0, 1.0], n)
    zeros = np.zeros(n, dtype=int)
    crossed = Crossed(people, images, method, "abc")
    terms = [*crossed.terms(full=True), RandomTerm("s", 0, zeros, 1, side)]
    X = crossed.dummies()[:, family.thresholds > 0 :]
    y = random.integers(0, max(2, family.thresholds + 1), n)
    objective = Laplace(family, y, X, Crossing((people, images), terms))
    alpha = np.array([-1.2, -0.3, 0.4, 1.1])[: family.thresholds]
    at = np.concatenate([alpha, random.normal(size=X.shape[1]), random.uniform(0.3, 1, 5)])
    gradient = objective.evaluate(at)[1]
    for place in range(len(at)):
        step = np.zeros(len(at))
        step[place] = 1e-4
        rise = objective.evaluate(at + step)[0] - objective.evaluate(at - step)[0]
        assert rise / 2e-4 == pytest.approx(gradient[place], abs=1e-4)


def test_people_and_photos_may_change_places() -> None:
    frame, _ = oracle("few_images")
    swapped = frame.rename(columns={"participant": "image", "image": "participant"})
    one, other = fit_of(frame, "glmer").fit, fit_of(swapped, "glmer").fit
    assert one.loglik == pytest.approx(other.loglik, abs=1e-8)
    assert one.sd["image"] == pytest.approx(other.sd["participant"], abs=1e-5)


def test_a_variance_of_zero_is_told_and_the_rest_stands() -> None:
    fit = fit_of(oracle("singular")[0], "glmer").fit
    assert fit.singular == ("image",)
    assert fit.sd["image"] == 0
    assert fit.note == "the variance of image is estimated as 0"


def test_a_method_with_which_everybody_is_right_is_told_as_separated() -> None:
    frame = oracle("near_separation")[0]
    frame.loc[frame["method"] == "grad", "correct"] = 1
    fit = fit_of(frame, "glmer").fit
    assert not fit.converged
    assert "methodgrad runs away" in fit.note
