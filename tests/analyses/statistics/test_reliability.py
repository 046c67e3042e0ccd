"""Agreement among people against published examples."""

import pytest

from studyapp.analyses.statistics.reliability import Level, fleiss, krippendorff

# Krippendorff, Computing Krippendorff's alpha-reliability (2011), section D: four observers, twelve
# units; nominal α = .743, ordinal .815, interval .849.
OBSERVERS = (
    (1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None),
    (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3),
    (None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None),
    (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None),
)
GIVEN = [(value, unit) for row in OBSERVERS for unit, value in enumerate(row) if value is not None]


@pytest.mark.parametrize(
    ("level", "value"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)]
)
def test_alpha_is_that_of_krippendorffs_own_example(level: Level, value: float) -> None:
    values, units = zip(*GIVEN, strict=True)
    found = krippendorff(values, units, level, seed=1)
    assert found.value == pytest.approx(value, abs=0.0005)
    assert found.low is not None
    assert found.high is not None
    assert found.low < value < found.high <= 1


def test_the_two_coders_example_has_its_published_nominal_alpha() -> None:
    # Krippendorff (2011), section A: two observers, ten units, binary, α = .095
    one, other = (0, 1, 0, 0, 0, 0, 0, 0, 1, 0), (1, 1, 1, 0, 0, 1, 0, 0, 0, 0)
    found = krippendorff([*one, *other], [*range(10), *range(10)], "nominal", seed=1)
    assert found.value == pytest.approx(0.095, abs=0.0005)


@pytest.mark.parametrize(
    ("values", "units", "note"),
    [
        ([1, 1, 1, 1], [1, 1, 2, 2], "all judgments agree"),
        ([1, 2], [1, 2], "nothing was judged by two people"),
        ([], [], "nothing was judged by two people"),
    ],
)
def test_where_alpha_is_undefined_a_sentence_says_so(
    values: list[int], units: list[int], note: str
) -> None:
    found = krippendorff(values, units, "nominal", seed=1)
    assert found.value is None
    assert note in found.note


def test_one_unit_has_a_value_and_no_interval() -> None:
    found = krippendorff([1, 2, 2], [1, 1, 1], "nominal", seed=1)
    assert (found.low, found.high) == (None, None)
    assert "no interval" in found.note


def test_kappa_is_that_of_fleiss_psychiatric_example() -> None:
    # Fourteen raters, ten subjects, five categories; κ = .210 (the table printed in textbooks
    # after Fleiss 1971)
    table = (
        (0, 0, 0, 0, 14), (0, 2, 6, 4, 2), (0, 0, 3, 5, 6), (0, 3, 9, 2, 0), (2, 2, 8, 1, 1),
        (7, 7, 0, 0, 0), (3, 2, 6, 3, 0), (2, 5, 3, 2, 2), (6, 5, 2, 1, 0), (0, 2, 2, 3, 7),
    )  # fmt: skip
    cells = [
        (category, unit)
        for unit, row in enumerate(table)
        for category, count in enumerate(row)
        for _ in range(count)
    ]
    values, units = zip(*cells, strict=True)
    assert fleiss(values, units).value == pytest.approx(0.210, abs=0.0005)


def test_kappa_of_unequal_raters_is_refused() -> None:
    assert "same number of raters" in fleiss([1, 2, 1], [1, 1, 2]).note
