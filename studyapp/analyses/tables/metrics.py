"""What automatic metrics say of the explanations that people judged."""

from django.db.models import QuerySet

from studyapp.models import MetricValue, Study

from .columns import Column, Table
from .design import ROLE, stimulus_id


def _rows(study: Study) -> QuerySet[MetricValue]:
    return MetricValue.objects.filter(use__stimulus__study=study).order_by(
        "use__stimulus__paradigm", "use__stimulus__position", "use__condition__position",
        "use__role", "metric",
    )  # fmt: skip


METRICS = Table(
    "metrics",
    "One row per judged explanation and automatic metric.",
    _rows,
    (
        Column("stimulus_id", "text", "Stimulus.", stimulus_id("use__stimulus__")),
        Column("condition", "text", "Condition.", "use__condition__name"),
        Column("role", "text", ROLE, "use__role"),
        Column("metric", "text", "Name of the metric in the explainer.", shown="Never shown."),
        Column("value", "number", "Value of the metric for the map."),
    ),
)  # fmt: skip
