"""The places of several sites: exact shares in every arm, wherever a study stops."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.builders import SITES, make_definition, open_small_study
from studyapp.models import Deviation, Slot
from studyapp.studies.definition.contradictions import contradictions
from studyapp.studies.design.certificate import certificate_lines
from studyapp.studies.design.groups import group_of_places, whose_places
from studyapp.studies.design.keys import keys_flaw
from studyapp.studies.extension import extend_study
from studyapp.studies.lifecycle import LifecycleError

ARMS = [
    {"name": "one", "conditions": ["guided_grad_cam"]},
    {"name": "two", "conditions": ["guided_backprop"]},
]


@given(
    shares=st.dictionaries(
        st.text("abcdefgh", min_size=1, max_size=3), st.integers(1, 9), min_size=2, max_size=6
    ),
    arms=st.integers(1, 4),
    seed=st.randoms(use_true_random=False),
)
def test_in_every_arm_no_site_is_ever_a_place_behind(
    shares: dict[str, int], arms: int, seed: object
) -> None:
    order = [f"arm{n}" for n in range(arms)] * sum(shares.values())
    found = whose_places(order, shares)
    given_in: Counter[tuple[str, str]] = Counter()
    taken: Counter[str] = Counter()
    total = sum(shares.values())
    for arm, site in zip(order, found, strict=True):
        given_in[arm, site] += 1
        taken[arm] += 1
        for one, share in shares.items():
            assert share / total * taken[arm] - given_in[arm, one] < 1 + 1e-6
    counts = Counter(zip(order, found, strict=True))
    assert {counts[arm, site] == shares[site] for arm in set(order) for site in shares} == {True}


def test_a_study_without_sites_has_places_of_none() -> None:
    assert group_of_places(["a", "b"], {}, {}) == [("", ""), ("", "")]


@pytest.mark.django_db
def test_places_are_drawn_for_sites_and_the_certificate_counts_them() -> None:
    study = open_small_study(people=12, sites=SITES, arms=ARMS)
    counts = Counter(study.slots.values_list("site", "arm__name"))
    assert counts == {
        ("leeds", "one"): 2, ("leeds", "two"): 2, ("graz", "one"): 4, ("graz", "two"): 4
    }  # fmt: skip
    lines = certificate_lines(study.certificate)
    assert "site leeds: 4 places, 2 in arm one, 2 in arm two" in lines
    assert not [one for one in certificate_lines(open_small_study(slug="b").certificate)
                if one.startswith("site")]  # fmt: skip


@pytest.mark.django_db
def test_more_places_are_one_sites_and_say_so() -> None:
    study = open_small_study(people=12, sites=SITES)
    with pytest.raises(LifecycleError, match="has the sites leeds, graz; say for which one"):
        extend_study(study, people=2)
    with pytest.raises(LifecycleError, match="has no site “york”: its sites are leeds, graz"):
        extend_study(study, people=2, site="york")
    extend_study(study, people=2, site="graz", reason="slow")
    assert set(Slot.objects.filter(study=study, addition=1).values_list("site")) == {("graz",)}
    assert "for site graz" in Deviation.objects.get(study=study).detail
    assert keys_flaw(study) == ""
    with pytest.raises(LifecycleError, match="has no site “graz”: it has no sites"):
        extend_study(open_small_study(slug="plain"), people=2, site="graz")


@pytest.mark.parametrize(
    ("sites", "said"),
    [
        (SITES[:1], "there is only one site"),
        ([SITES[0], SITES[0]], "two sites are called “leeds”"),
        ([SITES[0], {**SITES[1], "people": 9}], "the sites have 13 places together"),
        ([{**SITES[0], "people": 5}, {**SITES[1], "people": 7}],
         "5 people of leeds can't be shared equally by 2 arms: use 4 or 6"),
    ],
)  # fmt: skip
def test_sites_that_do_not_fit_are_refused(sites: list[dict[str, object]], said: str) -> None:
    definition = make_definition(people=12, sites=sites, arms=ARMS)
    told = [sentence for _, sentence in contradictions(definition)]
    assert [one for one in told if said in one]
