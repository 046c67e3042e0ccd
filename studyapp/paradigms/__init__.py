"""The kinds of questions. A new one is one folder here and one line in PARADIGMS."""

from .agreement.question import PARADIGM as AGREEMENT
from .base import WITHOUT_MAP, Candidate, Category, Classified, Eligibility, Paradigm, Refusal
from .custom.question import PARADIGM as CUSTOM
from .discrimination.question import PARADIGM as DISCRIMINATION
from .distinction.question import PARADIGM as DISTINCTION
from .forms import TrialForm
from .meta_prediction.question import PARADIGM as META_PREDICTION
from .open_text.question import PARADIGM as OPEN_TEXT
from .pointing.question import PARADIGM as POINTING
from .questionnaire.question import PARADIGM as QUESTIONNAIRE
from .questions import Asked, Question
from .rating.question import PARADIGM as RATING
from .reliance.question import PARADIGM as RELIANCE
from .trust.question import PARADIGM as TRUST

PARADIGMS: dict[str, Paradigm] = {
    "trust": TRUST,
    "discrimination": DISCRIMINATION,
    "agreement": AGREEMENT,
    "distinction": DISTINCTION,
    "meta_prediction": META_PREDICTION,
    "reliance": RELIANCE,
    "pointing": POINTING,
    "rating": RATING,
    "questionnaire": QUESTIONNAIRE,
    "open_text": OPEN_TEXT,
    "custom": CUSTOM,
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
