"""What paradigms that show several conditions on one page have in common."""

from studyapp.models import Stimulus

PLAN = (
    "Worths of the conditions are estimated by maximum likelihood ({model}), each against the "
    "reference, with two-way cluster-robust intervals over people and photos; beside them, per "
    "condition and per contrast, {beside} with the same kind of interval. Nothing is estimated "
    "where conditions never met, or where some were never placed below others."
)


def first_network(role: str, stimulus: Stimulus) -> tuple[str, int]:
    """Every picture is of its condition's stronger network, and of the one class asked about."""
    return "stronger", stimulus.class_index
