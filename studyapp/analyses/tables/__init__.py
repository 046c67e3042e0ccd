"""Every table of the data set, in the order in which a reader wants them."""

from .coding import ADJUDICATIONS, CODES, CODINGS, SCHEMES
from .columns import Column, Table
from .design import TRIALS
from .evidence import EVIDENCE
from .inputs import INPUTS
from .judgments import JUDGMENTS
from .metrics import METRICS
from .people import EVENTS, EXCLUSIONS, PARTICIPATIONS
from .stimuli import EXPLANATIONS, NETWORKS, PREDICTIONS, STIMULI

TABLES: tuple[Table, ...] = (
    JUDGMENTS,
    TRIALS,
    PARTICIPATIONS,
    STIMULI,
    EXPLANATIONS,
    NETWORKS,
    PREDICTIONS,
    METRICS,
    EVENTS,
    EXCLUSIONS,
    INPUTS,
    EVIDENCE,
    SCHEMES,
    CODINGS,
    ADJUDICATIONS,
    CODES,
)

__all__ = [
    "EVIDENCE",
    "EXCLUSIONS",
    "JUDGMENTS",
    "PARTICIPATIONS",
    "TABLES",
    "TRIALS",
    "Column",
    "Table",
]
