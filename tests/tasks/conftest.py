"""What the tests of workers share. There are no settings yet when this is read: import late."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker, Settings

Kept = Callable[[Callable[[Path], Any]], AbstractContextManager[Path]]


@pytest.fixture
def own_place(tmp_path: Path, settings: Settings) -> None:
    """Files, networks and messages of this test alone."""
    from sandbox.small_line import empty_broker
    from tasks import networks

    settings.MEDIA_ROOT = tmp_path / "media"
    networks._load.cache_clear()
    empty_broker()


@pytest.fixture(scope="module")
def kept(
    tmp_path_factory: pytest.TempPathFactory,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
) -> Kept:
    """Commits the rows that a function makes in a folder, until all tests of the module are over.

    Preparing a study takes seconds, and each test that has one of its own would wait for them.
    Whatever a test changes is rolled back, and it works on a copy of the files (`prepared_study`).
    """
    from django.core.management import call_command
    from django.test import override_settings

    from sandbox.small_line import empty_broker
    from tasks import networks

    @contextmanager
    def keep(make: Callable[[Path], Any]) -> Iterator[Path]:
        folder = tmp_path_factory.mktemp("kept")
        networks._load.cache_clear()
        try:
            with django_db_blocker.unblock(), override_settings(MEDIA_ROOT=folder / "media"):
                make(folder)
                empty_broker()
            yield folder
        finally:
            with django_db_blocker.unblock():
                call_command("flush", interactive=False, verbosity=0)

    return keep


@pytest.fixture
def prepared_study(kept_study: Path, own_place: None, tmp_path: Path) -> Any:
    """The module's study, with a copy of its files that this test may damage."""
    from studyapp.models import Study

    shutil.copytree(kept_study / "media", tmp_path / "media")
    return Study.objects.get()
