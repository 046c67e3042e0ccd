"""Open answers coded at the desk: CodingScheme, SchemeCode, CodingRound, Coder, CodedAnswer,
Reading, Coding, Adjudication.

A scheme lists the codes of one question. A round takes answers in and gives each to one coder or to
all; a reading is one coder's turn with one answer. What was coded is only ever added to: triggers
refuse to edit it, to code outside a round, and to change the codes of a scheme that is in use.
"""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from .judgment import Judgment
from .study import Study


class CodingScheme(models.Model):
    """The codes of one question of a block; a new version replaces none of the earlier ones."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="coding_schemes")
    block = models.CharField(max_length=60)
    question = models.CharField(max_length=60)
    version = models.PositiveSmallIntegerField(default=1)
    is_exclusive = models.BooleanField(
        "one code per answer",
        default=True,
        help_text="Otherwise an answer may have several codes, or none.",
    )
    is_public = models.BooleanField(
        "the codes may be published",
        default=False,
        help_text="Puts the codes of people who agreed to publication into the public bundle. The "
        "answers themselves are never in it.",
    )
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["block", "question", "version"]
        constraints = [
            models.UniqueConstraint(
                fields=["study", "block", "question", "version"], name="coding_scheme_once"
            ),
            models.CheckConstraint(
                name="coding_scheme_versions_from_1", condition=Q(version__gte=1)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.block}/{self.question}, version {self.version}"


class SchemeCode(models.Model):
    """One code of a scheme, as coders read it."""

    scheme = models.ForeignKey(CodingScheme, models.CASCADE, related_name="codes")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=60)
    definition = models.TextField(max_length=2000)
    example = models.TextField(max_length=2000, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["scheme", "name"], name="scheme_code_once"),
            models.UniqueConstraint(
                fields=["scheme", "position"], name="scheme_code_position_once"
            ),
            models.CheckConstraint(name="scheme_code_has_a_name", condition=~Q(name="")),
        ]

    def __str__(self) -> str:
        return self.name


class CodingRound(models.Model):
    """Answers that were taken in together. Coders code until it ends; then it is adjudicated.

    overlap: percent of its answers that every coder codes; the others are divided among them.
    """

    scheme = models.ForeignKey(CodingScheme, models.CASCADE, related_name="rounds")
    number = models.PositiveSmallIntegerField(default=1)
    seed = models.BigIntegerField()
    overlap = models.PositiveSmallIntegerField(
        default=100, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    begun_at = models.DateTimeField(default=timezone.now, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["scheme", "number"], name="coding_round_once"),
            models.CheckConstraint(
                name="coding_round_overlap_in_percent",
                condition=Q(overlap__gte=1) & Q(overlap__lte=100),
            ),
            models.CheckConstraint(
                name="coding_round_ends_after_it_begins",
                condition=Q(ended_at=None) | Q(ended_at__gte=F("begun_at")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scheme}, round {self.number}"


class Coder(models.Model):
    """Who codes by a scheme; known by a number. Without a user in a study from a bundle."""

    scheme = models.ForeignKey(CodingScheme, models.CASCADE, related_name="coders")
    number = models.PositiveSmallIntegerField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["scheme", "number"], name="coder_number_once"),
            models.UniqueConstraint(fields=["scheme", "user"], name="coder_once"),
        ]

    def __str__(self) -> str:
        return f"coder {self.number}"


class CodedAnswer(models.Model):
    """One answer that is coded, and goes with its judgment.

    is_shared: by all coders of the round.
    """

    # The round's, so that an answer can't be taken in by two rounds of one scheme
    scheme = models.ForeignKey(CodingScheme, models.CASCADE, related_name="answers")
    round = models.ForeignKey(CodingRound, models.CASCADE, related_name="answers")
    judgment = models.ForeignKey(Judgment, models.CASCADE, related_name="coded")
    is_shared = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scheme", "judgment"], name="coded_answer_once")
        ]

    def __str__(self) -> str:
        return f"answer {self.pk} of {self.round}"


class Reading(models.Model):
    """One coder's turn with one answer; `place` is in the coder's own shuffled order, from 1."""

    answer = models.ForeignKey(CodedAnswer, models.CASCADE, related_name="readings")
    coder = models.ForeignKey(Coder, models.CASCADE, related_name="readings")
    place = models.PositiveIntegerField()

    class Meta:
        ordering = ["place"]
        constraints = [
            models.UniqueConstraint(fields=["answer", "coder"], name="reading_once"),
            models.UniqueConstraint(fields=["coder", "place"], name="reading_place_once"),
        ]

    def __str__(self) -> str:
        return f"{self.coder}, place {self.place}"


class Chosen(models.Model):
    """Codes that somebody chose, by their names in the scheme's order; a correction is a new row.

    revision: 1, 2, …; the last one counts.
    """

    revision = models.PositiveSmallIntegerField()
    codes = models.JSONField()
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        abstract = True


class Coding(Chosen):
    """What a coder chose, while the round lasts."""

    reading = models.ForeignKey(Reading, models.CASCADE, related_name="codings")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reading", "revision"], name="coding_once"),
            models.CheckConstraint(name="coding_revisions_from_1", condition=Q(revision__gte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.reading}: {', '.join(self.codes)}"


class Adjudication(Chosen):
    """The final codes of an answer about which coders disagreed, after the round's end."""

    answer = models.ForeignKey(CodedAnswer, models.CASCADE, related_name="adjudications")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["answer", "revision"], name="adjudication_once"),
            models.CheckConstraint(
                name="adjudication_revisions_from_1", condition=Q(revision__gte=1)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.answer}: {', '.join(self.codes)}"
