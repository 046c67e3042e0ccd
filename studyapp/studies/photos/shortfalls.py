"""What a study file asks for and can't get, as far as it is known without running it."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from photos.class_groups import read_groups
from photos.class_names import class_names, imagenet_labels
from studyapp.models import StimulusRole
from studyapp.paradigms import PARADIGMS, Candidate, Classified, Refusal
from studyapp.sections.networks_and_images import NetworkSection
from studyapp.studies.definition.catalogue import catalogue
from studyapp.studies.definition.named_files import IMAGENET, content_digest
from studyapp.studies.definition.study import Definition

from .eligibility import apply_rule, category_of
from .readers import Photo, once
from .selection import wanted_stimuli

RANDOM, PACKAGE = "random", "package"
# As many classes as a prediction keeps
FIRST_CLASSES = 20
Labels = Sequence[str] | None


def file_problems(definition: Definition, base: Path) -> Iterator[str]:
    """A sentence for every file of a network that does not fit the study file."""
    for name, section in definition.networks.items():
        if section.is_table:  # read whole, and checked, with the photos
            continue
        path = base / section.weights
        wanted = section.sha256
        if wanted is not None and path.is_file() and (found := content_digest(path)) != wanted:
            yield (
                f"`networks.{name}.sha256`: {section.weights} has another digest; use the "
                f'right file, or write sha256 = "{found}"'
            )
        labels, classes = known_labels(section, base), section.options.get("num_classes")
        if section.labels and not labels:
            yield (
                f"`networks.{name}.labels`: {section.labels} contains no class names; "
                "write one name per line"
            )
        elif labels and isinstance(classes, int) and classes != len(labels):
            yield (
                f"`networks.{name}`: {len(labels)} class names for num_classes = {classes}; "
                "write one name for each class"
            )


def known_labels(section: NetworkSection, base: Path) -> Labels:
    """The names of a network's classes; None where only running the network tells them."""
    if section.labels == IMAGENET:
        return imagenet_labels()
    if section.labels is not None:
        lines = (base / section.labels).read_text(encoding="utf-8-sig", errors="replace")
        return tuple(line.strip() for line in lines.splitlines() if line.strip())
    if section.is_table or section.builder not in catalogue()["networks"]:
        return None
    weights = catalogue()["networks"][section.builder]["weights"]
    is_pretrained = section.weights in weights and section.weights != RANDOM
    return imagenet_labels() if is_pretrained or PACKAGE in weights else None


@dataclass(frozen=True)
class Supply:
    """Of one paradigm: photos that can be asked about at best, by stratum, and why others can't.

    by_photo: how many questions can be asked about each photo, by its name.
    """

    eligible: Mapping[str, int]
    left_out: Mapping[str, int]
    by_photo: Mapping[str, int]

    @property
    def photos(self) -> int:
        return sum(self.eligible.values())

    def as_json(self) -> dict[str, dict[str, int]]:
        return {"eligible": dict(self.eligible), "left_out": dict(self.left_out)}


def best_supply(
    definition: Definition, photos: Sequence[Photo], labels: Mapping[str, Labels]
) -> dict[str, Supply]:
    """By paradigm, if every network answered every photo rightly; `labels` by network."""
    supply = {}
    for paradigm in definition.photo_paradigms():
        pairs = [definition.pair_of(one) for one in definition.conditions_of(paradigm)]
        known = labels.get(definition.pairs[pairs[0]].stronger) if pairs else None
        outcomes = [_at_best(paradigm, photo, known) for photo in photos]
        left_out = Counter(one.rule for one in outcomes if isinstance(one, Refusal))
        eligible = Counter("photos" for one in outcomes if not isinstance(one, Refusal))
        by_photo = Counter(
            photo.name
            for photo, one in zip(photos, outcomes, strict=True)
            if not isinstance(one, Refusal)
        )
        supply[paradigm] = Supply(eligible, left_out, by_photo)
    return supply


def _at_best(paradigm: str, photo: Photo, labels: Labels) -> list[Candidate] | Refusal:
    own = [name for one in photo.categories for name in one.accepted]
    every = tuple(labels if labels is not None else dict.fromkeys(own))
    names = class_names(every)
    categories = [
        category_of(one.name, one.accepted, names, one.others) for one in photo.categories
    ]
    first = [min(one.accepted) for one in categories if one.accepted]
    rest = [index for index in range(len(every)) if index not in first]
    # Where the names of the classes are not known, there are at least enough of them.
    padding = (
        tuple(f"class {n}" for n in range(len(every), FIRST_CLASSES)) if labels is None else ()
    )
    order = [*first, *rest, *range(len(every), len(every) + len(padding))]
    answer = Classified(order[: max(FIRST_CLASSES, len(first))], (*every, *padding))
    roles = PARADIGMS[paradigm].networks
    return apply_rule(categories, dict.fromkeys(roles, answer), PARADIGMS[paradigm])


def supply_problems(definition: Definition, supply: Mapping[str, Supply]) -> Iterator[str]:
    """A sentence for each paradigm that asks about more photos, or asks more questions about
    them, than there can be."""
    what, can_be, add = "photos", "can be asked about", "add photos"
    if definition.images.cases is not None:
        what, can_be, add = "questions about photos", "can be asked", "add questions"
    needed = {paradigm: wanted_photos(definition, paradigm) for paradigm in supply}
    for paradigm, found in supply.items():
        wanted = needed[paradigm]
        strata = set(found.eligible) - {"photos"}
        short = [
            f"{count} {stratum} {what}, and {found.eligible.get(stratum, 0)} {can_be}"
            for stratum, count in wanted.items()
            if stratum and strata and found.eligible.get(stratum, 0) < count
        ]
        total = sum(wanted.values())
        if not short and found.photos < total:
            short = [f"{total} {what}, and at most {found.photos} {can_be}"]
        if short:
            why = "; ".join(f"{count}: {rule}" for rule, count in found.left_out.items())
            yield (
                f"{paradigm} asks for {'; '.join(short)}{f' (left out: {why})' if why else ''}: "
                f"{add} or ask for fewer stimuli"
            )
    together = sum(sum(wanted.values()) for wanted in needed.values())
    most = max(
        (found.photos + sum(found.left_out.values()) for found in supply.values()), default=0
    )
    if len(needed) > 1 and together > most:
        yield (
            f"the paradigms ask for {together} different {what} together, and there are {most}: "
            f"{add} or ask for fewer stimuli"
        )


def wanted_photos(definition: Definition, paradigm: str) -> Counter[str]:
    """How many photos a paradigm asks about, practice and learning among them, by stratum."""
    found: Counter[str] = Counter()
    for (role, stratum), count in wanted_stimuli(definition, paradigm).items():
        each = PARADIGMS[paradigm].stimuli_a_photo if role == StimulusRole.MAIN else 1
        found[stratum] += -(-count // each)
    return found


def taken_by_practice(definition: Definition, supply: Mapping[str, Supply]) -> Iterator[str]:
    """A sentence for each paradigm whose main trials lack questions once practice and learning
    have photos of their own, even those about which the fewest questions can be asked."""
    for paradigm, found in supply.items():
        wanted = wanted_stimuli(definition, paradigm)
        main = sum(count for (role, _), count in wanted.items() if role == StimulusRole.MAIN)
        shared = sum(wanted.values()) - main
        each = PARADIGMS[paradigm].stimuli_a_photo
        most = each * sum(sorted(found.by_photo.values())[shared:])
        if shared and len(found.by_photo) < found.photos and most < main:
            yield (
                f"{paradigm} asks {main} questions in its main trials, and {shared} of the "
                f"{len(found.by_photo)} photos are needed for practice and learning, where each "
                f"is asked about once, so that at most {most} can be asked: add photos, ask for "
                "fewer stimuli, or for less practice and learning"
            )


def too_many_paradigms(definition: Definition, supply: Mapping[str, Supply]) -> Iterator[str]:
    """A sentence where the paradigms would take photos from each other, because a photo is asked
    about by one of them, even if each asked the most it can about every photo."""
    if len(supply) < 2 or definition.images.cases is None:
        return
    needed = sum(_fewest_photos(definition, name, found) for name, found in supply.items())
    there = {photo for found in supply.values() for photo in found.by_photo}
    if needed > len(there):
        yield (
            f"the paradigms need at least {needed} different photos together, because a photo is "
            f"asked about by one of them, and {len(there)} can be asked about: add photos or ask "
            "for fewer stimuli"
        )


def _fewest_photos(definition: Definition, paradigm: str, supply: Supply) -> int:
    """With how few photos a paradigm could do, practice and learning among them."""
    wanted = wanted_stimuli(definition, paradigm)
    main = sum(count for (role, _), count in wanted.items() if role == StimulusRole.MAIN)
    photos, each = 0, PARADIGMS[paradigm].stimuli_a_photo
    for questions in sorted(supply.by_photo.values(), reverse=True):
        if main <= 0:
            break
        main, photos = main - each * questions, photos + 1
    return photos + sum(count for (role, _), count in wanted.items() if role != StimulusRole.MAIN)


def too_few_photos(definition: Definition, photos: Sequence[Photo]) -> Iterator[str]:
    """A sentence where nobody could be shown as many different photos as one person is asked
    about, because photos are asked about several times."""
    names = once(photos)
    if len(names) == len(photos):
        return
    about = [one for one in definition.blocks if PARADIGMS[one.paradigm].asks_about_photos(one)]
    repeats = definition.design.repeat_images
    trials = [block.trials for block in about]
    most = max(trials, default=0) if repeats else sum(trials)
    if most > len(names):
        yield (
            f"one person would be asked about {most} photos{' in one block' if repeats else ''}, "
            f"each a different one, and there are {len(names)}: add photos or ask for fewer trials"
        )


def strange_members(definition: Definition, labels: Mapping[str, Labels]) -> Iterator[str]:
    """Classes that a group lists and a stronger network does not have, if its classes are known."""
    groups = read_groups(definition.images.groups)
    for name in dict.fromkeys(pair.stronger for pair in definition.pairs.values()):
        if (known := labels.get(name)) is not None:
            yield from groups.strangers(known)


def told_by_network(
    told: Callable[[list[tuple[str, tuple[str, ...]]], Sequence[str]], list[str]],
    definition: Definition,
    photos: Sequence[Photo],
    labels: Mapping[str, Labels],
) -> list[str]:
    """What `told` (such as `unknown_names`) says of the photos' categories, for each stronger
    network whose classes are known; each sentence once."""
    categories = [(one.name, one.accepted) for photo in photos for one in photo.categories]
    names = dict.fromkeys(pair.stronger for pair in definition.pairs.values())
    found: dict[str, None] = {}
    for name in names:
        if (known := labels.get(name)) is not None:
            found |= dict.fromkeys(told(categories, known))
    return list(found)
