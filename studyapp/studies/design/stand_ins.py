"""What a design is drawn from before anybody knows which photos can be asked about."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from studyapp.models import StimulusRole
from studyapp.paradigms import PARADIGMS
from studyapp.studies.definition.study import Definition
from studyapp.studies.photos.readers import Photo, read_photos
from studyapp.studies.photos.selection import wanted_stimuli

from .draw import Item, Plan
from .rows import STAGES, Items, definition_plan


def plan_with_stand_ins(definition: Definition, photos: Sequence[Photo]) -> Plan:
    """The plan of a file whose photos, where it asks about them more than once, are `photos`."""
    return definition_plan(definition, stand_ins(definition, questions_by_photo(photos)))


def photos_asked_about(definition: Definition, base: Path) -> list[Photo]:
    """The photos with their questions; none where each is asked about once, whatever it shows."""
    if definition.images.cases is None:
        return []
    return list(read_photos(definition.images, base, seed=definition.design.seed))


def questions_by_photo(photos: Sequence[Photo]) -> list[int]:
    """How many questions each photo is asked; empty where each is asked one."""
    counts = Counter(photo.name for photo in photos)
    return list(counts.values()) if len(counts) < len(photos) else []


def stand_ins(definition: Definition, questions: Sequence[int] = ()) -> Items:
    """What a design could be drawn from if as many photos as it asks for could be asked about.

    questions: as of `questions_by_photo`. The photos are repeated where they are too few.
    """
    items: Items = {}
    for paradigm in definition.photo_paradigms():
        wanted = wanted_stimuli(definition, paradigm)
        places = _places(paradigm, wanted, questions)
        for (role, stratum), count in wanted.items():
            each = PARADIGMS[paradigm].stimuli_a_photo if role == StimulusRole.MAIN else 1
            key = (paradigm, STAGES[role])
            name = "/".join((*key, stratum))
            in_main = bool(questions) and role == StimulusRole.MAIN
            photos: Sequence[int] = places[stratum] if in_main else range(count)
            items[key] = items.get(key, ()) + tuple(
                Item(f"{name}/{place}", f"{name}/photo {photos[place // each]}", stratum)
                for place in range(count)
            )
    return items


def _places(
    paradigm: str, wanted: dict[tuple[str, str], int], questions: Sequence[int]
) -> dict[str, list[int]]:
    """Each stratum's photos as the main trials ask about them: every photo once, then those with
    a second question, and so on. Practice and learning have photos of their own."""
    main = {of: count for (role, of), count in wanted.items() if role == StimulusRole.MAIN}
    shared = sum(wanted.values()) - sum(main.values())
    each = PARADIGMS[paradigm].stimuli_a_photo
    places: dict[str, list[int]] = {}
    for number, (stratum, count) in enumerate(main.items()):
        own = list(questions[: max(len(questions) - shared, 1)][number :: len(main)] or questions)
        while own and each * sum(own) < count:
            own += own
        places[stratum] = [
            photo
            for step in range(max(own, default=0))
            for photo, asked in enumerate(own)
            if asked > step
        ]
    return places
