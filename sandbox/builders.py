"""Small studies with real rows and real picture files, made in a moment and without torch."""

import hashlib
import io
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from PIL import Image as Picture

from studyapp.models import (
    Arm,
    Case,
    Condition,
    Crop,
    Explanation,
    Image,
    Network,
    NetworkPair,
    Overlay,
    Participation,
    Prediction,
    Stimulus,
    StimulusOverlay,
    Study,
    StudyImage,
    StudyState,
    StudyText,
    WorkState,
)
from studyapp.paradigms import PARADIGMS, WITHOUT_MAP, Candidate, Category, Classified
from studyapp.participations.enrolment import begin, consent
from studyapp.participations.entering import enter
from studyapp.studies.definition.study import Definition
from studyapp.studies.lifecycle import open_study
from studyapp.studies.photos.selection import wanted_stimuli
from studyapp.studies.texts import text_digest

METHODS = ("guided_backprop", "guided_grad_cam", "grad_cam", "deconvnet")
ANIMALS = ("tiger", "otter", "heron", "gecko", "moth", "llama", "newt", "wolf", "crab", "lynx")
ETHICS = {
    "approved_by": "the board",
    "protocol": "P-1",
    "contact": "somebody@example.org",
    "complaints": "board@example.org",
    "risks": "none beyond those of looking at pictures",
    "minutes": 5,
    "data_controller": "a university",
    "legal_basis": "consent",
    "retention": "ten years",
    "withdrawal_deadline": "until the data are published",
}


def make_definition(
    *,
    slug: str = "small",
    paradigm: str = "trust",
    people: int = 4,
    trials: int = 3,
    stimuli: int = 4,
    conditions: int | list[dict[str, str]] = 2,
    checks: int = 0,
    practice: int = 0,
    **sections: Any,
) -> Definition:
    """A checked definition of one block (and one of practice); `sections` replace whole ones."""
    blocks: list[dict[str, Any]] = [
        {"name": "main", "paradigm": paradigm, "trials": trials, "checks": checks}
    ]
    if practice:
        first = {"name": "practice", "paradigm": paradigm, "stage": "practice", "trials": practice}
        blocks.insert(0, first)
    raw: dict[str, Any] = {
        "slug": slug,
        "title": "A small study",
        "kind": "pilot",
        "texts": {name: f"{name}.md" for name in ("consent", "instructions", "debrief")},
        "networks": {
            "sharp": {"builder": "alexnet", "weights": "random", "options": {"seed": 1}},
            "blurred": {"builder": "alexnet", "weights": "random", "options": {"seed": 2}},
        },
        "pairs": {"main": {"stronger": "sharp", "weaker": "blurred"}},
        "images": {"reader": "folder", "folder": "photos"},
        "conditions": (
            [{"name": name, "method": name} for name in METHODS[:conditions]]
            if isinstance(conditions, int)
            else conditions
        ),
        "blocks": blocks,
        "design": {"seed": 1, "people": people, "stimuli": stimuli, "ratings": "nearest"},
        "display": {"size": 96},
    }
    return Definition.model_validate({**raw, **sections})


def make_study(*, prepared: bool = True, **options: Any) -> Study:
    """A study with its stimuli and pictures ready, not yet open. Options as `make_definition`."""
    definition = make_definition(**options)
    study = Study.objects.create(
        slug=definition.slug,
        title=definition.title,
        state=StudyState.PREPARING,
        definition_toml="",
        definition=definition.model_dump(mode="json"),
        seed=definition.design.seed,
        prepared_at=timezone.now() if prepared else None,
    )
    for name in definition.texts:
        markdown = f"# The {name}\n\nPlain words of the {name}."
        digest = text_digest(markdown)
        StudyText.objects.create(study=study, name=name, markdown=markdown, digest=digest)
    conditions = _make_conditions(study, definition)
    for paradigm in definition.photo_paradigms():
        # As many of every role and stratum as the definition asks for, practice first
        wanted = wanted_stimuli(definition, paradigm)
        roles = [key for key, count in reversed(wanted.items()) for _ in range(count)]
        for position, (role, stratum) in enumerate(roles):
            _make_stimulus(study, paradigm, position, role, stratum, conditions=conditions)
    return study


def open_small_study(**options: Any) -> Study:
    return open_study(make_study(**options))


def make_network(seed: int) -> Network:
    digest = hashlib.sha256(f"network {seed}".encode()).hexdigest()
    labels = list(ANIMALS)
    network, _ = Network.objects.get_or_create(
        digest=digest,
        defaults={"builder": "alexnet", "weights": "random", "labels": labels, "layer": "features"},
    )
    return network


def take_part(study: Study, name: str = "") -> Participation:
    """Somebody who consented and read the instructions."""
    person = enter(study, source="link", external_id=name)
    return begin(consent(person))


def _make_conditions(study: Study, definition: Definition) -> list[Condition]:
    pair = NetworkPair.objects.create(
        study=study, name="main", stronger=make_network(1), weaker=make_network(2)
    )
    for arm in definition.arm_conditions():
        Arm.objects.create(study=study, name=arm)
    return [
        Condition.objects.create(
            study=study,
            name=one.name,
            method=one.method,
            pair=pair,
            position=number,
            settings=one.settings,
        )
        for number, one in enumerate(definition.conditions)
    ]


def make_candidate(paradigm: str, position: int = 0, stratum: str = "") -> Candidate:
    """What a paradigm would ask of a photo of the animal number `position`."""
    answer = Classified(make_classes(position), ANIMALS)
    answers = dict.fromkeys(PARADIGMS[paradigm].networks, answer)
    shown = make_shown(paradigm, position, stratum)
    categories = [Category(ANIMALS[index], frozenset({index})) for index in shown]
    candidates = PARADIGMS[paradigm].candidates
    assert candidates is not None
    found = candidates(categories, answers)
    assert isinstance(found, list), found
    return found[0]


def make_classes(position: int) -> list[int]:
    """The stronger network's classes for the photo number `position`, the first one first."""
    return [(position + step) % len(ANIMALS) for step in range(len(ANIMALS))]


def make_shown(paradigm: str, position: int, stratum: str = "") -> list[int]:
    """The classes that are on that photo: not the network's first one where it is wrong."""
    first, second, *_ = make_classes(position)
    if paradigm == "discrimination":
        return [first, second]
    return [second if stratum == "wrong" else first]


def _make_stimulus(
    study: Study,
    paradigm: str,
    position: int,
    role: str,
    stratum: str,
    *,
    conditions: list[Condition],
) -> Stimulus:
    candidate = make_candidate(paradigm, position, stratum)
    names = [ANIMALS[index] for index in make_shown(paradigm, position, stratum)]
    image = make_image(f"{study.slug}/{paradigm}/{position}")
    photo = StudyImage.objects.create(
        study=study,
        case=Case.objects.of(image),
        name=f"{position}.png",
        group=f"{candidate.category}-{position}",
        categories=[{"name": name, "accepted": [name], "boxes": []} for name in names],
    )
    stimulus = Stimulus.objects.create(
        study=study,
        photo=photo,
        paradigm=paradigm,
        position=position,
        role=role,
        category=candidate.category,
        class_index=candidate.class_index,
        options=list(candidate.options),
        facts={**candidate.facts, **({"stratum": stratum} if stratum else {})},
    )
    for condition in conditions:
        _make_predictions(stimulus, condition)
        for map_role in PARADIGMS[paradigm].roles:
            if condition.method not in WITHOUT_MAP:
                _make_overlay(stimulus, condition, map_role)
        _make_crop(stimulus, condition)
    return stimulus


def make_image(name: str) -> Image:
    content = _png(name)
    digest = hashlib.sha256(content).hexdigest()
    file = _save(f"photos/{digest}.png", content)
    return Image.objects.create(sha256=digest, file=file, width=48, height=48)


def _make_predictions(stimulus: Stimulus, condition: Condition) -> None:
    """Both networks' answers. The weaker one gives another class for every second photo, where
    the paradigm does not need it to be right."""
    assert condition.pair is not None
    classes = make_classes(stimulus.position)
    errs = "weaker" not in PARADIGMS[stimulus.paradigm].networks and stimulus.position % 2
    for network, first in (
        (condition.pair.stronger, classes),
        (condition.pair.weaker, classes[::-1] if errs else classes),
    ):
        top = [[index, 5.0 - place, 0.9 / 10**place] for place, index in enumerate(first[:3])]
        Prediction.objects.get_or_create(
            case=stimulus.photo.case,
            network=network,
            defaults={"state": WorkState.READY, "top": top},
        )


def _make_overlay(stimulus: Stimulus, condition: Condition, role: str) -> None:
    assert condition.pair is not None
    network_role, class_index = PARADIGMS[stimulus.paradigm].explained(role, stimulus)
    case, network = stimulus.photo.case, condition.pair.network(network_role)
    name = f"{case.digest}/{condition.method}/{role}"
    digest = hashlib.sha256(name.encode()).hexdigest()
    explanation, _ = Explanation.objects.get_or_create(
        case=case,
        network=network,
        class_index=class_index,
        method=condition.method,
        settings_digest="0" * 64,
        defaults={"state": WorkState.READY, "map_digest": digest, "map_file": f"{digest}.npz"},
    )
    overlay = Overlay(
        explanation=explanation, display={"size": 96}, display_digest="0" * 64, scope_digest=""
    )
    _fill_picture(overlay, name)
    StimulusOverlay.objects.create(
        stimulus=stimulus, condition=condition, role=role, overlay=overlay
    )


def _make_crop(stimulus: Stimulus, condition: Condition) -> None:
    assert condition.pair is not None
    image = stimulus.photo.image
    if not Crop.objects.filter(image=image, network=condition.pair.stronger).exists():
        size = stimulus.study.definition["display"]["size"]
        crop = Crop(image=image, network=condition.pair.stronger, size=size)
        _fill_picture(crop, f"{image.sha256}/crop")


def _fill_picture(picture: Overlay | Crop, name: str) -> None:
    content = _png(name)
    picture.file = _save(f"pictures/{picture.code[:2]}/{picture.code}.png", content)
    picture.digest = hashlib.sha256(content).hexdigest()
    picture.width = picture.height = 48
    picture.state = WorkState.READY
    picture.save()


def _save(name: str, content: bytes) -> str:
    if default_storage.exists(name):
        return name
    return str(Path(default_storage.save(name, ContentFile(content))))


def _png(name: str) -> bytes:
    """A small picture that differs by its name."""
    seed = hashlib.sha256(name.encode()).digest()
    picture = Picture.frombytes("RGB", (4, 2), seed[:24]).resize((48, 48))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()
