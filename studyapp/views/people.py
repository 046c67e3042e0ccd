"""Whose page it is: the person whose code, or the study whose name, is in the address."""

from django.http import Http404

from studyapp.models import Participation, Study
from studyapp.participations.statements import Standing, opened_study, standing


def find_standing(code: str) -> Standing:
    """Where the person with `code` stands; 404 for nobody's code."""
    try:
        return standing(code)
    except Participation.DoesNotExist as error:
        raise Http404 from error


def find_person(code: str) -> Participation:
    return find_standing(code).person


def find_study(slug: str) -> Study:
    """The study of this name, if it was ever opened; otherwise 404."""
    try:
        return opened_study(slug)
    except Study.DoesNotExist as error:
        raise Http404 from error
