"""A new bucket for each test that asks for one; the server is started once."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings


# Imported inside: this file is read before the run has its settings.
@pytest.fixture(scope="session")
def s3_address() -> Iterator[str]:
    from .buckets import s3_server

    with s3_server() as address:
        yield address


@pytest.fixture
def bucket(s3_address: str, settings: Settings) -> Iterator[str]:
    from .buckets import own_bucket

    with own_bucket(settings, s3_address) as url:
        yield url
