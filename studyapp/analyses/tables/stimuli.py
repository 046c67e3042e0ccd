"""What people were shown: stimuli, their explanations and the networks that were explained."""

from typing import Any

from django.contrib.postgres.aggregates import JSONBAgg
from django.db.models import (
    F,
    FloatField,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
)
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import MD5, Cast, Concat, NullIf, Substr

from studyapp.models import (
    CasePhoto,
    Kind,
    Network,
    Prediction,
    Stimulus,
    StimulusOverlay,
    StimulusRole,
    Study,
)

from .columns import Column, Labelled, Table, digest_id
from .design import ROLE, stimulus_id

ROLES = {str(role.value): str(role.label) for role in StimulusRole}
WORK_STATES = {"pending": "not made yet", "ready": "made and stored", "failed": "see error"}


class FileName(Func):
    """The last part of a path: where files lay on some machine is nobody's business."""

    template = "regexp_replace(%(expressions)s, '^.*[/\\\\]', '')"
    output_field = TextField()


def _stimuli(study: Study) -> QuerySet[Stimulus]:
    return Stimulus.objects.filter(study=study).order_by("paradigm", "position")


def _explanations(study: Study) -> QuerySet[StimulusOverlay]:
    return StimulusOverlay.objects.of(study).order_by(
        "stimulus__paradigm", "stimulus__position", "condition__position", "role"
    )


def networks_of(study: Study) -> QuerySet[Network]:
    """The networks that the study's pairs name."""
    named = Q(pk__in=study.pairs.values("stronger")) | Q(pk__in=study.pairs.values("weaker"))
    return Network.objects.filter(named).order_by("digest")


def _predictions(study: Study) -> QuerySet[Any]:
    predictions = Prediction.objects.filter(
        network__in=networks_of(study).order_by(), case__uses__study=study
    )
    return predictions.order_by("case__digest", "network__digest")


FURTHER = Subquery(
    CasePhoto.objects.filter(case=OuterRef("photo__case"))
    .order_by()
    .values("case")
    .annotate(found=JSONBAgg("image__sha256", order_by="position"))
    .values("found")
)

STIMULI = Table(
    "stimuli",
    "One row per eligible stimulus: used, kept in reserve or dropped.",
    _stimuli,
    (
        Column("stimulus_id", "text", "Identifier of the row.", stimulus_id("")),
        Column("image_id", "text", "Photo.", digest_id("i", "photo__case__image__sha256")),
        Column("case_id", "text",
               "What the networks are asked: the photo with its context and further photos.",
               digest_id("c", "photo__case__digest"), was_added=True),
        Column("image_sha256", "text", "SHA-256 of the photo file.", "photo__case__image__sha256"),
        Column("image_name", "text", "Name of the photo in the folder it came from.",
               "photo__name"),
        Column("image_group", "text", "Photos of one object share it; analyses cluster by it.",
               "photo__group"),
        Column("image_width", "integer", "Width.", "photo__case__image__width", unit="pixels"),
        Column("image_height", "integer", "Height.", "photo__case__image__height", unit="pixels"),
        Column("categories", "json", "Annotated categories, as JSON.", "photo__categories"),
        Column("context", "json",
               "What the networks are asked about the photo, as JSON; missing where they are asked "
               "nothing.", NullIf(F("photo__case__context"), Value("")), was_added=True),
        Column("context_shown", "text",
               "What people read above the pictures, the same in all conditions.",
               "photo__shown", was_added=True),
        Column("further_sha256", "json",
               "SHA-256 of the photos that the networks get beside the photo and people see with "
               "it, in their order, as JSON; missing where there are none.",
               FURTHER, was_added=True),
        Column("paradigm", "text", "Kind of question."),
        Column("position", "integer", "Place in the seed's order."),
        Column("role", "text", "What the stimulus is for.", levels=ROLES),
        Column("category", "text", "Category or class asked about.",
               shown="Its name, where the page tells it or has it among the options."),
        Column("class_index", "integer", "Class that is explained, from 0."),
        Column("options", "json", "Answers' names in a fixed order, as JSON."),
        Column("facts", "json", "What the paradigm noted for scoring, such as the right option."),
        Column("dropped_because", "text", "Why the stimulus is not used."),
    ),
)  # fmt: skip

_EXPLANATION = "overlay__explanation__"
_IDENTITY = Concat(
    F(f"{_EXPLANATION}case__digest"),
    F(f"{_EXPLANATION}network__digest"),
    Cast(f"{_EXPLANATION}class_index", TextField()),
    F(f"{_EXPLANATION}target_digest"),
    F(f"{_EXPLANATION}method"),
    F(f"{_EXPLANATION}settings_digest"),
    output_field=TextField(),
)

_WORDS = KeyTextTransform("words", KeyTransform("imported", f"{_EXPLANATION}provenance"))
_SECONDS = KeyTextTransform("seconds", KeyTransform("imported", f"{_EXPLANATION}provenance"))

EXPLANATIONS = Table(
    "explanations",
    "One row per stimulus, condition and role: what people saw, and the map or other file that it "
    "was made from.",
    _explanations,
    (
        Column("stimulus_id", "text", "Stimulus.", stimulus_id("stimulus__")),
        Column("condition", "text", "Condition, by its name in the study file.", "condition__name"),
        Column("role", "text", ROLE),
        Column("explanation_id", "text",
               "Identifier of the map: the same for the same case, network, class, target, method "
               "and settings.", Labelled(Value("e"), Substr(MD5(_IDENTITY), 1, 12))),
        Column("network_id", "text", "Network.", digest_id("n", f"{_EXPLANATION}network__digest")),
        Column("method", "text", "Explanation method.", f"{_EXPLANATION}method"),
        Column("kind", "text", "What the explanation is.", f"{_EXPLANATION}kind",
               levels=dict(Kind.choices), was_added=True),
        Column("words", "integer",
               "How many words a text has, parted by spaces; missing for other kinds.",
               Cast(_WORDS, IntegerField()), was_added=True),
        Column("seconds", "number", "How long a film lasts; missing for other kinds.",
               Cast(_SECONDS, FloatField()), was_added=True),
        Column("class_index", "integer",
               "Explained class, from 0; missing where another tool explained none.",
               f"{_EXPLANATION}class_index"),
        Column("target", "text",
               "What of the class is explained, as JSON (docs/your-network.md); missing where it "
               "is its score. `targets` of the provenance says what was found in the photo.",
               NullIf(F(f"{_EXPLANATION}target"), Value("")), was_added=True),
        Column("settings", "json", "Settings of the method, as JSON.", f"{_EXPLANATION}settings"),
        Column("settings_digest", "text",
               "SHA-256 over settings, layer, preprocessing and the method's version.",
               f"{_EXPLANATION}settings_digest"),
        Column("state", "text", "State of the map.", f"{_EXPLANATION}state", levels=WORK_STATES),
        Column("error", "text", "Why the map could not be made.", f"{_EXPLANATION}error"),
        Column("is_empty", "boolean", "Whether no value of the map is positive.",
               f"{_EXPLANATION}is_empty"),
        Column("checks", "json",
               "How far the map is from what its method promises, as JSON: numbers by the names "
               "that docs/methods.md explains.", f"{_EXPLANATION}checks", was_added=True),
        Column("map_sha256", "text",
               "SHA-256 of the float32 map, or of the pictures, film or text of another tool.",
               f"{_EXPLANATION}map_digest"),
        Column("provenance", "json", "How the map was made, as JSON.", f"{_EXPLANATION}provenance"),
        Column("overlay_sha256", "text", "SHA-256 of what is shown: the picture, film or text.",
               "overlay__digest",
               shown="The picture or film, under a name that reveals nothing, or the text."),
        Column("overlay_state", "text", "State of what is shown.", "overlay__state",
               levels=WORK_STATES),
        Column("display", "json", "How the map was drawn, as JSON.", "overlay__display"),
        Column("display_digest", "text", "SHA-256 over the display and the encoding of its files.",
               "overlay__display_digest"),
        Column("scope_digest", "text",
               "Digest of the maps it is normalised with; missing if it is normalised alone.",
               "overlay__scope_digest"),
    ),
)  # fmt: skip

NETWORKS = Table(
    "networks",
    "One row per network that the study explains.",
    networks_of,
    (
        Column("network_id", "text", "Identifier of the row.", digest_id("n", "digest")),
        Column("digest", "text",
               "SHA-256 over all that the study file says of the network, and its files."),
        Column("builder", "text",
               "Name in the catalogue, “timm:” and timm's name, or package.module:function; "
               "“predictions” where its answers came in a table and no network was loaded."),
        Column("weights", "text", "Name of the weights or their file, or of the table.",
               FileName(F("weights"))),
        Column("weights_sha256", "text", "SHA-256 of the weights file, or of the table.",
               "sha256"),
        Column("options", "json", "Options of the builder, as JSON."),
        Column("layer", "text",
               "Layer named by the study file; missing for the last map, or the last patch tokens, "
               "that the score is computed from."),
        Column("target", "text",
               "What of a class is explained: region or box; missing where it is its score.",
               NullIf(F("target"), Value("")), was_added=True),
        Column("described", "json", "What a worker found out about the network, as JSON."),
    ),
)  # fmt: skip

PREDICTIONS = Table(
    "predictions",
    "One row per case and network: the network's first answers, from which stimuli are chosen.",
    _predictions,
    (
        Column("image_id", "text", "Photo.", digest_id("i", "case__image__sha256")),
        Column("case_id", "text",
               "What the network was asked: the photo with its context and further photos.",
               digest_id("c", "case__digest"), was_added=True),
        Column("network_id", "text", "Network.", digest_id("n", "network__digest")),
        Column("state", "text", "State of the prediction.", levels=WORK_STATES),
        Column("error", "text", "Why there is no prediction."),
        Column("top", "json",
               "[[class index, logit, probability], …], the most probable first, as JSON: by "
               "softmax, or each class by its own sigmoid if `described` of the network says so. "
               "Logits are null where the answers came in a table."),
    ),
)  # fmt: skip
