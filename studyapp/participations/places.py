"""Which places of a design are a person's to take, and which of them is next."""

from django.db.models import Count, Q

from studyapp.models import HOLDS_A_SLOT, EarlierPart, Participation, Slot, Study
from studyapp.models.design import SlotQuerySet
from studyapp.studies.definition.strata import stratum_of_places
from studyapp.studies.definition.study import study_definition

from .statements import one_at_a_time


def places_of(study: Study, site: str, stratum: str) -> SlotQuerySet:
    """The places of people of a site and a stratum, taken or not.

    stratum: "" before it is known, and of a study without strata.
    """
    places = study.slots.at_site(site)
    if not stratum:
        return places
    return places.in_stratum(stratum_of_places(study_definition(study), stratum))


def places_for(person: Participation) -> SlotQuerySet:
    """The places that a person may take: of their site and stratum and, of somebody who comes after
    another study, in the arm that `entry.arm` asks for."""
    places = places_of(person.study, person.site, person.stratum)
    asked = study_definition(person.study).who_may_come.arm
    part = EarlierPart.objects.filter(participation=person).first() if asked != "any" else None
    # Only somebody who tries the study out at the desk comes after none
    if part is None:
        return places
    same = person.study.arms.filter(name=part.arm)
    return places.filter(arm__in=same) if asked == "same" else places.exclude(arm__in=same)


def take_place(person: Participation) -> Slot | None:
    """Hold the next free place of the person's site and stratum; None where there is none. Needs a
    transaction.

    In a stratum it is the next place of those arms that have the fewest of its people, so that
    arms stay balanced within it although people drop out.
    """
    places = places_for(person)
    if not person.stratum:
        return places.take_first()
    # Two who came in the same moment would count the same people, and take places in the same arm
    one_at_a_time(f"{person.study_id}/{person.site}/{person.stratum}")
    for arms in _fewest_first(person):
        slot = places.filter(arm__in=arms).take_first()
        if slot is not None:
            return slot
    return None


def _fewest_first(person: Participation) -> list[list[int]]:
    """The open arms' keys, those together that have equally many people of the stratum."""
    alike = Q(
        participation__status__in=HOLDS_A_SLOT,
        participation__site=person.site,
        participation__stratum=person.stratum,
    )
    arms = person.study.arms.filter(closed_at__isnull=True)
    counted = arms.annotate(people=Count("participation", filter=alike)).order_by("people")
    found: dict[int, list[int]] = {}
    for key, people in counted.values_list("pk", "people"):
        found.setdefault(people, []).append(key)
    return list(found.values())
