"""What the documents name exists."""

import importlib
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FUNCTION = re.compile(r"`((?:studyapp|tasks|explainer|photos|ready)(?:\.\w+)+)`")
FILE = re.compile(
    r"`((?:studyapp|tasks|explainer|photos|ready|sandbox|demo|bench|tests|docs|fixtures|requirements)"
    r"/[\w./-]+)"
)
TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(test_\w+))?`")
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")
HEADING = re.compile(r"# ([1-9]\d*)\. \S.*[^.]")
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


# A picture of rooms: its name, then a line for each layer
PICTURE = re.compile(r"^```text\n(\S+)\n((?:  \S.*\n)+)```$", flags=re.MULTILINE)


def drawn_rooms() -> dict[str, list[str]]:
    """The layers that each picture in docs/design.md shows, from the top."""
    page = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    return {
        name: [re.split(r"  +", line.strip())[0] for line in lines.splitlines()]
        for name, lines in PICTURE.findall(page)
    }


def contracted_rooms() -> dict[str, list[str]]:
    """The layers that pyproject.toml holds imports to, by what they are layers of."""
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = linter["tool"]["importlinter"]["contracts"]
    return {
        contract.get("containers", ["repository"])[0]: [
            re.sub(r"[()]", "", layer).replace("|", "·") for layer in contract["layers"]
        ]
        for contract in contracts
        if contract["type"] == "layers"
    }


def exists(dotted: str) -> bool:
    module, _, name = dotted.rpartition(".")
    return hasattr(importlib.import_module(module), name)


def test_every_function_in_the_two_walks_exists() -> None:
    named = FUNCTION.findall((ROOT / "docs" / "design.md").read_text(encoding="utf-8"))
    assert len(named) >= 30
    assert [name for name in named if not exists(name)] == []


def test_the_pictures_of_rooms_are_the_import_contracts() -> None:
    drawn, contracted = drawn_rooms(), contracted_rooms()
    assert set(drawn) == {"repository", "studyapp", "studyapp.studies", "explainer"}
    assert drawn == {name: contracted[name] for name in drawn}


@pytest.mark.parametrize("page", DOCUMENTS, ids=lambda page: page.name)
def test_every_link_between_documents_leads_somewhere(page: Path) -> None:
    targets = LINK.findall(page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", DOCUMENTS, ids=lambda page: page.name)
def test_every_file_that_a_document_names_exists(page: Path) -> None:
    named = FILE.findall(page.read_text(encoding="utf-8")) if page.name != "CHANGELOG.md" else []
    assert [name for name in named if "NAME" not in name and not (ROOT / name).exists()] == []


def test_every_test_that_the_page_on_security_names_exists() -> None:
    named = TEST.findall((ROOT / "docs" / "security.md").read_text(encoding="utf-8"))
    assert len(named) >= 50
    missing = [
        f"{file}::{name}"
        for file, name in named
        if not (ROOT / file).is_file()
        or (name and f"def {name}(" not in (ROOT / file).read_text(encoding="utf-8"))
    ]
    assert missing == []


def heading(page: Path) -> str:
    return page.read_text(encoding="utf-8").partition("\n")[0]


def test_every_decision_is_headed_by_its_number_and_title() -> None:
    headed = {page.name: HEADING.fullmatch(heading(page)) for page in DECISIONS}
    assert [name for name, match in headed.items() if not match] == []
    numbers = {name: int(match[1]) for name, match in headed.items() if match}
    assert numbers == {name: int(name[:4]) for name in headed}
    assert len(set(numbers.values())) == len(numbers)


def test_the_index_of_decisions_lists_each_once_by_its_heading_and_says_why() -> None:
    index = (ROOT / "docs" / "decisions" / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^- \[(.+)\]\((.+)\): \S.+\.$", index, flags=re.MULTILINE)
    written = [(heading(page).removeprefix("# "), page.name) for page in DECISIONS]
    assert sorted(listed, key=lambda entry: entry[1]) == written
