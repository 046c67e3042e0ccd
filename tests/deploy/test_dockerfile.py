"""Each line of the Dockerfile, tried without an engine."""

import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.dockerfile import (
    ROOT,
    TEXT,
    check_of,
    command_of,
    copied,
    environment_of,
    image_of,
    instructions,
    is_sent,
    of_target,
)
from tests.running import Done, python, run

TARGETS = ("web", "worker")
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
# What each RUN does, and the test that does it
TRIED = {
    "useradd ": "test_the_user_can_be_made",
    "apt-get ": "test_debian_has_the_programs_that_are_installed",
    "pip install ": "test_a_lock_has_all_that_its_packages_need",
    '[ "$TRACES" = 0 ] || pip install ': "test_a_lock_has_all_that_its_packages_need",
    "SECRET_KEY=for-collecting-only python ": "test_the_static_files_are_collected_into_the_image",
}


def locked(name: str) -> dict[str, str]:
    """The versions that a lock pins, by name."""
    text = (ROOT / "requirements" / f"{name}.lock").read_text("utf-8")
    return {canonicalize_name(found[0]): found[1]
            for found in re.findall(r"^([\w.-]+)==([^ ;]+)", text, re.MULTILINE)}  # fmt: skip


def test_no_line_is_there_that_nothing_here_tries() -> None:
    found = instructions()
    assert {one.word for one in found} == {
        "FROM", "ENV", "RUN", "WORKDIR", "COPY", "USER", "EXPOSE", "HEALTHCHECK", "CMD", "ARG"
    }  # fmt: skip
    for one in found:
        if one.word == "RUN":
            assert any(one.rest.startswith(start) for start in TRIED), one.rest
    assert all(name in globals() for name in TRIED.values())


def test_both_images_stand_on_the_python_and_the_debian_that_their_packages_are_for() -> None:
    first = of_target("base", "FROM")[0]
    assert first == "python:3.11-slim-bookworm AS base"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["requires-python"] == ">=3.11"
    assert "--python-version 3.11" in (ROOT / "Makefile").read_text("utf-8")
    assert {one.rest for one in instructions() if one.word == "FROM"} - {first} == {
        f"base AS {target}" for target in TARGETS
    }
    # `manage.py backup` needs programs of the server's own version.
    major = re.fullmatch(r"postgres:(\d+)-bookworm", COMPOSE["services"]["db"]["image"])
    assert major
    assert f"postgresql-client-{major[1]} " in " ".join(of_target("web", "RUN"))


@pytest.mark.skipif(not shutil.which("useradd"), reason="useradd (Debian's passwd) is missing")
def test_the_user_can_be_made(tmp_path: Path) -> None:
    made, folders = of_target("base", "RUN")[0].split(" && ")
    (tmp_path / "etc").mkdir()
    for name in ("passwd", "group", "shadow", "gshadow"):
        (tmp_path / "etc" / name).touch()
    command, *words = made.split()
    done = subprocess.run(
        [command, "--prefix", str(tmp_path), *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    name, _, user, *_, home, _ = (tmp_path / "etc" / "passwd").read_text("utf-8").split(":")
    assert (name, user, home) == ("discern", "10001", of_target("base", "WORKDIR")[0])
    assert folders.split()[:6] == ["install", "-d", "-o", name, "-g", name]
    # What the image may write to, as Compose's volumes stand for it
    mounted = {"/data", "/work", "/backups"}
    assert mounted <= set(folders.split()[6:])
    assert environment_of("web")["TMPDIR"] == "/work"
    assert all(of_target(target, "USER") == [name] for target in TARGETS)


@pytest.mark.skipif(not shutil.which("apt-cache"), reason="apt-cache (Debian's apt) is missing")
def test_debian_has_the_programs_that_are_installed() -> None:
    (line,) = [rest for rest in of_target("web", "RUN") if rest.startswith("apt-get")]
    names = line.partition("--no-install-recommends ")[2].partition(" ")[0].split()
    index = subprocess.run(["apt-cache", "policy", *names], capture_output=True, text=True)
    if "VERSION_CODENAME=bookworm" not in Path("/etc/os-release").read_text("utf-8"):
        pytest.skip("this machine is not Debian 12, whose packages the image takes")
    if not index.stdout.strip():
        pytest.skip("this machine has no index of Debian's packages (apt-get update)")
    for name in names:
        assert re.search(rf"^{name}:\n.*\n  Candidate: \d", index.stdout, re.MULTILINE), name


@pytest.mark.parametrize("name", ["web", "worker", "demo", "traces"])
def test_a_lock_has_all_that_its_packages_need(name: str) -> None:
    """The images install with --no-deps: what a lock lacks is in no image."""
    pinned = locked(name)
    text = (ROOT / "requirements" / f"{name}.lock").read_text("utf-8")
    entries = re.findall(r"^[\w.-]+==.*", text, re.MULTILINE)
    hashed = re.findall(r"^[\w.-]+==.* \\\n    --hash=sha256:", text, re.MULTILINE)
    assert len(hashed) == len(entries) > 10
    here = {**default_environment(), "extra": ""}
    missing = [
        f"{package} needs {wanted}"
        for package in pinned
        for wanted in map(Requirement, _needed(package))
        if (not wanted.marker or wanted.marker.evaluate(here))
        and not wanted.specifier.contains(
            pinned.get(canonicalize_name(wanted.name), "no version"), prereleases=True
        )
    ]
    assert missing == []


def _needed(package: str) -> list[str]:
    """What an installed package needs; [] where its marker leaves it out on this machine."""
    try:
        return importlib.metadata.requires(package) or []
    except importlib.metadata.PackageNotFoundError:
        return []


@pytest.mark.parametrize("target", TARGETS)
def test_every_copied_file_is_in_the_repository(target: str) -> None:
    tracked = set(subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True,
                                 text=True, check=True).stdout.split("\0"))  # fmt: skip
    found = {file.relative_to(ROOT).as_posix() for file, _ in copied(target)}
    assert found - tracked == set()
    for rest in of_target(target, "COPY"):
        for source in rest.split()[:-1]:
            below = {one for one in tracked if one == source or one.startswith(f"{source}/")}
            assert below, source
            assert below <= found, source


def test_no_secret_and_nothing_private_is_sent_to_an_engine() -> None:
    for path in (
        "deploy/secrets/secret_key", ".env", "var/env", "var/media/photo.jpg", ".git/config",
        ".venv/bin/python", "tests/conftest.py", "studyapp/__pycache__/apps.cpython-311.pyc",
        "fixtures/other.toml", "requirements/dev.in",
    ):  # fmt: skip
        assert not is_sent(path), path
    for path in ("studyapp/locale/de/LC_MESSAGES/django.mo", "requirements/web.lock", "manage.py",
                 "fixtures/studies/every-option.toml"):  # fmt: skip
        assert is_sent(path), path
    assert is_sent("var/env", "*\n!var")


# Runs in a copy of an image: only what its lock pins can be imported, and of this project only
# what was copied.
IMPORTS = """
import importlib, json, pkgutil, sys
from pathlib import Path

missing = set(json.loads(sys.argv[1]))

class Installed:
    finders = list(sys.meta_path)

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in missing:
            return None
        found = (one.find_spec(name, path, target) for one in self.finders)
        return next((spec for spec in found if spec), None)

sys.meta_path[:] = [Installed()]
sys.path.insert(0, "")
import django
django.setup()
said = {}
for top in json.loads(sys.argv[2]):
    package = importlib.import_module(top)
    assert Path(package.__file__).is_relative_to(Path.cwd()), package.__file__
    for found in pkgutil.walk_packages(package.__path__, f"{top}."):
        if not found.name.endswith("__main__"):
            try:
                importlib.import_module(found.name)
            except ImportError as error:
                said[found.name] = str(error)
print(json.dumps(said))
"""
# What `--build-arg TRACES=1` brings packages for; it is imported only where traces are sent
WITH_TRACES = {"web": {"studyapp.serving.tracing"}, "worker": set()}


@pytest.mark.parametrize("target", TARGETS)
def test_every_module_of_an_image_can_be_imported_with_its_packages_alone(
    target: str, tmp_path: Path
) -> None:
    pinned = set(locked(target))
    missing = [
        module
        for module, packages in importlib.metadata.packages_distributions().items()
        if not {canonicalize_name(package) for package in packages} & pinned
    ]
    folder = image_of(target, tmp_path / target)
    tops = {path.name for path in folder.iterdir() if (path / "__init__.py").is_file()}
    assert {"studyapp", "photos"} <= tops
    if target == "worker":  # the site's modules need no more than they do in the other image
        tops.remove("studyapp")
    given = {
        **os.environ,
        "DISCERN_VAR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": environment_of(target)["DJANGO_SETTINGS_MODULE"],
    }
    done = python(
        "-c", IMPORTS, json.dumps(missing), json.dumps(sorted(tops)), env=given, cwd=folder
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert set(json.loads(done.stdout.splitlines()[-1])) == WITH_TRACES[target]


def test_the_static_files_are_collected_into_the_image(tmp_path: Path) -> None:
    (line,) = [rest for rest in of_target("web", "RUN") if "collectstatic" in rest]
    pair, command = line.split(" ", 1)
    goal = environment_of("web")["DISCERN_STATIC"]
    assert goal == "/app/static"
    folder = image_of("web", tmp_path / "app")
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    given = {**kept, **environment_of("web"), **dict([pair.split("=")]),
             "DISCERN_VAR": str(tmp_path), "DISCERN_STATIC": str(folder / "static")}  # fmt: skip
    done = python(*command.split()[1:], env=given, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert (folder / "static" / "studyapp" / "trial.js").is_file()
    assert (folder / "static" / "admin").is_dir()


def test_the_commands_and_ports_are_what_the_site_listens_on() -> None:
    assert of_target("web", "EXPOSE") == ["8000"]
    assert COMPOSE["services"]["web"]["environment"]["BIND"].endswith(":8000")
    for target in TARGETS:
        assert shutil.which(command_of(target)[0], path=str(Path(sys.executable).parent))
        assert check_of(target)[:3] == ["python", "-m", "studyapp.serving.healthcheck"]
    assert TEXT.count("\nHEALTHCHECK ") == len(TARGETS)


# Stands for an engine: it writes down what it is asked.
ENGINE = """#!/bin/sh
echo "$@" >> "$HOME/asked"
[ "$1" = build ] || exit {known}
"""


def built(tmp_path: Path, known: int, **given: str) -> Done:
    for name in ("docker", "podman"):
        (tmp_path / name).write_text(ENGINE.format(known=known if name == "docker" else 0), "utf-8")
        (tmp_path / name).chmod(0o755)
    here = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    return run("sh", ROOT / "deploy" / "images.sh", env={**here, **given})


def test_both_images_are_built_by_an_engine_that_works(tmp_path: Path) -> None:
    done = built(tmp_path, 1, TAG="7", REGISTRY="registry.example.org/")
    assert done.returncode == 0, done.stderr
    assert "docker is here, but can't build" in done.stderr
    asked = (tmp_path / "asked").read_text("utf-8").splitlines()
    builds = [line.split() for line in asked if line.startswith("build ")]
    assert [(words[2], words[6]) for words in builds] == [
        (target, f"registry.example.org/discern-{target}:7") for target in TARGETS
    ]
    assert {words[4] for words in builds} == {"LOCK=worker"}


def test_who_has_no_engine_is_told_so(tmp_path: Path) -> None:
    done = built(tmp_path, 1, ENGINE="docker")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("No engine builds images here")
