"""What `make mutants` works through stays true to the code, and its verdicts are right."""

import tomllib
from pathlib import Path

from tests.mutations.__main__ import Bench
from tests.mutations.listed import Mutation, listed


def test_every_listed_fault_fits_the_code() -> None:
    assert [told for entry in listed() if (told := entry.complaint())] == []


def test_no_fault_is_listed_under_a_name_that_is_not_read() -> None:
    for path in (Path(__file__).parent / "mutations").glob("*.toml"):
        assert list(tomllib.loads(path.read_text(encoding="utf-8"))) == ["mutation"], path.name


def write_project(folder: Path) -> Mutation:
    (folder / "sum.py").write_text("def total(a, b):\n    return a + b\n", encoding="utf-8")
    (folder / "test_sum.py").write_text(
        "from sum import total\n\n\ndef test_total():\n    assert total(2, 3) == 5\n\n\n"
        "def test_type():\n    assert isinstance(total(2, 3), int)\n",
        encoding="utf-8",
    )
    return Mutation("sum", "sum.py", "a + b", "a - b", "test_sum.py::test_total", "made")


def test_a_fault_is_caught_by_a_test_that_fails_and_the_code_is_put_back(tmp_path: Path) -> None:
    mutation = write_project(tmp_path)
    bench = Bench(tmp_path, {"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"})
    assert mutation.complaint(tmp_path) is None
    assert bench.caught(mutation)
    assert "a + b" in (tmp_path / "sum.py").read_text("utf-8")


def test_a_fault_that_its_test_does_not_notice_survives(tmp_path: Path) -> None:
    mutation = write_project(tmp_path)
    bench = Bench(tmp_path, {"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"})
    blind = Mutation("sum", "sum.py", "a + b", "a - b", "test_sum.py::test_type", "made")
    assert mutation.complaint(tmp_path) is None
    assert not bench.caught(blind)


def test_a_test_that_cannot_be_run_catches_nothing(tmp_path: Path) -> None:
    write_project(tmp_path)
    bench = Bench(tmp_path, {"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"})
    gone = Mutation("sum", "sum.py", "def total", "def other", "test_sum.py::test_total", "made")
    assert not bench.caught(gone)


def test_an_entry_that_no_longer_fits_says_what_is_wrong() -> None:
    def told(**changes: str) -> str:
        entry = {
            "fault": "made",
            "file": "manage.py",
            "find": "def main",
            "replace": "def other",
            "test": "tests/test_mutations.py::test_every_listed_fault_fits_the_code",
            "listed_in": "made",
        }
        return Mutation(**{**entry, **changes}).complaint() or ""

    assert told() == ""
    assert "there is no file gone.py" in told(file="gone.py")
    assert "occurs 0 times" in told(find="no such text")
    assert "changes nothing" in told(replace="def main")
    assert "no longer Python" in told(replace="def (")
    assert "no such test" in told(test="tests/test_mutations.py::test_gone")
