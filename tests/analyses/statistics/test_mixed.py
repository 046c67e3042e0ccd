"""The mixed models against R's lme4 and ordinal, and where there is no fit to be had."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from studyapp.analyses.statistics.crossing import Crossing, RandomTerm
from studyapp.analyses.statistics.families import CumulativeLogit, Family, Logit, Probit
from studyapp.analyses.statistics.glmm import (
    Crossed,
    MethodModel,
    fit_right,
    fit_scores,
    fit_sides,
)
from studyapp.analyses.statistics.labels import codes
from studyapp.analyses.statistics.laplace import Laplace
from studyapp.analyses.statistics.mixed import MixedModel, fit_mixed
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


def varying(people: int = 18, photos: int = 12) -> pd.DataFrame:
    """Scores whose effects of methods vary by person and photo, by sines that R draws alike."""
    rows = []
    for person in range(people):
        for photo in range(photos):
            place = person * photos + photo
            method = "abc"[(person + photo) % 3]
            stronger = 1 if (person * 7 + photo * 3) % 5 < 2 else -1
            level = "abc".index(method)
            value = (
                0.5 * level
                + np.sin(3.1 * person)
                + np.sin(5.3 * photo)
                + np.sin(2.7 * person + 11.9 * level)
                + 1.2 * np.sin(4.1 * photo + 7.7 * level)
                + 2.2 * np.sin(12.9898 * place) ** 3
            )
            score = int(np.clip(np.floor(value + 0.5), -2, 2))
            rows.append((f"p{person:02}", f"i{photo:02}", method, score, stronger))
    return pd.DataFrame(rows, columns=["participant", "image", "method", "score", "s"])


R_CLMM = """
suppressMessages(library(ordinal))
d <- read.csv(commandArgs(TRUE)[1], stringsAsFactors = TRUE); d$r <- factor(d$score * d$s)
full <- clmm(factor(score) ~ method + (1|participant) + (1|image) + (1|participant:method) +
             (1|image:method), data = d)
side <- clmm(r ~ s:method + (1|participant) + (0+s|participant) + (0+s|image) +
             (0+s|participant:method) + (0+s|image:method), data = d)
for (fit in list(full, side)) { found <- coef(summary(fit))
  cat(sprintf("%s;%.10g;%.10g\n", rownames(found), found[, 1], found[, 2]), sep = "")
  cat(sprintf("loglik;%.10g;0\n", as.numeric(logLik(fit))))
  sd <- sort(sapply(fit$ST, function(one) abs(one[1, 1])))
  cat(paste(sprintf("%.6f", sd), collapse = ";"), "\n") }
"""


def test_full_models_of_scores_say_what_r_says(tmp_path: Path) -> None:
    if shutil.which("Rscript") is None:
        pytest.skip("R is missing: install r-cran-ordinal")
    frame = varying()
    frame.to_csv(tmp_path / "d.csv", index=False)
    (tmp_path / "fit.R").write_text(R_CLMM)
    asked = ["Rscript", str(tmp_path / "fit.R"), str(tmp_path / "d.csv")]
    said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    crossed = make_crossed(frame, "a")
    scores, side = frame["score"].to_numpy(), frame["s"].to_numpy()
    models = fit_scores(scores, crossed, full=True), fit_sides(scores, side, crossed, full=True)
    parts = said.split("loglik;")
    for model, told, rest in zip(
        models, (parts[0], parts[1].split("\n", 2)[2]), parts[1:], strict=True
    ):
        fit = model.fit
        rows = [line.split(";") for line in told.splitlines() if line.count(";") == 2]
        assert [name for name, _, _ in rows] == list(fit.names[: fit.fixed])
        se = np.sqrt(np.diag(fit.covariance))
        for place, (_, estimate, error) in enumerate(rows):
            assert fit.values[place] == pytest.approx(float(estimate), abs=2e-3)
            assert se[place] == pytest.approx(float(error), rel=0.01)
        loglik, deviations = rest.split("\n")[:2]
        assert fit.loglik == pytest.approx(float(loglik.split(";")[0]), abs=0.005)
        expected = [float(one) for one in deviations.split(";")]
        assert sorted(fit.sd.values()) == pytest.approx(expected, abs=0.01)


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
