"""What the tests of workers share. There are no settings yet when this is read: import late."""

from pathlib import Path

import pytest
from pytest_django import Settings


@pytest.fixture
def own_place(tmp_path: Path, settings: Settings) -> None:
    """Files, networks and messages of this test alone."""
    from tasks import networks
    from tests.tasks.small_line import empty_broker

    settings.MEDIA_ROOT = tmp_path / "media"
    networks._load.cache_clear()
    empty_broker()
