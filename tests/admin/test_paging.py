"""Long lists: an estimate says that it is one, and a page far inside holds the right rows."""

import pytest

from studyapp.admin import paging
from studyapp.admin.paging import EstimatingPaginator
from studyapp.models import Stimulus
from tests.admin.desk import administrator
from tests.builders import open_small_study

pytestmark = pytest.mark.django_db


def test_a_short_list_is_counted() -> None:
    open_small_study()
    paginator = EstimatingPaginator(Stimulus.objects.order_by("pk"), 2)
    assert (paginator.count, paginator.is_estimate) == (4, False)


def test_a_long_list_is_estimated_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    open_small_study()
    monkeypatch.setattr(paging, "FEW", 1)
    page = administrator().get("/admin/studyapp/stimulus/")
    assert page.context["cl"].paginator.is_estimate is True
    assert "about " in page.content.decode()


def test_a_page_far_inside_holds_the_same_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    open_small_study()
    rows = Stimulus.objects.select_related("photo").order_by("-pk")
    plain = [row.pk for row in EstimatingPaginator(rows, 2).page(2)]
    monkeypatch.setattr(paging, "DEEP", 1)
    assert [row.pk for row in EstimatingPaginator(rows, 2).page(2)] == plain
