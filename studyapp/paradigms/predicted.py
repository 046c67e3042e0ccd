"""What paradigms about a network's answer have in common: right and wrong photos, four classes."""

import math
from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import Any

from photos.class_names import name_key
from studyapp.models import Trial

from .base import Candidate, Category, Classified, Refusal, right_button

RIGHT, WRONG = "right", "wrong"
STRATA = (RIGHT, WRONG)
OPTIONS = 4
SEVERAL = Refusal("the network says several classes about the photo")


def single_truth(categories: Sequence[Category]) -> Category | Refusal:
    """The photo's only category."""
    if len(categories) != 1:
        return Refusal("not exactly one annotated category")
    return categories[0]


def accepted_classes(categories: Iterable[Category]) -> frozenset[int]:
    """The classes that are right for a photo: those that any of its categories means."""
    none: frozenset[int] = frozenset()
    return none.union(*(one.accepted for one in categories))


def is_right(categories: Iterable[Category], answer: Classified) -> bool:
    """Whether the network's first class is right for a photo with these categories."""
    return answer.classes[0] in accepted_classes(categories)


def first_class(categories: Sequence[Category], answers: dict[str, Classified]) -> list[Candidate]:
    """Any photo, with the network's first class explained."""
    answer = answers["stronger"]
    first = answer.classes[0]
    right = int(is_right(categories, answer))
    return [Candidate(answer.name(first), first, facts={"right": right})]


def first_class_right(facts: Mapping[str, Any]) -> bool:
    """Whether the network is right, by what `first_class` and others noted."""
    return bool(facts["right"])


def stratum_of(truth: Category, answer: Classified) -> str:
    """The stratum of a photo with one category."""
    return RIGHT if is_right([truth], answer) else WRONG


def true_class(truth: Category, answer: Classified) -> int:
    """The class that means the truth: the most probable one if several do."""
    ranked = [index for index in answer.classes if index in truth.accepted]
    return ranked[0] if ranked else min(truth.accepted)


def first_classes_with_truth(
    truth: Category, answer: Classified, count: int = OPTIONS
) -> list[int] | Refusal:
    """The network's first `count` classes, the last replaced by the truth where it is missing."""
    if answer.said > 1:
        return SEVERAL
    if len(answer.classes) < count:
        return Refusal(f"the network gives fewer than {count} classes")
    first = list(answer.classes[:count])
    if not truth.accepted & set(first):
        first[-1] = true_class(truth, answer)
    if len(truth.accepted & set(first)) > 1:
        return Refusal(f"several of the {count} classes mean the photo's category")
    if len({name_key(answer.name(index)) for index in first}) < count:
        return Refusal(f"two of the {count} classes have the same name")
    return first


def chance(latent: float, random: Random) -> bool:
    """True with probability logistic(latent)."""
    return random.random() < 1 / (1 + math.exp(-latent))


def choose(latent: float, bias: float, trial: Trial, random: Random) -> int:
    """The right button with probability logistic(latent), pulled to the first one by `bias`
    logits; else one of the others."""
    right = right_button(trial)
    if chance(latent + (bias if right == 0 else -bias), random):
        return right
    return random.choice([n for n in range(len(trial.option_order)) if n != right])
