"""What the tests of workers share. There are no settings yet when this is read: import late."""

from pathlib import Path

import pytest
from pytest_django import Settings


@pytest.fixture
def own_place(tmp_path: Path, settings: Settings) -> None:
    """Files, networks and messages of this test alone."""
    from sandbox.small_line import empty_broker
    from tasks import networks

    settings.MEDIA_ROOT = tmp_path / "media"
    networks._load.cache_clear()
    empty_broker()
