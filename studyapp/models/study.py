"""Study, its texts, its networks, and what was changed after it opened."""

from collections.abc import Sequence
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class StudyState(models.TextChoices):
    DRAFT = "draft", "draft"
    PREPARING = "preparing", "preparing"
    OPEN = "open", "open"
    PAUSED = "paused", "paused"
    CLOSED = "closed", "closed"


class StudyKind(models.TextChoices):
    """Marked copies (pilot, simulated) are left out of exports unless asked for."""

    REAL = "real", "real"
    PILOT = "pilot", "pilot"
    SIMULATED = "simulated", "simulated"


class StudyQuerySet(models.QuerySet["Study"]):
    def preparing(self) -> Self:
        return self.filter(state=StudyState.PREPARING)


class Study(models.Model):
    """One registered experiment: draft → preparing → open ⇄ paused → closed."""

    slug = models.SlugField(max_length=80, unique=True)
    title = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=StudyState, default=StudyState.DRAFT)
    kind = models.CharField(max_length=10, choices=StudyKind, default=StudyKind.REAL)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="versions",
        help_text="The study of which this one is a new version.",
    )  # fmt: skip
    copy_of = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="copies",
        help_text="The study that this marked copy (pilot, simulated) was drawn from.",
    )  # fmt: skip
    definition_toml = models.TextField(help_text="The study file as it was loaded.")
    definition = models.JSONField(help_text="The checked definition, every default written out.")
    definition_digest = models.CharField(max_length=64, blank=True)
    design_digest = models.CharField(max_length=64, blank=True)
    keys_digest = models.CharField(
        max_length=64, blank=True, help_text="Of the answer keys of all trials drawn at opening."
    )
    texts_digest = models.CharField(max_length=64, blank=True)
    certificate = models.JSONField(default=dict, blank=True)
    # How many photos could be asked about and which rule left the others out, by paradigm
    selection = models.JSONField(default=dict, blank=True)
    problem = models.TextField(blank=True, help_text="What stops the preparation, with the fix.")
    # The section [publication]: no part of the definition, and changed at any time
    publication = models.JSONField(default=dict, blank=True)
    seed = models.BigIntegerField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    preparing_since = models.DateTimeField(null=True, blank=True, editable=False)
    prepared_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = StudyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "studies"
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                name="study_open_is_frozen",
                condition=~Q(state__in=[StudyState.OPEN, StudyState.PAUSED])
                | (~Q(definition_digest="") & ~Q(design_digest="") & Q(opened_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="study_simulated_is_a_copy",
                condition=~Q(kind=StudyKind.SIMULATED) | Q(copy_of__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.slug

    @property
    def is_open(self) -> bool:
        return self.state == StudyState.OPEN

    @property
    def is_frozen(self) -> bool:
        """What is asked and shown can't change any more."""
        return self.opened_at is not None


class StudyText(models.Model):
    """A Markdown text as people saw it; a correction is a new version, the old one is kept."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="texts")
    name = models.CharField(max_length=60)
    version = models.PositiveSmallIntegerField(default=1)
    markdown = models.TextField()
    digest = models.CharField(max_length=64)
    reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["study", "name", "version"]
        constraints = [
            models.UniqueConstraint(fields=["study", "name", "version"], name="text_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.study}/{self.name}.{self.version}"


class Deviation(models.Model):
    """What was done to a study after it opened; every report lists it."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="deviations")
    what = models.CharField(max_length=40)
    detail = models.TextField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True)
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return f"{self.study}: {self.what}"


# The builder of a network whose answers came in a table: nobody loads it
TABLE = "predictions"
HALF = 0.5  # from there on a class that is read by itself is said to be there


class Network(models.Model):
    """A network with its weights, or a table of what one said; `digest` covers builder, weights and
    options."""

    builder = models.CharField(max_length=80)
    weights = models.CharField(max_length=500)
    sha256 = models.CharField(max_length=64, blank=True)
    options = models.JSONField(default=dict, blank=True)
    labels_file = models.CharField(max_length=500, blank=True)
    layer = models.CharField(max_length=200, blank=True)
    probabilities = models.CharField(
        max_length=10, blank=True, help_text="Softmax or sigmoid, where named."
    )
    target = models.CharField(
        max_length=10, blank=True, help_text="In what a class is explained, where named."
    )
    grid = models.JSONField(default=list, blank=True, help_text="How tokens lie, where named.")
    digest = models.CharField(max_length=64, unique=True)
    labels = models.JSONField(default=list, blank=True, help_text="Class names, by class index.")
    described = models.JSONField(
        default=dict,
        blank=True,
        help_text="What the worker found: layer, sizes, digests, versions.",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="network_probabilities_known",
                condition=models.Q(probabilities__in=("", "softmax", "sigmoid")),
            ),
            models.CheckConstraint(
                name="network_target_known", condition=models.Q(target__in=("", "region", "box"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.builder} {self.digest[:8]}"

    @property
    def is_table(self) -> bool:
        """Whether its answers came in a table, so that there is nothing to load."""
        return self.builder == TABLE

    @property
    def is_multi_label(self) -> bool:
        """Whether a worker found that it reads each class by itself."""
        return bool(self.described.get("probabilities") == "sigmoid")

    def said(self, top: Sequence[Sequence[Any]]) -> int:
        """How many of its first classes (as in `Prediction.top`) it says: the first one, but for a
        network that reads each class by itself, which may say none or several."""
        if not self.is_multi_label:
            return 1
        return sum(probability >= HALF for _, _, probability in top)

    def label(self, class_index: int) -> str:
        return str(self.labels[class_index])


class NetworkPair(models.Model):
    """The stronger and the weaker network that a condition compares; one alone has no weaker."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="pairs")
    name = models.CharField(max_length=60)
    stronger = models.ForeignKey(Network, models.PROTECT, related_name="+")
    weaker = models.ForeignKey(Network, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "name"], name="pair_name_once")]

    def __str__(self) -> str:
        return f"{self.study}/{self.name}"

    def network(self, role: str) -> Network:
        """The network of `role` ("stronger" or "weaker"); KeyError for any other or none."""
        network: Network | None = {"stronger": self.stronger, "weaker": self.weaker}[role]
        if network is None:
            raise KeyError(f"pair {self.name} has no {role} network")
        return network
