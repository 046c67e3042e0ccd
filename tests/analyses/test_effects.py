"""What results and reports say of effect sizes, variance shares, and single people and photos."""

import json
from typing import Any

import pytest

from studyapp.analyses.apa import degrees, p_words, two_decimals, without_zero
from studyapp.analyses.effects import NO_MODEL
from studyapp.analyses.figures.caterpillar import MOST, caterpillar_figure
from studyapp.analyses.reports.effects import effects_part
from studyapp.analyses.results import results, results_json
from studyapp.analyses.summary import summary
from studyapp.analyses.tidy import Tidy
from tests.analyses.oracles import oracle, r_effects
from tests.analyses.tidy_tables import crossed, make_tidy


def found_in(table: str, paradigm: str, outcome: Any) -> dict[str, Any]:
    frame = oracle(table)[0]
    tidy = Tidy(frame, paradigm, outcome, reference="blur")
    told: dict[str, Any] = json.loads(results_json(results(tidy)))
    return told


@pytest.fixture(scope="module")
def right() -> dict[str, Any]:
    return found_in("interaction", "discrimination", "correct")


@pytest.fixture(scope="module")
def scores() -> dict[str, Any]:
    return found_in("sides", "trust", "score")


def contrast(found: dict[str, Any], a: str, b: str) -> dict[str, Any]:
    one: dict[str, Any] = next(x for x in found["contrasts"] if (x["a"], x["b"]) == (a, b))
    return one


def test_a_contrast_of_shares_has_every_size_with_its_interval(right: dict[str, Any]) -> None:
    effect = contrast(right, "cam", "blur")["effect"]
    told = r_effects()
    for name, key in (("standardised", "standardised"), ("risk_ratio", "risk_ratio"),
                      ("marginal_odds_ratio", "odds_ratio")):  # fmt: skip
        assert effect[name]["estimate"] == pytest.approx(told["right"][key][0])
        low, high = effect[name]["interval95"]
        assert low < effect[name]["estimate"] < high
    full = told["glmer_full"]
    assert effect["odds_ratio"]["estimate"] == pytest.approx(full["odds_ratio"][0], rel=1e-3)
    assert effect["odds_ratio"]["model"] == "glmer_full"
    assert effect["marginal_difference"]["estimate"] == pytest.approx(
        full["marginal_difference"][0], abs=1e-4
    )
    assert "superiority" not in effect


def test_a_contrast_of_scores_has_superiority_and_the_side_models_odds(
    scores: dict[str, Any],
) -> None:
    effect = contrast(scores, "cam", "blur")["effect"]
    assert set(effect) == {"standardised", "superiority", "odds_ratio", "marginal_difference"}
    assert effect["odds_ratio"]["model"] == scores["beside"] == "clmm_side_full"
    low, high = effect["superiority"]["interval95"]
    assert 0.5 < low < effect["superiority"]["estimate"] < high < 1


def test_lines_follow_apas_style(right: dict[str, Any], scores: dict[str, Any]) -> None:
    assert contrast(right, "cam", "blur")["apa"] == (
        "t(34.1) = 2.68, p = .011 (p = .023 by Holm), d = 0.31, 95% CI [0.07, 0.55]"
    )
    assert right["tests"]["grad"]["apa"] == (
        "t(39) = 1.23, p = .224 (p = .448 by Holm), proportion = .56, 95% CI [.46, .65]"
    )
    assert scores["tests"]["cam"]["apa"] == "t(29) = 5.80, p < .001, M = 0.50, 95% CI [0.32, 0.67]"


def test_only_what_cannot_pass_one_loses_its_zero() -> None:
    assert [p_words(p) for p in (0.0004, 0.0301, 0.9996, 0.5)] == [
        "p < .001", "p = .030", "p > .999", "p = .500",
    ]  # fmt: skip
    assert [without_zero(x) for x in (0.05, 1.0, 0.996)] == [".05", "1.00", "1.00"]
    assert [two_decimals(x) for x in (-0.001, -0.25)] == ["0.00", "−0.25"]
    assert [degrees(x) for x in (39.0, 34.07)] == ["39", "34.1"]


def test_a_pair_without_a_test_still_has_its_size_in_the_line() -> None:
    rows = [row for row in crossed("ab", "110100", people=4) if row[0] != "p3" or row[2] == "a"]
    one = results(make_tidy("correct", rows))["contrasts"][0]
    assert one["p"] is None
    assert one["apa"].startswith("d = ")


def test_without_a_model_each_of_its_sizes_says_why() -> None:
    found = results(make_tidy("correct", crossed("ab", "0000")))
    effect = found["contrasts"][0]["effect"]
    assert effect["odds_ratio"]["note"] == effect["marginal_difference"]["note"] == NO_MODEL
    assert found["variance"] is found["people_effects"] is found["photo_effects"] is None
    assert effects_part(found).figures == []


def test_shares_of_the_variance_are_rs_and_add_up(right: dict[str, Any]) -> None:
    told = right["variance"]
    assert told["model"] == "glmer_full"
    assert {one["term"]: one["share"] for one in told["shares"]} == pytest.approx(
        r_effects()["glmer_full"]["shares"], abs=1e-4
    )
    assert sum(one["share"] for one in told["shares"]) == pytest.approx(1)
    for one in told["shares"][:-1]:
        low, high = one["interval95"]
        assert 0 <= low <= one["share"] <= high < 1


def test_single_effects_are_named_and_only_those_of_the_model_that_is_read(
    right: dict[str, Any],
) -> None:
    frame = oracle("interaction")[0]
    told = next(x for x in r_effects()["glmer_full"]["effects"] if x["term"] == "participant")
    modes = dict(zip(told["label"], told["mode"], strict=True))
    rows = {row["participant"]: row for row in right["people_effects"]["rows"]}
    assert set(rows) == set(frame["participant"])
    for name, row in rows.items():
        own = frame.loc[frame["participant"] == name, "correct"]
        assert row["effect"] == pytest.approx(modes[name], abs=2e-4)
        assert (row["n"], row["mean"]) == (len(own), pytest.approx(own.mean()))
    assert len(right["photo_effects"]["rows"]) == frame["image"].nunique()
    assert "people_effects" not in right["glmer"]


def test_a_side_models_effects_are_those_of_discernment(scores: dict[str, Any]) -> None:
    assert scores["people_effects"]["term"] == "participant:s"
    titles = [figure.title for figure in effects_part(scores).figures]
    assert titles == [
        "People’s discernment, shrunk towards 0",
        "Photos’ discernment, shrunk towards 0",
    ]


def test_a_variance_of_zero_has_a_sentence_instead_of_a_figure() -> None:
    found = found_in("singular", "discrimination", "correct")
    assert {row["effect"] for row in found["photo_effects"]["rows"]} == {0.0}
    part = effects_part(found)
    assert [figure.title for figure in part.figures] == ["People’s effects, shrunk towards 0"]
    assert any(note.startswith("Photos: this variance is estimated as 0") for note in part.notes)
    zero = next(one for one in found["variance"]["shares"] if one["term"] == "image")
    assert zero["interval95"][0] == 0 < zero["interval95"][1] < 0.5


def test_of_many_rows_the_figure_says_how_many_it_draws() -> None:
    rows = [
        {"image": f"i{place}", "n": 3, "mean": 0.5, "effect": place / 100,
         "interval95": [place / 100 - 1, place / 100 + 1]}
        for place in range(300)
    ]  # fmt: skip
    figure = caterpillar_figure("Photos", "image", "photos", rows, words="effect, logits")
    assert figure.data["rows_words"] == f"{MOST} of 300 photos, evenly by rank"
    assert len(figure.data["rows"]) == len(figure.rows) == MOST
    assert (figure.rows[0][0], figure.rows[-1][0]) == ("i0", "i299")
    assert "<svg" in figure.svg


def test_the_terminal_has_the_sizes_and_the_lines_too(right: dict[str, Any]) -> None:
    lines = "\n".join(summary(right))
    assert "standardised 0.31 (0.07 to 0.55)" in lines
    assert "APA: t(34.1) = 2.68" in lines
    assert "shares of the variance by glmer_full: participant 3.1 % (0.1 % to 9.1 %)" in lines
