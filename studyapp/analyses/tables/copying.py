"""A table of a study as CSV, streamed by PostgreSQL's COPY: memory does not grow with the rows."""

import csv
import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from typing import IO

from django.db import connection, transaction

from studyapp.models import Study

from .columns import Computed, Table

# A table's rows are sorted on the disk beyond this, so that memory does not grow with them.
SORTING_MEMORY = "64MB"
# The column that says of whom a row is
PERSON = "participant_id"


@contextmanager
def snapshot() -> Iterator[None]:
    """All tables as they were at one moment; a caller's own transaction keeps its own view."""
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                cursor.execute(f"SET LOCAL work_mem = '{SORTING_MEMORY}'")
        yield


def write_csv(table: Table, study: Study, file: IO[bytes]) -> None:
    """Write the table's header and rows to `file` as UTF-8 CSV; missing cells are empty."""
    if table.computed is not None:
        _write_computed(table, table.computed, study, file)
        return
    header = io.StringIO()
    csv.writer(header, lineterminator="\n").writerow([column.name for column in table.columns])
    file.write(header.getvalue().encode())
    cells = [column.cell() for column in table.columns]
    sql, parameters = table.rows(study).values_list(*cells).query.sql_with_params()
    with connection.cursor() as cursor:
        query = cursor.mogrify(sql, parameters).decode()
        cursor.copy_expert(f"COPY ({query}) TO STDOUT WITH (FORMAT csv)", file)


def _write_computed(table: Table, computed: Computed, study: Study, file: IO[bytes]) -> None:
    """The database's columns, and beside them those that Python makes of the person's rows."""
    stored = [column for column in table.columns if not column.is_computed]
    names = [column.name for column in table.columns]
    make = computed.make(study)
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    writer = csv.DictWriter(text, names, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    with (
        _rows(replace(table, columns=tuple(stored), computed=None), study) as rows,
        _rows(computed.of, study) as others,
    ):
        people = groupby(others, key=itemgetter(PERSON))
        for row in rows:
            own = next(list(found) for name, found in people if name == row[PERSON])
            writer.writerow({**row, **{name: _cell(one) for name, one in make(own).items()}})
    text.detach()


@contextmanager
def _rows(table: Table, study: Study) -> Iterator[Iterator[dict[str, str]]]:
    """The rows of a table by the names of its columns, on the disk and not in memory."""
    with tempfile.TemporaryFile() as file:
        write_csv(table, study, file)
        file.seek(0)
        yield csv.DictReader(io.TextIOWrapper(file, encoding="utf-8", newline=""))


def _cell(value: float | None) -> str:
    """A number to six digits; missing is empty."""
    return "" if value is None else f"{value:.6g}"
