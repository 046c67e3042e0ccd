"""Photos to train with: which classes they show, which are alike, and how they are divided."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explainer import ExplainerError
from explainer.training.photo_sets import Example, PhotoSet, read_set, refuse_overlap, split
from tests.explainer.coco_sets import write_set
from tests.photos.voc_sets import Thing, write_voc


def photo(path: Path, value: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (4, 4), (value, value // 2, 9)).save(path)
    return path


def folders(root: Path, **counts: int) -> Path:
    for kind, (name, count) in enumerate(counts.items()):
        for n in range(count):
            photo(root / name / f"{n}.png", 40 * kind + n)
    return root


def made(groups: dict[str, set[str]], each: int = 1) -> PhotoSet:
    names = sorted(set().union(*groups.values()))
    photos = [
        Example(Path(), f"{group}{n}", group, frozenset(shows), f"{group}{n}")
        for group, shows in groups.items()
        for n in range(each)
    ]
    return PhotoSet(tuple(names), tuple(photos))


def test_a_folder_of_class_folders_is_read_in_the_order_of_names(tmp_path: Path) -> None:
    root = folders(tmp_path, dog=2, ant=1)
    photo(root / "dog" / "rex" / "a.JPG", 200)
    photo(root / "dog" / "rex" / "b.png", 201)
    (root / "dog" / "notes.txt").write_text("none")
    photo(root / "dog" / ".thumbs" / "c.png", 202)
    photo(root / ".hidden" / "d.png", 203)
    found = read_set(root, several=False)
    assert found.classes == ("ant", "dog")
    assert [one.name for one in found.photos] == [
        "ant/0.png",
        "dog/0.png",
        "dog/1.png",
        "dog/rex/a.JPG",
        "dog/rex/b.png",
    ]
    assert [one.group for one in found.photos[2:]] == ["dog/1.png", "dog/rex", "dog/rex"]
    assert found.shown(found.photos)[:2].tolist() == [[1, 0], [0, 1]]


def test_annotations_are_read_with_their_groups(tmp_path: Path) -> None:
    pixels = np.zeros((8, 8, 3), dtype=np.uint8)
    areas = {"cat": (0, 0, 4, 4), "dog": (4, 4, 8, 8)}
    named = {f"{n}.png": (pixels + n, areas if n else {}) for n in range(3)}
    file = write_set(tmp_path, named) / "annotations.json"
    rows = json.loads(file.read_text())
    rows["images"][1]["group"] = "film 7"
    file.write_text(json.dumps(rows))
    found = read_set(file, several=True)
    assert found.classes == ("cat", "dog")
    assert [sorted(one.classes) for one in found.photos] == [[], ["cat", "dog"], ["cat", "dog"]]
    assert [one.group for one in found.photos] == ["0.png", "film 7", "2.png"]
    with pytest.raises(ExplainerError, match=r"0\.png shows no class: train with --probabilities"):
        read_set(file, several=False)


def test_vocs_difficult_objects_are_not_judged(tmp_path: Path) -> None:
    things = {
        "one": [Thing("cat"), Thing("dog", difficult=True)],
        "two": [Thing("dog"), Thing("dog", difficult=True)],
        "none": [],
    }
    folder = write_voc(tmp_path, things, ["trainval"])
    (folder / "ImageSets" / "Main" / "val.txt").write_text("two\nnone\n")
    found = read_set(folder, several=True, part="trainval")
    assert found.classes == ("cat", "dog")
    assert found.shown(found.photos).tolist() == [[1, -1], [0, 1], [0, 0]]
    with pytest.raises(ExplainerError, match="show one class: give photos of two"):
        read_set(folder, several=True, part="val")
    with pytest.raises(
        ExplainerError, match="no such split in ImageSets: choose among trainval, v"
    ):
        read_set(folder, several=True, part="test")
    with pytest.raises(
        ExplainerError, match="has no split “val”: name splits of a folder in VOC's"
    ):
        read_set(folders(tmp_path / "folders", ant=2, dog=2), several=True, part="val")


def test_files_with_the_same_bytes_are_one_group(tmp_path: Path) -> None:
    root = folders(tmp_path, ant=3, dog=1)
    (root / "ant" / "copy.png").write_bytes((root / "ant" / "1.png").read_bytes())
    groups = {one.name: one.group for one in read_set(root, several=False).photos}
    assert groups["ant/copy.png"] == groups["ant/1.png"] != groups["ant/0.png"]
    (root / "dog" / "copy.png").write_bytes((root / "ant" / "1.png").read_bytes())
    with pytest.raises(ExplainerError, match="are the same photo in two classes: remove one"):
        read_set(root, several=False)


def test_what_can_not_be_trained_with_is_told_with_the_fix(tmp_path: Path) -> None:
    with pytest.raises(ExplainerError, match="is not there: name a folder"):
        read_set(tmp_path / "none", several=False)
    with pytest.raises(ExplainerError, match="holds no folders: put the photos of each class"):
        read_set(tmp_path, several=False)
    folders(tmp_path, dog=2)
    with pytest.raises(ExplainerError, match="show one class: give photos of two classes"):
        read_set(tmp_path, several=False)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ExplainerError, match="empty holds no photos: add some, or remove it"):
        read_set(tmp_path, several=False)


@pytest.mark.parametrize("name", ["re\nd", " red", "re\x85d", "re\udcffd"])
def test_a_class_that_is_no_line_of_a_file_is_refused(tmp_path: Path, name: str) -> None:
    photo(tmp_path / "ant" / "1.png", 1)
    photo(tmp_path / name / "2.png", 2)
    told = f"the class {name!r} is no single line of text: rename it"
    with pytest.raises(ExplainerError, match=re.escape(told)):
        read_set(tmp_path, several=False)


def test_groups_are_divided_whole_and_each_class_alike() -> None:
    photos = made({f"{kind}{n}": {kind} for kind in "ab" for n in range(8)}, each=3)
    training, held_out = split(photos, 0.25, 1)
    assert not {one.group for one in training} & {one.group for one in held_out}
    assert len(training) + len(held_out) == len(photos.photos)
    for kind in "ab":
        assert len({one.group for one in held_out if kind in one.classes}) == 2
    again = split(photos, 0.25, 1)
    assert again == (training, held_out)
    assert split(photos, 0.25, 2) != again


@pytest.mark.parametrize("seed", range(10))
def test_photos_of_several_classes_leave_each_class_on_both_sides(seed: int) -> None:
    chance = np.random.default_rng(seed)
    groups = {
        f"g{n}": {name for name in "abcde" if chance.random() < 0.3} | ({"a"} if n == 0 else set())
        for n in range(40)
    }
    photos = made(groups)
    training, held_out = split(photos, 0.25, seed)
    for name in photos.classes:
        for side in (training, held_out):
            assert any(name in one.classes for one in side)
    assert 6 <= len(held_out) <= 16


def test_a_class_of_one_group_is_refused() -> None:
    photos = made({"a0": {"a"}, "a1": {"a"}, "b0": {"b"}}, each=2)
    with pytest.raises(ExplainerError, match="“b” has 2 photos of one group, which can't be both"):
        split(photos, 0.5, 0)
    with pytest.raises(ExplainerError, match=r"--held-out 1: use a share between 0 and 1"):
        split(photos, 1, 0)


def test_a_photo_or_group_on_both_sides_is_refused(tmp_path: Path) -> None:
    training = read_set(folders(tmp_path / "train", ant=2, dog=2), several=False)
    copy = tmp_path / "test" / "dog" / "same.png"
    photo(tmp_path / "test" / "ant" / "9.png", 250)
    copy.parent.mkdir()
    copy.write_bytes((tmp_path / "train" / "dog" / "1.png").read_bytes())
    test = read_set(tmp_path / "test", several=False)
    with pytest.raises(
        ExplainerError, match=r"dog/1\.png is in the training photos and, as dog/sa"
    ):
        refuse_overlap(training, test)
    photo(copy, 251)
    refuse_overlap(training, read_set(tmp_path / "test", several=False))
    photo(tmp_path / "test" / "ants" / "9.png", 252)
    with pytest.raises(ExplainerError, match="show “ants”, which is not trained: did you mean ant"):
        refuse_overlap(training, read_set(tmp_path / "test", several=False))
    for folder in ("train", "test"):
        photo(tmp_path / folder / "dog" / "film" / "1.png", 253 + (folder == "test"))
    training = read_set(tmp_path / "train", several=False)
    test = PhotoSet(("ant", "dog"), read_set(tmp_path / "test", several=False).photos)
    with pytest.raises(ExplainerError, match="the group “dog/film” is in the training photos and"):
        refuse_overlap(training, test)
