"""Tables beside a study file, whatever limit of cells other parts of the process have set."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from photos.questions import JSON, TEXT, context_in
from photos.tables import MOST_CELL, TableError, records_of, table_of


@pytest.fixture(params=[MOST_CELL, 2**26])
def _limit(request: pytest.FixtureRequest) -> Iterator[None]:
    before = csv.field_size_limit(request.param)
    yield
    csv.field_size_limit(before)


@pytest.mark.usefixtures("_limit")
def test_a_cell_that_is_too_long_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text(f"photo,text\na.png,{'x' * MOST_CELL}\n", encoding="utf-8")
    assert len(table_of(path, "table.csv")) == 2
    path.write_text(f"photo,text\na.png,{'x' * (MOST_CELL + 1)}\n", encoding="utf-8")
    told = r"table\.csv, line 2: a cell of more than 131,072 characters; shorten it"
    with pytest.raises(TableError, match=told):
        table_of(path, "table.csv")


@pytest.mark.parametrize(
    ("header", "row", "context"),
    [
        ("photo,context", "a.png,Which?", '"Which?"'),
        ("photo,context", "a.png,", ""),
        ("photo,context_json", "a.png,[1]", "[1]"),
        ("photo,context_json", "a.png,", ""),
        ("photo,context,context_json", "a.png,,[1]", "[1]"),
        ("photo,context,context_json", "a.png,Which?,", '"Which?"'),
        ("photo", "a.png", ""),
    ],
)
def test_a_row_of_any_table_names_a_context_or_none(
    tmp_path: Path, header: str, row: str, context: str
) -> None:
    path = tmp_path / "table.csv"
    path.write_text(f"{header}\n{row}\n", encoding="utf-8")
    (record,) = records_of(path, "table.csv", ("photo",), (TEXT, JSON))
    assert context_in(record) == context


def test_a_row_that_names_two_contexts_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("photo,context,context_json\na.png,Which?,[1]\n", encoding="utf-8")
    (record,) = records_of(path, "table.csv", ("photo",), (TEXT, JSON))
    with pytest.raises(
        TableError, match=r"^table\.csv, line 2: the cells context and context_json"
    ):
        context_in(record)
