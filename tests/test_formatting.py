"""Numbers are written as people read them."""

import pytest

from studyapp.shelf import formatting


@pytest.mark.parametrize(
    ("written", "words"),
    [
        (formatting.number(-0.004), "0.00"), (formatting.number(-1.5), "−1.50"),
        (formatting.signed(-0.001), "0.00"), (formatting.signed(0.25), "+0.25"),
        (formatting.points(-0.0833), "−8.3 pp"), (formatting.points(0.0), "0.0 pp"),
        (formatting.percent(0.6123), "61.2 %"), (formatting.p_value(0.0004), "< 0.001"),
        (formatting.p_value(None), "–"), (formatting.interval([0.1, 0.2]), "0.10 to 0.20"),
    ],
)  # fmt: skip
def test_a_number_has_a_true_minus_and_no_minus_zero(written: str, words: str) -> None:
    assert written == words
