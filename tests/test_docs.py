"""What the documents name exists."""

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FUNCTION = re.compile(r"`((?:studyapp|tasks|explainer)(?:\.\w+)+)`")
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def exists(dotted: str) -> bool:
    module, _, name = dotted.rpartition(".")
    return hasattr(importlib.import_module(module), name)


@pytest.mark.parametrize("page", ["README.md", "docs/design.md"])
def test_every_function_in_the_life_of_a_trial_exists(page: str) -> None:
    named = FUNCTION.findall((ROOT / page).read_text(encoding="utf-8"))
    assert len(named) >= 9
    assert [name for name in named if not exists(name)] == []


@pytest.mark.parametrize("page", DOCUMENTS, ids=lambda page: page.name)
def test_every_link_between_documents_leads_somewhere(page: Path) -> None:
    targets = LINK.findall(page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []
