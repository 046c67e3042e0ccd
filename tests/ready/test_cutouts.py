"""Fetching the originals: real packages made on the spot, and an apt-get that fails."""

import shutil
import subprocess
from pathlib import Path

import pytest

from ready.errors import MakingError
from ready.photos.cutouts import INSIDE, PACKAGES, fetch_cutouts, wanted_files
from tests.ready.drawn_cutouts import draw_cutouts

needs_dpkg = pytest.mark.skipif(not shutil.which("dpkg-deb"), reason="dpkg-deb is missing")


def build_package(name: str, content: Path, shelf: Path) -> None:
    """A Debian package called `name` with the files of `content` where Debian has them."""
    tree = shelf / "tree"
    shutil.copytree(content, tree / INSIDE)
    (tree / "usr" / "share" / "tuxpaint" / "unwanted.txt").write_text("not asked for")
    (tree / "DEBIAN").mkdir()
    control = (
        f"Package: {name}\nVersion: 1\nArchitecture: all\nMaintainer: t <t@t>\nDescription: t\n"
    )
    (tree / "DEBIAN" / "control").write_text(control)
    subprocess.run(["dpkg-deb", "--build", "-Znone", tree, shelf / f"{name}_1_all.deb"], check=True)
    shutil.rmtree(tree)


def put_apt_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "apt-get").write_text(f"#!/bin/sh\n{script}\n")
    (tools / "apt-get").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")


@needs_dpkg
def test_only_what_is_wanted_is_taken_out_of_the_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn, shelf = draw_cutouts(tmp_path / "drawn"), tmp_path / "shelf"
    shelf.mkdir()
    for name, part in zip(PACKAGES, ("stamps", "templates"), strict=True):
        shutil.copytree(drawn / part, tmp_path / name / part)
        build_package(name, tmp_path / name, shelf)
    put_apt_on_the_path(
        tmp_path, monkeypatch, f'case "$*" in *download*) cp {shelf}/*.deb .;; esac'
    )
    fetch_cutouts(tmp_path / "originals")
    found = {
        path.relative_to(tmp_path / "originals").as_posix()
        for path in (tmp_path / "originals").rglob("*")
        if path.is_file()
    }
    assert found == set(wanted_files())


@needs_dpkg
def test_lists_of_our_own_are_used_where_the_systems_are_too_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = tmp_path / "calls"
    put_apt_on_the_path(
        tmp_path, monkeypatch, f'echo "$*" >> {calls}; echo "E: No such package" >&2; exit 100'
    )
    with pytest.raises(
        MakingError, match=r"\(E: No such package\): check the network, or .*PHOTOS="
    ):
        fetch_cutouts(tmp_path / "originals")
    plain, update, own = calls.read_text().splitlines()
    assert "download" in plain
    assert "Dir::State=" not in plain
    assert update.endswith("update")
    assert "Dir::State=" in own


def test_a_missing_apt_is_told_with_the_way_round_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        MakingError, match=r"apt-get is missing.*sub-folder per class, with PHOTOS="
    ):
        fetch_cutouts(tmp_path / "originals")


def test_what_is_there_is_not_fetched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    originals = draw_cutouts(tmp_path / "originals")
    monkeypatch.setenv("PATH", "")
    fetch_cutouts(originals)
