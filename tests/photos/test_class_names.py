"""One comparison of names: a researcher's words, WordNet ids, own tables, nearest classes."""

import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from explainer.networks.labels import imagenet_labels as of_torchvision
from photos.class_names import (
    ClassNames,
    category_of_folder,
    imagenet,
    imagenet_labels,
    name_key,
    shared_names,
    unknown_names,
)
from studyapp.sections.networks_and_images import ImagesSection
from studyapp.studies.photos.readers import ReaderError, left_out, read_photos
from tests.photos.photo_bytes import encoded

NAMES = ClassNames(imagenet_labels())


def test_the_table_of_imagenets_classes_is_that_of_the_networks() -> None:
    assert imagenet_labels() == of_torchvision()
    assert len({one.wordnet_id for one in imagenet()}) == 1000
    assert imagenet()[281].wordnet_id == "n02123045"


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("Goldfish", 1), ("zebra ", 340), (" TIGER_CAT", 282), ("black footed ferret", 359),
        ("tabby cat", 281), ("n02129604", 292), ("crane", 517), ("jack-o’-lantern", 607),
        ("black—footed−ferret", 359), ("gold\u00adfish", 1), ("\ufeffzebra", 340),
    ],
)  # fmt: skip
def test_case_blanks_underscores_and_hyphens_do_not_matter(name: str, index: int) -> None:
    assert NAMES.classes(name) == {index}


def test_a_number_below_nought_is_another_name_than_the_number() -> None:
    assert len({name_key(name) for name in ("-1", "1", "0")}) == 3
    assert name_key("−1") == name_key(" -1")


def test_a_name_of_two_classes_means_neither_and_the_fix_names_their_ids() -> None:
    assert NAMES.classes("cardigan") == frozenset()
    assert NAMES.suggestion("cardigan") == "the name of 2 classes; use n02113186 or n02963159"


@pytest.mark.parametrize(
    ("folder", "category", "index"),
    [
        ("n02129604_tiger", "tiger", 292),
        ("n02012849-crane", "crane", 134),
        ("n02963159_cardigan", "cardigan", 474),
        ("n02123045", "tabby", 281),
        ("Tiger_Cat", "Tiger Cat", 282),
    ],
)
def test_a_wordnet_id_in_a_folders_name_decides_the_class(
    folder: str, category: str, index: int
) -> None:
    name, accepted = category_of_folder(folder)
    assert (name, NAMES.accepted(accepted)) == (category, {index})


def test_a_network_of_other_classes_is_asked_by_name_even_where_there_is_an_id() -> None:
    own = ClassNames(["tiger", "otter"])
    assert own.accepted(category_of_folder("n02129604_tiger")[1]) == {0}
    assert own.classes("n02129604") == frozenset()


def test_a_name_that_is_another_classs_word_too_is_told() -> None:
    shown = [("crane", ("crane",))] * 2 + [("crane", ("n02012849", "crane")), ("tiger", ("tiger",))]
    assert shared_names(shown, imagenet_labels()) == [
        "“crane” (2 photos) is taken for the class crane (n03126707); crane bird (n02012849) has "
        "that name too: if you mean that class, begin the name with its id"
    ]
    assert shared_names(shown, ["crane", "tiger"]) == []


def test_every_unknown_name_is_told_with_its_count_and_the_nearest_classes() -> None:
    shown = [("tigger", ("tigger",))] * 2 + [("bicycle", ("bicycle",)), ("tiger", ("tiger",))]
    assert unknown_names(shown, imagenet_labels()) == [
        "“bicycle” (1 photo): did you mean bicycle-built-for-two or unicycle or tricycle?",
        "“tigger” (2 photos): did you mean tiger or tiger cat or lighter?",
    ]


def make_folders(base: Path, names: list[str], photos: int = 1) -> None:
    for number, name in enumerate(names):
        for copy in range(photos):
            path = base / "photos" / name / f"{copy}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            picture = Image.new("RGB", (80, 80), (number * 20, copy * 40, 7))
            path.write_bytes(encoded(picture))


def section(**values: Any) -> ImagesSection:
    return ImagesSection.model_validate({"reader": "folder", "folder": "photos", **values})


def shown(base: Path, **values: Any) -> dict[str, tuple[str, tuple[str, ...]]]:
    return {
        photo.name: (photo.categories[0].name, photo.categories[0].accepted)
        for photo in read_photos(section(**values), base)
    }


EXPECTED = {
    "My Cat/0.png": ("My Cat", ("tabby", "tiger cat")),
    "fish/0.png": ("swimmer", ("goldfish",)),
    "tiger/0.png": ("tiger", ("tiger",)),
}


@pytest.mark.parametrize(
    "table",
    [
        "name,classes,group\nmy cat,tabby|tiger cat,My Cat\nFISH ,goldfish,swimmer\n",
        "\ufeffname;classes;group\r\nmy_cat;tabby;My Cat\r\nmy cat;tiger cat\r\n"
        "fish;goldfish;swimmer\r\n",
        "classes\tname\tgroup\ntabby|tiger cat\tmy cat\tMy Cat\ngoldfish\tfish\tswimmer\n",
    ],
    ids=["commas", "a German Excel", "tabs in another order"],
)
def test_a_table_says_which_classes_own_names_mean(tmp_path: Path, table: str) -> None:
    make_folders(tmp_path, ["My Cat", "fish", "tiger"])
    (tmp_path / "photos" / "names.csv").write_text(table, encoding="utf-8", newline="")
    assert shown(tmp_path, names="photos/names.csv") == EXPECTED
    # The table itself is no file that is left out.
    assert not left_out(section(names="photos/names.csv"), tmp_path)


def test_own_names_may_stand_in_the_study_file(tmp_path: Path) -> None:
    make_folders(tmp_path, ["My Cat", "fish"])
    names = {"my cat": ["tabby", "tiger cat"], "fish": "goldfish"}
    found = shown(tmp_path, names=names)
    assert [accepted for _, accepted in found.values()] == [("tabby", "tiger cat"), ("goldfish",)]


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (None, "no such file; check its path"),
        ("", "is empty; its first line must be name,classes"),
        ("name,class\ncat,tabby", "the columns are name, class; they must be name, classes"),
        ("name,classes\ncat,\n", "line 2: needs a name and its classes"),
        ("name,classes\ncat,tabby,tiger\n", "line 2: needs a name and its classes, 2 cells"),
        ('name,classes\n"cat,tabby\n', "not a table"),
        ("name,classes\ncät,tabby\n".encode("latin-1"), "not text in UTF-8"),
    ],
)
def test_a_table_that_cannot_be_used_is_told_with_its_line(
    tmp_path: Path, table: str | bytes | None, sentence: str
) -> None:
    make_folders(tmp_path, ["cat"])
    if table is not None:
        content = table if isinstance(table, bytes) else table.encode()
        (tmp_path / "names.csv").write_bytes(content)
    with pytest.raises(ReaderError, match=re.escape(sentence)):
        read_photos(section(names="names.csv"), tmp_path)


def test_a_network_without_labels_has_no_class_to_suggest() -> None:
    assert ClassNames(()).nearest("zebra") == []
    assert ClassNames(()).suggestion("zebra") == "no class has a similar name"
