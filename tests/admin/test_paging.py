"""Long lists: an estimate says that it is one, and a page far inside holds the right rows."""

import pytest
from django.test import Client

from sandbox.builders import open_small_study, take_part
from sandbox.people import answer_all, make_profile
from studyapp.admin import paging
from studyapp.admin.paging import EstimatingPaginator
from studyapp.models import Judgment, Role, Stimulus
from tests.admin.desk import administrator, make_user, signed_in
from tests.running import queries_of

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


def judgments_seen(client: Client, **wanted: str) -> set[int]:
    page = client.get("/admin/studyapp/judgment/", wanted)
    return {row.pk for row in page.context["cl"].result_list}


def test_the_list_of_judgments_starts_at_the_newest_of_ones_own_and_leaves_none_out() -> None:
    first, second = open_small_study(slug="first"), open_small_study(slug="second")
    empty = open_small_study(slug="empty")
    # Judgments of both studies in turns, the last ones of the second.
    for name in ("anna", "ben"):
        for study in (first, second):
            answer_all(take_part(study, f"{name}-{study.slug}"), make_profile())
    own = {
        study.slug: {row.pk for row in Judgment.objects.filter(participation__study=study)}
        for study in (first, second)
    }
    assert own["first"]
    client = signed_in(make_user("owner", first, Role.OWNER))
    assert judgments_seen(client) == own["first"]
    assert judgments_seen(client, study="first") == own["first"]
    assert judgments_seen(client, study="second") == set()
    assert judgments_seen(signed_in(make_user("other", empty, Role.OWNER))) == set()
    chief = administrator()
    assert judgments_seen(chief) == own["first"] | own["second"]
    assert judgments_seen(chief, study="second") == own["second"]
    assert judgments_seen(chief, study="empty") == judgments_seen(chief, study="none") == set()


def test_a_longer_list_of_judgments_asks_no_more_of_the_database() -> None:
    study = open_small_study(people=8)
    client, counts = signed_in(make_user("owner", study, Role.OWNER)), []
    for number in range(2):
        answer_all(take_part(study, str(number)), make_profile())
        counts.append(queries_of(lambda: judgments_seen(client, study=study.slug), again=True))
    # One of them asks which studies are masked
    assert counts[0] == counts[1] <= 15
