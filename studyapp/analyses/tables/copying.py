"""A table of a study as CSV, streamed by PostgreSQL's COPY: memory does not grow with the rows."""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from django.db import connection, transaction

from studyapp.models import Study

from .columns import Table

# A table's rows are sorted on the disk beyond this, so that memory does not grow with them.
SORTING_MEMORY = "64MB"


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
    header = io.StringIO()
    csv.writer(header, lineterminator="\n").writerow([column.name for column in table.columns])
    file.write(header.getvalue().encode())
    cells = [column.cell() for column in table.columns]
    sql, parameters = table.rows(study).values_list(*cells).query.sql_with_params()
    with connection.cursor() as cursor:
        query = cursor.mogrify(sql, parameters).decode()
        cursor.copy_expert(f"COPY ({query}) TO STDOUT WITH (FORMAT csv)", file)
