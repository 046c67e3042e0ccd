"""Which photos can be asked about, and why the others can't: counted, so that it can be told."""

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from photos.class_names import ClassNames, class_names, unknown_names
from studyapp.models import Network, NetworkPair, Prediction, StudyImage
from studyapp.paradigms import Candidate, Category, Classified, Paradigm, Refusal

from .readers import in_turns

Outcome = list[Candidate] | Refusal


@dataclass
class Eligible:
    """Candidates by photo, and how many photos each rule left out."""

    candidates: dict[StudyImage, list[Candidate]] = field(default_factory=dict)
    refusals: Counter[str] = field(default_factory=Counter)

    def sentence(self) -> str:
        """What was found, for people."""
        left_out = "; ".join(f"{count}: {rule}" for rule, count in self.refusals.most_common())
        total = len(self.candidates) + sum(self.refusals.values())
        return f"{len(self.candidates)} of {total} photos can be asked about" + (
            f" (left out: {left_out})" if left_out else ""
        )


def eligible_photos(
    photos: Iterable[StudyImage], pairs: Sequence[NetworkPair], paradigm: Paradigm
) -> Eligible:
    """Apply the paradigm's rule to every photo, from the predictions of every pair's networks:
    what may be asked must be the same for all of them."""
    found = Eligible()
    photos = list(photos)
    outcomes = [_outcomes(photos, pair, paradigm) for pair in pairs]
    for photo in photos:
        outcome = agreed([of_pair[photo.pk] for of_pair in outcomes])
        if isinstance(outcome, Refusal):
            found.refusals[outcome.rule] += 1
        else:
            found.candidates[photo] = outcome
    return found


def _outcomes(
    photos: Sequence[StudyImage], pair: NetworkPair, paradigm: Paradigm
) -> dict[int, Outcome]:
    """Of one pair, by the photo's key."""
    roles = [role for role in paradigm.networks if role != "weaker" or pair.weaker is not None]
    answers = {role: _answers(photos, pair.network(role)) for role in roles}
    names = class_names(tuple(pair.stronger.labels))
    found = {}
    for photo in photos:
        shown = [
            category_of(str(one["name"]), one["accepted"], names, one.get("others", ()))
            for one in photo.categories
        ]
        known = {role: rows.get(photo.case_id) for role, rows in answers.items()}
        found[photo.pk] = apply_rule(shown, known, paradigm)
    return found


def agreed(outcomes: Sequence[Outcome]) -> Outcome:
    """What all pairs give, or why one gives nothing."""
    refused = [one for one in outcomes if isinstance(one, Refusal)]
    if refused:
        return refused[0]
    if any(one != outcomes[0] for one in outcomes):
        return Refusal("the pairs' networks do not give the same classes")
    return outcomes[0]


def unknown_to(photos: Iterable[StudyImage], network: Network) -> list[str]:
    """A sentence for each category of the photos that is no class of `network`."""
    categories = (
        (str(one["name"]), one["accepted"]) for photo in photos for one in photo.categories
    )
    return unknown_names(categories, network.labels)


def in_seed_order(candidates: Mapping[StudyImage, list[Candidate]], seed: str) -> list[StudyImage]:
    """The photos in the seed's order: one of every group first, then each group's second one, so
    that scenes of one object are used as evenly as possible."""
    order = sorted(candidates, key=lambda photo: photo.case.digest)
    drawn = random.Random(seed)
    drawn.shuffle(order)
    return in_turns(order, lambda photo: photo.group)


def _answers(photos: Sequence[StudyImage], network: Network) -> dict[int, Classified]:
    cases = [photo.case_id for photo in photos]
    rows = Prediction.objects.ready().filter(network=network, case__in=cases)
    labels = [str(label) for label in network.labels]
    return {
        row.case_id: Classified([int(entry[0]) for entry in row.top], labels, network.said(row.top))
        for row in rows
    }


def apply_rule(
    categories: Sequence[Category], answers: Mapping[str, Classified | None], paradigm: Paradigm
) -> Outcome:
    """What a paradigm asks of a photo with these categories and answers; None: no answer."""
    known = {role: answer for role, answer in answers.items() if answer is not None}
    if len(known) < len(answers):
        return Refusal("no prediction could be made")
    if not all(answer.said for answer in known.values()):
        return Refusal("a network gives no class a probability of one half")
    if not all(category.accepted for category in categories):
        return Refusal("a category is no class of the network")
    assert paradigm.candidates is not None
    return paradigm.candidates(categories, known)


def category_of(
    name: str, accepted: Iterable[str], names: ClassNames, others: Iterable[str] = ()
) -> Category:
    """A category with the classes that any of its accepted names means."""
    return Category(name, names.accepted(accepted), tuple(others))
