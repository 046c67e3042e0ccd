"""An audit that skipped a package is a failure, and one that audited nothing says so."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

PATH = Path(__file__).resolve().parent.parent / ".ci" / "audit.py"
spec = importlib.util.spec_from_file_location("audit", PATH)
assert spec
assert spec.loader
audit = importlib.util.module_from_spec(spec)
spec.loader.exec_module(audit)

CLEAN = {"name": "django", "version": "5.2", "vulns": []}
SKIPPED = {"name": "torch", "skip_reason": "Dependency not found on PyPI"}
FLAW = {"id": "PYSEC-1", "fix_versions": ["3.2"], "aliases": []}
FLAWED = {"name": "jinja2", "version": "3.1", "vulns": [FLAW]}


@pytest.mark.parametrize(
    ("packages", "code", "said"),
    [
        ([CLEAN], 0, "1 packages audited, nothing is known"),
        ([CLEAN, SKIPPED], 1, "SKIPPED torch: Dependency not found on PyPI"),
        ([CLEAN, FLAWED], 1, "jinja2 3.1: PYSEC-1, fixed in 3.2"),
        ([SKIPPED], 2, "NOT AUDITED: the advisory service can't be reached"),
        ([], 2, "NOT AUDITED: the advisory service can't be reached"),
    ],
)
def test_a_report_is_judged_by_what_it_left_out(
    packages: list[dict[str, Any]], code: int, said: str
) -> None:
    found, lines = audit.verdict({"dependencies": packages})
    assert found == code
    assert said in lines[0]


def test_no_report_at_all_is_no_pass() -> None:
    code, lines = audit.verdict("ConnectionError: no route")
    assert (code, lines) == (
        2,
        ["NOT AUDITED: the advisory service can't be reached (ConnectionError: no route)"],
    )


def test_a_tool_that_is_missing_or_fails_is_no_pass(tmp_path: Path) -> None:
    assert audit.verdict(audit.audit(tmp_path / "no.lock", "/bin/false"))[0] == 2
