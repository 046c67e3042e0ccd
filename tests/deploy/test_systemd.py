"""deploy/systemd: units that systemd accepts, and whose commands are those of the images."""

import re
import shutil
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

from tests.running import output_of, run
from tests.test_containers import command_of

ROOT = Path(__file__).resolve().parents[2]
UNITS = ROOT / "deploy" / "systemd"
HOME = "/srv/discern"


def commands(unit: str) -> list[list[str]]:
    text = (UNITS / unit).read_text("utf-8")
    return [line.split() for line in re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE)]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    for unit in UNITS.glob("discern-*"):
        # The programs of this checkout, since systemd looks whether they are there
        text = unit.read_text("utf-8").replace(
            f"{HOME}/.venv/bin", str(Path(sys.executable).parent)
        )
        (tmp_path / unit.name).write_text(text.replace("User=discern", "User=root"), "utf-8")
    names = sorted(path.name.replace("@.", "@8001.") for path in tmp_path.iterdir())
    for path in tmp_path.glob("*@.service"):
        path.rename(path.with_name(path.name.replace("@.", "@8001.")))
    done = run("systemd-analyze", "verify", *(tmp_path / name for name in names))
    mine = [line for line in done.stderr.splitlines() if "discern" in line]
    assert mine == []


def test_the_units_start_what_the_images_start() -> None:
    ((web, *words),) = commands("discern-web@.service")
    assert [web.rpartition("/")[2], *words] == command_of("web")
    ((worker, *words),) = commands("discern-worker@.service")
    text = (UNITS / "discern-worker@.service").read_text("utf-8")
    (queues,) = re.findall(r"QUEUES=(\S+)", text)
    started = [worker.rpartition("/")[2], *words][:-2]
    assert [word.replace("${QUEUES}", queues) for word in started] == command_of("worker")


def test_every_unit_reads_the_settings_and_gains_nothing() -> None:
    for path in UNITS.glob("*.service"):
        unit = ConfigParser(strict=False, interpolation=None)
        unit.optionxform = str
        unit.read(path, "utf-8")
        service = unit["Service"]
        assert service["User"] == "discern"
        assert service["EnvironmentFile"] == f"{HOME}/var/env"
        assert (service["NoNewPrivileges"], service["ProtectSystem"]) == ("yes", "strict")
    for timer in UNITS.glob("*.timer"):
        assert timer.with_suffix(".service").exists()


@pytest.mark.django_db(transaction=True)
def test_what_the_timers_start_is_done(tmp_path: Path) -> None:
    told = []
    for unit in ("discern-daily.service", "discern-drill.service"):
        for _, manage, command, *words in commands(unit):
            assert manage == "manage.py"
            given = [word.replace("/srv/discern-backups", str(tmp_path / "b")) for word in words]
            told.append(output_of(command, *given))
    # Forgotten first: it is due even when no backup can be made.
    assert "panel ids erased" in told[0]
    assert re.search(r"\d+ rows, \d+ files", told[1])
    assert "can be restored" in told[2]
