"""docs/methods.md tells of everything that can be asked for."""

import re
from pathlib import Path

from explainer import METHODS, METRICS
from explainer.methods.checks import CHECKS, Check

PAGE = Path(__file__).parents[3] / "docs" / "methods.md"


def sections() -> list[str]:
    return re.findall(r"^### (\w+)$", PAGE.read_text("utf-8"), re.MULTILINE)


def test_each_method_and_metric_has_its_section_and_each_section_exists() -> None:
    assert sorted(sections()) == sorted([*METHODS, *METRICS])


def test_each_check_has_its_line_with_the_number_from_which_it_warns() -> None:
    rows = re.findall(r"^\| `(\w+)` \|.*\| (.+) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    told = {name: warns for name, warns in rows if name in CHECKS}
    assert told == {name: _limit(check) for name, check in CHECKS.items()}


def _limit(check: Check) -> str:
    if check.warns_above is None:
        return "never"
    if check.unit == "times":
        return f"above {check.warns_above:g} times"
    return f"above {100 * check.warns_above:g} %"


def test_each_method_has_a_small_picture() -> None:
    pictures = PAGE.parent / "images" / "methods"
    shown = re.findall(r"\(images/methods/(\w+)\.webp\)", PAGE.read_text("utf-8"))
    assert sorted(shown) == sorted(["photo", *METHODS])
    sizes = {path.stem: path.stat().st_size for path in pictures.glob("*.webp")}
    assert sorted(sizes) == sorted(shown)
    assert max(sizes.values()) < 60_000
    assert sum(sizes.values()) < 1_500_000
