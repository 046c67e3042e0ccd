"""The kinds of questions. A new one is one file here and one line in PARADIGMS."""

from . import (
    agreement,
    custom,
    discrimination,
    distinction,
    meta_prediction,
    open_text,
    pointing,
    questionnaire,
    rating,
    reliance,
    trust,
)
from .base import WITHOUT_MAP, Candidate, Category, Classified, Eligibility, Paradigm, Refusal
from .forms import TrialForm
from .questions import Asked, Question

PARADIGMS: dict[str, Paradigm] = {
    "trust": trust.PARADIGM,
    "discrimination": discrimination.PARADIGM,
    "agreement": agreement.PARADIGM,
    "distinction": distinction.PARADIGM,
    "meta_prediction": meta_prediction.PARADIGM,
    "reliance": reliance.PARADIGM,
    "pointing": pointing.PARADIGM,
    "rating": rating.PARADIGM,
    "questionnaire": questionnaire.PARADIGM,
    "open_text": open_text.PARADIGM,
    "custom": custom.PARADIGM,
}

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
