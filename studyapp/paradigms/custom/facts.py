"""Ready questions about people, in the words and the language of the pages.

Their answers are coarse, so that few people stand alone in a public table, and every one of them
may be declined. An answer is stored as its place in the list: new answers go to the end.
"""

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Literal

from django.utils.translation import gettext as _

from studyapp.paradigms.questions import Question, prefer_not_to_say

FactName = Literal[
    "age_band", "gender", "education", "colour_vision", "expertise_ai", "expertise_domain"
]
# The youngest of each band from the second on; the last one has no end
BANDS = (18, 25, 35, 45, 55, 65, 75)

Asking = tuple[str, tuple[str, ...]]


def age_band() -> Asking:
    between = [
        _("%(first)s to %(last)s") % {"first": first, "last": following - 1}
        for first, following in pairwise(BANDS)
    ]
    youngest = _("Under %(age)s") % {"age": BANDS[0]}
    oldest = _("%(age)s or over") % {"age": BANDS[-1]}
    return _("How old are you?"), (youngest, *between, oldest)


def gender() -> Asking:
    answers = _("Woman"), _("Man"), _("Non-binary"), _("In another way")
    return _("How do you describe your gender?"), answers


def education() -> Asking:
    answers = (
        _("Primary school or none"),
        _("Secondary school"),
        _("Vocational training after school"),
        _("Bachelor's degree or similar"),
        _("Master's degree, doctorate or similar"),
    )
    return _("What is the highest level of education you have completed?"), answers


def colour_vision() -> Asking:
    words = _("Do you find it hard to tell some colours apart, such as red and green?")
    return words, (_("Yes"), _("No"), _("I am not sure"))


def expertise_ai() -> Asking:
    words = _(
        "What have you done with artificial intelligence or machine learning? Please choose the "
        "last answer that is true of you."
    )
    return words, (
        _("Nothing that I know of"),
        _("I have used products that are built on it"),
        _("I have taken a course or read a textbook about it"),
        _("I have trained or programmed models myself"),
        _("It is or was my job, or my field of research"),
    )


def expertise_domain() -> Asking:
    words = _(
        "How do you know what the photos of this study show? Please choose the last answer that is "
        "true of you."
    )
    return words, (
        _("Hardly, or from everyday life"),
        _("I have read or watched things about it out of interest"),
        _("I have learned about it in a course or in training"),
        _("It is or was part of my job, or my field of research"),
    )


FACTS: Mapping[FactName, Callable[[], Asking]] = {
    "age_band": age_band,
    "gender": gender,
    "education": education,
    "colour_vision": colour_vision,
    "expertise_ai": expertise_ai,
    "expertise_domain": expertise_domain,
}


def fact_question(name: FactName) -> Question:
    words, answers = FACTS[name]()
    return Question(name, words, answers=tuple(enumerate(answers)), decline=prefer_not_to_say())
