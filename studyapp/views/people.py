"""Whose page it is: the person with the code in the address."""

from django.http import Http404

from studyapp.models import Participation
from studyapp.participations.statements import Standing, standing


def find_standing(code: str) -> Standing:
    """Where the person with `code` stands; 404 for nobody's code."""
    try:
        return standing(code)
    except Participation.DoesNotExist as error:
        raise Http404 from error


def find_person(code: str) -> Participation:
    return find_standing(code).person
