"""The shape of the house: what keeps every room small enough to read."""

import ast
import re
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import python, run

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("studyapp", "explainer", "photos", "tasks", "ready", "sandbox", "demo")
# Beside them: what is held to a few of the rules only.
TRYING = ("bench", "tests")
Function = ast.FunctionDef | ast.AsyncFunctionDef


def product_files() -> list[Path]:
    return [
        path
        for room in ROOMS
        for path in sorted((ROOT / room).rglob("*.py"))
        if "migrations" not in path.parts
    ]


def functions() -> Iterator[tuple[str, Function]]:
    for path in product_files():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, Function):
                yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node


def length(node: Function) -> int:
    """Lines of the function's code; its docstring is counted as the prose it is, not at all."""
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    first = node.body[0]
    if ast.get_docstring(node) is None:
        return lines
    return lines - ((first.end_lineno or first.lineno) - first.lineno + 1)


def test_functions_are_small() -> None:
    lengths = [length(node) for _, node in functions()]
    if len(lengths) < 20:
        pytest.skip("too few functions to speak of a median")
    assert statistics.median(lengths) <= 9
    assert sum(value <= 40 for value in lengths) / len(lengths) >= 0.95


def test_no_function_is_longer_than_sixty_lines() -> None:
    assert [name for name, node in functions() if length(node) > 60] == []


def test_functions_take_at_most_five_positional_arguments() -> None:
    def positional(node: Function) -> int:
        names = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
        return len([name for name in names if name not in {"self", "cls"}])

    assert [name for name, node in functions() if positional(node) > 5] == []


def test_files_are_at_most_four_hundred_lines() -> None:
    beside = [path for room in TRYING for path in (ROOT / room).rglob("*.py")]
    files = [*product_files(), *beside]
    long = [path.name for path in files if len(path.read_text("utf-8").splitlines()) > 400]
    assert long == []


def test_files_are_named_by_a_noun_of_the_field() -> None:
    vague = {"utils", "helpers", "common", "manager", "service", "misc", "util", "helper"}
    assert [path for path in product_files() if path.stem in vague] == []


def test_every_product_file_says_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in product_files()
        if ast.get_docstring(ast.parse(path.read_text("utf-8"))) is None
    ]
    assert silent == []


def test_photos_are_opened_in_one_room() -> None:
    """Drawings that photos are made of are opened where these are made, screenshots by the demo."""
    opens = re.compile(r"\bImage\.open\(|\b(imread|read_image|decode_image|decode_jpeg)\(")
    files = [*product_files(), *(ROOT / "bench").rglob("*.py"), *(ROOT / "sandbox").rglob("*.py")]
    found = {
        path.relative_to(ROOT).parts[0]
        for path in files
        if opens.search(path.read_text(encoding="utf-8"))
    }
    assert found == {"photos", "ready", "demo"}


# Where SQL is written by hand, and why Django's own would not do.
BY_HAND = {
    "studyapp/participations/statements.py": "what people wait for with every answer",
    "studyapp/shelf/rows.py": "the same, where a row is stored",
    "studyapp/models/judgment.py": "a setting that the trigger which keeps judgments looks for",
    "studyapp/shelf/clock.py": "the database's time at this statement",
    "studyapp/admin/paging.py": "PostgreSQL's estimate of how many rows a list has",
    "studyapp/analyses/tables/copying.py": "COPY, and a snapshot for all tables",
    "studyapp/management/commands/migrate.py": "a limit on waiting for locks",
    "studyapp/serving/backups.py": "snapshots, and digests of whole tables",
    "studyapp/serving/health.py": "whether the server can write",
    "studyapp/serving/healthcheck.py": "without Django",
    "sandbox/plans.py": "what PostgreSQL would do for a query",
    "sandbox/postgres.py": "databases and roles",
}
SQL = {"cursor", "raw", "RawSQL", "copy_expert"}


def test_sql_is_written_by_hand_in_few_places() -> None:
    found = {
        str(path.relative_to(ROOT))
        for path in product_files()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", "")) in SQL
    }
    assert found == set(BY_HAND)


def lint_imports(folder: Path) -> "subprocess.CompletedProcess[str]":
    return run(Path(sys.executable).with_name("lint-imports"), "--no-cache", cwd=folder)


def test_imports_keep_to_the_contract() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout


# A line that each contract must find, and where it is put.
VIOLATIONS = {
    "The site never imports torch, the explainer or the workers": (
        "studyapp/views/health.py",
        "def hidden():\n    import torch",
    ),
    "The explainer knows no Django, no queue and no study": (
        "explainer/explanations/record.py",
        "import celery",
    ),
    "The line from a photo to its overlay leads down, and knows no laboratory": (
        "explainer/methods/base.py",
        "from explainer.laboratory.metrics import METRICS",
    ),
    "The laboratory leads down to its metrics": (
        "explainer/laboratory/metrics/base.py",
        "import explainer.laboratory.stream",
    ),
    "Photos are opened below the site, the workers and the explainer": (
        "photos/depths.py",
        "import django",
    ),
    "The design and its certificate are pure": (
        "studyapp/studies/design/balance.py",
        "import django.conf",
    ),
    "Statistics are arithmetic on arrays": ("studyapp/statistics/holm.py", "import django.db"),
    "Inside the site every import leads down": (
        "studyapp/models/codes.py",
        "import studyapp.queue",
    ),
    "Asking a question loads nothing that only its analysis needs": (
        "studyapp/paradigms/trust/question.py",
        "import studyapp.paradigms.agreement.analysis",
    ),
    "A definition knows neither its rules nor its file": (
        "studyapp/studies/definition/study.py",
        "from .contradictions import contradictions",
    ),
    "What ready studies are made of knows no Django and no queue": (
        "ready/measures.py",
        "import studyapp.models",
    ),
    "What tries the program stands above it": ("bench/design.py", "import tests.conftest"),
    "No two rooms need each other": (
        "explainer/networks/labels.py",
        "import explainer.laboratory.metrics",
    ),
    "Inside the studies every import leads down": (
        "studyapp/studies/photos/readers.py",
        "import studyapp.studies.preparation.claims",
    ),
}


def test_every_contract_finds_a_violation(tmp_path: Path) -> None:
    for room in (*ROOMS, *TRYING):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for file, line in VIOLATIONS.values():
        path = tmp_path / file
        path.write_text(f"{path.read_text('utf-8')}\n{line}\n", encoding="utf-8")
    told = lint_imports(tmp_path).stdout
    contracts = re.findall(r"^(.+?) (KEPT|BROKEN)", told, re.MULTILINE)
    assert dict(contracts) == dict.fromkeys(VIOLATIONS, "BROKEN")


def test_a_web_process_and_its_commands_never_load_torch() -> None:
    code = (
        "import sys, studyapp.wsgi, studyapp.urls\n"
        "from django.core.management import get_commands, load_command_class\n"
        "for name, room in get_commands().items():\n"
        "    if room == 'studyapp': load_command_class(room, name)\n"
        "print(sorted({'torch', 'explainer', 'tasks', 'sandbox'} & set(sys.modules)))\n"
    )
    done = python("-c", code)
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr


def test_no_file_of_tests_loads_the_site_where_it_is_collected() -> None:
    """It would set a lock timeout for all tests of the process, and a pooler refuses it."""
    loads = re.compile(r"^(?:from|import) studyapp\.wsgi\b", re.MULTILINE)
    files = sorted((ROOT / "tests").rglob("*.py"))
    assert [path.name for path in files if loads.search(path.read_text("utf-8"))] == []
