"""The site's first page."""

import pytest
from django.test import Client

from sandbox.builders import make_study, open_small_study
from studyapp.models import StudyKind
from studyapp.studies.copies import marked_copy

pytestmark = pytest.mark.django_db


def test_every_demonstration_that_is_open_is_listed_with_its_line_and_nothing_else(
    client: Client,
) -> None:
    shown = open_small_study(
        slug="maze", kind="pilot", demo=True, summary="What will it do next?", language="de"
    )
    open_small_study(slug="own", summary="A study that is no demonstration.")
    make_study(slug="draft", demo=True, summary="A demonstration that is not open yet.")
    copy = marked_copy(shown, StudyKind.PILOT, 5)
    page = client.get("/").content.decode()
    assert '<a href="/s/maze/" lang="de">' in page
    assert "What will it do next?" in page
    assert page.count("/s/") == 1, copy.slug


def test_demonstrations_are_listed_in_the_order_in_which_they_were_opened(client: Client) -> None:
    for slug in ("zebra", "ant"):
        open_small_study(slug=slug, demo=True)
    page = client.get("/").content.decode()
    assert page.index("/s/zebra/") < page.index("/s/ant/")
