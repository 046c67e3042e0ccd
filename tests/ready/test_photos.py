"""The demo's photo sets: what is on them, and that they come out the same each time."""

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from explainer.networks import labels
from ready.errors import MakingError
from ready.photos.coco import bounding_box, run_lengths, write_set
from ready.photos.cutouts import Cutout, read_cutouts
from ready.photos.scenes import MARGIN, SIDE, Scene, compose
from ready.photos.sets import draw_pairs, draw_sets, make_photos, scenes, subjects_of
from studyapp.sections.networks_and_images import ImagesSection
from studyapp.studies.photos.readers import read_photos
from tests.ready.drawn_cutouts import draw_cutouts


def digests(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def mask_of(row: dict[str, Any]) -> NDArray[np.bool_]:
    """A slow and obvious reading of COCO's run lengths."""
    values: list[bool] = []
    for number, length in enumerate(row["segmentation"]["counts"]):
        values += [number % 2 == 1] * length
    return np.array(values).reshape(row["segmentation"]["size"], order="F")


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_cutouts(tmp_path_factory.mktemp("originals"))


@pytest.fixture(scope="module")
def photos(originals: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both sets, made once: some seconds."""
    folder = tmp_path_factory.mktemp("photos")
    make_photos(originals, folder, told=lambda text: None)
    return folder


def test_the_same_seed_gives_the_same_bytes(originals: Path, tmp_path: Path) -> None:
    subjects = draw_sets(subjects_of(originals, None), 5)["discrimination"][:6]
    for name, seed in (("one", "5"), ("two", "5"), ("three", "6")):
        write_set(scenes(originals, subjects, seed), tmp_path / name)
    one, two, three = (digests(tmp_path / name) for name in ("one", "two", "three"))
    assert one == two
    assert one.keys() == three.keys()
    assert not set(one.values()) & set(three.values())


def test_the_sets_are_read_by_any_study(photos: Path) -> None:
    trust, pairs = (
        read_photos(ImagesSection(reader="coco", folder=name), photos)
        for name in ("trust", "discrimination")
    )
    assert len(trust) >= 120
    assert len(pairs) >= 80
    assert {len(photo.categories) for photo in trust} == {1}
    assert {len(photo.categories) for photo in pairs} == {2}
    assert max(Counter(photo.group for photo in trust).values()) == 1


def test_a_set_that_was_cut_off_is_not_taken_for_whole(originals: Path, tmp_path: Path) -> None:
    def cut_off() -> Iterator[Scene]:
        yield from scenes(originals, [(read_cutouts()[90],)], "1")
        raise OSError("No space left on device")

    with pytest.raises(OSError, match="No space left"):
        write_set(cut_off(), tmp_path / "trust")
    assert not (tmp_path / "trust").exists()
    write_set(scenes(originals, [(read_cutouts()[90],)], "1"), tmp_path / "trust")
    assert len(digests(tmp_path / "trust")) == 2


def test_masks_and_boxes_are_exact(photos: Path) -> None:
    content = json.loads((photos / "discrimination" / "annotations.json").read_text())
    for row in content["annotations"][:40]:
        mask = mask_of(row)
        left, top, width, height = row["bbox"]
        assert mask.sum() == row["area"] == mask[top : top + height, left : left + width].sum()
        # A disc touches each side of its box and covers π/4 of it.
        assert row["area"] / (width * height) == pytest.approx(np.pi / 4, abs=0.03)


def test_run_lengths_go_down_the_columns_and_begin_with_false() -> None:
    assert run_lengths(np.array([[0, 1], [1, 1]], dtype=bool)) == [1, 3]
    assert run_lengths(np.array([[1, 0], [1, 0]], dtype=bool)) == [0, 2, 2]
    assert bounding_box(np.array([[0, 0, 0], [0, 1, 1]], dtype=bool)) == [1, 1, 2, 1]


def test_no_object_hides_another_and_all_lie_where_networks_look(originals: Path) -> None:
    inside = np.zeros((SIDE, SIDE), dtype=bool)
    inside[MARGIN - 1 : SIDE - MARGIN + 1, MARGIN - 1 : SIDE - MARGIN + 1] = True
    for number, pair in enumerate(
        draw_sets(subjects_of(originals, None), 1)["discrimination"][:60]
    ):
        one, other = (placed.mask for placed in compose(originals, pair, f"{number}").objects)
        assert not (one & other).any()
        assert not ((one | other) & ~inside).any()


def test_what_lies_around_an_object_is_darkened_softly(originals: Path) -> None:
    cutout = read_cutouts()[100]
    scene = compose(originals, [cutout], "shadow")
    pixels = np.asarray(scene.photo).astype(int).sum(axis=2)
    left, top, width, height = bounding_box(scene.objects[0].mask)
    below = pixels[top + height + 2 : top + height + 40, left + width // 2]
    assert below[0] < 0.9 * pixels[0, 0]
    assert (np.diff(below) >= 0).all()
    assert below[-1] == pixels[0, 0]


def test_cutouts_are_used_equally_and_never_beside_their_like() -> None:
    cutouts = read_cutouts()
    pairs = draw_pairs(cutouts, seed=3, count=120)
    uses = Counter(cutout for pair in pairs for cutout in pair)
    assert {uses[cutout] for cutout in cutouts} <= {1, 2}
    for one, other in pairs:
        assert one.kind != other.kind
        assert not set(one.accepted) & set(other.accepted)


def draw_own(folder: Path) -> Path:
    for name, colour in (("n02129604_tiger", "orange"), ("otter", "brown"), ("mosque", "white")):
        for number in range(3):
            path = folder / name / f"{number}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (300 + 50 * number, 200), colour).save(path)
    return folder


def test_a_folder_of_own_photos_serves_instead(tmp_path: Path) -> None:
    own = draw_own(tmp_path / "own")
    make_photos(tmp_path / "none", tmp_path / "sets", own=own, told=lambda text: None)
    trust, pairs = (
        read_photos(ImagesSection(reader="coco", folder=name), tmp_path / "sets")
        for name in ("trust", "discrimination")
    )
    assert Counter(photo.categories[0].name for photo in trust) == dict.fromkeys(
        ("tiger", "otter", "mosque"), 3
    )
    left, right = pairs[0].categories
    assert left.name != right.name
    assert [left.boxes, right.boxes] == [
        ((0, 0, SIDE // 2, SIDE),),
        ((SIDE // 2, 0, SIDE // 2, SIDE),),
    ]


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda own: (own / "otter").rename(own / "oter"), r'"oter" is no class .*otter'),
        (lambda own: [shutil.rmtree(own / name) for name in ("otter", "mosque")], "1 classes"),
        (lambda own: shutil.rmtree(own), "no such folder"),
        (lambda own: (own / "otter" / "0.jpg").write_bytes(b"\xff\xd8cut"), "not a whole photo"),
    ],
)
def test_a_folder_that_does_not_serve_is_told_in_one_sentence(
    tmp_path: Path, spoil: Callable[[Path], object], sentence: str
) -> None:
    own = draw_own(tmp_path / "own")
    spoil(own)
    with pytest.raises(MakingError, match=sentence) as caught:
        make_photos(tmp_path / "none", tmp_path / "sets", own=own, told=lambda text: None)
    assert "\n" not in str(caught.value)


def test_every_accepted_name_is_a_class_of_imagenet() -> None:
    known = set(labels.imagenet_labels())
    assert [
        name for cutout in read_cutouts() for name in cutout.accepted if name not in known
    ] == []


def test_one_everyday_name_means_one_set_of_classes() -> None:
    meanings: dict[str, Cutout] = {}
    for cutout in read_cutouts():
        assert meanings.setdefault(cutout.name, cutout).accepted == cutout.accepted
