"""Whatever a file holds, its reader ends well or with one clear error, and writes nowhere else."""

import csv
import hashlib
import io
import json
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image as Picture
from pytest_django import Settings

import explainer
from sandbox.builders import open_small_study
from sandbox.people import send_people
from studyapp.exports.archives import ArchiveError, opened_bundle
from studyapp.exports.bundle import write_bundle
from studyapp.exports.rebuilding import import_bundle
from studyapp.models import Study
from studyapp.sections.networks_and_images import ImagesSection
from studyapp.studies.definition.file import DefinitionError, parse_definition, read_definition
from studyapp.studies.photos.files import measure
from studyapp.studies.photos.readers import ReaderError, read_photos
from tests.exports.test_archives import make_bundle

from .fuzzing import DEEP, ODD_VALUES, fuzzing, size_of, spoiled, with_odd_value

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def watched(folder: Path, *writable: str) -> Iterator[Path]:
    """A place in `folder` for one example; nothing beside it and `writable` may change."""

    def there() -> set[str]:
        found = (path.relative_to(folder) for path in folder.rglob("*"))
        return {str(one) for one in found if one.parts[0] not in ("example", *writable)}

    place, before = folder / "example", there()
    place.mkdir(parents=True)
    try:
        yield place
    finally:
        shutil.rmtree(place)
    assert there() == before


# --- photos


def photo_in(kind: str) -> bytes:
    out = io.BytesIO()
    picture = Picture.effect_noise((24, 20), 80).convert("RGB")
    picture.save(out, kind, exif=b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00")
    return out.getvalue()


PHOTOS = {kind: photo_in(kind) for kind in ("PNG", "JPEG", "WEBP", "TIFF", "GIF")}
PHOTOS["BMP"] = photo_in("BMP") if "BMP" in Picture.SAVE else b"BM"


@pytest.mark.filterwarnings("ignore")
@fuzzing(250)
@given(content=spoiled(list(PHOTOS.values())) | st.binary(max_size=80))
@example(PHOTOS["PNG"] + b"<script>alert(1)</script>")
@example(b"GIF89a" + PHOTOS["JPEG"])
@example(b"%PDF-1.7\n" + PHOTOS["PNG"])
def test_the_photo_importer_takes_or_refuses_any_bytes(content: bytes) -> None:
    with suppress(ReaderError):
        found = measure(content, "photo.png")
        assert found.width * found.height <= 50_000_000
        assert found.ending in {"png", "jpeg", "webp", "bmp", "tiff"}
    with suppress(explainer.ExplainerError):
        assert explainer.open_photo(content).mode == "RGB"


ANNOTATIONS = {
    "images": [{"id": 1, "file_name": "a.png"}, {"id": 2, "file_name": "b.png"}],
    "annotations": [{"image_id": 1, "category_id": 7, "bbox": [1, 2, 3, 4]}],
    "categories": [{"id": 7, "name": "cat", "accepted": ["cat"]}],
}


@fuzzing(150)
@given(
    place=st.integers(0, size_of(ANNOTATIONS) - 1),
    value=st.sampled_from(ODD_VALUES),
    raw=st.none() | spoiled([json.dumps(ANNOTATIONS).encode()]),
)
@example(place=0, value=None, raw=b"[" * DEEP * 40)
def test_annotations_of_photos_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, place: int, value: Any, raw: bytes | None
) -> None:
    with watched(tmp_path_factory.getbasetemp() / "annotations") as folder:
        for name in ("a.png", "b.png"):
            (folder / name).write_bytes(PHOTOS["PNG"])
        odd = json.dumps(with_odd_value(ANNOTATIONS, place, value)).encode()
        (folder / "annotations.json").write_bytes(odd if raw is None else raw)
        images = ImagesSection.model_validate({"reader": "coco", "folder": "."})
        with suppress(ReaderError):
            for photo in read_photos(images, folder):
                assert photo.path.is_relative_to(folder)


# --- study files

STUDIES = [path.read_bytes() for path in sorted((ROOT / "fixtures" / "studies").glob("*.toml"))]
ODD_TOML = (
    '"\\u0000"', "1e400", "nan", "-99999999999999999999999", "9" * 5000, "[]", "{}", '""', "true",
    "1979-05-27T07:32:00Z", '"../../../etc/passwd"', "[[[]]]", "{ a = { b = {} } }", "'''", "-1",
    '["a", 1, {}]', '"' + "x" * 5000 + '"',
)  # fmt: skip


@st.composite
def odd_lines(draw: st.DrawFn) -> bytes:
    """A ready study with the values of one to three keys replaced."""
    lines = draw(st.sampled_from(STUDIES)).decode().splitlines()
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.sampled_from([n for n, line in enumerate(lines) if " = " in line]))
        key = lines[at].partition(" = ")[0]
        lines[at] = f"{key} = {draw(st.sampled_from(ODD_TOML))}"
    return "\n".join(lines).encode()


@fuzzing(150)
@given(content=odd_lines() | spoiled(STUDIES) | st.binary(max_size=60))
@example(b"a = " + b"[" * DEEP)
@example(b"a = " + b"{b=" * DEEP)
@example(b"[" + b"a." * DEEP + b"a]\nb = 1")
@example(b"a = " + b"9" * 10_000)
@example(b"slug = 1e9999\x00")
@example(b"\xef\xbb\xbfslug = 'x'")
@example(b"conditions = [" + b"{}," * 50 + b"]")
def test_the_study_file_reader_takes_or_refuses_any_bytes(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    with watched(tmp_path_factory.getbasetemp() / "studies") as folder:
        (folder / "study.toml").write_bytes(content)
        with suppress(DefinitionError):
            read_definition(folder / "study.toml")
    with suppress(DefinitionError, UnicodeDecodeError):
        parse_definition(content.decode(), "the study file")


# --- bundles


def zipped_bundle(manifest: bytes = b"") -> bytes:
    """A small whole bundle, or one with another manifest."""
    with tempfile.TemporaryDirectory() as name:
        folder = make_bundle(Path(name) / "b", {"data/a.csv": b"a,b\n1,2\n", "README.md": b"words"})
        if manifest:
            (folder / "manifest.json").write_bytes(manifest)
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(folder.rglob("*")):
                archive.write(path, path.relative_to(folder).as_posix())
    return out.getvalue()


WHOLE_ZIP = zipped_bundle()
NAMES = st.text(alphabet="ab./\\:\x00\x1f\u202eé~ ", max_size=12) | st.sampled_from(
    ["../x", "/x", "a/../../x", "..\\x", "C:\\x", "manifest.json", "data/a.csv/x", "x" * 300,
     "data/" * 200 + "x", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1")]
)  # fmt: skip


@st.composite
def odd_zips(draw: st.DrawFn) -> bytes:
    """A zip of files with odd names, kinds, methods and contents."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in draw(st.lists(NAMES, min_size=1, max_size=4)):
            entry = zipfile.ZipInfo(name)
            entry.external_attr = draw(st.sampled_from([0, 0o120777, 0o060600, 0o100644])) << 16
            entry.compress_type = draw(st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_LZMA]))
            size = draw(st.sampled_from([0, 10, 2_000_000]))
            archive.writestr(entry, bytes(size))
    return out.getvalue()


@pytest.mark.filterwarnings("ignore:Duplicate name")
@fuzzing(150)
@given(content=spoiled([WHOLE_ZIP]) | odd_zips() | st.binary(max_size=60))
@example(WHOLE_ZIP[: len(WHOLE_ZIP) // 2])
@example(zipped_bundle(b'{"files": ' + b"[" * DEEP * 40))
@example(PHOTOS["PNG"] + WHOLE_ZIP)
def test_a_bundles_zip_is_opened_or_refused_and_writes_nowhere_else(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    with watched(tmp_path_factory.getbasetemp() / "zips") as folder:
        (folder / "tmp").mkdir()
        (folder / "b.zip").write_bytes(content)
        monkeypatch.setattr(tempfile, "tempdir", str(folder / "tmp"))
        with suppress(ArchiveError), opened_bundle(folder / "b.zip") as (inside, manifest):
            assert inside.is_relative_to(folder / "tmp")
            assert isinstance(manifest["files"], dict)
        assert list((folder / "tmp").iterdir()) == []
        assert {path.name for path in folder.iterdir()} == {"tmp", "b.zip"}


def reseal(bundle: Path, name: str) -> None:
    """Write the changed file's digest into the manifest, as whoever changed it could."""
    manifest = json.loads((bundle / "manifest.json").read_text("utf-8"))
    manifest["files"][name] = hashlib.sha256((bundle / name).read_bytes()).hexdigest()
    (bundle / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def spoil_json(path: Path, data: st.DataObject) -> None:
    tree = json.loads(path.read_text("utf-8"))
    place = data.draw(st.integers(0, size_of(tree) - 1))
    odd = with_odd_value(tree, place, data.draw(st.sampled_from(ODD_VALUES)))
    path.write_text(json.dumps(odd), encoding="utf-8")


def spoil_table(path: Path, data: st.DataObject) -> None:
    rows = list(csv.reader(io.StringIO(path.read_text("utf-8"), newline="")))
    row = data.draw(st.sampled_from(rows))
    if row:
        value = data.draw(st.sampled_from(ODD_VALUES) | st.text(max_size=5))
        row[data.draw(st.integers(0, len(row) - 1))] = str(value)
    with path.open("w", encoding="utf-8", errors="surrogatepass", newline="") as file:
        csv.writer(file).writerows(rows)


@pytest.fixture
def private_bundle(tmp_path: Path, settings: Settings) -> Path:
    """The bundle of a study that is gone from the database since."""
    study = open_small_study(people=2, trials=1, stimuli=2)
    send_people(study, 1)
    bundle = write_bundle(study, tmp_path / "whole", analysis=False, photos=True).path
    call_command("flush", interactive=False, verbosity=0)
    settings.MEDIA_ROOT = tmp_path / "media"
    return bundle


@pytest.mark.django_db(transaction=True)
def test_a_private_bundle_is_rebuilt_or_refused_whatever_its_tables_and_facts_say(
    private_bundle: Path, tmp_path: Path
) -> None:
    tables = [path.relative_to(private_bundle) for path in private_bundle.glob("data/*.csv")]

    @fuzzing(40)
    @given(data=st.data())
    def rebuild(data: st.DataObject) -> None:
        with watched(tmp_path, "media") as folder:
            bundle = Path(shutil.copytree(private_bundle, folder / "bundle"))
            facts = Path("materials/study.json")
            name = data.draw(st.sampled_from([*sorted(tables), *[facts] * len(tables)]))
            (spoil_json if name == facts else spoil_table)(bundle / name, data)
            reseal(bundle, name.as_posix())
            with suppress(ArchiveError), transaction.atomic():
                import_bundle(bundle)
                transaction.set_rollback(True)
        assert not Study.objects.exists()

    rebuild()
