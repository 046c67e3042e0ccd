"""Networks that say which of two photos is more like a third: what they do, and their cases."""

import math
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from explainer import explain
from explainer.networks import pooled
from ready.errors import MakingError
from ready.photos.cutouts import read_cutouts
from ready.photos.sets import subjects_of
from ready.similarity import networks
from ready.similarity.cases import (
    ANSWERS,
    CROSSED,
    SIDE,
    Triplet,
    asked,
    by_turns,
    drawn,
    read_triplets,
    triplets,
)
from ready.similarity.checks import (
    APART,
    SETTINGS,
    Seen,
    backgrounds,
    borrowed,
    check,
    contrasted,
    covered,
    halves,
    highest,
    pointed,
)
from ready.similarity.study import write
from tests.ready.drawn_cutouts import draw_cutouts

NAME = "alexnet"


def photo_of(case: Tensor, place: int) -> Tensor:
    """3×s×s: the reference, the left or the right photo."""
    side = case.shape[-1] // 2
    left, top = ((side // 2, 0), (0, side), (side, side))[place]
    return case[:, top : top + side, left : left + side]


def slow_lpips(one: Tensor, other: Tensor) -> float:
    """Zhang et al., equation 1, cell by cell, as their own code has it; photos as prepared."""
    features = pooled.trunk(f"{NAME}_pooled", pooled.PACKAGE, num_classes=1).module.features
    found, pair = 0.0, [one[None], other[None]]
    weights = iter(pooled.perceptual(f"{NAME}_pooled"))
    assert isinstance(features, nn.Sequential)
    for place, layer in enumerate(features):
        pair = [layer(each) for each in pair]
        if place not in networks.TAPS[NAME]:
            continue
        own, (a, b) = next(weights).flatten(), (each[0].double() for each in pair)
        total, cells = 0.0, a.shape[1] * a.shape[2]
        for row in range(a.shape[1]):
            for column in range(a.shape[2]):
                x, y = a[:, row, column], b[:, row, column]
                x, y = (each / (each.norm() + 1e-10) for each in (x, y))
                total += float((own * (x - y) ** 2).sum())
        found += total / cells
    return found


def test_similarities_are_those_of_a_slow_reference() -> None:
    module = networks.trained(NAME)
    case = torch.randn(1, 3, 160, 160, generator=torch.Generator().manual_seed(0))
    case[:, :, 80:, :80] = 0.7 * case[:, :, :80, 40:120] + 0.3 * case[:, :, 80:, :80]
    with torch.no_grad():
        found = module.similarities(case)
        reference, left, right = (photo_of(case[0], place) for place in range(3))
        slow = [slow_lpips(reference, one) for one in (left, right)]
        np.testing.assert_allclose(-found["lpips"][0], slow, rtol=1e-4)
        features = pooled.trunk(f"{NAME}_pooled", pooled.PACKAGE, num_classes=1).module.features
        a, b, c = (features(one[None]).mean((2, 3))[0] for one in (reference, left, right))
        slow = [float(a @ one / (a.norm() * one.norm())) for one in (b, c)]
        np.testing.assert_allclose(found["cosine"][0], slow, rtol=1e-4)
        # What both photos weigh together leaves probabilities as they are
        scores = module(case)[0]
        odds = float(scores.softmax(0)[0].logit())
        apart = float(found["lpips"][0, 0] - found["lpips"][0, 1]) / networks.TEMPERATURE
    assert odds == pytest.approx(apart, abs=1e-3)


def test_a_photo_is_seen_by_itself_and_the_map_lies_over_all_three() -> None:
    network = networks.network(NAME, networks.comparing(NAME, "cosine"))
    case = torch.randn(1, 3, 376, 376, generator=torch.Generator().manual_seed(1))
    other = case.clone()
    other[:, :, 188:, 188:] = 0.5
    with torch.no_grad():
        one, two = (network.module.similarities(each)["cosine"][0] for each in (case, other))
    assert one[0] == two[0]
    assert one[1] != two[1]
    map = explain(network, case, [0], ["gam"], settings=SETTINGS)["gam"][0]
    assert all(map[place].max() > 0.1 for place in halves(376))
    assert map[:170, :80].max() == map[:170, -80:].max() == 0


def test_whoever_goes_by_backgrounds_or_sides_is_right_in_half_of_the_cases(
    tmp_path: Path,
) -> None:
    cutouts = subjects_of(draw_cutouts(tmp_path), None)
    cases = list(triplets(cutouts))
    names = {one.key: one.name for one in read_cutouts()}
    assert len({one.cutouts[0] for one in cases}) == len(cases) / len(CROSSED) > 20
    # Of two frogs each is the photo that is like the other: one group
    assert all(names[key] == one.group for one in cases for key in one.cutouts[:2])
    for crossed in CROSSED:
        own = [one for one in cases if one.crossed == crossed]
        assert Counter(one.left for one in own)[True] in (len(own) // 2, math.ceil(len(own) / 2))
    for one in cases:
        reference, same, other = one.cutouts
        assert names[reference] == names[same] != names[other]
        assert reference != same
        behind, *beside = one.backgrounds
        assert tuple(each == behind for each in beside) == one.crossed


def test_the_answer_is_where_the_thing_of_the_same_kind_lies(tmp_path: Path) -> None:
    originals = draw_cutouts(tmp_path)
    cutouts = subjects_of(originals, None)
    by_key = {one.key: one for one in cutouts}
    for one in list(triplets(cutouts, 1))[:2]:
        photo, mask = drawn(originals, one, by_key)
        assert photo.size == (SIDE, SIDE)
        same = np.argwhere(mask == 2)[:, 1].mean()
        assert (same < SIDE / 2) == one.left
        assert one.answer == ANSWERS[0 if one.left else 1]
        assert one.asked == f"photos/{one.answer}/{Path(one.photo).name}"
        for value in (1, 2, 3):
            assert (mask == value).sum() > 500


def test_what_is_written_is_measured_beside_its_controls(tmp_path: Path) -> None:
    folder = tmp_path / "made"
    write(draw_cutouts(tmp_path / "originals"), folder, references=3, networks=[NAME])
    assert sorted(one.name for one in folder.iterdir()) == [
        "alexnet.safetensors", "cases", "masks", "photos", "triplets.json",
    ]  # fmt: skip
    cases = read_triplets(folder)
    assert len(cases) == 3 * len(CROSSED)
    shown = {path.name for path in folder.glob("photos/*/*.png")}
    references = [one.cutouts[0] for one in cases if Path(one.photo).name in shown]
    assert sorted(references) == sorted({one.cutouts[0] for one in cases})
    with Image.open(folder / cases[0].photo) as photo:
        assert photo.size == (SIDE, SIDE)
    network = networks.alexnet(str(folder / "alexnet.safetensors"), measure="lpips")
    state = networks.trained(NAME).state_dict()
    assert all(torch.equal(v, state[k]) for k, v in network.module.state_dict().items())
    found = {one.what: one for one in check(folder)}
    labels = found["AlexNet, cosine of pooled features: agrees with the labels"]
    assert set(labels.controls) == {
        "colours alone", "backgrounds alone", "always the left", "the map alone",
    }  # fmt: skip
    assert labels.controls["always the left"].value == 0.5
    assert labels.score.groups == len({one.kind for one in cases}) > 1
    assert not found["AlexNet, LPIPS: agrees with the labels"].controls
    beaten = {what for what, one in found.items() if one.controls} - {labels.what}
    assert len(beaten) == 3
    assert all(what.endswith(": minus the map of another case") for what in beaten)


def test_cases_by_turns_lie_as_often_on_the_left_as_on_the_right_and_in_every_way() -> None:
    some = by_turns(list(triplets(read_cutouts())))
    references = [one.cutouts[0] for one in some]
    assert len(references) == len(set(references)) > 20
    assert abs(sum(1 if one.left else -1 for one in some)) <= len(CROSSED)
    counts = Counter(one.crossed for one in some)
    assert max(counts.values()) - min(counts.values()) <= 1


def test_of_each_reference_a_case_is_asked_about_in_which_the_network_disagrees() -> None:
    cases = list(triplets(read_cutouts(), 5))
    by_reference: dict[str, list[Triplet]] = {}
    for one in cases:
        by_reference.setdefault(one.cutouts[0], []).append(one)
    wrong = [one.number for one in cases[6:20:3]]
    found = asked(cases, [one.number not in wrong for one in cases])
    assert sorted(one.cutouts[0] for one in found) == sorted(by_reference)
    for one in found:
        against = [case.number for case in by_reference[one.cutouts[0]] if case.number in wrong]
        assert one.number == against[0] if against else one in by_turns(cases)


def test_where_all_cases_are_of_one_kind_there_is_no_other_case() -> None:
    case, map = next(triplets(read_cutouts())), torch.zeros(4, 4)
    with pytest.raises(MakingError, match="all cases are of one kind"):
        borrowed([Seen(case, map[None], map, map)] * 2)


def test_backgrounds_decide_where_they_can() -> None:
    cases = list(triplets([one for one in read_cutouts() if one.name in ("frog", "lion")]))
    for one in cases:
        told = backgrounds(one, random.Random(0))
        wanted = {(True, False): one.left, (False, True): not one.left}.get(one.crossed)
        if wanted is not None:
            assert bool(told[0] > told[1]) == wanted
        assert told.sum() == 1


def test_what_is_covered_is_what_is_highest() -> None:
    map = torch.zeros(40, 40)
    map[20:24, 0:20] = 1.0  # two rows of cells of the left photo
    map[36:40, 20:40] = 1.0
    cells = highest(map)
    assert sorted(cells[0]) == list(range(20))
    assert sorted(cells[1]) == list(range(80, 100))
    case = covered(torch.ones(3, 40, 40), cells)
    assert case[:, 20:24, :20].max() == case[:, 36:, 20:].max() == 0
    assert case.sum() == 3 * (1600 - 160)


def test_maps_are_about_what_is_shared() -> None:
    case = replace(next(triplets(read_cutouts())), crossed=APART, left=True)
    inside = np.zeros((40, 40), bool)
    inside[30:35, 5:10] = inside[30:35, 25:30] = True
    map = torch.full((40, 40), 0.1)
    map[31, 6] = map[38, 38] = 1.0  # on the left object, and beside the right one
    assert pointed(case, map, inside) == [True, True]
    assert contrasted(case, map, inside) == [True]
    other = replace(case, left=False)
    assert pointed(other, map, inside) == [False, False]
    assert contrasted(other, map, inside) == [False]
    assert pointed(case, torch.zeros(40, 40), inside) == [False, False]
