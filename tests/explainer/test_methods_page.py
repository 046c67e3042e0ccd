"""docs/methods.md tells of everything that can be asked for."""

import re
from pathlib import Path

from explainer import METHODS

PAGE = Path(__file__).parents[2] / "docs" / "methods.md"


def sections() -> list[str]:
    return re.findall(r"^### (\w+)$", PAGE.read_text("utf-8"), re.MULTILINE)


def test_each_method_has_its_section() -> None:
    assert [name for name in METHODS if name not in sections()] == []
