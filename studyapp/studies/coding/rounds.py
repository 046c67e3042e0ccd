"""Rounds of coding: which answers are taken in, who codes which of them, and in which order."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from random import Random
from typing import Any

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, QuerySet
from django.utils import timezone

from studyapp.models import (
    CodedAnswer,
    Coder,
    Coding,
    CodingRound,
    CodingScheme,
    Exclusion,
    Judgment,
    Reading,
    Stage,
    Status,
)

from .schemes import SchemeError

CODED_STAGES = (Stage.MAIN, Stage.FINAL, Stage.QUESTIONNAIRE)
FEWEST_CODERS = 2


@dataclass(frozen=True)
class Drawn:
    """shared: answers that everybody codes. orders: each coder's answers, as they come."""

    shared: frozenset[int]
    orders: tuple[tuple[int, ...], ...]


def draw(answers: int, coders: int, overlap: int, seed: int) -> Drawn:
    """Deal the answers 0 … `answers` − 1 to the coders; the same seed deals the same.

    overlap: percent that all coders code, rounded up. The rest is divided evenly.
    """
    everything = list(range(answers))
    Random(f"{seed}/overlap").shuffle(everything)
    count = ceil(answers * overlap / 100)
    shared, rest = everything[:count], everything[count:]
    orders = []
    for number in range(coders):
        own = [*shared, *rest[number::coders]]
        Random(f"{seed}/coder {number + 1}").shuffle(own)
        orders.append(tuple(own))
    return Drawn(frozenset(shared), tuple(orders))


def waiting_answers(scheme: CodingScheme) -> list[Judgment]:
    """Answers to the scheme's question that no round of it has taken in yet.

    They are of people who finished and are not left out of the analysis.
    """
    rows: QuerySet[Judgment] = Judgment.objects.of(scheme.study).filter(
        trial__block=scheme.block,
        trial__stage__in=CODED_STAGES,
        participation__status=Status.FINISHED,
        data__has_key=scheme.question,
    )
    left_out = Exclusion.objects.standing().filter(participation=OuterRef("participation"))
    taken_in = CodedAnswer.objects.filter(scheme=scheme, judgment=OuterRef("pk"))
    rows = rows.filter(~Exists(left_out), ~Exists(taken_in)).order_by("pk")
    return [one for one in rows if answer_text(one, scheme.question)]


def answer_text(judgment: Judgment, question: str) -> str:
    """What the person wrote; empty where they declined or left it empty."""
    given = judgment.data.get(question)
    return given.strip() if isinstance(given, str) else ""


@transaction.atomic
def begin_round(
    scheme: CodingScheme, users: Sequence[Any], *, overlap: int = 100, seed: int
) -> CodingRound:
    """Take in all waiting answers and deal them to `users`.

    Raises SchemeError where there is nothing to code, too little to code with, or a round runs.
    """
    scheme = CodingScheme.objects.select_for_update().get(pk=scheme.pk)
    answers = waiting_answers(scheme)
    if why := hindrance(scheme, len(answers)):
        raise SchemeError(why)
    if len(users) < FEWEST_CODERS:
        raise SchemeError(
            f"choose at least {FEWEST_CODERS} coders: agreement can't be measured with one"
        )
    number = 1 + (scheme.rounds.aggregate(last=Max("number"))["last"] or 0)
    made = CodingRound.objects.create(scheme=scheme, number=number, seed=seed, overlap=overlap)
    coders = [_coder(scheme, user) for user in users]
    drawn = draw(len(answers), len(coders), overlap, seed)
    # In the order of nobody's session, so that no key tells which answers are one person's
    places = list(range(len(answers)))
    Random(f"{seed}/answers").shuffle(places)
    rows = CodedAnswer.objects.bulk_create(
        CodedAnswer(
            scheme=scheme, round=made, judgment=answers[place], is_shared=place in drawn.shared
        )
        for place in places
    )
    by_place = dict(zip(places, rows, strict=True))
    for coder, order in zip(coders, drawn.orders, strict=True):
        before = coder.readings.aggregate(last=Max("place"))["last"] or 0
        Reading.objects.bulk_create(
            Reading(answer=by_place[place], coder=coder, place=before + turn)
            for turn, place in enumerate(order, 1)
        )
    return made


def hindrance(scheme: CodingScheme, waiting: int) -> str:
    """Why no round can begin, in a sentence; empty where it can."""
    if running_round(scheme) is not None:
        return f"a round of {scheme} is running: end it before the next one begins"
    fewest = 2 if scheme.is_exclusive else 1
    if scheme.codes.count() < fewest:
        return f"{scheme} needs at least {fewest} {'codes' if fewest > 1 else 'code'}: add them"
    if not waiting:
        return (
            "there is no answer to code that was not taken in already: only those of people who "
            "finished and are not left out count"
        )
    return ""


def running_round(scheme: CodingScheme) -> CodingRound | None:
    return scheme.rounds.filter(ended_at=None).first()


def uncoded(round_: CodingRound) -> QuerySet[Reading]:
    """The readings that are still to be done."""
    codings = Coding.objects.filter(reading=OuterRef("pk"))
    return Reading.objects.filter(~Exists(codings), answer__round=round_)


@transaction.atomic
def end_round(round_: CodingRound) -> int:
    """End a round; how many readings were left undone. What was coded can't be changed any more.

    Answers that nobody has coded are free for the next round.
    """
    round_ = CodingRound.objects.select_for_update().get(pk=round_.pk)
    if round_.ended_at is not None:
        return 0
    undone, _ = uncoded(round_).delete()
    CodedAnswer.objects.filter(round=round_, readings=None).delete()
    round_.ended_at = timezone.now()
    round_.save(update_fields=["ended_at"])
    return undone


def _coder(scheme: CodingScheme, user: Any) -> Coder:
    known = scheme.coders.filter(user=user).first()
    if known is not None:
        return known
    number = 1 + (scheme.coders.aggregate(last=Max("number"))["last"] or 0)
    return Coder.objects.create(scheme=scheme, number=number, user=user)
