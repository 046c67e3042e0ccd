"""Whether a person who comes was here before, and whether it is really them.

A panel's id is known to others: to the panel's requesters, or because it is a plain number. Alone
it opens nothing that somebody has given. What does: the browser in which they began, the session
of the panel in which they came, a link that this site signed, or their personal code.
"""

from collections.abc import Container

from studyapp.models import Participation, Study

from .digests import id_digests
from .panels import Visit
from .statements import known_people


def known_person(study: Study, source: str, external_id: str) -> Participation | None:
    """The participation of a panel's id in `study`, be the id kept or erased."""
    digests = id_digests(study, source, external_id)
    found = known_people(study.pk, source, external_id, digests)
    for person in found:
        person.study = study
    return min(found, key=lambda one: (one.id_digest != "", one.pk), default=None)


def is_theirs(person: Participation, visit: Visit, codes: Container[str]) -> bool:
    """Whether the visitor of `visit`, in a browser that knows `codes`, is that person."""
    if visit.is_signed or person.code in codes:
        return True
    return bool(visit.session) and person.visits.filter(session=visit.session).exists()
