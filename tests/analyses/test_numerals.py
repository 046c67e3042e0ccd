"""Numbers are written as people read them."""

import pytest

from studyapp.analyses import numerals


@pytest.mark.parametrize(
    ("written", "words"),
    [
        (numerals.number(-0.004), "0.00"), (numerals.number(-1.5), "−1.50"),
        (numerals.signed(-0.001), "0.00"), (numerals.signed(0.25), "+0.25"),
        (numerals.points(-0.0833), "−8.3 pp"), (numerals.points(0.0), "0.0 pp"),
        (numerals.whole_points(-0.2), "−20 pp"),
        (numerals.percent(0.6123), "61.2 %"), (numerals.p_value(0.0004), "< 0.001"),
        (numerals.p_value(None), "–"), (numerals.interval([0.1, 0.2]), "0.10 to 0.20"),
    ],
)  # fmt: skip
def test_a_number_has_a_true_minus_and_no_minus_zero(written: str, words: str) -> None:
    assert written == words
