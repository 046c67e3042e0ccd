"""A table of the data set as one structure: what each column says, and how the database yields it.

The exported files, the codebook and the analyses all come from these columns, so that they
always agree.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from django.db.models import BooleanField, Case, F, Func, QuerySet, TextField, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import MD5, Cast, Concat, NullIf, Substr

from studyapp.models import Study
from studyapp.shelf.spreadsheets import BEFORE_A_FORMULA

Kind = Literal["text", "integer", "number", "boolean", "datetime", "json"]

Public = Literal["same", "left out", "hundreds"]


@dataclass(frozen=True)
class Column:
    """One column: its name and kind, what it means, and where its value comes from.

    value: a field path or an expression, seen from the table's rows; the column's name if empty.
    shown: what the person saw, where that differs from what is stored.
    levels: what each stored value means.
    public: what the public version makes of it: the same, nothing, or whole hundreds.
    was_added: later than the first bundles, which are read without it.
    is_computed: by the table's `computed`, and not by the database.
    """

    name: str
    kind: Kind
    description: str
    value: str | Combinable = ""
    shown: str = ""
    unit: str = ""
    levels: Mapping[str, str] = field(default_factory=dict)
    public: Public = "same"
    was_added: bool = False
    is_computed: bool = False

    @property
    def expression(self) -> Combinable:
        return F(self.value or self.name) if isinstance(self.value, str) else self.value

    def cell(self) -> Combinable:
        """The text of a CSV cell: formulas neutralised, times as ISO 8601 UTC, missing as NULL."""
        return CELLS[self.kind](self.expression)


@dataclass(frozen=True)
class Computed:
    """Columns that Python makes of rows of another table, person by person.

    of: that table, with the columns that are read; its first one is the person's. make: (study) →
    (a person's rows, as texts) → the person's columns by name.
    """

    of: "Table"
    make: Callable[[Study], Callable[[Sequence[Mapping[str, str]]], Mapping[str, Any]]]


@dataclass(frozen=True)
class Table:
    """One file of the data set; `rows` gives a study's rows in an order that never varies.

    person: path prefix from a row to its participation; None for tables without people.
    published: what else must hold of the rows of the public version, as a filter.
    is_private: no public version has it, not even in part.
    was_added: later than the first bundles, which are read without it.
    computed: makes the columns that are computed; every row's person has rows of its table, and
        both stand in the same order of people.
    """

    name: str
    description: str
    rows: Callable[[Study], QuerySet[Any]]
    columns: tuple[Column, ...]
    person: str | None = None
    published: Mapping[str, bool] = field(default_factory=dict)
    is_private: bool = False
    was_added: bool = False
    computed: Computed | None = None


PSEUDONYM = "^p[0-9a-f]{12}$"


class Neutralised(Func):
    """Text that no spreadsheet runs, as `spreadsheets.inert` makes it; empty is NULL."""

    template = (
        "regexp_replace(NULLIF((%(expressions)s)::text, ''), '"
        + BEFORE_A_FORMULA.replace("'", "''")
        + "', '''')"
    )
    output_field = TextField()


class IsoTime(Func):
    """A point in time as ISO 8601 in UTC, with microseconds and Z."""

    template = "to_char((%(expressions)s) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
    output_field = TextField()


class Labelled(Func):
    """Texts one after the other; missing where one of them is."""

    template = "(%(expressions)s)"
    arg_joiner = " || "
    output_field = TextField()


class FourDigits(Func):
    """A whole number with leading zeros up to four digits."""

    template = "lpad((%(expressions)s)::text, greatest(4, length((%(expressions)s)::text)), '0')"
    output_field = TextField()


CELLS: Mapping[Kind, Callable[[Any], Combinable]] = {
    "text": Neutralised,
    "integer": lambda value: Cast(value, TextField()),
    "number": lambda value: Cast(value, TextField()),
    "boolean": lambda value: Cast(Cast(value, BooleanField()), TextField()),
    "datetime": IsoTime,
    "json": lambda value: Cast(value, TextField()),
}


def digest_id(letter: str, path: str) -> Combinable:
    """The first 12 hex digits of a digest with a letter in front; missing where there is none."""
    return Labelled(Value(letter), NullIf(Substr(path, 1, 12), Value("")))


def numbered_id(letter: str, path: str) -> Combinable:
    """A number of at least four digits with a letter in front; missing where there is none."""
    return Labelled(Value(letter), FourDigits(path))


def participant_id(prefix: str = "") -> Combinable:
    """A person's pseudonym within the study; it neither opens a page nor joins two studies."""
    return pseudonym(f"{prefix}study__slug", f"{prefix}participant__code")


def pseudonym(slug: str, code: str) -> Combinable:
    """The pseudonym in the study whose slug stands at one path of the participant whose code stands
    at the other.

    People imported with a bundle have its pseudonym as their code, and keep it.
    """
    local = Concat(slug, Value(":"), code)
    return Case(
        When(**{f"{code}__regex": PSEUDONYM}, then=F(code)),
        default=Concat(Value("p"), Substr(MD5(local), 1, 12)),
        output_field=TextField(),
    )
