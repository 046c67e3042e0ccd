"""What people were shown: stimuli, their explanations and the networks that were explained."""

from typing import Any

from django.db.models import F, Func, Q, QuerySet, TextField, Value
from django.db.models.functions import MD5, Cast, Concat, Substr

from studyapp.models import Network, Prediction, Stimulus, StimulusOverlay, StimulusRole, Study

from .columns import Column, Labelled, Table, digest_id
from .design import stimulus_id

ROLES = {str(role.value): str(role.label) for role in StimulusRole}
WORK_STATES = {"pending": "not made yet", "ready": "made and stored", "failed": "see error"}


class FileName(Func):
    """The last part of a path: where files lay on some machine is nobody's business."""

    template = "regexp_replace(%(expressions)s, '^.*[/\\\\]', '')"
    output_field = TextField()


def _stimuli(study: Study) -> QuerySet[Stimulus]:
    return Stimulus.objects.filter(study=study).order_by("paradigm", "position")


def _explanations(study: Study) -> QuerySet[StimulusOverlay]:
    overlays = StimulusOverlay.objects.of(study)
    return overlays.order_by(
        "stimulus__paradigm", "stimulus__position", "condition__position", "role"
    )


def networks_of(study: Study) -> QuerySet[Network]:
    """The networks that the study's pairs name."""
    named = Q(pk__in=study.pairs.values("stronger")) | Q(pk__in=study.pairs.values("weaker"))
    return Network.objects.filter(named).order_by("digest")


def _predictions(study: Study) -> QuerySet[Any]:
    predictions = Prediction.objects.filter(
        network__in=networks_of(study).order_by(), image__uses__study=study
    )
    return predictions.order_by("image__sha256", "network__digest")


STIMULI = Table(
    "stimuli",
    "One row per stimulus found eligible: used, kept in reserve or dropped.",
    _stimuli,
    (
        Column("stimulus_id", "text", stimulus_id(""), "Identifier of the row."),
        Column("image_id", "text", digest_id("i", "photo__image__sha256"), "Photo."),
        Column("image_sha256", "text", "photo__image__sha256", "SHA-256 of the photo file."),
        Column("image_name", "text", "photo__name", "Name of the photo where it came from."),
        Column(
            "image_group",
            "text",
            "photo__group",
            "Photos of one object share it; analyses cluster by it.",
        ),
        Column("image_width", "integer", "photo__image__width", "Width.", unit="pixels"),
        Column("image_height", "integer", "photo__image__height", "Height.", unit="pixels"),
        Column("categories", "json", "photo__categories", "Annotated categories, as JSON."),
        Column("paradigm", "text", "paradigm", "Kind of question."),
        Column("position", "integer", "position", "Place in the seed's order."),
        Column("role", "text", "role", "What the stimulus is for.", levels=ROLES),
        Column(
            "category",
            "text",
            "category",
            "Category asked about.",
            shown="trust: its name; discrimination: its name among the options.",
        ),
        Column("class_index", "integer", "class_index", "Class that is explained, from 0."),
        Column("options", "json", "options", "Answers' names in a fixed order, as JSON."),
        Column("facts", "json", "facts", "What the paradigm noted, such as the right option."),
        Column("dropped_because", "text", "dropped_because", "Why the stimulus is not used."),
    ),
)

_EXPLANATION = "overlay__explanation__"
_IDENTITY = Concat(
    F(f"{_EXPLANATION}image__sha256"),
    F(f"{_EXPLANATION}network__digest"),
    Cast(f"{_EXPLANATION}class_index", TextField()),
    F(f"{_EXPLANATION}method"),
    F(f"{_EXPLANATION}settings_digest"),
    output_field=TextField(),
)

EXPLANATIONS = Table(
    "explanations",
    "One row per stimulus, condition and role: the picture shown and the map it is drawn from.",
    _explanations,
    (
        Column("stimulus_id", "text", stimulus_id("stimulus__"), "Stimulus."),
        Column("condition", "text", "condition__name", "Condition, by its name in the study file."),
        Column("role", "text", "role", "Role of the explained network in its pair."),
        Column(
            "explanation_id",
            "text",
            Labelled(Value("e"), Substr(MD5(_IDENTITY), 1, 12)),
            "Map, the same wherever photo, network, class, method and settings are the same.",
        ),
        Column("network_id", "text", digest_id("n", f"{_EXPLANATION}network__digest"), "Network."),
        Column("method", "text", f"{_EXPLANATION}method", "Explanation method."),
        Column("class_index", "integer", f"{_EXPLANATION}class_index", "Explained class, from 0."),
        Column("settings", "json", f"{_EXPLANATION}settings", "Settings of the method, as JSON."),
        Column(
            "settings_digest",
            "text",
            f"{_EXPLANATION}settings_digest",
            "SHA-256 over settings, layer, preprocessing and the method's version.",
        ),
        Column("state", "text", f"{_EXPLANATION}state", "State of the map.", levels=WORK_STATES),
        Column("error", "text", f"{_EXPLANATION}error", "Why the map could not be made."),
        Column(
            "is_empty", "boolean", f"{_EXPLANATION}is_empty", "Whether nothing in it is positive."
        ),
        Column("map_sha256", "text", f"{_EXPLANATION}map_digest", "SHA-256 of the float32 map."),
        Column("provenance", "json", f"{_EXPLANATION}provenance", "How the map was made, as JSON."),
        Column(
            "overlay_sha256",
            "text",
            "overlay__digest",
            "SHA-256 of the picture.",
            shown="The picture, under a name that tells nothing.",
        ),
        Column(
            "overlay_state", "text", "overlay__state", "State of the picture.", levels=WORK_STATES
        ),
        Column("display", "json", "overlay__display", "How the map was drawn, as JSON."),
        Column(
            "display_digest",
            "text",
            "overlay__display_digest",
            "SHA-256 over the display and the encoding of its files.",
        ),
        Column(
            "scope_digest",
            "text",
            "overlay__scope_digest",
            "Maps it is normalised with; missing: alone.",
        ),
    ),
)

NETWORKS = Table(
    "networks",
    "One row per network that the study explains.",
    networks_of,
    (
        Column("network_id", "text", digest_id("n", "digest"), "Identifier of the row."),
        Column("digest", "text", "digest", "SHA-256 over builder, weights and options."),
        Column("builder", "text", "builder", "Name of the architecture in the catalogue."),
        Column("weights", "text", FileName(F("weights")), "Name of the weights or their file."),
        Column("weights_sha256", "text", "sha256", "SHA-256 of the weights file."),
        Column("options", "json", "options", "Options of the builder, as JSON."),
        Column(
            "layer",
            "text",
            "layer",
            "Layer that the study file names; missing: the last map before the score.",
        ),
        Column("described", "json", "described", "What the worker found, as JSON."),
    ),
)

PREDICTIONS = Table(
    "predictions",
    "One row per photo and network: the network's first classes, from which stimuli are chosen.",
    _predictions,
    (
        Column("image_id", "text", digest_id("i", "image__sha256"), "Photo."),
        Column("network_id", "text", digest_id("n", "network__digest"), "Network."),
        Column("state", "text", "state", "State of the prediction.", levels=WORK_STATES),
        Column("error", "text", "error", "Why there is none."),
        Column(
            "top",
            "json",
            "top",
            "[[class index, logit, probability], …], the most probable first, as JSON.",
        ),
    ),
)
