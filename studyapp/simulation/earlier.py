"""Simulated people who have finished the study after which alone they may come."""

from studyapp.models import Study, StudyKind
from studyapp.studies.copies import marked_copy
from studyapp.studies.definition.study import study_definition

from .crowd import Crowd, send_crowd
from .profiles import Population


def send_before(
    copy: Study, base: str, population: Population, *, people: int, seed: int, at_once: int,
    name: str = "",
) -> list[Crowd]:  # fmt: skip
    """Send the people who will walk the simulated `copy` through a copy of the first study of its
    `only_after`, and before that through the one that this asks for, and so on; the first one
    first. None are sent for a study that anybody may come to.

    LifecycleError for a study that is not prepared.
    """
    slugs = study_definition(copy).who_may_come.only_after
    if not slugs:
        return []
    name = name or copy.slug
    earlier = marked_copy(
        Study.objects.get(slug=slugs[0]), StudyKind.SIMULATED, seed, people=people
    )
    before = send_before(
        earlier, base, population, people=people, seed=seed, at_once=at_once, name=name
    )
    crowd = send_crowd(
        earlier, base, population, people=people, seed=seed, at_once=at_once, name=name
    )
    return [*before, crowd]
