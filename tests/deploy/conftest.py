"""One set-up of many processes for all tests that need it."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .many import Many


# Imported inside: this file is read before the run has its settings.
@pytest.fixture(scope="package")
def running_many(
    django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> "Iterator[Many]":
    from .many import many_webs

    with many_webs(tmp_path_factory.mktemp("many")) as many:
        yield many


@pytest.fixture
def many(running_many: "Many") -> "Many":
    """A web that a test has killed is back for the next one, and nginx asks it again."""
    dead = [port for port, web in running_many.webs.items() if web.process.poll() is not None]
    for port in dead:
        running_many.restart(port)
    if dead:
        time.sleep(5.1)
    return running_many
