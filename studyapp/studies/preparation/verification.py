"""What a study's pages will show, listed from what is asked and not from what was made, so that a
picture without a row is noticed like one without a file."""

from collections.abc import Iterator
from dataclasses import dataclass

from studyapp import storage
from studyapp.models import (
    Condition,
    Crop,
    Image,
    Overlay,
    Picture,
    StimulusOverlay,
    Study,
    WorkState,
)
from studyapp.paradigms import PARADIGMS, WITHOUT_MAP
from studyapp.studies.definition.study import study_definition


@dataclass(frozen=True)
class Wanted:
    """A picture of a page: what it is for people, and its row, if there is one."""

    title: str
    row: Picture | None


def conditions_by_paradigm(study: Study) -> dict[str, list[Condition]]:
    definition = study_definition(study)
    rows = {
        row.name: row for row in study.conditions.select_related("pair__stronger", "pair__weaker")
    }
    return {
        paradigm: [rows[name] for name in definition.meetings_of(paradigm)]
        for paradigm in definition.photo_paradigms()
    }


def wanted_pictures(study: Study) -> Iterator[Wanted]:
    """Every picture of every stimulus that a page may show; a row that several pages show comes
    once."""
    conditions = conditions_by_paradigm(study)
    uses = StimulusOverlay.objects.of(study).shown().select_related("overlay__explanation")
    overlays = {
        (use.stimulus_id, use.condition_id, use.role): use.overlay
        for use in uses.defer("overlay__explanation__provenance")
    }
    size = study_definition(study).display.size
    rows = Crop.objects.filter(image__in=Image.objects.of(study.images.all()), size=size)
    crops = {(row.image_id, row.network_id): row for row in rows}
    seen: set[tuple[str, int]] = set()
    shown = study.stimuli.shown().select_related("photo__case__image")
    for stimulus in shown.prefetch_related("photo__case__photos__image"):
        paradigm = PARADIGMS[stimulus.paradigm]
        for condition in conditions[stimulus.paradigm]:
            assert condition.pair is not None
            found: list[Wanted] = []
            crop = crops.get((stimulus.photo.case.image_id, condition.pair.stronger_id))
            found.append(Wanted(f"the plain picture of {stimulus.photo.name}", crop))
            for number, image in enumerate(stimulus.photo.case.further, 2):
                crop = crops.get((image.pk, condition.pair.stronger_id))
                found.append(Wanted(f"photo {number} beside {stimulus.photo.name}", crop))
            if condition.method not in WITHOUT_MAP and stimulus.role in paradigm.explains:
                title = f"the {condition.name} of {stimulus.photo.name}"
                roles = paradigm.roles_under(condition.name)
                keys = ((stimulus.pk, condition.pk, role) for role in roles)
                found += [Wanted(title, overlays.get(key)) for key in keys]
            for one in found:
                key = (type(one.row).__name__, one.row.pk if one.row else len(seen))
                if key not in seen:
                    seen.add(key)
                    yield one


def hidden_flaws(study: Study, *, files: bool = True) -> Iterator[str]:
    """Why a page of the study would lack a picture, or show another than was made; without `files`
    by the rows alone."""
    for wanted in wanted_pictures(study):
        row = wanted.row
        if row is None:
            yield f"{wanted.title} was never requested"
        elif row.state != WorkState.READY:
            yield f"{wanted.title} is {row.state}{f' ({row.error})' if row.error else ''}"
        elif isinstance(row, Overlay) and row.explanation.is_empty:
            yield f"{wanted.title} shows nothing, because its map is empty"
        elif files and not is_intact(row):
            yield f"the file of {wanted.title} ({row.file}) is missing or has changed"


def is_intact(picture: Picture) -> bool:
    """The file is there and has the digest that was recorded when it was made."""
    return storage.is_whole(picture.file, picture.digest)


def damaged_pictures(study: Study) -> list[Picture]:
    """The ready pictures whose file is missing or has changed."""
    rows = (wanted.row for wanted in wanted_pictures(study) if wanted.row is not None)
    return [row for row in rows if row.state == WorkState.READY and not is_intact(row)]
