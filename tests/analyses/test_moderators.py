"""What the effect of methods depends on, from the study file to the results and the report."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sandbox.builders import make_definition, open_small_study
from sandbox.people import send_people
from studyapp.analyses.comparisons import pairs
from studyapp.analyses.moderator import Moderator
from studyapp.analyses.moderators import moderators
from studyapp.analyses.preregistration import preregistration
from studyapp.analyses.reports.moderators import (
    moderator_figures,
    moderator_lines,
    moderator_tables,
)
from studyapp.analyses.results import results, results_json
from studyapp.analyses.sources import tidy_study
from studyapp.analyses.tidy import Tidy
from studyapp.exports.bundle import write_bundle
from studyapp.models import Judgment, MetricValue, StimulusOverlay, Study
from studyapp.studies.definition.contradictions import contradictions
from studyapp.studies.definition.study import study_definition
from tests.analyses.oracles import oracle
from tests.analyses.tidy_tables import crossed, make_tidy

LEVELS = ("low", "middle", "high")


def moderated(*named: Moderator, **columns: Any) -> Tidy:
    frame = oracle("moderated")[0]
    frame = frame.rename(columns={"expertise": "person.about.expertise", "age": "person.about.age"})
    return Tidy(frame.assign(**columns), "discrimination", "correct", moderators=named)


def found_of(tidy: Tidy) -> list[dict[str, Any]]:
    return moderators(tidy, pairs(tidy))


EXPERTISE = Moderator("person", "about.expertise", "levels", True, LEVELS)
AGE = Moderator("person", "about.age", "number", False)


def test_effects_at_levels_and_their_differences_are_those_of_r() -> None:
    (found,) = found_of(moderated(EXPERTISE))
    told = oracle("moderated")[1]
    (contrast,) = found["contrasts"]
    assert (contrast["a"], contrast["b"], contrast["planned"]) == ("b", "a", True)
    effects = {one["level"]: one["estimate"] for one in contrast["effects"]}
    assert effects == pytest.approx(told["simple"])
    two = {(one["level"], one["against"]): one for one in contrast["pairs"]}
    assert two["high", "low"]["estimate"] == pytest.approx(told["high_low"]["estimate"])
    assert two["high", "middle"]["se"] == pytest.approx(told["by_people"])
    assert [one["people"] for one in found["levels"]] == [16, 16, 16]
    first, second = contrast["interaction"]["df_joint"]
    assert (first, round(second)) == (2, 27)
    assert contrast["interaction"]["p"] > 0.5


def test_a_number_is_told_for_one_standard_deviation_of_the_people() -> None:
    (found,) = found_of(moderated(AGE))
    frame, told = oracle("moderated")
    sd = frame.groupby("participant")["age"].first().std()
    interaction = found["contrasts"][0]["interaction"]
    assert found["sd"] == pytest.approx(sd)
    assert interaction["estimate"] == pytest.approx(told["age"]["estimate"] * sd)
    assert interaction["se"] == pytest.approx(told["age"]["se"] * sd)
    low, middle, high = (one["estimate"] for one in found["contrasts"][0]["effects"])
    assert high - middle == pytest.approx(interaction["estimate"])
    assert middle - low == pytest.approx(interaction["estimate"])


def test_planned_moderators_are_a_family_and_others_are_adjusted_over_all() -> None:
    found = found_of(moderated(EXPERTISE, AGE))
    planned, other = (one["contrasts"][0]["interaction"] for one in found)
    assert planned["p_holm"] == planned["p"]
    assert other["p_holm"] == pytest.approx(min(1, max(2 * min(other["p"], planned["p"]),
                                                       max(other["p"], planned["p"]))))  # fmt: skip


def test_a_level_of_few_people_is_told_and_not_tested() -> None:
    frame = oracle("moderated")[0]
    few = frame["participant"].isin(["p03", "p06", "p09"]).map({True: "low", False: "high"})
    tidy = replace(moderated(EXPERTISE), frame=moderated().frame.assign(**{EXPERTISE.column: few}))
    tidy = replace(tidy, moderators=(replace(EXPERTISE, levels=("low", "high")),))
    (found,) = found_of(tidy)
    interaction = found["contrasts"][0]["interaction"]
    assert interaction["p"] is None
    assert interaction["robust95"] is not None
    assert "effective people" in interaction["note"]
    assert "each method needs at least 6 people at each level" in interaction["note"]


def test_what_never_varies_has_a_sentence_and_no_contrast() -> None:
    tidy = moderated(replace(EXPERTISE, levels=("low",)))
    tidy = replace(tidy, frame=tidy.frame.assign(**{EXPERTISE.column: "low"}))
    (found,) = found_of(tidy)
    assert found["contrasts"] == []
    told = {"outcome": "correct", "moderators": [found]}
    assert list(moderator_lines(told)) == [
        "  about.expertise of a person: it does not vary among these judgments, so nothing can "
        "depend on it"
    ]
    assert moderator_tables(told)[0].rows[0][0].startswith("No contrast: it does not vary")


def test_missing_values_are_counted_and_left_out() -> None:
    tidy = moderated(EXPERTISE)
    frame = tidy.frame.copy()
    frame.loc[frame["participant"] == "p01", EXPERTISE.column] = pd.NA
    (found,) = found_of(replace(tidy, frame=frame))
    assert (found["missing"], found["n"]) == (24, len(frame) - 24)


def test_many_levels_are_counted_in_the_report_and_not_listed() -> None:
    tidy = moderated(replace(EXPERTISE, of="photo", field="class", levels=()))
    photos = sorted(set(tidy.frame["image"]))
    (one,) = tidy.moderators
    tidy = replace(
        tidy, frame=tidy.frame.assign(**{one.column: tidy.frame["image"]}),
        moderators=(replace(one, levels=tuple(photos)),),
    )  # fmt: skip
    found = found_of(tidy)
    told = {"outcome": "correct", "moderators": found}
    (table,) = moderator_tables(told)
    assert "30 levels, whose effects are in the results" in table.caption
    assert len(table.rows) == 1
    assert moderator_figures(told) == []
    assert found[0]["contrasts"][0]["interaction"]["note"].startswith("fewer than two levels")


ABOUT: dict[str, Any] = {
    "name": "about_you", "paradigm": "custom", "trials": 1, "fields": [
        {"name": "expertise", "question": "How much?", "choices": ["None", "Some"]},
        {"name": "age", "kind": "number", "question": "How old?", "least": 18, "most": 99},
        {"name": "why", "kind": "text", "question": "Why?"},
    ],
}  # fmt: skip
NAMED: list[dict[str, Any]] = [
    {"of": "person", "field": "about_you.expertise", "planned": True},
    {"of": "person", "field": "about_you.age"},
    {"of": "photo", "field": "class"},
    {"of": "trial", "field": "side"},
    {"of": "trial", "field": "order"},
]


def moderated_study(paradigm: str, **sections: Any) -> Study:
    """Ten people who judge six photos each, and say how much they know and how old they are."""
    main = {"name": "main", "paradigm": paradigm, "trials": 6}
    study = open_small_study(blocks=[main, ABOUT], people=10, stimuli=6, **sections)
    send_people(study, 10, paradigm=paradigm, seed=3)
    return study


@pytest.mark.django_db(transaction=True)
def test_a_study_and_its_bundle_say_the_same_of_every_moderator(tmp_path: Path) -> None:
    study = moderated_study("trust", analysis={"moderators": NAMED})
    tidy = tidy_study(study, "trust")
    found = results(tidy)
    told = {(one["of"], one["field"]): one for one in found["moderators"]}
    assert list(told) == [(one["of"], one["field"]) for one in NAMED]
    assert told["person", "about_you.age"]["kind"] == told["trial", "order"]["kind"] == "number"
    levels = [one["level"] for one in told["person", "about_you.expertise"]["levels"]]
    assert set(levels) <= {"None", "Some"}
    assert {one["level"] for one in told["trial", "side"]["levels"]} == {"A", "B"}
    assert sum(one["images"] for one in told["photo", "class"]["levels"]) == 6
    said = Judgment.objects.of(study).filter(trial__block="about_you")
    ages = sorted(float(one.data["age"]) for one in said)
    assert told["person", "about_you.age"]["mean"] == pytest.approx(sum(ages) / len(ages))
    bundle = write_bundle(study, tmp_path / "bundle").path
    text = (bundle / "analysis" / "results-trust.json").read_text("utf-8")
    assert text == results_json(found)
    table = pd.read_csv(bundle / "analysis" / "table-trust.csv")
    assert {"person.about_you.age", "trial.side", "photo.class"} <= set(table.columns)
    page = (bundle / "analysis" / "report.html").read_text("utf-8")
    assert "Does the effect depend on about_you.expertise of a person?" in page
    again = run_script(bundle / "analysis" / "reanalyse.py")
    assert "everything is as in the results" in again
    assert "by person.about_you.age, interaction" in again
    in_r = run_script(bundle / "analysis" / "reanalyse.R", "robust")
    for label, value in effects_of(found["moderators"]):
        assert told_by_r(in_r, label) == pytest.approx(value, abs=1e-9), label
    plan = preregistration(study_definition(study), study.certificate or {}, frozen="").plan
    assert "about_you.expertise of a person, by its levels, in trust." in plan


def run_script(path: Path, *words: str) -> str:
    program = sys.executable if path.suffix == ".py" else "Rscript"
    run = subprocess.run([program, path, *words], capture_output=True, text=True, check=False)
    return run.stdout + run.stderr


def effects_of(found: list[dict[str, Any]]) -> Iterator[tuple[str, float]]:
    """What R is to say of each effect at a level, and of each rise with one SD."""
    for one in found:
        for contrast in one["contrasts"]:
            pair = f"{contrast['a']} - {contrast['b']}"
            if one["kind"] == "number":
                yield f"{pair}, with one SD by {one['column']}", contrast["interaction"]["estimate"]
                continue
            for effect in contrast["effects"]:
                if effect["estimate"] is not None:
                    yield f"{pair}, {effect['level']} by {one['column']}", effect["estimate"]


def told_by_r(output: str, label: str) -> float:
    (line,) = [one for one in output.splitlines() if label in one]
    return float(line.rpartition(": ")[2])


@pytest.mark.django_db(transaction=True)
def test_photos_have_their_networks_rightness_and_their_explanations_mean_metric(
    tmp_path: Path,
) -> None:
    named = [{"of": "photo", "field": "network"}, {"of": "photo", "field": "metric.insertion_auc"}]
    study = moderated_study("agreement", analysis={"moderators": named})
    MetricValue.objects.bulk_create(
        MetricValue(use=use, metric="insertion_auc", value=use.pk % 7 / 7)
        for use in StimulusOverlay.objects.filter(stimulus__study=study)
    )
    tidy = tidy_study(study, "agreement")
    expected = tidy.frame["prediction_right"].map({0: "network wrong", 1: "network right"})
    assert tidy.frame["photo.network"].to_list() == expected.to_list()
    own = tidy.metrics[tidy.metrics["role"] == "stronger"].groupby("unit")["value"].mean()
    assert tidy.frame["photo.metric.insertion_auc"].to_list() == pytest.approx(
        tidy.frame["unit"].map(own.astype(float)).to_list()
    )
    network, metric = results(tidy)["moderators"]
    assert [one["level"] for one in network["levels"]] == ["network wrong", "network right"]
    assert metric["kind"] == "number"
    again = run_script(write_bundle(study, tmp_path / "b").path / "analysis" / "reanalyse.py")
    assert "everything is as in the results" in again
    assert "by photo.metric.insertion_auc, interaction" in again


def complaints(*named: dict[str, Any], paradigm: str = "trust", **sections: Any) -> list[str]:
    main = {"name": "main", "paradigm": paradigm, "trials": 3}
    definition = make_definition(
        blocks=[main, ABOUT], analysis={"moderators": list(named)}, **sections
    )
    return [sentence for path, sentence in contradictions(definition) if path[0] == "analysis"]


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ({"of": "person", "field": "about_you.expertize"}, 'mean "about_you.expertise"?'),
        ({"of": "person", "field": "about_you.why"}, "has neither levels nor numbers"),
        ({"of": "person", "field": "main.value"}, "main asks about photos"),
        ({"of": "person", "field": "language"}, "in one language"),
        ({"of": "person", "field": "arm"}, "no two conditions are shown in two arms"),
        ({"of": "photo", "field": "clas"}, 'mean "class"?'),
        ({"of": "photo", "field": "metric.nothing"}, "unknown"),
        ({"of": "photo", "field": "network"}, "trust does not tell whether the network was right"),
        ({"of": "trial", "field": "place"}, "unknown"),
        ({"of": "photo", "field": "class", "paradigm": "agreement"}, "unknown"),
        ({"of": "photo", "field": "class", "kind": "number"}, "has levels and no numbers"),
        ({"of": "trial", "field": "order", "kind": "levels"}, "is a number without levels"),
        ({"of": "person", "field": "about_you.age", "kind": "levels"}, "is a number without"),
    ],
)
def test_what_does_not_exist_or_vary_is_refused_with_the_fix(
    named: dict[str, Any], said: str
) -> None:
    (sentence,) = complaints(named)
    assert said in sentence


def test_moderators_that_can_vary_are_taken_and_not_twice() -> None:
    assert complaints(*NAMED) == []
    (sentence,) = complaints(NAMED[0], NAMED[0])
    assert "as 1 has; remove one of them" in sentence
    one_device = complaints(
        {"of": "person", "field": "device_class"}, panel={"devices": ["desktop"]}
    )
    assert "allows only desktop, so it can't vary" in one_device[0]
    (no_sides,) = complaints({"of": "trial", "field": "side"}, paradigm="discrimination")
    assert "discrimination does not show two networks" in no_sides


def test_a_plan_without_moderators_keeps_its_digest() -> None:
    assert "moderators" not in make_definition().model_dump(mode="json")["analysis"]


def test_a_number_that_differs_by_method_alone_moderates_nothing() -> None:
    """Such as a metric that every photo's map of a method has alike."""
    metric = Moderator("photo", "metric.energy", "number", False)
    frame = make_tidy("score", crossed("ab", "2011200", people=12)).frame
    energy = frame["method"].map({"a": 0.1, "b": 0.2})
    tidy = Tidy(frame.assign(**{metric.column: energy}), "trust", "score", moderators=[metric])
    [found] = found_of(tidy)
    assert (found["sd"], found["contrasts"]) == (None, [])
    assert found["note"].startswith("it does not vary among these judgments")
