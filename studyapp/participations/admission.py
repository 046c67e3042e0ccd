"""Whether somebody may come to a study, by their part in others (`entry`).

People are recognised as at the door: by their panel's id, or by its digest once it was erased. What
a page tells is the rule of the study, the same for everybody, and nothing of the other study.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from studyapp.models import (
    EarlierPart,
    PanelIdentity,
    Participant,
    Participation,
    Status,
    Study,
    TurnedAway,
)
from studyapp.sections.entry import EntrySection
from studyapp.shelf.clock import database_now
from studyapp.studies.definition.study import study_definition
from studyapp.studies.earlier import named_studies

from .digests import id_digests
from .refusals import NotForThem

# How somebody comes who tries a study out at the desk: as a person without an earlier part
PREVIEW = "preview"


@dataclass(frozen=True)
class Who:
    """A person by the id of the panel that sent them, where it is known."""

    source: str
    external_id: str = ""
    participant: int | None = None


def admitted(study: Study, who: Who) -> Participation | None:
    """The part in another study after which `who` comes, where one is asked for.

    NotForThem where the study is for other people, or not yet, or no more, for them.
    """
    entry = study_definition(study).who_may_come
    if not entry.named or who.source == PREVIEW:
        return None
    if entry.not_after and took_part(study, entry.not_after, who).exists():
        raise NotForThem(rule_in_words(entry), TurnedAway.NOT_AFTER)
    if not entry.only_after:
        return None
    part = (
        finished(study, entry.only_after, who).select_related("participant", "arm", "study").first()
    )
    if part is None:
        raise NotForThem(rule_in_words(entry), TurnedAway.ONLY_AFTER)
    assert part.finished_at is not None
    _refuse_untimely(entry, part.finished_at)
    return part


def _refuse_untimely(entry: EntrySection, finished_at: datetime) -> None:
    now = database_now()
    opens_at = finished_at + timedelta(days=entry.wait_days or 0)
    if now < opens_at:
        # The page asks them to come back then
        raise NotForThem(_("Please come back later"), TurnedAway.TOO_EARLY, opens_at=opens_at)
    if entry.at_most_days is not None and now > finished_at + timedelta(days=entry.at_most_days):
        raise NotForThem(
            _("The time in which you could return for this study is over."), TurnedAway.TOO_LATE
        )


def note_earlier(person: Participation, part: Participation) -> None:
    """Keep with a person who comes the part after which they do."""
    assert part.finished_at is not None
    EarlierPart.objects.create(
        participation=person,
        study_slug=part.study.slug,
        participant_code=part.participant.code,
        arm=part.arm.name if part.arm is not None else "",
        finished_at=part.finished_at,
    )


def take_turns(participation: Participation) -> None:
    """Where rules ask about this person's other parts, wait until nobody else asks; until the
    transaction ends.

    Before any participation is locked: two studies that keep out each other's people would each
    wait for the other. Locked, the row also keeps further parts of the person from being made.
    """
    if study_definition(participation.study).who_may_come.not_after:
        Participant.objects.select_for_update().get(pk=participation.participant_id)


def came_from_elsewhere(person: Participation) -> bool:
    """Whether somebody who was let in has taken a place in a study of `not_after` since then;
    they take none there until the transaction ends."""
    slugs = study_definition(person.study).who_may_come.not_after
    if not slugs:
        return False
    identity = PanelIdentity.objects.filter(participant=person.participant_id).first()
    external_id = identity.external_id if identity is not None else ""
    who = Who(person.participant.source, external_id, person.participant_id)
    others = _parts(person.study, slugs, who).select_for_update(of=("self",))
    return any(one.slot_id is not None for one in others.order_by("pk"))


def took_part(study: Study, slugs: Sequence[str], who: Who) -> QuerySet[Participation]:
    """The person's parts in these studies in which they took a place, finished or not."""
    return _parts(study, slugs, who).filter(slot__isnull=False)


def finished(study: Study, slugs: Sequence[str], who: Who) -> QuerySet[Participation]:
    """The person's parts in these studies that they finished and did not withdraw, the latest
    first."""
    return _parts(study, slugs, who).filter(status=Status.FINISHED).order_by("-finished_at")


def _parts(study: Study, slugs: Sequence[str], who: Who) -> QuerySet[Participation]:
    studies = list(named_studies(study, slugs))
    theirs = Q(participant=who.participant) if who.participant is not None else Q(pk__in=[])
    if who.external_id:
        theirs |= Q(
            participant__identity__source=who.source,
            participant__identity__external_id=who.external_id,
        )
        digests = [
            digest for one in studies for digest in id_digests(one, who.source, who.external_id)
        ]
        theirs |= Q(id_digest__in=digests)
    return Participation.objects.filter(theirs, study__in=studies)


def rule_in_words(entry: EntrySection) -> object:
    """Whom a study is for, without a word of the other studies."""
    if not entry.only_after:
        return _(
            "This study is only for people who have not taken part in certain earlier studies."
        )
    if not entry.not_after:
        return _("This study is only for people who have finished a certain earlier study.")
    return _(
        "This study is only for people who have finished a certain earlier study, and have not "
        "taken part in certain others."
    )
