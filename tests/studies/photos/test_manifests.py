"""What another tool made, read from a table and its files, or refused by its row."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studyapp import storage
from studyapp.models import Condition, Explanation, Kind, Study, WorkState
from studyapp.studies.definition.file import DefinitionError, parse_definition
from studyapp.studies.loading import LoadingError, load_study
from studyapp.studies.photos.demands import Demands
from studyapp.studies.photos.readers import ReaderError
from tests.elsewhere import (
    IMPORTED,
    MAPS,
    PAIRS,
    PICTURES,
    TABLE,
    ramp,
    write_imported,
)  # fmt: skip

pytestmark = pytest.mark.django_db


def loaded(folder: Path, **given: str) -> Study:
    return load_study(write_imported(folder, **given))


def stored(explanation: Explanation) -> bytes:
    return storage.read(explanation.map_file, explanation.map_digest)


def values_of(explanation: Explanation) -> np.ndarray:
    with np.load(io.BytesIO(stored(explanation))) as archive:
        return archive["map"]


def test_maps_become_ready_explanations_known_by_their_contents(tmp_path: Path) -> None:
    study = loaded(tmp_path)
    rows = Explanation.objects.filter(method="imported")
    assert {(row.state, row.kind) for row in rows} == {(WorkState.READY, Kind.MAP)}
    assert rows.count() == 4
    for number, name in enumerate("abcd"):
        photo = study.images.get(name__endswith=f"{name}.png")
        row = rows.get(case=photo.case)
        np.testing.assert_array_equal(values_of(row), ramp(number))
        assert row.network.label(row.class_index) == MAPS.splitlines()[number + 1].split(",")[1]
        assert row.provenance["imported"]["names"] == [f"{name}.npy"]
        assert row.provenance["imported"]["lines"] == [number + 2]
    assert not Condition.objects.get(name="nothing").settings


def test_loading_again_changes_nothing_until_a_file_changes(tmp_path: Path) -> None:
    study = loaded(tmp_path)
    assert loaded(tmp_path).pk == study.pk
    path = write_imported(tmp_path)
    np.save(tmp_path / "made" / "c.npy", ramp(5))
    with pytest.raises(LoadingError, match="a file that it names has changed"):
        load_study(path)
    load_study(path, replace=True)
    found = {row["settings_digest"] for row in Explanation.objects.values("settings_digest")}
    assert len(found) == 2


def test_the_same_files_of_another_table_are_told_by_their_own_table_and_line(
    tmp_path: Path,
) -> None:
    loaded(tmp_path / "one")
    study = IMPORTED.replace('"elsewhere"', '"other"').replace("maps.csv", "shap.csv")
    path = write_imported(tmp_path / "two", study=study)
    head, *rows = MAPS.replace("d.npy", "mine.npy").splitlines()
    (tmp_path / "two/made/d.npy").rename(tmp_path / "two/made/mine.npy")
    table = "\n".join([head, *reversed(rows)])
    (tmp_path / "two/made/shap.csv").write_text(table, encoding="utf-8")
    load_study(path)
    for slug, name, line in (("elsewhere", "d.npy", 5), ("other", "mine.npy", 2)):
        settings = Condition.objects.get(study__slug=slug, name="theirs").settings
        photo = Study.objects.get(slug=slug).images.get(name="dog/d.png")
        row = Explanation.objects.get(case=photo.case, settings=settings)
        told = row.provenance["imported"]
        assert (told["names"], told["lines"]) == ([name], [line])
        assert (told["files"] == "made/maps.csv") == (slug == "elsewhere")


@pytest.mark.parametrize("ending", ["tif", "png"])
def test_numbers_of_tiff_and_16_bit_files_are_read_as_they_are(tmp_path: Path, ending: str) -> None:
    path = write_imported(tmp_path, manifest=MAPS.replace("npy", ending))
    for number, name in enumerate("abcd"):
        values = ramp(number) / 8
        sixteen = np.round(values * 65_535).astype(np.uint16)
        Image.fromarray(values if ending == "tif" else sixteen).save(
            tmp_path / "made" / f"{name}.{ending}"
        )
    load_study(path)
    found = values_of(Explanation.objects.get(provenance__imported__names=[f"d.{ending}"]))
    np.testing.assert_allclose(found, ramp(3) / 8, atol=1e-5)


def test_of_a_map_of_the_whole_photo_the_square_is_cut_that_people_see(tmp_path: Path) -> None:
    study = IMPORTED.replace('"made/maps.csv"', '"made/maps.csv", settings = { covers = "photo" }')
    load_study(write_imported(tmp_path, study=study, shape=(40, 60)))
    for row in Explanation.objects.all():
        cut = values_of(row)
        assert cut.shape == (224, 224)
        # The photo is 60 wide and 40 high: columns 10 to 50 are seen
        number = "abcd".index(row.provenance["imported"]["names"][0][0])
        whole = ramp(number, (40, 60))
        np.testing.assert_allclose(cut[:, -1].mean(), whole[0, 49], rtol=0.02)
        np.testing.assert_allclose(cut[:, 0].mean(), whole[0, 10], rtol=0.1)


def test_a_picture_loses_its_metadata_and_keeps_its_looks(tmp_path: Path) -> None:
    loaded(tmp_path, manifest=MAPS.replace(".npy", "2.png"),
           study=PICTURES.replace('"pictures"', '"picture"'))  # fmt: skip
    for row in Explanation.objects.all():
        assert row.kind == Kind.PICTURE
        assert b"secret" not in stored(row)
        with Image.open(io.BytesIO(stored(row))) as picture:
            assert picture.size == (50, 50)
            assert picture.info == {}
            assert picture.getpixel((5, 5))[1:] == (99, 120)


def test_several_pictures_are_one_in_the_order_of_their_rows(tmp_path: Path) -> None:
    loaded(tmp_path, manifest=PAIRS, study=PICTURES)
    assert Explanation.objects.count() == 4
    row = Explanation.objects.get(provenance__imported__names=["b1.png", "b2.png"])
    with Image.open(io.BytesIO(stored(row))) as picture:
        assert picture.size == (1024, 504)
        assert picture.getpixel((252, 252)) == (40, 99, 60)
        assert picture.getpixel((772, 252)) == (40, 99, 120)
        assert picture.getpixel((510, 252)) == (0xE7, 0xE7, 0xE4)


def test_without_a_column_of_answers_an_explanation_is_of_no_class(tmp_path: Path) -> None:
    told = "\n".join(",".join(row.split(",")[::2]) for row in MAPS.splitlines())
    loaded(tmp_path, manifest=told)
    assert set(Explanation.objects.values_list("class_index", flat=True)) == {None}


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        ("", "made/maps.csv: is empty; its first line must be photo,file"),
        ("photo,answer\na,b\n", "they must be photo, file, with or without network and answer"),
        (MAPS.replace("dog/c.png", "dog/x.png"), "line 4: dog/x.png is not among the photos"),
        (MAPS.replace("dog/c.png,cat,c.npy\n", ""),
         r"nothing was made for the theirs of dog/c.png \(stronger network, answer cat\); add"),
        (MAPS.replace("a.png,cat", "a.png,dog"), r"the theirs of cat/a.png .*answer cat"),
        (MAPS + "dog/d.png,dog,c.npy\n", "line 6: the same explanation as line 5; remove one"),
        (MAPS.replace("a.png,cat", "a.png,cats"),
         "line 2: cats is no answer of theirs; did you mean cat"),
        (MAPS.replace("a.npy", "../photos/cat/a.png"), "line 2: ../photos/cat/a.png is not below"),
        (MAPS.replace("a.npy", "/etc/passwd"), "line 2: /etc/passwd is not below the folder"),
        (MAPS.replace("a.npy", "x.npy"), "line 2: x.npy is not there; write the file's path"),
        (MAPS.replace("a.npy", "a1.png"), "line 2: a1.png: a PNG of 8 bits or with colours"),
        (MAPS.replace("a.npy", "nan.npy"), "line 2: nan.npy: some of its values are missing or"),
        (MAPS.replace("a.npy", "flat.npy"), "line 2: flat.npy: every value is the same"),
        (MAPS.replace("a.npy", "deep.npy"), "line 2: deep.npy: holds an array of 3×8×8; give"),
        (MAPS.replace("a.npy", "wide.npy"), "line 2: wide.npy has 9 × 8 values, and people see a"),
        (MAPS.replace("a.npy", "below.npy"), "line 2: below.npy has values below 0"),
        (MAPS.replace("a.npy", "torn.npy"), "line 2: torn.npy: not a whole array"),
        (MAPS.replace("photo,answer,file", "photo,network,file"), "line 2: the network cat, and"),
    ],
)  # fmt: skip
def test_a_manifest_that_cannot_be_right_is_refused_by_its_row(
    tmp_path: Path, manifest: str, said: str
) -> None:
    path = write_imported(tmp_path, manifest=manifest)
    made = tmp_path / "made"
    good = ramp(0)
    np.save(made / "nan.npy", np.where(good > 1.5, np.nan, good))
    np.save(made / "flat.npy", np.ones((8, 8)))
    np.save(made / "deep.npy", np.stack([good] * 3))
    np.save(made / "wide.npy", ramp(0, (8, 9)))
    np.save(made / "below.npy", good - 1)
    (made / "torn.npy").write_bytes((made / "a.npy").read_bytes()[:-8])
    with pytest.raises((ReaderError, LoadingError), match=said):
        load_study(path)
    assert not Explanation.objects.exists()


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        (PAIRS.replace("dog/c.png,cat,c2.png\n", ""),
         "line 6: 1 picture of dog/c.png, and 2 of cat/a.png; give every explanation"),
        (PAIRS.replace("c2.png", "c.npy"), "line 6: c.npy: not a whole photo"),
        (PAIRS + "cat/a.png,cat,b1.png\n" * 8, "line 2: 10 pictures for one explanation, and 9"),
    ],
)  # fmt: skip
def test_pictures_that_would_tell_by_their_number_are_refused(
    tmp_path: Path, manifest: str, said: str
) -> None:
    with pytest.raises(ReaderError, match=said):
        loaded(tmp_path, manifest=manifest, study=PICTURES)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (', files = "made/maps.csv"', "", "`files` is missing; name the table of its files"),
        ("made/maps.csv", "made/x.csv", "no such file beside the study file; name a CSV file"),
        ('method = "none"', 'method = "none", kind = "map"', "is for what another tool made, and"),
        ('"imported"', '"imported", settings = { sined = true }', 'did you mean "signed"'),
        ('"imported"', '"imported", settings = { signed = 1.5 }', "may have true or false"),
        ('"imported"', '"imported", versus = "grad_cam"', "remove `versus`"),
        ('"agreement"', '"pointing"', "it shows a picture, which only"),
        ('"imported"', '"import"', 'conditions.method = "import"`: unknown; did you mean'),
    ],
)
def test_what_an_imported_condition_cannot_have_is_refused_with_the_fix(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    study = IMPORTED.replace(old, new, 1)
    if "pointing" in new:
        study = study.replace('maps.csv"', 'maps.csv", kind = "picture"')
        study = study.replace('    { name = "nothing", method = "none" },\n', "")
    with pytest.raises(DefinitionError, match=said):
        loaded(tmp_path, study=study)


def test_a_map_of_the_whole_photo_must_have_its_shape(tmp_path: Path) -> None:
    study = IMPORTED.replace('"made/maps.csv"', '"made/maps.csv", settings = { covers = "photo" }')
    with pytest.raises(ReaderError, match=r"has 8 × 8 values, and cat/a.png 60 × 40 pixels; give"):
        loaded(tmp_path, study=study)


def test_a_square_of_the_photo_that_shows_nothing_is_refused(tmp_path: Path) -> None:
    study = IMPORTED.replace('"made/maps.csv"', '"made/maps.csv", settings = { covers = "photo" }')
    path = write_imported(tmp_path, study=study, shape=(40, 60))
    edge = np.full((40, 60), 0.3, np.float32)
    edge[:, :5] = 1
    np.save(tmp_path / "made" / "b.npy", edge)
    with pytest.raises(ReaderError, match=r"line 3: b.npy shows nothing inside the square that"):
        load_study(path)


def test_maps_with_evidence_against_are_no_png_files(tmp_path: Path) -> None:
    study = IMPORTED.replace('"made/maps.csv"', '"made/maps.csv", settings = { signed = true }')
    path = write_imported(tmp_path, study=study, manifest=MAPS.replace("a.npy", "a.png"))
    sixteen = np.round(ramp(0) / 8 * 65_535).astype(np.uint16)
    Image.fromarray(sixteen).save(tmp_path / "made" / "a.png")
    with pytest.raises(ReaderError, match="line 2: a PNG has no values below 0, and signed = true"):
        load_study(path)


def comparing(paradigm: str) -> str:
    study = IMPORTED.replace('"agreement"', f'"{paradigm}"')
    return study.replace('    { name = "nothing", method = "none" },\n', "")


@pytest.mark.parametrize("paradigm", ["distinction", "discrimination"])
def test_where_answers_are_told_apart_every_explanation_is_of_one(
    tmp_path: Path, paradigm: str
) -> None:
    told = "\n".join(",".join(row.split(",")[::2]) for row in MAPS.splitlines())
    with pytest.raises(ReaderError, match="line 1: main asks which answer an explan"):
        loaded(tmp_path, manifest=told, study=comparing(paradigm))


def test_the_block_that_shows_the_explanations_is_named() -> None:
    one = '{ name = "main", paradigm = "discrimination", trials = 4 }'
    blocks = [
        one.replace('"main"', f'"{name}"').replace("4 }", f'2, conditions = ["{shown}"] }}')
        for name, shown in (("first", "theirs"), ("second", "more"))
    ]
    more = '    { name = "more", method = "imported", files = "made/more.csv" },\n]'
    study = comparing("discrimination").replace(one, ", ".join(blocks)).replace("\n]", f"\n{more}")
    definition = parse_definition(study, "study.toml")
    named = [Demands.of(one, definition).parts_answers for one in definition.conditions]
    assert named == ["first", "second"]


def test_two_answers_that_are_compared_have_two_explanations(tmp_path: Path) -> None:
    with pytest.raises(ReaderError, match="line 6: shows the same as line 2, for another answer"):
        loaded(tmp_path, manifest=MAPS + "cat/a.png,dog,a.npy\n", study=comparing("distinction"))


def test_two_networks_that_are_compared_have_two_explanations(tmp_path: Path) -> None:
    study = comparing("trust").replace('stronger = "theirs"', 'stronger = "theirs", weaker = "o"')
    study += '[networks.o]\npredictions = "others.csv"\n'
    head, *rows = MAPS.splitlines()
    both = [f"{row},{network}" for network in ("theirs", "o") for row in rows]
    path = write_imported(tmp_path, study=study, manifest="\n".join([f"{head},network", *both]))
    (tmp_path / "others.csv").write_text(TABLE.replace("0.9", "0.95"), encoding="utf-8")
    with pytest.raises(ReaderError, match="line 6: shows the same as line 2, for another network"):
        load_study(path)


def test_a_file_that_no_map_needs_is_not_read(tmp_path: Path) -> None:
    path = write_imported(tmp_path)
    with (tmp_path / "made" / "a.npy").open("wb") as file:
        file.truncate(65 * 1024**2)
    with pytest.raises(ReaderError, match=r"line 2: a\.npy has 65 MiB, and 64 MiB is the limit"):
        load_study(path)


def test_an_uploaded_file_names_no_manifest_outside_its_folder() -> None:
    with pytest.raises(DefinitionError, match="points outside the upload"):
        parse_definition(IMPORTED.replace("made/", "../"), "study.toml", is_upload=True)
