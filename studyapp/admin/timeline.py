"""What happened to one participation, in order: events, and answers with what was shown."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.urls import reverse

from studyapp.models import Crop, Judgment, Kind, Overlay, Participation, Stage, StimulusOverlay
from studyapp.paradigms import PARADIGMS, Asked
from studyapp.paradigms.base import PHOTO, told_role
from studyapp.paradigms.questions import DECLINED, NOT_ASKED
from studyapp.paradigms.regions import region_words
from studyapp.studies.definition.study import Definition, study_definition
from studyapp.studies.words import Words, words_of


@dataclass(frozen=True)
class FilmAddress:
    """Where a film is, in a picture's place."""

    film: str


# What stands in a place of a page: a picture's address, words, or a film's address
Shown = str | Words | FilmAddress
# (stimulus or image, condition or network) → role → what is shown
Pictures = dict[tuple[int | None, int | None], dict[str, Shown]]


@dataclass(frozen=True)
class Step:
    """One line of the timeline. `pictures`: (place, role, what is shown there)."""

    at: datetime
    title: str
    detail: str = ""
    judgment: Judgment | None = None
    answer: str = ""
    check: str = ""
    pictures: list[tuple[str, str, Shown]] = field(default_factory=list)


def timeline(person: Participation) -> list[Step]:
    """Everything, the earliest first; six queries however many trials there were."""
    judgments = list(
        Judgment.objects.filter(participation=person)
        .select_related(
            "trial__stimulus__photo__case",
            "trial__stimulus__study",
            "trial__condition__pair",
            "trial__slot",
        )
        .order_by("answered_at", "pk")
    )
    definition = study_definition(person.study)
    overlays, crops = _overlays(judgments), _crops(judgments, definition.display.size)
    steps = [_answer(one, definition, overlays, crops) for one in judgments]
    for event in person.events.all():
        detail = ", ".join(f"{key}: {value}" for key, value in event.data.items())
        steps.append(Step(event.at, event.kind, detail))
    return sorted(steps, key=lambda step: step.at)


def _answer(
    judgment: Judgment, definition: Definition, overlays: Pictures, crops: Pictures
) -> Step:
    trial = judgment.trial
    asked = Asked(trial, definition.block(trial.block), definition.display)
    about = trial.stimulus
    subject = f"{about.photo.asked} ({about.category})" if about is not None else ""
    words = " · ".join(filter(None, (trial.get_stage_display(), str(trial.condition or ""))))
    return Step(
        judgment.answered_at,
        f"Trial {trial.position + 1}: {words}",
        subject,
        judgment,
        answer_words(judgment, asked),
        _check(judgment),
        _shown(asked, overlays, crops),
    )


def answer_words(judgment: Judgment, asked: Asked) -> str:
    """What the person chose, in the words of the page, and what else they said."""
    said = []
    for question in PARADIGMS[asked.trial.paradigm].asks(asked):
        given = judgment.data.get(question.name)
        if question.name == "value" and judgment.value is not None:
            given = judgment.value
        if given == DECLINED:
            said.append(question.decline)
        elif question.tool and isinstance(given, dict):
            said.append(region_words(given))
        elif isinstance(given, list):
            said.append(", ".join(words for value, words in question.answers if value in given))
        elif given is not None and given != NOT_ASKED:
            words = dict(question.answers).get(given, "") if isinstance(given, int) else ""
            said.append(words or f"{given} {question.unit}".strip())
    return "; ".join(said) or str(judgment.value)


def _check(judgment: Judgment) -> str:
    if judgment.trial.stage != Stage.CHECK:
        return ""
    passed = PARADIGMS[judgment.trial.paradigm].is_check_passed(
        judgment.trial, judgment.value if judgment.value is not None else -99
    )
    return "passed" if passed else "failed"


def _shown(asked: Asked, overlays: Pictures, crops: Pictures) -> list[tuple[str, str, Shown]]:
    trial = asked.trial
    if trial.stimulus is None or trial.condition is None or trial.stage == Stage.CHECK:
        return []
    found = dict(overlays[trial.stimulus_id, trial.condition_id])
    pair = trial.condition.pair
    if pair is not None:
        found.update(crops[trial.image_id, pair.stronger_id])
    places = PARADIGMS[trial.paradigm].places(asked)
    name = trial.condition.name
    return [
        (place, told_role(name, role), found[role])
        for place, role in places.items()
        if role in found
    ]


def _overlays(judgments: Iterable[Judgment]) -> Pictures:
    keys = {one.trial.stimulus_id for one in judgments}
    rows = StimulusOverlay.objects.filter(stimulus__in=keys)
    rows = rows.select_related("overlay__explanation")
    found: Pictures = defaultdict(dict)
    for row in rows:
        found[row.stimulus_id, row.condition_id][row.role] = _shown_of(row.overlay)
    return found


def _shown_of(overlay: Overlay) -> Shown:
    kind, address = overlay.explanation.kind, reverse("desk_picture", args=[overlay.code])
    if kind == Kind.TEXT:
        return words_of(overlay)
    return FilmAddress(address) if kind == Kind.FILM else address


def _crops(judgments: Iterable[Judgment], size: int) -> Pictures:
    images = {one.trial.image_id for one in judgments}
    rows = Crop.objects.ready().filter(image__in=images, size=size)
    found: Pictures = defaultdict(dict)
    for row in rows:
        found[row.image_id, row.network_id][PHOTO] = reverse("desk_picture", args=[row.code])
    return found
