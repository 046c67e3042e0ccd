"""What `make demo` leaves in var/ changes nothing for another site, nor for a test."""

import os
import re
import shutil
from pathlib import Path

import pytest

from tests.conftest import FORGOTTEN
from tests.running import python

ROOT = Path(__file__).resolve().parent.parent
SHOW = "import manage, os; manage.read_environment_file(manage.site_folder() / 'env')"


@pytest.mark.parametrize("place", ["elsewhere", "var"])
def test_the_command_line_reads_the_environment_of_its_own_site_only(
    tmp_path: Path, place: str
) -> None:
    shutil.copy(ROOT / "manage.py", tmp_path)
    for name in ("var", "elsewhere"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "env").write_text(f"SECRET_KEY=that of {name}\n", "utf-8")
    named = {"DISCERN_VAR": str(tmp_path / "elsewhere")} if place == "elsewhere" else {}
    code = f"{SHOW}; print(os.environ['SECRET_KEY'])"
    done = python("-c", code, env={"PATH": os.environ["PATH"], **named}, cwd=tmp_path)
    assert done.stdout == f"that of {place}\n"


def test_the_tests_and_the_processes_that_inherit_from_them_have_a_folder_of_their_own() -> None:
    folder = Path(os.environ["DISCERN_VAR"])
    assert not folder.is_relative_to(ROOT)
    assert Path(os.environ["DISCERN_MEDIA"]).parent == folder.parent


def test_every_setting_that_a_shell_may_have_exported_is_forgotten() -> None:
    text = (ROOT / "studyapp" / "settings.py").read_text("utf-8")
    asked = set(re.findall(r'env_(?:text|flag|number|list|secret)\(\s*"(\w+)"', text))
    assert len(asked) > 20
    # Servers may be given; the programs of PostgreSQL belong to the one that is.
    assert asked - set(FORGOTTEN) == {"DATABASE_URL", "REDIS_URL", "POSTGRES_BIN"}


def test_the_continuous_integration_starts_the_demo_before_it_tests_once() -> None:
    lines = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()
    calls = [line for line in lines if line.startswith("make ")]
    assert calls == [
        "make demo DETACH=1",
        "make servers",
        'make test ARGS="--cov --cov-report=term:skip-covered"',
        "make gate",
    ]
