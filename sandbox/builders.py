"""Small studies with real rows and real picture files, made in a moment and without torch."""

import hashlib
import io
from collections.abc import Iterator
from functools import lru_cache
from itertools import cycle
from pathlib import Path
from typing import Any, TypeVar

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from PIL import Image as Picture

from studyapp.models import (
    IMPORTED,
    Arm,
    Case,
    Condition,
    Crop,
    Explanation,
    Image,
    Kind,
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
    case_digest,
)
from studyapp.paradigms import PARADIGMS, WITHOUT_MAP, Candidate, Category, Classified
from studyapp.participations.enrolment import begin, consent
from studyapp.participations.entering import enter
from studyapp.sections.meetings import FEWEST
from studyapp.studies.definition.study import Definition, study_definition
from studyapp.studies.lifecycle import open_study
from studyapp.studies.loading import condition_rows
from studyapp.studies.photos.selection import wanted_stimuli
from studyapp.studies.preparation.overlays import shown_by
from studyapp.studies.texts import text_digest
from studyapp.studies.words import look_of_words

from .films import small_film

METHODS = ("guided_backprop", "guided_grad_cam", "grad_cam", "deconvnet")
ANIMALS = ("tiger", "otter", "heron", "gecko", "moth", "llama", "newt", "wolf", "crab", "lynx")
Drawn = TypeVar("Drawn", Overlay, Crop)
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


# Of a study of 12 people
SITES = [
    {"name": "leeds", "title": "University of Leeds", "people": 4, "protocol": "L-1",
     "contact": "leeds@example.org"},
    {"name": "graz", "title": "Universität Graz", "people": 8},
]  # fmt: skip
# Of a study of 12 people
STRATA: dict[str, Any] = {
    "name": "expertise", "question": "Do you work with medical pictures?",
    "answers": ["No", "Yes, for a short time", "Yes, for long"], "accept": [1, 2, 3],
    "strata": [{"name": "novice", "answers": [1], "people": 4},
               {"name": "expert", "answers": [2, 3], "people": 8}],
}  # fmt: skip


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
    asked = [PARADIGMS[one["paradigm"]].meets for one in sections.get("blocks", blocks)]
    if isinstance(conditions, int) and set(asked) - {"one"}:
        conditions = max(conditions, FEWEST)
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
    plain = {name: f"# The {name}\n\nPlain words of the {name}." for name in definition.texts}
    StudyText.objects.bulk_create(
        StudyText(study=study, name=name, markdown=markdown, digest=text_digest(markdown))
        for name, markdown in plain.items()
    )
    conditions = _make_conditions(study, definition)
    for paradigm in definition.photo_paradigms():
        asked = definition.meetings_of(paradigm)
        under = [one for one in conditions if one.name in asked]
        _make_pictures(_make_stimuli(study, paradigm), under)
    return study


def open_small_study(**options: Any) -> Study:
    return open_study(make_study(**options))


def make_networks() -> list[Network]:
    """A stronger and a weaker network, which all small studies share."""
    rows = [
        Network(
            digest=hashlib.sha256(f"network {seed}".encode()).hexdigest(),
            builder="alexnet",
            weights="random",
            labels=list(ANIMALS),
            layer="features",
        )
        for seed in (1, 2)
    ]
    known = {one.digest: one for one in Network.objects.filter(digest__in=[o.digest for o in rows])}
    Network.objects.bulk_create(one for one in rows if one.digest not in known)
    return [known.get(one.digest, one) for one in rows]


def take_part(study: Study, name: str = "", *, traces: bool = False) -> Participation:
    """Somebody who consented, to traces if so, and read the instructions."""
    person = enter(study, source="link", external_id=name)
    return begin(consent(person, traces=traces))


def _make_conditions(study: Study, definition: Definition) -> list[Condition]:
    stronger, weaker = make_networks()
    pair = NetworkPair.objects.create(study=study, name="main", stronger=stronger, weaker=weaker)
    Arm.objects.bulk_create(Arm(study=study, name=name) for name in definition.arm_conditions())
    pairs = dict.fromkeys(definition.pairs, pair)
    return Condition.objects.bulk_create(condition_rows(study, definition, pairs))


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


# Rows are written one table at a time. Otherwise a study of a few photos would take about a hundred
# statements, and hundreds of tests would spend most of their time waiting for them.
def _make_stimuli(study: Study, paradigm: str) -> list[Stimulus]:
    """As many stimuli of every role and stratum as the definition asks for, practice first."""
    wanted = wanted_stimuli(study_definition(study), paradigm)
    roles = [key for key, count in reversed(wanted.items()) for _ in range(count)]
    stimuli = [
        _stimulus(study, paradigm, position, role, stratum)
        for position, (role, stratum) in enumerate(roles)
    ]
    Image.objects.bulk_create(one.photo.case.image for one in stimuli)
    Case.objects.bulk_create(one.photo.case for one in stimuli)
    StudyImage.objects.bulk_create(one.photo for one in stimuli)
    return Stimulus.objects.bulk_create(stimuli)


def _stimulus(study: Study, paradigm: str, position: int, role: str, stratum: str) -> Stimulus:
    candidate = make_candidate(paradigm, position, stratum)
    names = [ANIMALS[index] for index in make_shown(paradigm, position, stratum)]
    image = _image(f"{study.slug}/{paradigm}/{position}")
    photo = StudyImage(
        study=study,
        case=Case(image=image, digest=case_digest(image.sha256)),
        name=f"{position}.png",
        group=f"{candidate.category}-{position}",
        categories=[{"name": name, "accepted": [name], "boxes": []} for name in names],
    )
    return Stimulus(
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


def _make_pictures(stimuli: list[Stimulus], conditions: list[Condition]) -> None:
    """What both networks say about each photo, and every picture of it under `conditions`."""
    pair = conditions[0].pair
    assert pair is not None
    Prediction.objects.bulk_create(row for one in stimuli for row in _predictions(one, pair))
    Crop.objects.bulk_create(_crop(one.study, pair.stronger, one.photo.image) for one in stimuli)
    overlays: dict[tuple[Any, ...], Overlay] = {}
    uses = [
        _use(stimulus, condition, role, shown, overlays)
        for stimulus in stimuli
        for condition in conditions
        for role, shown in zip(
            PARADIGMS[stimulus.paradigm].roles_under(condition.name),
            cycle(shown_by(condition)),
            strict=False,
        )
        if shown.method not in WITHOUT_MAP
    ]
    Explanation.objects.bulk_create(one.explanation for one in overlays.values())
    Overlay.objects.bulk_create(overlays.values())
    StimulusOverlay.objects.bulk_create(uses)


def make_image(name: str) -> Image:
    image = _image(name)
    image.save()
    return image


def _image(name: str) -> Image:
    content = _png(name)
    digest = hashlib.sha256(content).hexdigest()
    file = _save(f"photos/{digest}.png", content)
    return Image(sha256=digest, file=file, width=48, height=48)


def _predictions(stimulus: Stimulus, pair: NetworkPair) -> Iterator[Prediction]:
    """Both networks' answers. The weaker one gives another class for every second photo, where
    the paradigm does not need it to be right."""
    classes = make_classes(stimulus.position)
    errs = "weaker" not in PARADIGMS[stimulus.paradigm].networks and stimulus.position % 2
    for network, first in (
        (pair.stronger, classes),
        (pair.weaker, classes[::-1] if errs else classes),
    ):
        top = [[index, 5.0 - place, 0.9 / 10**place] for place, index in enumerate(first[:3])]
        case = stimulus.photo.case
        yield Prediction(case=case, network=network, state=WorkState.READY, top=top)


def _use(
    stimulus: Stimulus,
    condition: Condition,
    role: str,
    shown: Condition,
    overlays: dict[tuple[Any, ...], Overlay],
) -> StimulusOverlay:
    """The picture of `shown`, a file's condition, which stands in `role` under `condition`. If
    it is not among `overlays`, it is added to them."""
    assert shown.pair is not None
    network_role, class_index = PARADIGMS[stimulus.paradigm].explained(role, stimulus)
    case, network = stimulus.photo.case, shown.pair.network(network_role)
    # Two conditions that another tool made differ by their names alone
    made, kind = shown.method, Kind.MAP
    if made == IMPORTED:
        made = f"{made} {shown.name}"
        kind = Kind(study_definition(stimulus.study).condition(shown.name).shown_kind)
    settings = hashlib.sha256(made.encode()).hexdigest() if kind != Kind.MAP else "0" * 64
    key = (case.digest, network.pk, class_index, shown.method, settings)
    if key not in overlays:
        name = f"{case.digest}/{made}/{role}"
        explanation = Explanation(
            case=case,
            network=network,
            class_index=class_index,
            method=shown.method,
            settings_digest=settings,
            state=WorkState.READY,
            kind=kind,
            map_digest=(digest := hashlib.sha256(name.encode()).hexdigest()),
            map_file=f"{digest}.npz",
            provenance={"imported": {"seconds": 1.0}} if kind == Kind.FILM else {},
        )
        overlays[key] = _overlay(explanation, name, shown)
    return StimulusOverlay(stimulus=stimulus, condition=condition, role=role, overlay=overlays[key])


def _overlay(explanation: Explanation, name: str, shown: Condition) -> Overlay:
    digest = explanation.map_digest
    is_text = explanation.kind == Kind.TEXT
    display = look_of_words(shown.settings) if is_text else {"size": 96}
    if is_text:
        content, ending = f"Its ears are <b>pointed</b> & soft: {digest[:6]}.".encode(), "txt"
    elif explanation.kind == Kind.FILM:
        content, ending = small_film(int(digest[:2], 16) % 16), "mp4"
    else:
        content, ending = _png(name), "png"
    overlay = Overlay(explanation=explanation, display=display, display_digest="0" * 64)
    return _filled(overlay, content, ending)


def _crop(study: Study, network: Network, image: Image) -> Crop:
    crop = Crop(image=image, network=network, size=study.definition["display"]["size"])
    return _filled(crop, _png(f"{image.sha256}/crop"), "png")


def give_further_photos(study: Study) -> Study:
    """The study, each of whose photos stands beside the next one and one of no trial."""
    pair = study.pairs.get()
    other = make_image(f"{study.slug}/beside all")
    _crop(study, pair.stronger, other).save()
    uses = list(study.images.select_related("case__image").order_by("pk"))
    for number, use in enumerate(uses):
        following = uses[(number + 1) % len(uses)].image
        case = Case.objects.of(use.image, "", [following, other])
        StudyImage.objects.filter(pk=use.pk).update(case=case)
    images = {**study.definition["images"], "cases": "cases.csv"}
    study.definition = {**study.definition, "images": images}
    Study.objects.filter(pk=study.pk).update(definition=study.definition)
    return Study.objects.get(pk=study.pk)


def _filled(picture: Drawn, content: bytes, ending: str) -> Drawn:
    picture.file = _save(f"pictures/{picture.code[:2]}/{picture.code}.{ending}", content)
    picture.digest = hashlib.sha256(content).hexdigest()
    if ending != "txt":
        picture.width = picture.height = 48
    picture.state = WorkState.READY
    return picture


def _save(name: str, content: bytes) -> str:
    if default_storage.exists(name):
        return name
    return str(Path(default_storage.save(name, ContentFile(content))))


@lru_cache(maxsize=4096)
def _png(name: str) -> bytes:
    """A small picture that differs by its name."""
    seed = hashlib.sha256(name.encode()).digest()
    picture = Picture.frombytes("RGB", (4, 2), seed[:24]).resize((48, 48))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()
