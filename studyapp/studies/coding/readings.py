"""What coders and adjudicators choose: stored once however often a page is sent, never edited."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from studyapp.models import (
    Adjudication,
    CodedAnswer,
    Coder,
    Coding,
    CodingRound,
    CodingScheme,
    Reading,
)

from .schemes import SchemeError


class CodedMeanwhileError(Exception):
    """Another page has stored other codes since this one was shown."""


@dataclass(frozen=True)
class Progress:
    """How many of a coder's readings are done."""

    done: int
    all: int

    @property
    def left(self) -> int:
        return self.all - self.done


def progress(coder: Coder, round_: CodingRound | None = None) -> Progress:
    rows = coder.readings.all()
    if round_ is not None:
        rows = rows.filter(answer__round=round_)
    done = rows.filter(Exists(Coding.objects.filter(reading=OuterRef("pk"))))
    return Progress(done.count(), rows.count())


def next_reading(coder: Coder) -> Reading | None:
    """The first of the coder's answers in a running round that is not coded yet."""
    codings = Coding.objects.filter(reading=OuterRef("pk"))
    rows = _readable(coder).filter(~Exists(codings), answer__round__ended_at=None)
    return rows.order_by("place").first()


def reading_at(coder: Coder, place: int) -> Reading | None:
    """One of the coder's answers that they may still code or correct."""
    return _readable(coder).filter(place=place, answer__round__ended_at=None).first()


def place_before(reading: Reading) -> int | None:
    """Where the coder's previous answer stands; None where it can't be corrected any more."""
    rows = reading.coder.readings.filter(place__lt=reading.place, answer__round__ended_at=None)
    return rows.order_by("-place").values_list("place", flat=True).first()


@transaction.atomic
def code_answer(reading: Reading, chosen: Iterable[str], *, seen: int) -> Coding:
    """Store what a coder chose; the same page sent again changes nothing.

    seen: the last revision that the page knew of, 0 for none. Raises SchemeError for codes that
    the scheme does not have or allow, or after the round's end, CodedMeanwhileError where another
    page stored other codes.
    """
    Reading.objects.select_for_update().get(pk=reading.pk)
    answer = reading.answer
    # Ended while the page was open: what an earlier page has stored stays
    if CodingRound.objects.select_for_update().get(pk=answer.round_id).ended_at is not None:
        raise SchemeError("this round has ended, and what was coded in it stays as it is")
    codes = allowed(answer.scheme, chosen)
    latest = reading.codings.order_by("-revision").first()
    if latest is not None and _says_it(latest, codes, seen):
        return latest
    revision = 1 if latest is None else latest.revision + 1
    return Coding.objects.create(reading=reading, revision=revision, codes=codes)


@transaction.atomic
def adjudicate(answer: CodedAnswer, chosen: Iterable[str], *, by: Any, seen: int) -> Adjudication:
    """Store the final codes of an answer about which coders disagreed; errors as `code_answer`."""
    CodedAnswer.objects.select_for_update().get(pk=answer.pk)
    if not disagreements(answer.scheme).filter(pk=answer.pk).exists():
        raise SchemeError("there is no disagreement about this answer in a round that has ended")
    codes = allowed(answer.scheme, chosen)
    latest = answer.adjudications.order_by("-revision").first()
    if latest is not None and _says_it(latest, codes, seen):
        return latest
    revision = 1 if latest is None else latest.revision + 1
    return Adjudication.objects.create(answer=answer, revision=revision, codes=codes, made_by=by)


def disagreements(scheme: CodingScheme) -> QuerySet[CodedAnswer]:
    """Answers of rounds that have ended to which coders gave different codes."""
    one = standing_codings().filter(reading__answer=OuterRef("pk"))
    # Of the same answer, by somebody else who gave other codes
    other = standing_codings().filter(reading__answer=OuterRef("reading__answer"))
    differing = one.filter(Exists(other.exclude(codes=OuterRef("codes"))))
    rows = CodedAnswer.objects.filter(scheme=scheme, round__ended_at__isnull=False)
    return rows.filter(Exists(differing)).order_by("pk")


def standing_codings() -> QuerySet[Coding]:
    """The last coding of every reading."""
    later = Coding.objects.filter(reading=OuterRef("reading"), revision__gt=OuterRef("revision"))
    return Coding.objects.filter(~Exists(later))


def allowed(scheme: CodingScheme, chosen: Iterable[str]) -> list[str]:
    """The chosen codes in the scheme's order; SchemeError where they can't be an answer's."""
    wanted = set(chosen)
    names = list(scheme.codes.order_by("position").values_list("name", flat=True))
    if not wanted <= set(names):
        raise SchemeError("the scheme has no such code; load the page again")
    if scheme.is_exclusive and len(wanted) != 1:
        raise SchemeError("choose one code")
    return [name for name in names if name in wanted]


def _says_it(latest: Coding | Adjudication, codes: list[str], seen: int) -> bool:
    """Whether the last row has these codes; CodedMeanwhileError where the page did not know it."""
    if latest.codes == codes:
        return True
    if latest.revision != seen:
        raise CodedMeanwhileError
    return False


def _readable(coder: Coder) -> QuerySet[Reading]:
    return coder.readings.select_related("answer__scheme", "answer__judgment", "answer__round")
