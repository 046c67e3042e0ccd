"""The kinds of questions. A new one is one folder and one line in the setting PARADIGMS."""

from .base import WITHOUT_MAP, Candidate, Category, Classified, Eligibility, Paradigm, Refusal
from .forms import TrialForm
from .questions import Asked, Question
from .registry import PARADIGMS

__all__ = [
    "PARADIGMS",
    "WITHOUT_MAP",
    "Asked",
    "Candidate",
    "Category",
    "Classified",
    "Eligibility",
    "Paradigm",
    "Question",
    "Refusal",
    "TrialForm",
]
