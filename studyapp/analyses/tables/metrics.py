"""What automatic metrics say of the explanations that people judged."""

from django.db.models import QuerySet

from studyapp.models import MetricValue, Study

from .columns import Column, Table
from .design import stimulus_id


def _rows(study: Study) -> QuerySet[MetricValue]:
    values = MetricValue.objects.filter(use__stimulus__study=study)
    return values.order_by(
        "use__stimulus__paradigm", "use__stimulus__position", "use__condition__position",
        "use__role", "metric",
    )  # fmt: skip


METRICS = Table(
    "metrics",
    "One row per explanation that people judged and automatic metric of it.",
    _rows,
    (
        Column("stimulus_id", "text", stimulus_id("use__stimulus__"), "Stimulus."),
        Column("condition", "text", "use__condition__name", "Condition."),
        Column("role", "text", "use__role", "Role of the explained network in its pair."),
        Column("metric", "text", "metric", "Name of the metric in the explainer.",
               shown="Never shown."),
        Column("value", "number", "value", "What the metric says of the map."),
    ),
)  # fmt: skip
