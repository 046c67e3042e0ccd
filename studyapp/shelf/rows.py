"""Rows that people wait for, stored and read as by Django, but by SQL that is built once per table.

Django builds the statement anew each time, which takes longer than the database needs to run it.
Tables and columns are the models' own, so that a new one can't be forgotten here.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from django.db import DatabaseError, connection
from django.db.models import Model
from django.db.models.expressions import DatabaseDefault

Row = TypeVar("Row", bound=Model)


def insert(row: Model) -> None:
    """Store a new row as `save()` does, but without signals, which this site does not use."""
    statement, fields = _insertion(type(row))
    with connection.cursor() as cursor:
        cursor.execute(statement, _values(row, fields, is_new=True))
        (row.pk,) = cursor.fetchone()
    row._state.adding, row._state.db = False, connection.alias


def update(row: Model, *names: str) -> None:
    """Store these fields of a row as `save(update_fields=names)` does, but without signals.

    DatabaseError if the row does not exist.
    """
    statement, fields = _change(type(row), names)
    with connection.cursor() as cursor:
        cursor.execute(statement, [*_values(row, fields, is_new=False), row.pk])
        if cursor.rowcount != 1:
            raise DatabaseError(f"no row of {row._meta.db_table} was changed")


def rows_where(model: type[Row], name: str, key: int, *, order: str) -> list[Row]:
    """The rows whose column `name` holds `key`, sorted by the column `order`."""
    statement, names, decoded = _selection(model, name, order)
    with connection.cursor() as cursor:
        cursor.execute(statement, [key])
        told = [list(one) for one in cursor.fetchall()]
    for values in told:
        for place, decode in decoded:
            values[place] = decode(values[place], None, connection)
    return [model.from_db(connection.alias, names, values) for values in told]


def _values(row: Model, fields: list[Any], *, is_new: bool) -> list[Any]:
    return [field.get_db_prep_save(_value(row, field, is_new), connection) for field in fields]


def _value(row: Model, field: Any, is_new: bool) -> Any:
    """The value to store. Where none was given, it is the field's database default (`db_default`),
    which the row holds from then on."""
    value = field.pre_save(row, is_new)
    if isinstance(value, DatabaseDefault):
        value = field.db_default
        setattr(row, field.attname, value)
    return value


# The names below are those of the models' own tables and columns; values go as parameters.
@cache
def _insertion(model: type[Model]) -> tuple[str, list[Any]]:
    """The statement, and the fields whose values it takes, in their order."""
    given = model._meta.auto_field
    fields: list[Any] = [one for one in model._meta.concrete_fields if one is not given]
    columns = ", ".join(field.column for field in fields)
    places = ", ".join(["%s"] * len(fields))
    table, key = model._meta.db_table, model._meta.pk.column
    return f"INSERT INTO {table} ({columns}) VALUES ({places}) RETURNING {key}", fields  # nosec B608


@cache
def _selection(
    model: type[Model], name: str, order: str
) -> tuple[str, list[str], list[tuple[int, Callable[..., Any]]]]:
    """The statement, the fields' names, and how to decode those that need it, such as JSON."""
    fields: list[Any] = list(model._meta.concrete_fields)
    columns, table = ", ".join(field.column for field in fields), model._meta.db_table
    decoded = [
        (place, field.from_db_value)
        for place, field in enumerate(fields)
        if hasattr(field, "from_db_value")
    ]
    sql = f"SELECT {columns} FROM {table} WHERE {name} = %s ORDER BY {order}"  # nosec B608
    return sql, [field.attname for field in fields], decoded


@cache
def _change(model: type[Model], names: tuple[str, ...]) -> tuple[str, list[Any]]:
    fields: list[Any] = [model._meta.get_field(name) for name in names]
    columns = ", ".join(f"{field.column} = %s" for field in fields)
    table, key = model._meta.db_table, model._meta.pk.column
    return f"UPDATE {table} SET {columns} WHERE {key} = %s", fields  # nosec B608
