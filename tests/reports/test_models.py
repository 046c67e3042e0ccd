"""The mixed models stand in the report, and one that failed says what to read instead."""

from studyapp.analyses.reports.models import fallback_sentence, models
from studyapp.analyses.reports.page import report_html
from studyapp.analyses.results import results
from tests.analyses.tidy_tables import crossed, make_tidy


def test_the_model_beside_the_robust_numbers_comes_first_with_its_numbers() -> None:
    found = results(make_tidy("correct", crossed("ab", "110110101101", people=12)))
    shown = models(found)
    assert found["preferred"] == "robust"
    assert shown[0].title == "glmer_full, as a second opinion on the robust numbers"
    assert fallback_sentence(found) == ""
    parameters = {row[0]: row[1] for row in shown[0].tables[-1].rows}
    estimate = found["glmer_full"]["estimate"]["methodb"]
    assert parameters["methodb"] == f"{estimate:.3f}".replace("-", "−")


def test_where_none_converged_the_robust_intervals_are_named_as_the_ones_to_read() -> None:
    found = results(make_tidy("correct", crossed("ab", "0000")))
    text = report_html([found], None, title="nobody right")
    assert found["beside"] is None
    assert "No mixed model whose effects of methods vary" in text
    assert "Not converged: " in text
