"""The launcher behind `make demo`, with its real servers, workers and site, on a small study."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from demo.environment import read_env, site_environment, study_files, write_env
from explainer.networks import factories
from ready.catalogue import READY, Ready
from sandbox.processes import free_port
from tests.running import ROOT, Done, python, run
from tests.study_files import write_study

LABELS = [f"thing {number}" for number in range(10)]
# Networks of one seed agree, and every label is right: every photo can be asked about.
LAYERS = {"one": "features.10", "other": "features.8"}
STUDY: dict[str, Any] = {
    "trials": 2, "stimuli": 3, "conditions": [{"name": "plain", "method": "guided_backprop"}],
    "networks": {
        name: {"builder": "alexnet", "weights": "random", "labels": "labels.txt", "layer": layer}
        for name, layer in LAYERS.items()
    },
    "pairs": {"main": {"stronger": "one", "weaker": "other"}},
    "images": {"reader": "coco", "folder": "photos"},
}  # fmt: skip


def make_study(folder: Path) -> Path:
    photos = folder / "photos"
    photos.mkdir(parents=True)
    images = [{"id": n, "file_name": f"{n}.png"} for n in range(4)]
    for row in images:
        Image.effect_noise((96, 96), 20 + 20 * int(str(row["id"]))).convert("RGB").save(
            photos / str(row["file_name"])
        )
    annotations = [{"image_id": n, "category_id": 1, "bbox": [0, 0, 9, 9]} for n in range(4)]
    categories = [{"id": 1, "name": "thing", "accepted": LABELS}]
    content = {"images": images, "annotations": annotations, "categories": categories}
    (photos / "annotations.json").write_text(json.dumps(content))
    (folder / "labels.txt").write_text("\n".join(LABELS))
    return write_study(folder, **STUDY)


class Demo:
    """`python -m demo` with its own var/, on its own port."""

    def __init__(self, folder: Path) -> None:
        self.var = folder / "var"
        self.study = make_study(folder / "study")
        self.port = free_port()

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "demo", *arguments]

    def environment(self, **more: str) -> dict[str, str]:
        ours = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "DISCERN_MEDIA", "DETACH", "PORT")
        kept = {key: value for key, value in os.environ.items() if key not in (*ours, "STUDIES")}
        return {**kept, "DISCERN_VAR": str(self.var), "PORT": str(self.port), **more}

    def run(self, *arguments: str, **more: str) -> Done:
        return run(*self.command(*arguments), env=self.environment(**more))

    def manage(self, *arguments: str) -> Done:
        """As somebody types it into a new shell, who has none of PostgreSQL's programs there."""
        return python("manage.py", *arguments, env={"PATH": "", "DISCERN_VAR": str(self.var)})

    def start(self) -> "subprocess.Popen[str]":
        """In the foreground, as in a terminal; returns once the studies are open."""
        process = subprocess.Popen(
            self.command("start", str(self.study)),
            cwd=ROOT,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout
        for line in process.stdout:
            if line.startswith("Password: "):
                return process
        raise AssertionError(process.communicate()[1])

    def processes(self) -> list[str]:
        """The command lines of all that runs on this var/."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                environment = (folder / "environ").read_bytes()
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if f"DISCERN_VAR={self.var}".encode() in environment or str(self.var) in command:
                found.append(command)
        return [command for command in found if command]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    made = Demo(tmp_path_factory.mktemp("demo"))
    yield made
    made.run("stop")
    made.run("reset")
    assert made.processes() == []


def status(address: str) -> int:
    with urllib.request.urlopen(address, timeout=10) as reply:
        return int(reply.status)


def test_a_detached_demo_answers_at_every_printed_address_and_ends_when_told(demo: Demo) -> None:
    begun = demo.run("start", str(demo.study), DETACH="1")
    assert begun.returncode == 0, begun.stderr
    addresses = re.findall(r"^(http://\S+)$", begun.stdout, re.MULTILINE)
    assert [address.split("/", 3)[3] for address in addresses] == ["", "s/small/", "admin/login/"]
    assert [status(address) for address in 3 * addresses] == 9 * [200]
    assert re.search(r"^User: admin\nPassword: \S{12,}$", begun.stdout, re.MULTILINE)

    saved = demo.manage("backup", str(demo.var / "backup"))
    assert saved.returncode == 0, saved.stderr
    assert (demo.var / "backup" / "database.dump").stat().st_size > 0

    again = demo.run("start", str(demo.study), PORT=str(free_port()))
    assert (again.returncode, again.stderr.count("\n")) == (1, 1)
    assert re.search(r"A demo is running already \(process \d+\); `make demo-stop`", again.stderr)

    assert demo.run("stop").returncode == 0
    assert demo.processes() == []


def test_secrets_are_kept_from_others_and_from_one_start_to_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISCERN_VAR", str(tmp_path))
    urls = {"DATABASE_URL": "postgresql://one", "REDIS_URL": "redis://one"}
    first = site_environment(urls, 8000)
    write_env(tmp_path / "env", first)
    assert (tmp_path / "env").stat().st_mode & 0o777 == 0o600
    assert read_env(tmp_path / "env") == first
    assert len(first["SECRET_KEY"]) >= 50
    second = site_environment({**urls, "DATABASE_URL": "postgresql://two"}, 8001)
    changed = {name for name in first if first[name] != second[name]}
    assert changed == {"DATABASE_URL", "DEMO_PORT"}


def test_ready_studies_are_named_with_commas_or_all_at_once() -> None:
    assert [file.stem for file in study_files(" another-tool,five-methods,")] == [
        "another-tool",
        "five-methods",
    ]
    assert study_files("") == []
    every = {file.stem for file in study_files("all")}
    assert {"demo-trust", "another-tool", "five-methods", "transformers"} <= every
    # It names what the demo doesn't make.
    assert "paper-trust" not in every


def test_a_ready_study_that_is_not_known_is_refused_before_anything_starts(demo: Demo) -> None:
    begun = demo.run("start", STUDIES="another-tool,anothertool")
    assert begun.returncode == 1
    assert begun.stderr.startswith(
        "There is no ready study anothertool: STUDIES is all, or some of "
    )
    assert ", another-tool, " in begun.stderr
    assert begun.stderr.count("\n") == 1
    assert demo.processes() == []


def test_a_demo_that_does_not_run_opens_nothing(demo: Demo) -> None:
    begun = demo.run("open", "another-tool")
    assert (begun.returncode, begun.stderr) == (1, "No demo is running; `make demo` starts one.\n")


def test_the_factories_of_ready_studies_are_allowed_beside_ones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISCERN_VAR", str(tmp_path))
    ready = ["ready.maze:network", "ready.maze:blind"]
    monkeypatch.setitem(READY, "maze", Ready("ready.maze", 1, factories=tuple(ready)))
    for named, first in (("", []), (" my_lab.vit:net,ready.maze:blind,", ["my_lab.vit:net"])):
        monkeypatch.setenv("NETWORK_FACTORIES", named)
        allowed = site_environment({}, 8000)["NETWORK_FACTORIES"].split(",")
        assert allowed[: len(first)] == first
        assert set(ready) <= set(allowed)
        assert len(set(allowed)) == len(allowed)
        monkeypatch.setenv("NETWORK_FACTORIES", ",".join(allowed))
        assert set(ready) <= set(factories.allowed())


def test_ctrl_c_ends_every_process(demo: Demo) -> None:
    process = demo.start()
    assert len(demo.processes()) >= 6
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert "`make demo` goes on with the same data" in out
    assert demo.processes() == []


def test_a_killed_child_is_told_in_one_sentence_and_ends_the_rest(demo: Demo) -> None:
    process = demo.start()
    server = re.search(r"postgres -D (\S+)", "\n".join(demo.processes()))
    assert server
    postmaster = int((Path(server.group(1)) / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGKILL)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert re.fullmatch(r"PostgreSQL was killed by signal 9 .*goes on with the same data\.\n", err)
    assert demo.processes() == []


def test_a_killed_launcher_leaves_no_orphan(demo: Demo) -> None:
    process = demo.start()
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 30
    while demo.processes() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert demo.processes() == []


def test_a_busy_port_is_told_in_one_sentence(demo: Demo) -> None:
    database = os.environ["DATABASE_URL"]
    port = re.search(r":(\d+)/", database)
    assert port
    begun = demo.run("start", str(demo.study), PORT=port.group(1))
    assert (begun.returncode, begun.stderr) == (
        1,
        f"Port {port.group(1)} is taken; choose another with PORT=…\n",
    )


def test_a_port_that_is_none_is_told_in_one_sentence(demo: Demo) -> None:
    begun = demo.run("start", str(demo.study), PORT="http")
    assert (begun.returncode, begun.stderr) == (
        1,
        "PORT=http is not a port; choose a number from 1 to 65535.\n",
    )


def test_a_wrong_study_file_is_told_in_one_sentence_and_ends_everything(demo: Demo) -> None:
    wrong = demo.study.with_name("wrong.toml")
    text = demo.study.read_text().replace('"trust"', '"trsut"').replace('"small"', '"wrong"')
    wrong.write_text(text)
    begun = demo.run("start", str(wrong), DETACH="1")
    assert begun.returncode == 1
    assert 'did you mean "trust"?' in begun.stderr
    assert "Traceback" not in begun.stderr
    assert demo.processes() == []
