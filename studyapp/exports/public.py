"""The public version of a table: only who agreed to publishing, no times of day, no free text."""

from dataclasses import replace
from typing import Any

from django.db.models import F, Func, IntegerField, QuerySet, TextField

from studyapp.analyses.tables import TABLES, Column, Table
from studyapp.models import Study


class SecondsBetween(Func):
    """Seconds from the second moment to the first, to the millisecond."""

    template = "round(extract(epoch FROM (%(expressions)s))::numeric, 3)"
    arg_joiner = " - "
    output_field = TextField()


class Hundreds(Func):
    """A whole number rounded down to hundreds."""

    template = "((%(expressions)s) / 100 * 100)"
    output_field = IntegerField()


def published_tables() -> list[Table]:
    """Those that strangers may have, as they may have them."""
    return [public_table(table) for table in TABLES if not table.is_private]


def public_table(table: Table) -> Table:
    """`table` as strangers may have it: `Column.public`, and seconds since entering for times."""
    columns = [
        _public_column(column, table.person)
        for column in table.columns
        if column.public != "left out"
    ]
    return replace(table, rows=_agreed(table), columns=tuple(columns))


def _agreed(table: Table) -> Any:
    def rows(study: Study) -> QuerySet[Any]:
        found = table.rows(study).filter(**table.published)
        if table.person is None:
            return found
        return found.filter(**{f"{table.person}publication_consent": True})

    return rows


def _public_column(column: Column, person: str | None) -> Column:
    if column.public == "hundreds":
        return replace(
            column,
            value=Hundreds(column.expression),
            description=f"{column.description} Rounded down to hundreds.",
        )
    if column.kind != "datetime" or person is None:
        return column
    return replace(
        column,
        name=f"{column.name.removesuffix('_at').removesuffix('at')}_after_s".lstrip("_"),
        kind="number",
        value=SecondsBetween(column.expression, F(f"{person}entered_at")),
        description=f"{column.description} Seconds since the person entered.",
        unit="seconds",
    )
