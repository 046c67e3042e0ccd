"""The SQL behind a person's pages and answers, written by hand because they wait for it.

Nothing else on their path is raw SQL (`tests/test_architecture.py` lists the rest of the site's).
The functions are those of migrations 49 and 51. PostgreSQL plans them once per session,
also behind a pooler. Models and columns are taken from Django's, so that a new column can't be
forgotten here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from django.db import connection
from django.db.models import DateTimeField, Model

from studyapp.models import Participation, Status, Study

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


def opened_study(slug: str) -> Study:
    """The study of this name, with what people's pages show of it, even if it was closed again.
    Study.DoesNotExist if none of this name was ever opened."""
    columns = ("id", *SHOWN_OF_STUDY)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(columns)} FROM studyapp_study "  # nosec B608 - names of this module
            "WHERE slug = %s AND opened_at IS NOT NULL",
            [slug],
        )
        row = cursor.fetchone()
    if row is None:
        raise Study.DoesNotExist("no study of this name was opened")
    return _row(Study, dict(zip(columns, row, strict=True)))


def participant_of(source: str, external_id: str) -> int | None:
    """The key of the participant with this panel id, whichever study they came to; None if there is
    none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT participant_id FROM studyapp_panelidentity "
            "WHERE source = %s AND external_id = %s",
            [source, external_id],
        )
        row = cursor.fetchone()
    return row[0] if row is not None else None


def known_people(
    study: int, source: str, external_id: str, digests: Sequence[str]
) -> list[Participation]:
    """The participations in a study (by key) that belong to a panel's id, whether the id itself is
    kept or only a digest of it, which is one of `digests`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT studyapp_known_1(%s, %s, %s, %s)", [study, source, external_id, list(digests)]
        )
        (told,) = cursor.fetchone()
    return [_row(Participation, columns) for columns in told]


def longest_silent_since(study: int) -> datetime | None:
    """When the person who has been silent longest was last seen, among those who hold a place in a
    study (by key) and have not finished; None if there is nobody."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(last_seen_at) FROM studyapp_participation "
            "WHERE study_id = %s AND status = %s",
            [study, Status.ACTIVE],
        )
        moment: datetime | None = cursor.fetchone()[0]
    return moment


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
    """The row of a table, from these columns as JSON gives them; the others are read when they are
    asked for."""
    fields = [one for one in _fields(model) if one[0] in columns]
    values = [read(columns[column]) if read else columns[column] for column, _, read in fields]
    return model.from_db(connection.alias, [name for _, name, _ in fields], values)


@cache
def _fields(model: type[Model]) -> list[tuple[str, str, Callable[[Any], Any] | None]]:
    """(column, name, how JSON is decoded) of each field; None if JSON has the value as it is."""
    fields: list[Any] = list(model._meta.concrete_fields)
    return [
        (one.column, one.attname, one.to_python if isinstance(one, DateTimeField) else None)
        for one in fields
    ]
