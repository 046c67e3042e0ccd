"""The faults that `tests/mutations/*.toml` list: where each goes, and which test must notice it."""

import ast
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LISTS = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Mutation:
    fault: str
    file: str
    find: str
    replace: str
    test: str
    listed_in: str

    def __str__(self) -> str:
        return f"{self.listed_in} {self.fault}: {self.file} against {self.test}"

    def text(self, root: Path) -> str:
        return (root / self.file).read_text(encoding="utf-8")

    def broken(self, root: Path) -> str:
        return self.text(root).replace(self.find, self.replace, 1)

    def complaint(self, root: Path = ROOT) -> str | None:
        """What is wrong with the entry itself, or None."""
        if not (root / self.file).is_file():
            return f"{self}: there is no file {self.file}"
        count = self.text(root).count(self.find)
        if count != 1:
            return f"{self}: its text occurs {count} times in {self.file}, not once"
        if self.find == self.replace:
            return f"{self}: it changes nothing"
        if self.file.endswith(".py") and not parses(self.broken(root)):
            return f"{self}: the broken file is no longer Python"
        if not test_is_defined(root, self.test):
            return f"{self}: there is no such test"
        return None


def parses(code: str) -> bool:
    try:
        ast.parse(code)
    except SyntaxError:
        return False
    return True


def test_is_defined(root: Path, test: str) -> bool:
    file, _, name = test.partition("::")
    path = root / file
    if not path.is_file() or not name:
        return False
    function = name.rpartition("::")[2].partition("[")[0]
    return any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == function
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    )


def listed(folder: Path = LISTS) -> list[Mutation]:
    """Every fault of every list, in the order of the files.

    Raises TypeError where an entry lacks a key or has one too many.
    """
    return [
        Mutation(**entry, listed_in=path.stem)
        for path in sorted(folder.glob("*.toml"))
        for entry in tomllib.loads(path.read_text(encoding="utf-8"))["mutation"]
    ]
