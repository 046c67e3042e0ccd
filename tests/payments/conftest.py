"""A study whose people came from a Prolific on this machine. A conftest is read before Django is
ready, so what needs its models is imported by the fixtures."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.prolific import TOKEN, FakeProlific, fake_prolific

if TYPE_CHECKING:
    from studyapp.models import Study

PAY = {"amount": 3.0, "currency": "GBP", "hourly_floor": 9.0, "partial": 0.5}
CODES = {"complete": "DONE", "screened_out": "OUT"}


@pytest.fixture
def panel(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeProlific]:
    """The fake; calls of it are repeated without a pause."""
    from studyapp.payments.access import APIS
    from studyapp.payments.prolific import Prolific

    with fake_prolific() as fake:
        settings.PROLIFIC_API = fake.address
        quick = {"prolific": lambda token: Prolific(token, pauses=(0, 0))}
        monkeypatch.setattr("studyapp.payments.access.APIS", {**APIS, **quick})
        yield fake


@pytest.fixture
def study(db: None, panel: FakeProlific) -> "Study":
    """With a token, for twelve people."""
    from sandbox.builders import open_small_study
    from studyapp.payments.access import give_token

    made = open_small_study(panel={"kind": "prolific", "codes": CODES}, pay=PAY, people=12)
    give_token(made, "prolific", TOKEN, "anna")
    return made
