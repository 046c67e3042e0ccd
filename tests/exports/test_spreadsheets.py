"""One rule for what no spreadsheet may run, the same in Python and in PostgreSQL."""

import pytest
from django.db.models import TextField, Value
from hypothesis import given
from hypothesis import strategies as st

from sandbox.builders import make_study
from studyapp.analyses.tables.columns import Neutralised
from studyapp.models import Study
from studyapp.shelf.spreadsheets import inert, read_back

TEXTS = ("=1+1", "+1", "-1", "@sum", "\tx", "\rx", "'quoted", "plain", "a=b", "\n=1", "−1", "''=")


@given(st.text())
def test_a_text_is_read_back_as_it_was_and_is_no_formula(text: str) -> None:
    cell = inert(text)
    assert read_back(cell) == text
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.django_db
@pytest.mark.parametrize("text", TEXTS)
def test_the_database_makes_the_same_cells(text: str) -> None:
    study = make_study(slug="cells")
    cell = Neutralised(Value(text, TextField()))
    rows = Study.objects.filter(pk=study.pk).annotate(cell=cell)
    assert rows.get().cell == inert(text)
