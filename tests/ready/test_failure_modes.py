"""Wrong answers: what is written of them, and what their maps are compared with."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from ready.errors import MakingError
from ready.failure_modes import Said, check, near_sighted, write
from ready.maps_and_masks import ANOTHER, AREA, UNLEARNT
from ready.measures import APART
from ready.outlines import read_outlined
from ready.photos.cutouts import read_cutouts
from tests.ready.drawn_cutouts import draw_cutouts


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("failures") / "failure-modes"
    write(draw_cutouts(folder.parent / "originals"), folder, read_cutouts()[10:50:10])
    return folder


def test_each_photo_has_a_row_of_what_the_network_says(made: Path) -> None:
    rows = list(csv.DictReader((made / "said.csv").read_text("utf-8").splitlines()))
    network = near_sighted()
    said = Said(network, read_outlined(made / "photos", network))
    assert [row["said"] for row in rows] == [network.labels[place] for place in said.first]
    assert all((row["right"] == "1") == (row["rank_of_truth"] == "1") for row in rows)
    for place, photo in enumerate(said.photos.photos):
        assert network.labels[said.true[place]] in photo.things[0].accepted
        better = (said.scores[place] > said.scores[place, said.true[place]]).sum()
        assert said.rank[place] == better + 1


def test_a_thing_that_the_network_has_no_class_for_is_not_taken_for_right(tmp_path: Path) -> None:
    unknown = replace(read_cutouts()[10], accepted=("nothing that it knows",))
    originals = draw_cutouts(tmp_path / "originals")
    with pytest.raises(MakingError, match=r"0001\.jpg shows nothing that the network has a class"):
        write(originals, tmp_path / "made", [unknown])
    assert not (tmp_path / "made").exists()


def test_maps_of_wrong_answers_are_measured_beside_maps_that_know_nothing(made: Path) -> None:
    found = {one.what: one for one in check(made)}
    assert found["the near-sighted network is right"].score.groups == 4
    lies, meets = "so much of it lies on the thing", "its peak lies on the thing"
    levels = []
    for of in ("the truth", "what it says"):
        for what, controls in ((lies, (ANOTHER, UNLEARNT, AREA)), (meets, (ANOTHER, UNLEARNT))):
            about = f"where it is wrong, the map for {of}: {what}"
            assert all(found[f"{about}: minus {name}"].controls == APART for name in controls)
            levels.append(found[about].score.value)
    more = next(one for what, one in found.items() if what.startswith("so much more of the map"))
    assert more.score.value == pytest.approx(levels[0] - levels[2])
