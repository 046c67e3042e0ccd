"""People: Participant, Participation, and what happened to them."""

from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Count, Q
from django.utils import timezone

from studyapp.shelf.rows import insert, update

from .agents import SignedAgent
from .codes import new_code, new_spoken_code
from .design import STRATUM_CHARACTERS, Arm, Slot
from .study import Study, StudyText


class Participant(models.Model):
    """A person by pseudonym and source; who they are to a panel lies in PanelIdentity."""

    code = models.CharField(max_length=32, unique=True, default=new_code)
    source = models.CharField(max_length=40)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return self.code


class PanelIdentity(models.Model):
    """The panel's ids of a person, apart from the judgments so that they can be erased."""

    participant = models.OneToOneField(Participant, models.CASCADE, related_name="identity")
    source = models.CharField(max_length=40)
    external_id = models.CharField(max_length=200)

    class Meta:
        verbose_name_plural = "panel identities"
        constraints = [
            models.UniqueConstraint(fields=["source", "external_id"], name="panel_identity_once")
        ]

    def __str__(self) -> str:
        return f"{self.source} identity of {self.participant}"


class Status(models.TextChoices):
    ENTERED = "entered", "entered"
    ACTIVE = "active", "active"
    FINISHED = "finished", "finished"
    DROPPED = "dropped", "dropped"
    REFUSED = "refused", "no consent"
    SCREENED_OUT = "screened_out", "screened out"
    FULL = "full", "came when full"
    WITHDRAWN = "withdrawn", "withdrawn"


HOLDS_A_SLOT = [Status.ACTIVE, Status.FINISHED]
# The event that tells of each way of leaving
LEFT = {
    Status.DROPPED: "dropped",
    Status.REFUSED: "refused",
    Status.SCREENED_OUT: "screened out",
    Status.WITHDRAWN: "withdrew",
}

# What changes with the place that somebody holds
HOLDING = ["status", "slot", "arm", "last_seen_at"]


def count_people(status: Status) -> Count:
    """To annotate studies with: how many people have this status."""
    return Count("participations", filter=Q(participations__status=status))


class ParticipationQuerySet(models.QuerySet["Participation"]):
    def active(self) -> Self:
        """Those who hold a place and have not finished."""
        return self.filter(status=Status.ACTIVE)

    def finished(self) -> Self:
        return self.filter(status=Status.FINISHED)

    def on_the_way(self) -> Self:
        """Those who may still finish."""
        return self.filter(status__in=[Status.ENTERED, Status.ACTIVE])

    def leave(self, status: Status, **because: Any) -> int:
        """Stop taking part: the places they hold are free for the next; how many people there were.

        Their rows must be locked (`select_for_update`), so that nobody answers, comes back or
        leaves another way meanwhile. What was answered stays.
        """
        people = list(self.values_list("pk", "slot_id", "status"))
        keys = [pk for pk, _, _ in people]
        held = [slot for _, slot, now in people if now in HOLDS_A_SLOT]
        Slot.objects.filter(pk__in=held).release()
        Participation.objects.filter(pk__in=keys).update(status=status, completion_code="")
        Event.objects.bulk_create(
            Event(participation_id=pk, kind=LEFT[status], data=because) for pk in keys
        )
        return len(people)


class Participation(models.Model):
    """One run of a person through one study; `code` is its opaque address."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="participations")
    participant = models.ForeignKey(Participant, models.PROTECT, related_name="participations")
    code = models.CharField(max_length=32, unique=True, default=new_code)
    status = models.CharField(max_length=12, choices=Status, default=Status.ENTERED)
    slot = models.ForeignKey(
        Slot, models.PROTECT, null=True, blank=True, related_name="participations"
    )
    arm = models.ForeignKey(Arm, models.PROTECT, null=True, blank=True)
    # Of a study with several sites: whose link it was
    site = models.CharField(max_length=60, blank=True, default="", editable=False)
    # By the screening questions that make strata: all that is kept of their answers
    stratum = models.CharField(
        max_length=STRATUM_CHARACTERS, blank=True, default="", editable=False
    )
    language = models.CharField(max_length=35, blank=True)
    device_class = models.CharField(max_length=10, blank=True)
    entered_at = models.DateTimeField(default=timezone.now, editable=False)
    # When the screening questions were passed; of the answers only `stratum` is kept
    screened_at = models.DateTimeField(null=True, blank=True)
    consented_at = models.DateTimeField(null=True, blank=True)
    consent_text = models.ForeignKey(
        StudyText, models.PROTECT, null=True, blank=True, related_name="+"
    )
    publication_consent = models.BooleanField(default=False)
    # When the person agreed, apart, that pages record how they answer; null once taken back
    traces_agreed_at = models.DateTimeField(null=True, blank=True)
    # What the request that agreed to it said of itself by Web Bot Auth
    web_bot_auth = models.CharField(
        max_length=8, blank=True, default="", choices=SignedAgent, editable=False
    )
    failed_comprehension = models.PositiveSmallIntegerField(
        default=0, help_text="Tries at the comprehension questions that were not all right."
    )
    started_at = models.DateTimeField(null=True, blank=True)
    last_seen_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    completion_code = models.CharField(max_length=200, blank=True)
    personal_code = models.CharField(
        max_length=14, blank=True, default=new_spoken_code, db_default="",
        help_text="Shown to the person alone: opens their place in another browser.",
    )  # fmt: skip
    id_digest = models.CharField(
        max_length=64, blank=True, db_default="",
        help_text="Keyed digest of a panel id that was erased, so that nobody takes part twice.",
    )  # fmt: skip
    # What simulated people are made of; empty for everybody else
    profile = models.JSONField(default=dict, blank=True)

    objects = ParticipationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "participant"], name="participation_once"),
            models.UniqueConstraint(
                fields=["slot"], condition=Q(status__in=HOLDS_A_SLOT), name="slot_held_once"
            ),
            models.UniqueConstraint(
                fields=["personal_code"], condition=~Q(personal_code=""), name="personal_code_once"
            ),
            models.CheckConstraint(
                name="participation_started_has_consented",
                condition=Q(started_at__isnull=True)
                | (Q(consented_at__isnull=False) & Q(consent_text__isnull=False)),
            ),
            models.CheckConstraint(
                name="participation_finished_iff_completion_code",
                condition=Q(status=Status.FINISHED, completion_code__gt="")
                | (~Q(status=Status.FINISHED) & Q(completion_code="")),
            ),
            models.CheckConstraint(
                name="participation_holding_has_a_slot",
                condition=~Q(status__in=HOLDS_A_SLOT) | Q(slot__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["study", "status", "last_seen_at"], name="idle_people"),
            models.Index(
                fields=["study", "id_digest"], condition=~Q(id_digest=""), name="erased_id"
            ),
        ]

    def __str__(self) -> str:
        return self.code

    def note(self, kind: str, **particulars: Any) -> None:
        """Add to what happened."""
        insert(Event(participation=self, kind=kind, data=particulars))

    @classmethod
    def enter(cls, **particulars: Any) -> "Participation":
        """A new participation, with its first event."""
        person = cls(**particulars)
        insert(person)
        person.note("entered")
        return person

    # Each step below, and each way of leaving, is defined once: what it changes, and its event.
    # Callers first check on the locked row whether the step may be taken.

    def pass_screening(self, stratum: str = "", *, is_full: bool = False) -> None:
        """Go on to the consent; of a stratum without a place they came when full."""
        self.screened_at, self.stratum = timezone.now(), stratum
        self.status = Status.FULL if is_full else self.status
        update(self, "screened_at", "stratum", "status")
        self.note("screened in")

    def consent(
        self,
        text: StudyText,
        slot: Slot | None,
        at: datetime,
        *,
        publication: bool,
        device: str,
        traces: bool,
        signed: str,
    ) -> None:
        """Agree to `text` and hold `slot`, which is taken; without one they came when full."""
        self.consented_at, self.consent_text = timezone.now(), text
        self.publication_consent = publication
        self.traces_agreed_at, self.web_bot_auth = self.consented_at if traces else None, signed
        # Who was sent on to another device consents, and answers, on that one.
        self.device_class = device or self.device_class
        if slot is None:
            self.status = Status.FULL
        else:
            self._hold(slot, at)
        update(
            self, *HOLDING, "consented_at", "consent_text", "publication_consent", "device_class",
            "traces_agreed_at", "web_bot_auth",
        )  # fmt: skip
        self.note("consented")
        if traces:
            self.note("agreed to traces")

    def take_traces_back(self) -> None:
        self.traces_agreed_at, self.web_bot_auth = None, ""
        update(self, "traces_agreed_at", "web_bot_auth")
        self.note("took traces back")

    def resume(self, slot: Slot, at: datetime) -> None:
        """Go on after having dropped out, in `slot`, which is taken."""
        self._hold(slot, at)
        update(self, *HOLDING)
        self.note("resumed")

    def _hold(self, slot: Slot, at: datetime) -> None:
        self.status, self.last_seen_at = Status.ACTIVE, at
        self.slot, self.arm_id = slot, slot.arm_id

    def begin(self) -> None:
        self.started_at = timezone.now()
        update(self, "started_at")
        self.note("began")

    def finish(self, completion_code: str) -> None:
        self.status, self.finished_at = Status.FINISHED, timezone.now()
        self.completion_code = completion_code
        update(self, "completion_code", "status", "finished_at")
        self.note("finished")

    def leave(self, status: Status, **because: Any) -> None:
        """Stop taking part, in whichever way; see `ParticipationQuerySet.leave`."""
        Participation.objects.filter(pk=self.pk).leave(status, **because)
        self.status, self.completion_code = status, ""


class VisitStatus(models.TextChoices):
    """What a panel says of one of its sessions; empty where it has not said, or was not asked."""

    ACTIVE = "active", "still taking part"
    AWAITING_REVIEW = "awaiting_review", "waits for review"
    TIMED_OUT = "timed_out", "timed out"
    RETURNED = "returned", "returned"
    APPROVED = "approved", "approved"
    PARTIALLY_APPROVED = "partially_approved", "partially approved"
    SCREENED_OUT = "screened_out", "screened out"
    REJECTED = "rejected", "rejected"


class StatusSource(models.TextChoices):
    WEBHOOK = "webhook", "told by the panel"
    POLLED = "polled", "seen at the panel"
    TYPED = "typed", "read in the panel's file"


class PanelVisit(models.Model):
    """One arrival from a panel, by the panel's own session (submission, assignment) and study."""

    participation = models.ForeignKey(Participation, models.CASCADE, related_name="visits")
    session = models.CharField(max_length=200, blank=True)
    panel_study = models.CharField(max_length=200, blank=True)
    arrived_at = models.DateTimeField(default=timezone.now, editable=False)
    # What became of it at the panel, as of when, and from where this site knows it
    status = models.CharField(max_length=20, choices=VisitStatus, blank=True, default="")
    status_at = models.DateTimeField(null=True, blank=True)
    status_from = models.CharField(max_length=8, choices=StatusSource, blank=True, default="")
    # Results of the panel's own checks of authenticity, in its words
    authenticity_texts = models.CharField(max_length=40, blank=True, default="")
    authenticity_bots = models.CharField(max_length=40, blank=True, default="")

    class Meta:
        ordering = ["arrived_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["participation", "session", "panel_study"], name="panel_visit_once"
            ),
            models.CheckConstraint(
                name="visit_status_is_known_from_somewhere",
                condition=Q(status="", status_at=None, status_from="")
                | (~Q(status="") & Q(status_at__isnull=False) & ~Q(status_from="")),
            ),
        ]
        indexes = [models.Index(fields=["session"], condition=~Q(session=""), name="visit_session")]

    def __str__(self) -> str:
        return f"visit of {self.participation}"

    def become(self, status: VisitStatus, at: datetime, source: StatusSource) -> None:
        """Keep that it was `status` at that moment, and from where that is known."""
        self.status, self.status_at, self.status_from = status, at, source
        self.save(update_fields=["status", "status_at", "status_from"])


class TurnedAway(models.TextChoices):
    UNFILLED = "unfilled", "a panel's link whose placeholders were not filled in"
    DAMAGED = "damaged", "a panel's link with an id that is not in the panel's form"
    SITE = "site", "a link that names none of the study's sites"
    UNPROVEN = "unproven", "a known id in a browser that could not prove it belongs to that person"
    NOT_AFTER = "not_after", "somebody who had taken part in a study of `entry.not_after`"
    ONLY_AFTER = "only_after", "somebody who had finished no study of `entry.only_after`"
    TOO_EARLY = "too_early", "somebody who came back before `entry.wait_days` were over"
    TOO_LATE = "too_late", "somebody who came back after `entry.at_most_days`"


class DoorCount(models.Model):
    """How often the door of a study turned somebody away, by reason; nothing of who it was."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="door_counts")
    why = models.CharField(max_length=10, choices=TurnedAway)
    times = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "why"], name="door_count_once")]

    def __str__(self) -> str:
        return f"{self.study}: {self.why}"


class Event(models.Model):
    """What happened to a participation, in order: entered, consented, withdrew, …"""

    participation = models.ForeignKey(Participation, models.CASCADE, related_name="events")
    kind = models.CharField(max_length=40)
    at = models.DateTimeField(default=timezone.now, editable=False)
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.kind} at {self.at}"


class PanelEvent(models.Model):
    """News from a panel, taken in once by its event id and by what was signed.

    It holds no id of a person.
    """

    source = models.CharField(max_length=40)
    event_id = models.CharField(max_length=200)
    message_digest = models.CharField(
        max_length=64, blank=True, db_default="", help_text="SHA-256 of what was signed."
    )
    kind = models.CharField(max_length=40)
    participation = models.ForeignKey(
        Participation, models.SET_NULL, null=True, blank=True, related_name="panel_events"
    )
    received_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "event_id"], name="panel_event_once"),
            models.UniqueConstraint(
                fields=["source", "message_digest"],
                condition=~Q(message_digest=""),
                name="panel_message_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source}: {self.kind}"
