"""Contrasts are one planned family, and one that rests on too little has no test anywhere."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from studyapp.analyses.preregistration import PLANNED, PRIMARY
from studyapp.analyses.reports.page import report_html
from studyapp.analyses.results import results
from studyapp.analyses.summary import summary
from studyapp.analyses.tidy import Outcome, Tidy
from studyapp.statistics.holm import holm
from tests.analyses.tidy_tables import make_tidy

WHY = (
    "no test: it rests on 3.3 effective people, and with fewer than 6 a test is wrong too often; "
    "each method needs at least 6 people"
)


def judged(outcome: Outcome, people: dict[str, list[int]], photos: int = 8) -> Tidy:
    """Answers at random; people: the numbers of those who judge a method."""
    random = np.random.default_rng(12)
    answers = (0, 1) if outcome == "correct" else (-2, -1, 0, 1, 2)
    rows = [
        (f"p{person}", f"i{photo}", method, int(random.choice(answers)))
        for method, numbers in people.items()
        for person in numbers
        for photo in range(photos)
    ]
    return make_tidy(outcome, rows)


def of(methods: str) -> dict[str, list[int]]:
    """Twelve people who judge every method."""
    return {method: list(range(12)) for method in methods}


@pytest.fixture(scope="module")
def few() -> dict[str, Any]:
    tidy = judged("correct", {"a": list(range(60)), "b": [60, 61, 62]})
    return results(replace(tidy, smallest_effect=0.5))


def test_a_contrast_on_three_people_has_no_p_and_no_verdict_in_the_results(
    few: dict[str, Any],
) -> None:
    (one,) = few["contrasts"]
    assert (one["p"], one["p_holm"], one["note"]) == (None, None, WHY)
    assert one["clusters"] == pytest.approx(3.307086614)
    assert one["equivalence"] == {"margin": 0.5, "p": None, "low90": None, "high90": None}
    for name in ("glmer", "glmer_full"):
        (modelled,) = few[name]["contrasts"]
        assert (modelled["z"], modelled["p"], modelled["p_holm"]) == (None, None, None)
        assert modelled["note"] == WHY


def test_a_contrast_without_a_test_says_why_in_the_summary_and_the_report(
    few: dict[str, Any],
) -> None:
    (line,) = [line for line in summary(few) if line.startswith("  b − a")]
    assert line.endswith(WHY)
    assert " p " not in line.removesuffix(WHY)
    text = report_html([few], None, title="few")
    assert table_of_contrasts(text).count(WHY) == 1
    # The two models beside say it too, and whatever else is tested of the contrast
    assert text.count(WHY) >= 3
    assert "pp, no test" in text


def test_the_contrasts_with_the_reference_are_one_family_and_the_rest_is_exploratory() -> None:
    tidy = judged("score", of("abc")).with_reference("b")
    found = results(tidy)["contrasts"]
    families = {(one["a"], one["b"]): one["planned"] for one in found}
    assert families == {("a", "b"): True, ("c", "b"): True, ("c", "a"): False}
    p_values = [one["p"] for one in found]
    assert [one["p_holm"] for one in found] == [*holm(p_values[:2]), holm(p_values)[2]]


def table_of_contrasts(html: str) -> str:
    """The report's table of differences, which alone tells the families."""
    (found,) = [one for one in html.split("</table>") if "<th scope=\"col\">p by Holm</th>" in one
                and "Differences between methods" in one.rpartition("<table")[2]]  # fmt: skip
    return found.rpartition("<table")[2]


def test_the_report_marks_what_the_plan_calls_exploratory() -> None:
    found = results(judged("score", of("abc")))
    table = table_of_contrasts(report_html([found], None, title="t"))
    rows = [line for line in table.split("<tr>") if "c − b" in line]
    assert rows
    assert all("exploratory" in row for row in rows)
    assert "exploratory" in PLANNED
    assert "is not tested" in PRIMARY


def test_a_difference_of_shares_is_in_percentage_points() -> None:
    found = results(judged("correct", of("ab")))
    difference = 100 * found["contrasts"][0]["estimate"]
    told = f"{difference:+.1f} pp".replace("-", "−")
    (line,) = [line for line in summary(found) if line.startswith("  b − a")]
    assert told in line
    text = report_html([found], None, title="t")
    assert "Differences between methods, in percentage points (pp)" in text
    assert told in text
    assert f"{difference:+.1f} %".replace("-", "−") not in text


def test_a_method_with_which_all_are_right_has_a_bound_and_blocks_no_other_in_the_models() -> None:
    tidy = judged("correct", of("abc"))
    frame = tidy.frame.assign(correct=tidy.frame["correct"].where(tidy.frame["method"] != "b", 1))
    found = results(replace(tidy, frame=frame))
    assert found["methods"]["b"]["robust95"] == pytest.approx([1 - 3 / 8, 1])
    assert found["methods"]["b"]["cluster_bootstrap95"] is None
    assert found["tests"]["b"]["p"] == pytest.approx(2 * 0.5**8)
    model = found["glmer_full"]
    assert model["converged"]
    assert "every judgment of b is 1, so b is left out" in model["note"]
    assert set(model["estimate"]) == {"(Intercept)", "methodc"}
    assert [(one["a"], one["b"]) for one in model["contrasts"]] == [("c", "a")]
    assert model["marginal"]["b"] is None
    assert json.dumps(found, allow_nan=False)


@pytest.mark.parametrize(("outcome", "model"), [("correct", "glmer_full"), ("score", "clmm_full")])
def test_arms_have_no_interaction_of_people_and_methods_and_it_is_said(
    outcome: Outcome, model: str
) -> None:
    found = results(judged(outcome, {"a": list(range(12)), "b": list(range(12, 24))}))
    assert set(found[model]["sd"]) == {"participant", "image", "image:method"}
    assert (
        "participant:method is not identified since everybody had only one method, so this term is "
        "left out" in found[model]["note"]
    )


def test_where_neither_interaction_can_be_told_the_fuller_model_is_the_other_one() -> None:
    random = np.random.default_rng(3)
    rows = [
        (f"{method}{person}", f"{method}{photo}", method, int(random.integers(2)))
        for method in "ab"
        for person in range(8)
        for photo in range(8)
    ]
    found = results(make_tidy("correct", rows))
    assert found["glmer_full"]["loglik"] == found["glmer"]["loglik"]
    assert found["glmer_full"]["note"].endswith(
        "every photo had only one method: the same as glmer"
    )
