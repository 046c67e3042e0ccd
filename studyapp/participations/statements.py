"""The SQL behind a person's pages and answers, written by hand because they wait for it.

Nothing else on their path is raw SQL (`tests/test_architecture.py` lists the rest of the site's).
The functions are those of migration 49: PostgreSQL plans them once a session, a pooler's too.
Models and columns are taken from Django's, so that a new column can't be forgotten here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Model

from studyapp.models import Participation, Study

# What people's pages show of a study: its other columns are large, or unused
SHOWN_OF_STUDY = ("slug", "title", "state", "kind", "texts_digest", "definition_digest")
Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Standing:
    """Where a person stands.

    person: their row, with what pages show of the study.
    judged: the keys of the trials that they have judged.
    """

    person: Participation
    judged: frozenset[int]


def standing(code: str) -> Standing:
    """As of now; Participation.DoesNotExist for an unknown code."""
    return _told("SELECT studyapp_standing_1(%s)", code)


def locked_standing(code: str) -> Standing:
    """The same, read once the person's row is locked, which it is until the transaction ends."""
    return _told("SELECT studyapp_locked_standing_1(%s)", code)


def insert(row: Model) -> None:
    """Store a new row, as `save()` does but for signals, which this site has none of."""
    statement, fields = _insertion(type(row))
    values = [field.get_db_prep_save(field.pre_save(row, True), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        (row.pk,) = cursor.fetchone()
    row._state.adding, row._state.db = False, connection.alias


def seen_now(person: Participation) -> None:
    """Store that `person` was active at this moment, by the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE studyapp_participation SET last_seen_at = statement_timestamp() WHERE id = %s "
            "RETURNING last_seen_at",
            [person.pk],
        )
        (person.last_seen_at,) = cursor.fetchone()


def one_at_a_time(key: str) -> None:
    """Wait for the end of the transaction of whoever else is at `key`; others wait for this one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])


def _told(statement: str, code: str) -> Standing:
    with connection.cursor() as cursor:
        cursor.execute(statement, [code])
        (told,) = cursor.fetchone()
    if told is None:
        raise Participation.DoesNotExist("nobody has this code")
    person = _row(Participation, told["person"])
    person.study = _row(Study, told["study"])
    return Standing(person, frozenset(told["judged"]))


def _row(model: type[Row], columns: Mapping[str, Any]) -> Row:
    """The row of a table whose columns came as JSON; those that did not come are read when they are
    asked for."""
    fields: list[Any] = [one for one in model._meta.concrete_fields if one.column in columns]
    values = [field.to_python(columns[field.column]) for field in fields]
    return model.from_db(connection.alias, [field.attname for field in fields], values)


@cache
def _insertion(model: type[Model]) -> tuple[str, list[Any]]:
    """The statement for a table, and the fields whose values it takes, in their order."""
    given = model._meta.auto_field
    fields: list[Any] = [one for one in model._meta.concrete_fields if one is not given]
    columns = ", ".join(field.column for field in fields)
    places = ", ".join(["%s"] * len(fields))
    table, key = model._meta.db_table, model._meta.pk.column
    # Names of the models' own tables and columns; values go as parameters.
    sql = f"INSERT INTO {table} ({columns}) VALUES ({places}) RETURNING {key}"  # nosec B608
    return sql, fields
