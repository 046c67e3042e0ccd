"""A site in processes of its own, and somebody who takes part in its study."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from .running_site import PANEL_ID, Site, running_site


@pytest.fixture(name="person")
def _person(transactional_db: None) -> Any:
    """In an open study, beside a row that failed, a claim of the dead and a panel that refuses."""
    # This file is loaded before the models are.
    from sandbox.builders import open_small_study, take_part
    from studyapp.models import Explanation, PanelAccess, WorkState

    study = open_small_study(people=4)
    keys = list(Explanation.objects.order_by("pk").values_list("pk", flat=True))
    failed, lost = (Explanation.objects.filter(pk=key) for key in keys[:2])
    failed.update(state=WorkState.FAILED, error="no", map_digest="")
    ended = timezone.now() - timedelta(minutes=1)
    lost.update(
        state=WorkState.PENDING, map_digest="", claimed_by="gone/1", claimed_until=ended
    )  # fmt: skip
    PanelAccess.objects.create(study=study, source="prolific", given_by="a", problem="401")
    return take_part(study, PANEL_ID)


@pytest.fixture(name="site")
def _site(person: Any, tmp_path: Path) -> Iterator[Site]:
    with running_site(tmp_path) as site:
        yield site
