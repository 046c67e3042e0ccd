"""Which photos a study will choose, told before it is loaded, by the rule that chooses them."""

from collections.abc import Iterator, Mapping, Sequence

from studyapp.models import SHOWN_ROLES, Case, Image, Study, StudyImage, case_digest
from studyapp.paradigms import Refusal
from studyapp.studies.definition.study import Definition

from .eligibility import Eligible, Outcome
from .files import kept_digest
from .readers import Photo, once_with_further
from .selection import chosen_stimuli, shortage

WHY = (
    "a photo is asked about by one paradigm, in one stratum, and in the main trials or in practice "
    "or learning; add photos or ask for fewer stimuli"
)


def foreseen_shortages(
    definition: Definition, photos: Sequence[Photo], outcomes: Mapping[str, Sequence[Outcome]]
) -> Iterator[str]:
    """A sentence for the first paradigm that would find too few stimuli when the study is prepared.

    outcomes: by paradigm what can be asked of each of the photos, as the networks answer now.
    """
    study, used = Study(seed=definition.design.seed), set[int]()
    uses = _uses(photos, definition.display.surround)
    for paradigm, of_each in outcomes.items():
        free = (
            pair for pair in zip(uses, of_each, strict=True) if pair[0].case.image_id not in used
        )
        candidates = {use: found for use, found in free if not isinstance(found, Refusal)}
        stimuli = chosen_stimuli(study, definition, paradigm, Eligible(candidates))
        if lacking := shortage(definition, paradigm, stimuli):
            yield f"{lacking}: {WHY}"
            return
        used |= {row.photo.case.image_id for row in stimuli if row.role in SHOWN_ROLES}


def _uses(photos: Sequence[Photo], surround: str) -> list[StudyImage]:
    """The rows that loading would store, which are never saved."""
    digests = {
        name: kept_digest(photo, surround) for name, photo in once_with_further(photos).items()
    }
    keys = {name: number for number, name in enumerate(digests)}
    uses = []
    for number, photo in enumerate(photos):
        image = Image(pk=keys[photo.name], sha256=digests[photo.name])
        further = [digests[one.name] for one in photo.further]
        digest = case_digest(image.sha256, photo.context, further)
        case = Case(pk=number, image=image, context=photo.context, digest=digest)
        uses.append(StudyImage(pk=number, case=case, name=photo.name, group=photo.group))
    return uses
