"""Results by site: the same numbers as of each site alone, and none of a study without sites."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sandbox.builders import SITES, open_small_study
from sandbox.people import answer_all, make_profile
from studyapp.analyses.reports import study_report
from studyapp.analyses.results import results, results_json
from studyapp.analyses.sources import tidy_folder, tidy_study
from studyapp.analyses.tidy import Tidy
from studyapp.exports.bundle import write_bundle
from studyapp.exports.rebuilding import import_bundle
from studyapp.models import Participation, Study
from studyapp.participations.enrolment import begin, consent
from studyapp.participations.entering import enter
from tests.analyses.tidy_tables import make_tidy


def several_sites(
    *, sites: int, effects: list[float], seed: int = 1, people: dict[int, int] | None = None
) -> Tidy:
    """Sites of 12 people, or of `people`, who judge 10 photos by two methods; each site has its
    own effect."""
    rng = np.random.default_rng(seed)
    rows, where = [], {}
    for site in range(sites):
        for person in range((people or {}).get(site, 12)):
            name = f"s{site}p{person}"
            where[name] = f"site{site}"
            for photo in range(10):
                second = (person + photo) % 2
                eta = 0.2 + effects[site] * second + rng.normal()
                rows.append((name, f"i{photo}", "ab"[second], int(np.clip(round(eta), -2, 2))))
    frame = pd.DataFrame(rows, columns=["participant", "image", "method", "score"])
    return Tidy(frame, "trust", "score", sites=where)


def test_sites_of_different_effects_differ_and_of_equal_ones_do_not() -> None:
    apart = results(several_sites(sites=3, effects=[0.0, 0.0, 2.0]))["sites"]["contrasts"][0]
    alike = results(several_sites(sites=3, effects=[0.5, 0.5, 0.5]))["sites"]["contrasts"][0]
    assert apart["difference"]["p"] < 0.001 < 0.05 < alike["difference"]["p"]
    assert alike["at_large"] is None
    assert alike["note"] == "fewer than five sites can't tell how much sites vary"


def test_a_sites_contrast_is_the_one_of_its_people_alone() -> None:
    tidy = several_sites(sites=5, effects=[0.3, 0.5, 0.1, 0.8, 0.4])
    found = results(tidy)["sites"]
    alone = tidy.frame[tidy.frame["participant"].map(tidy.sites) == "site3"]
    [contrast] = results(Tidy(alone, "trust", "score"))["contrasts"]
    told = found["contrasts"][0]["sites"]["site3"]
    assert (told["estimate"], told["se"]) == (contrast["estimate"], contrast["se"])
    assert found["people"] == {f"site{n}": 12 for n in range(5)}
    large = found["contrasts"][0]["at_large"]
    assert large["df"] == 4
    assert large["low"] < found["contrasts"][0]["within"]["estimate"] < large["high"]


def between(tidy: Tidy) -> dict[str, Any]:
    found: dict[str, Any] = results(tidy)["sites"]["contrasts"][0]
    return found


def test_sites_with_too_few_people_for_a_test_are_left_out_by_name() -> None:
    effects = [0.3, 0.5, 0.1, 0.8, 0.4, 9.0]
    found = between(several_sites(sites=6, effects=effects, people={5: 5}))
    whole = several_sites(sites=6, effects=effects, people={5: 0})
    assert found["difference"] == between(whole)["difference"]
    assert found["at_large"] == between(whole)["at_large"]
    assert found["note"] == "left out: site5 (5.0 effective people, and at least 6 are needed)"
    small = between(several_sites(sites=3, effects=effects, people={0: 3, 1: 3}))
    assert (small["difference"], small["at_large"]) == (None, None)
    assert small["note"].startswith("fewer than two sites can be compared; left out: site0 (3.0")


def test_a_site_that_has_only_one_of_two_methods_is_named() -> None:
    tidy = several_sites(sites=3, effects=[0.5, 0.5, 0.5])
    lone = (tidy.frame["participant"].map(tidy.sites) == "site1") & (tidy.frame["method"] == "b")
    found = between(Tidy(tidy.frame[~lone], "trust", "score", sites=tidy.sites))
    assert found["difference"] is not None
    assert found["note"] == (
        "fewer than five sites can't tell how much sites vary; "
        "left out: site1 (only one of the two was judged)"
    )


def test_people_who_do_not_differ_at_a_site_give_no_error_of_nothing() -> None:
    tidy = several_sites(sites=3, effects=[0.5, 0.5, 0.5], people={1: 8})
    frame = tidy.frame.copy()
    here = frame["participant"].map(tidy.sites) == "site1"
    # Everybody has the same two means, though photos differ
    frame.loc[here, "score"] = (frame.loc[here, "image"].str[1:].astype(int) // 2) % 3 - 1
    frame.loc[here & (frame["image"].isin(["i8", "i9"])), "score"] = 0
    found = between(Tidy(frame, "trust", "score", sites=tidy.sites))
    assert found["difference"] is None
    assert found["note"].startswith("sites are not compared: at site1 no two clusters differ")


def test_no_site_is_left_out_because_its_judgments_agree() -> None:
    tidy = several_sites(sites=6, effects=[0.3, 0.5, 0.1, 0.8, 0.4, 0.2])
    frame = tidy.frame.copy()
    frame.loc[frame["participant"].map(tidy.sites) == "site2", "score"] = 1
    found = between(Tidy(frame, "trust", "score", sites=tidy.sites))
    assert (found["difference"], found["at_large"]) == (None, None)
    assert found["note"].startswith("sites are not compared: at site2 within each of the two")


def test_without_sites_nothing_is_said_of_them() -> None:
    rows = [("p1", "i1", "a", 1), ("p2", "i1", "b", 0), ("p2", "i2", "a", 2)]
    assert "sites" not in results(make_tidy("score", rows))


@pytest.fixture
def study(db: None) -> Study:
    study = open_small_study(people=12, trials=4, sites=SITES)
    for site, count in (("leeds", 3), ("graz", 5)):
        for number in range(count):
            person = begin(consent(enter(study, source="link", site=site), publication=True))
            answer_all(person, make_profile(seed=number))
    return study


def test_the_report_and_the_bundle_tell_sites(study: Study, tmp_path: Path) -> None:
    found = results(tidy_study(study))
    assert found["sites"]["people"] == {"graz": 5, "leeds": 3}
    assert found["flow"]["by_site"]["leeds"]["analysed"] == 3
    text = study_report(study).html
    assert "Attrition by site" in text
    assert "Differences by site" in text
    bundle = write_bundle(study, tmp_path / "bundle", analysis=False).path
    assert results_json(results(tidy_folder(bundle))) == results_json(found)
    Study.objects.filter(pk=study.pk).update(slug="the-original")
    again = import_bundle(bundle)
    assert results_json(results(tidy_study(again))) == results_json(found)
    assert set(again.slots.values_list("site", flat=True)) == {"leeds", "graz"}
    assert Participation.objects.filter(study=again, site="leeds").count() == 3
