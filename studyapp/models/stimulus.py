"""From photo to picture: Image, Case, Prediction, Stimulus, Explanation, Overlay."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any, Self

from django.db import models, transaction
from django.db.models import Q

from .codes import new_code
from .study import Network, Study
from .work import Work, WorkState, ready_iff


class ImageQuerySet(models.QuerySet["Image"]):
    def of(self, uses: "models.QuerySet[StudyImage]") -> Self:
        """The photos of the cases that these uses are of, further ones included."""
        further = CasePhoto.objects.filter(case__in=uses.values("case"))
        return self.filter(Q(pk__in=uses.values("case__image")) | Q(pk__in=further.values("image")))


class Image(models.Model):
    """A photo known by its SHA-256; `file` lies in the storage, named by the digest."""

    sha256 = models.CharField(max_length=64, unique=True)
    file = models.CharField(max_length=200)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()

    objects = ImageQuerySet.as_manager()

    def __str__(self) -> str:
        return self.sha256[:12]


def case_digest(photo: str, context: str = "", further: Sequence[str] = ()) -> str:
    """By what a case is known: the SHA-256 of its photo, or of all that is beside it as well.

    `photo`, `further`: SHA-256 of the photos; `context`: as `context_text` writes it, in one line.
    """
    told = "\n".join([photo, context, *further]).encode()
    return hashlib.sha256(told).hexdigest() if context or further else photo


class CaseQuerySet(models.QuerySet["Case"]):
    @transaction.atomic
    def of(self, image: Image, context: str = "", further: Sequence[Image] = ()) -> "Case":
        """The case of a photo asked with `context` (as `context_text` writes it) and with
        `further` photos, in their order."""
        digest = case_digest(image.sha256, context, [one.sha256 for one in further])
        case, is_new = self.get_or_create(
            digest=digest, defaults={"image": image, "context": context}
        )
        if is_new:
            CasePhoto.objects.bulk_create(
                CasePhoto(case=case, image=one, position=number)
                for number, one in enumerate(further, 2)
            )
        return case


class Case(models.Model):
    """What a network is asked: a photo, further ones beside it, and a context, known by the digest
    of all.

    The context is kept as text, because a database's own JSON rewrites numbers. A photo without
    anything beside it has the photo's own digest.
    """

    image = models.ForeignKey(Image, models.PROTECT, related_name="cases")
    context = models.TextField(blank=True, help_text="As JSON; empty for the photo alone.")
    digest = models.CharField(max_length=64, unique=True)

    objects = CaseQuerySet.as_manager()

    def __str__(self) -> str:
        asked = f" asked {self.context[:60]}" if self.context else ""
        return f"{self.image}{asked}"

    @property
    def asked_with(self) -> Any:
        """The context as a network's `call` reads it; None where there is none."""
        return json.loads(self.context) if self.context else None

    @property
    def further(self) -> list[Image]:
        """The photos beside the case's own, in their order."""
        return [row.image for row in self.photos.all()]


class CasePhoto(models.Model):
    """A further photo of a case, the first at position 2. The case's digest covers it, so that a
    trigger refuses to change it."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="photos")
    image = models.ForeignKey(Image, models.PROTECT, related_name="beside")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["case", "position"]
        constraints = [
            models.UniqueConstraint(fields=["case", "position"], name="case_photo_position_once"),
            models.CheckConstraint(name="case_photo_after_the_first", condition=Q(position__gte=2)),
        ]

    def __str__(self) -> str:
        return f"photo {self.position} of {self.case}"


class StudyImage(models.Model):
    """A case as one study uses it: which answers are right, and which scene the photo is of."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="images")
    case = models.ForeignKey(Case, models.PROTECT, related_name="uses")
    name = models.CharField(max_length=500, help_text="The file's name where it came from.")
    group = models.CharField(
        max_length=500, help_text="Photos of one object share it and are one cluster."
    )
    # [{"name": shown name, "accepted": [network labels], "boxes": [[x, y, width, height], …]}, …]
    categories = models.JSONField(default=list)
    shown = models.CharField(
        max_length=500, blank=True, help_text="What people read of the context, such as a question."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "case"], name="study_case_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def image(self) -> Image:
        return self.case.image

    @property
    def asked(self) -> str:
        """The photo's name with what is asked about it, for researchers."""
        return f"{self.name} asked {self.case.context[:200]}" if self.case.context else self.name


class Prediction(Work):
    """One network's answers for one case: its first ones with logit and probability."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="predictions")
    network = models.ForeignKey(Network, models.PROTECT, related_name="predictions")
    # [[class index, logit, probability], …], the most probable first; at least ten where there are
    top = models.JSONField(default=list, blank=True)

    class Meta(Work.Meta):
        constraints = [
            *Work.Meta.constraints,
            models.UniqueConstraint(fields=["case", "network"], name="prediction_once"),
            models.CheckConstraint(
                name="prediction_ready_has_classes",
                condition=~Q(state=WorkState.READY) | ~Q(top=[]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.network} on {self.case}"

    def classes(self, count: int) -> list[int]:
        """The indices of the first `count` classes, the most probable first."""
        return [int(row[0]) for row in self.top[:count]]


class StimulusRole(models.TextChoices):
    MAIN = "main", "main"
    PRACTICE = "practice", "practice"
    LEARNING = "learning", "learning"
    RESERVE = "reserve", "reserve"
    DROPPED = "dropped", "dropped"


# What people see; the others wait, or can't be shown
SHOWN_ROLES = (StimulusRole.MAIN, StimulusRole.PRACTICE, StimulusRole.LEARNING)


class StimulusQuerySet(models.QuerySet["Stimulus"]):
    def shown(self) -> Self:
        return self.filter(role__in=SHOWN_ROLES)


class Stimulus(models.Model):
    """What a trial asks about, found eligible; `position` is its place in the seed's order."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="stimuli")
    photo = models.ForeignKey(StudyImage, models.PROTECT, related_name="stimuli")
    paradigm = models.CharField(max_length=40)
    code = models.CharField(max_length=32, unique=True, default=new_code)
    position = models.PositiveIntegerField()
    role = models.CharField(max_length=10, choices=StimulusRole, default=StimulusRole.RESERVE)
    category = models.CharField(max_length=500, help_text="The name shown or asked for.")
    class_index = models.PositiveIntegerField(help_text="The class that is explained.")
    # The answers' names in a fixed order, where answers are names; which is right stays here.
    options = models.JSONField(default=list, blank=True)
    facts = models.JSONField(default=dict, blank=True)
    dropped_because = models.TextField(blank=True)

    objects = StimulusQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "stimuli"
        ordering = ["study", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["study", "paradigm", "position"], name="stimulus_position_once"
            ),
            # The design knows a stimulus by these.
            models.UniqueConstraint(
                fields=["study", "paradigm", "photo", "category"],
                condition=~Q(role=StimulusRole.DROPPED),
                name="stimulus_asked_once",
            ),
            models.CheckConstraint(
                name="stimulus_dropped_has_a_reason",
                condition=~Q(role=StimulusRole.DROPPED) | ~Q(dropped_because=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.photo} ({self.category})"


class NumbersByName(models.Func):
    """Whether a JSON value is an object of numbers."""

    output_field = models.BooleanField()
    function = "jsonb_path_match"
    # Strict: a lax path would look into lists, as if their members were the object's.
    path = 'strict $.type() == "object" && !exists($.* ? (@.type() != "number"))'
    template = f"%(function)s(%(expressions)s, '{path}')"


class Kind(models.TextChoices):
    """What an explanation is: what people see of it depends on it."""

    MAP = "map", "a map, drawn over the photo"
    PICTURE = "picture", "a picture, shown as it is"
    PICTURES = "pictures", "several pictures side by side"
    TEXT = "text", "words"
    FILM = "film", "a short silent film"

    @property
    def noun(self) -> str:
        """What one such explanation is called in a sentence."""
        return str(self.label).partition(",")[0]


# The method of what another tool made
IMPORTED = "imported"


class Explanation(Work):
    """What a method says of (case, network, class, target), with its settings: a map, or another
    kind of file. `settings_digest` covers the layer, the preprocessing and the method's version; of
    what another tool made, its files.

    A target is kept as text, as the explainer writes it: what of the class is explained, where
    that isn't its score. It is known by its digest, because it may be long.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="explanations")
    network = models.ForeignKey(Network, models.PROTECT, related_name="explanations")
    class_index = models.PositiveIntegerField(
        null=True, blank=True, help_text="Missing for what another tool made of no class."
    )
    target = models.TextField(
        blank=True, help_text="As JSON; empty where the score of the class is explained."
    )
    target_digest = models.CharField(max_length=64, blank=True)
    method = models.CharField(max_length=60)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.MAP)
    settings = models.JSONField(default=dict, blank=True)
    settings_digest = models.CharField(max_length=64)
    is_empty = models.BooleanField(default=False, help_text="The map has no positive value.")
    map_file = models.CharField(max_length=200, blank=True)
    map_digest = models.CharField(max_length=64, blank=True)
    provenance = models.JSONField(default=dict, blank=True)
    # How far the map is from what its method promises: {name in the catalogue: number}
    checks = models.JSONField(default=dict, blank=True)

    class Meta(Work.Meta):
        constraints = [
            *Work.Meta.constraints,
            models.UniqueConstraint(
                fields=[
                    "case",
                    "network",
                    "class_index",
                    "target_digest",
                    "method",
                    "settings_digest",
                ],
                name="explanation_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="explanation_kind_known", condition=Q(kind__in=Kind.values)
            ),
            # What we compute is a map of a class
            models.CheckConstraint(
                name="explanation_computed_is_a_map_of_a_class",
                condition=Q(method=IMPORTED) | Q(kind=Kind.MAP, class_index__isnull=False),
            ),
            models.CheckConstraint(
                name="explanation_empty_is_a_map", condition=Q(is_empty=False) | Q(kind=Kind.MAP)
            ),
            models.CheckConstraint(
                name="explanation_target_has_a_digest",
                condition=Q(target="", target_digest="")
                | (~Q(target="") & Q(target_digest__regex="^[0-9a-f]{64}$")),
            ),
            ready_iff("explanation_ready_iff_digest", "map_digest"),
            models.CheckConstraint(
                name="explanation_checks_are_numbers", condition=NumbersByName("checks")
            ),
        ]

    def __str__(self) -> str:
        of = "" if self.class_index is None else f" of class {self.class_index}"
        by = f" by the target {json.loads(self.target)['target']}" if self.target else ""
        return f"{self.method}{of}{by}, {self.network} on {self.case}"


class Picture(Work):
    """A picture file that people see, under an opaque name and without metadata."""

    code = models.CharField(max_length=32, unique=True, default=new_code)
    file = models.CharField(max_length=200, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)

    class Meta(Work.Meta):
        abstract = True
        constraints = [
            *Work.Meta.constraints,
            ready_iff("%(class)s_ready_iff_digest"),
        ]


class Crop(Picture):
    """A photo exactly as `network` crops it, drawn at the display's size, with nothing on it."""

    image = models.ForeignKey(Image, models.PROTECT, related_name="crops")
    network = models.ForeignKey(Network, models.PROTECT, related_name="crops")
    size = models.PositiveIntegerField()

    class Meta(Picture.Meta):
        constraints = [
            *Picture.Meta.constraints,
            models.UniqueConstraint(fields=["image", "network", "size"], name="crop_once"),
        ]

    def __str__(self) -> str:
        return f"{self.image} at {self.size} px"


class Overlay(Picture):
    """The picture of an Explanation, drawn with a display and normalised alone or with others."""

    explanation = models.ForeignKey(Explanation, models.PROTECT, related_name="overlays")
    display = models.JSONField()
    display_digest = models.CharField(max_length=64)
    normalised_with = models.ManyToManyField(Explanation, related_name="+", blank=True)
    scope_digest = models.CharField(
        max_length=64, blank=True, help_text="Of the maps it is normalised with; empty when alone."
    )

    class Meta(Picture.Meta):
        constraints = [
            *Picture.Meta.constraints,
            models.UniqueConstraint(
                fields=["explanation", "display_digest", "scope_digest"], name="overlay_once"
            ),
        ]

    def __str__(self) -> str:
        return f"overlay of {self.explanation}"
