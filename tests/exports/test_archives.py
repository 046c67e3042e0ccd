"""A stranger's bundle can't write outside its folder, expand without bound, or pass as whole."""

import hashlib
import json
import stat
import zipfile
from pathlib import Path

import pytest

from studyapp.exports import archives
from studyapp.exports.archives import ArchiveError, opened_bundle, unpack


def make_zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return path


def make_bundle(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    (folder / "manifest.json").write_text(json.dumps({"files": digests}))
    return folder


@pytest.mark.parametrize(
    "name", ["../evil", "/evil", "a/../../evil", "a\\..\\evil", "C:/evil", "..\\evil"]
)
def test_a_name_that_leads_outside_is_refused(tmp_path: Path, name: str) -> None:
    bundle = make_zip(tmp_path / "b.zip", {name: b"x"})
    (tmp_path / "in").mkdir()
    with pytest.raises(ArchiveError, match="outside its folder"):
        unpack(bundle, tmp_path / "in")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["b.zip", "in"]


@pytest.mark.parametrize("name", ["", "."])
def test_a_file_without_a_name_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "in").mkdir()
    with pytest.raises(ArchiveError, match="has no name"):
        unpack(make_zip(tmp_path / "b.zip", {name: b"x"}), tmp_path / "in")


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("second", ["data/a.csv", "data/./a.csv", "data//a.csv"])
def test_a_name_that_stands_twice_is_refused(tmp_path: Path, second: str) -> None:
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("data/a.csv", b"shown")
        archive.writestr(second, b"hidden")
    (tmp_path / "in").mkdir()
    with pytest.raises(ArchiveError, match=r"the bundle contains .* twice"):
        unpack(tmp_path / "b.zip", tmp_path / "in")
    assert (tmp_path / "in" / "data" / "a.csv").read_bytes() == b"shown"


def test_a_link_is_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(ArchiveError, match="not a plain file"):
        unpack(tmp_path / "b.zip", tmp_path)


def test_a_file_that_expands_beyond_measure_is_refused(tmp_path: Path) -> None:
    bundle = make_zip(tmp_path / "b.zip", {"zeros": bytes(30 * 2**20)})
    with pytest.raises(ArchiveError, match="unpacks to far more than its size in the archive"):
        unpack(bundle, tmp_path)


def test_many_files_together_keep_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MOST_BYTES", 150)
    bundle = make_zip(tmp_path / "b.zip", {"a": bytes(100), "b": bytes(100)})
    with pytest.raises(ArchiveError, match="b unpacks to far more than its size in the archive"):
        unpack(bundle, tmp_path)


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MOST_FILES", 1)
    with pytest.raises(ArchiveError, match="more than 1 files"):
        unpack(make_zip(tmp_path / "b.zip", {"a": b"", "b": b""}), tmp_path)


def test_what_is_no_zip_is_told(tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_bytes(b"PK not really")
    with pytest.raises(ArchiveError, match="can't be read as a zip"):
        unpack(tmp_path / "b.zip", tmp_path)


def test_a_spoiled_stream_is_told(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "b.zip", {"a": bytes(range(256)) * 64})
    content = bytearray(path.read_bytes())
    content[40:60] = b"\xff" * 20
    path.write_bytes(bytes(content))
    (tmp_path / "in").mkdir()
    with pytest.raises(ArchiveError, match="can't be read as a zip"):
        unpack(path, tmp_path / "in")


def refused(folder: Path, sentence: str) -> None:
    with pytest.raises(ArchiveError, match=sentence), opened_bundle(folder):
        pass


def test_a_bundle_must_be_what_its_manifest_says(tmp_path: Path) -> None:
    folder = make_bundle(tmp_path / "b", {"data/a.csv": b"1", "data/b.csv": b"2"})
    with opened_bundle(folder) as (path, manifest):
        assert (path, len(manifest["files"])) == (folder, 2)
    (folder / "data/a.csv").write_bytes(b"changed")
    refused(folder, r"data/a\.csv differs from what the manifest says")
    (folder / "data/a.csv").unlink()
    refused(folder, r"data/a\.csv is missing")


@pytest.mark.parametrize("name", ["extra", "data/manifest.json"])
def test_a_file_that_the_manifest_does_not_name_is_refused(tmp_path: Path, name: str) -> None:
    folder = make_bundle(tmp_path / "b", {"data/a.csv": b"1"})
    (folder / name).write_bytes(b"{}")
    refused(folder, f"{name} is not in the manifest")


def test_a_link_to_a_file_elsewhere_is_refused(tmp_path: Path) -> None:
    folder = make_bundle(tmp_path / "b", {"a": b"1"})
    (tmp_path / "elsewhere").write_bytes(b"1")
    (folder / "a").unlink()
    (folder / "a").symlink_to(tmp_path / "elsewhere")
    refused(folder, "a differs from what the manifest says")


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"files": 3}'])
def test_a_folder_without_a_readable_manifest_is_no_bundle(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    refused(tmp_path, "not a bundle")
