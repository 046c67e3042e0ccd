"""The commands that the README gives."""

from pathlib import Path

from tests.running import run


def make(*arguments: str) -> str:
    done = run("make", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_make_alone_lists_its_targets_with_a_line_each() -> None:
    rows = dict(line.split(maxsplit=1) for line in make().splitlines())
    assert {"demo", "demo-stop", "demo-reset", "test", "check", "lock", "bench"} <= set(rows)


def test_the_gate_is_made_of_every_check() -> None:
    steps = make("--dry-run", "check", "VENV=nowhere")
    for step in (
        "ruff format --check",
        "ruff check",
        "mypy",
        "lint-imports",
        "makemigrations --check",
        "check --deploy",
        "pytest --cov",
    ):
        assert step in steps


def test_what_is_installed_is_not_installed_again(tmp_path: Path) -> None:
    binaries = tmp_path / "bin"
    binaries.mkdir()
    (binaries / "python").write_text("#!/bin/sh\necho installed >> $(dirname $0)/calls\n")
    (binaries / "python").chmod(0o755)
    for _ in range(2):
        make("install-dev", f"VENV={tmp_path}")
    assert (binaries / "calls").read_text().splitlines() == ["installed"]
    make("install-demo", f"VENV={tmp_path}")
    assert (binaries / "calls").read_text().splitlines() == ["installed"]
