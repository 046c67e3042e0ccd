"""No module outside a paradigm's folder keeps a table or a branch by a paradigm's name."""

import ast
from pathlib import Path

import pytest
from django.conf import settings

from studyapp.paradigms import PARADIGMS

ROOT: Path = settings.ROOT
ROOMS = ("studyapp", "tasks", "sandbox")
# A line each, with what it is: this list gets shorter
KNOWN = {
    # Small studies for tests: the default, and photos that show two things
    "sandbox/builders.py": {"discrimination", "trust"},
    "sandbox/people.py": {"trust"},
    "sandbox/walking.py": {"trust"},
}
# A stage of the design is called as a paradigm is
STAGES = {
    "studyapp/models/design.py",
    "studyapp/analyses/tables/design.py",
    "studyapp/analyses/tidy.py",
    "studyapp/exports/scripts/load.py",
    "studyapp/exports/scripts/reanalyse.py",
}


def modules() -> list[Path]:
    return [
        path
        for room in ROOMS
        for path in sorted((ROOT / room).rglob("*.py"))
        if path.parent.parent != ROOT / "studyapp" / "paradigms" and "migrations" not in path.parts
    ]


def named(path: Path) -> set[str]:
    """The paradigms' names that stand as texts of their own in a module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    found = {str(text) for text in texts if isinstance(text, str)} & set(PARADIGMS)
    is_stage = str(path.relative_to(ROOT)) in STAGES
    return found - {"questionnaire"} if is_stage else found


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_outside_the_folders_names_no_paradigm(path: Path) -> None:
    assert named(path) == KNOWN.get(str(path.relative_to(ROOT)), set())
