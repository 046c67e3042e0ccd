"""docs/methods.md tells of everything that can be asked for."""

import re
from pathlib import Path

from explainer import METHODS, METRICS

PAGE = Path(__file__).parents[2] / "docs" / "methods.md"


def sections() -> list[str]:
    return re.findall(r"^### (\w+)$", PAGE.read_text("utf-8"), re.MULTILINE)


def test_each_method_and_metric_has_its_section_and_each_section_exists() -> None:
    assert sorted(sections()) == sorted([*METHODS, *METRICS])
