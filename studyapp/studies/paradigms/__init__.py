"""The kinds of questions. A new one is one file here and one line in PARADIGMS."""

from . import discrimination, trust
from .base import Candidate, Category, Classified, Eligibility, Paradigm, Refusal, TrialForm

PARADIGMS: dict[str, Paradigm] = {
    "trust": trust.PARADIGM,
    "discrimination": discrimination.PARADIGM,
}

__all__ = [
    "PARADIGMS",
    "Candidate",
    "Category",
    "Classified",
    "Eligibility",
    "Paradigm",
    "Refusal",
    "TrialForm",
]
