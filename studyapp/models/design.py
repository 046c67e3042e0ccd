"""The design as data: Arm, Condition, Slot, Trial, drawn before anybody enters."""

from typing import Any, Self

from django.db import models
from django.db.models import Count, Q

from studyapp.shelf.rows import update

from .codes import new_code
from .stimulus import SHOWN_ROLES, Image, Overlay, Stimulus
from .study import NetworkPair, Study
from .work import WorkState

# Of a stratum that several questions make: "expertise=novice; age=older"
STRATUM_CHARACTERS = 400


class Arm(models.Model):
    """What differs between participants."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="arms")
    name = models.CharField(max_length=60)
    # Since then nobody new takes its places; those who have one finish
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "name"], name="arm_name_once")]

    def __str__(self) -> str:
        return self.name


class Condition(models.Model):
    """What differs within one participant: a method (or control) and the networks it explains."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="conditions")
    # Of up to eight conditions that meet on one page, their names
    name = models.CharField(max_length=600)
    method = models.CharField(
        max_length=60, blank=True, help_text="Empty where several conditions meet on one page."
    )
    versus = models.CharField(
        max_length=60, blank=True, help_text="The other method of the stronger network, if any."
    )
    pair = models.ForeignKey(NetworkPair, models.PROTECT, null=True, related_name="conditions")
    settings = models.JSONField(default=dict, blank=True)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["study", "position"]
        constraints = [
            models.UniqueConstraint(fields=["study", "name"], name="condition_name_once")
        ]

    def __str__(self) -> str:
        return self.name


class StimulusOverlayQuerySet(models.QuerySet["StimulusOverlay"]):
    def of(self, study: Study) -> Self:
        return self.filter(stimulus__study=study)

    def shown(self) -> Self:
        """Those of stimuli that people see."""
        return self.filter(stimulus__role__in=SHOWN_ROLES)

    def failed(self) -> Self:
        """Those whose map could not be made, or not be drawn."""
        state = WorkState.FAILED
        return self.filter(Q(overlay__state=state) | Q(overlay__explanation__state=state))


class StimulusOverlay(models.Model):
    """Which overlay stands for a stimulus under a condition, in which role ("stronger", …)."""

    stimulus = models.ForeignKey(Stimulus, models.CASCADE, related_name="overlays")
    condition = models.ForeignKey(Condition, models.CASCADE, related_name="overlays")
    role = models.CharField(max_length=20)
    overlay = models.ForeignKey(Overlay, models.PROTECT, related_name="uses")

    objects = StimulusOverlayQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["stimulus", "condition", "role"], name="stimulus_overlay_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.stimulus} · {self.condition} · {self.role}"


class SlotQuerySet(models.QuerySet["Slot"]):
    def free(self) -> Self:
        """Those that somebody new may take: nobody holds them, and their arm is not closed."""
        return self.in_open_arms().filter(is_open=True)

    def in_open_arms(self) -> Self:
        return self.filter(arm__closed_at__isnull=True)

    def by_study(self) -> Any:
        """For each study how many places it has (`every`) and how many somebody took (`taken`)."""
        taken = Count("pk", filter=Q(is_open=False))
        return self.order_by().values("study").annotate(every=Count("pk"), taken=taken)

    def at_site(self, site: str) -> Self:
        """The places of people who came by a site's link; of a study without sites all."""
        return self.filter(site=site)

    def in_stratum(self, stratum: str) -> Self:
        """The places whose quota is that of a stratum; all of a study without quotas."""
        return self.filter(stratum=stratum)

    def take_first(self) -> "Slot | None":
        """Hold the first free place; None where there is none. Needs a transaction.

        The place's own row is locked, and whoever comes in the same moment skips it: two people
        neither get one place nor wait for each other.
        """
        places = self.free().select_for_update(of=("self",), skip_locked=True)
        slot = places.order_by("position").first()
        if slot is not None:
            slot.is_open = False
            update(slot, "is_open")
        return slot

    def release(self) -> int:
        """Leave the places to whoever comes next; how many there were."""
        return self.update(is_open=True)


class Slot(models.Model):
    """One place in the allocation sequence. The row holds the fact that it is free (`is_open`)."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="slots")
    position = models.PositiveIntegerField()
    addition = models.PositiveSmallIntegerField(
        default=0, help_text="0 = drawn at opening; n = the n-th block of places added later."
    )
    arm = models.ForeignKey(Arm, models.PROTECT, related_name="slots")
    site = models.CharField(max_length=60, blank=True, default="")
    # Of a study with quotas: whose places these are
    stratum = models.CharField(max_length=STRATUM_CHARACTERS, blank=True, default="")
    seed = models.BigIntegerField()
    is_open = models.BooleanField(default=True)

    objects = SlotQuerySet.as_manager()

    class Meta:
        ordering = ["study", "position"]
        constraints = [
            models.UniqueConstraint(fields=["study", "position"], name="slot_position_once")
        ]
        indexes = [
            models.Index(fields=["study", "position"], condition=Q(is_open=True), name="slot_open")
        ]

    def __str__(self) -> str:
        return f"{self.study} #{self.position}"

    def take(self) -> bool:
        """Hold the place, unless somebody holds it: of two in the same moment one gets it."""
        taken = Slot.objects.filter(pk=self.pk, is_open=True).update(is_open=False) == 1
        self.is_open = False
        return taken


class Stage(models.TextChoices):
    PRACTICE = "practice", "practice"
    LEARNING = "learning", "learning"
    MAIN = "main", "main"
    REPEAT = "repeat", "asked again"
    CHECK = "check", "attention check"
    QUESTIONNAIRE = "questionnaire", "questionnaire"
    FIRST = "first", "first answer"
    FINAL = "final", "final answer"


class Side(models.TextChoices):
    A = "A", "A"
    B = "B", "B"
    NONE = "", "no sides"


class Trial(models.Model):
    """One planned page that takes an answer."""

    slot = models.ForeignKey(Slot, models.CASCADE, related_name="trials")
    position = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=32, unique=True, default=new_code)
    block = models.CharField(max_length=60)
    paradigm = models.CharField(max_length=40)
    stage = models.CharField(max_length=14, choices=Stage)
    step = models.PositiveSmallIntegerField(
        default=0, help_text="1 or 2 of a question asked in two steps; 0 = there is only one."
    )
    stimulus = models.ForeignKey(Stimulus, models.PROTECT, null=True, related_name="trials")
    image = models.ForeignKey(Image, models.PROTECT, null=True, related_name="+")
    condition = models.ForeignKey(Condition, models.PROTECT, null=True, related_name="trials")
    stronger_side = models.CharField(max_length=1, choices=Side, blank=True, default=Side.NONE)
    # The stimulus' options as indices, in the order in which this page shows them.
    option_order = models.JSONField(default=list, blank=True)
    expected = models.SmallIntegerField(null=True, help_text="The answer an attention check wants.")
    may_repeat_image = models.BooleanField(default=False)
    # Question → answer as shown → what it scores: drawn with the trial, so that scoring looks it up
    keys = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["slot", "position"]
        constraints = [
            models.UniqueConstraint(fields=["slot", "position"], name="trial_position_once"),
            models.UniqueConstraint(
                fields=["slot", "image"],
                condition=Q(may_repeat_image=False),
                name="trial_image_once_a_slot",
            ),
            models.CheckConstraint(
                name="trial_check_has_expected_answer",
                condition=~Q(stage=Stage.CHECK) | Q(expected__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["slot"], condition=Q(stage="check"), name="trial_checks")]

    def __str__(self) -> str:
        return f"{self.slot}.{self.position}"

    @property
    def options_shown(self) -> list[Any]:
        """The stimulus' options in the order of this page."""
        if self.stimulus is None:
            return []
        return [self.stimulus.options[index] for index in self.option_order]

    def score(self, value: int | None, question: str = "value") -> float | None:
        """What the answer `value`, as shown, scores; None where nothing is scored by it."""
        found: float | None = self.keys.get(question, {}).get(str(value))
        return found
