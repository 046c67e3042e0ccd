"""The networks, photos, stimuli and pictures of a bundle, rebuilt or found again by digest."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studyapp import storage
from studyapp.models import (
    Arm,
    Case,
    Condition,
    Crop,
    Explanation,
    Image,
    Kind,
    MetricValue,
    Network,
    NetworkPair,
    Overlay,
    Prediction,
    Stimulus,
    StimulusOverlay,
    Study,
    StudyImage,
    WorkState,
)
from studyapp.studies.preparation.targets import digest_of_target, refuse_other_text

from .cells import Row, only, table_rows
from .folder import file_digest
from .materials import IMAGE_FIELDS, NETWORK_FIELDS, PHOTO_FIELDS, named_without_place

DIGEST = re.compile("[0-9a-f]{64}")
STIMULUS_FIELDS = ("paradigm", "position", "role", "category", "class_index", "options", "facts")
CONDITION_FIELDS = ("name", "method", "settings", "position")
EXPLANATION_FIELDS = ("settings", "state", "is_empty", "provenance")


@dataclass(frozen=True)
class Pictures:
    """What trials refer to, by the ids that the tables use."""

    images: dict[str, int]
    conditions: dict[str, Condition]
    stimuli: dict[str, Stimulus]


def rebuild_pictures(study: Study, folder: Path, facts: dict[str, Any]) -> Pictures:
    """Everything that was shown; files that the bundle brings are stored under their digests."""
    networks = _make_networks(facts)
    conditions = _make_conditions(study, facts, networks)
    photos, images = _make_photos(study, folder, facts)
    _make_crops(folder, facts, images, networks)
    _make_predictions(folder, photos, networks)
    stimuli = {
        row["stimulus_id"]: Stimulus.objects.create(
            study=study,
            photo=photos[case_id(row)],
            dropped_because=row["dropped_because"] or "",
            **only(STIMULUS_FIELDS, row),
        )
        for row in table_rows(folder, "stimuli")
    }
    pictures = Pictures(images, conditions, stimuli)
    uses = {
        (row["stimulus_id"], row["condition"], row["role"]): _make_use(
            row, pictures, networks, folder
        )
        for row in table_rows(folder, "explanations")
    }
    MetricValue.objects.bulk_create(
        MetricValue(
            use=uses[row["stimulus_id"], row["condition"], row["role"]],
            **only(("metric", "value"), row),
        )
        for row in table_rows(folder, "metrics")
    )
    return pictures


def _make_networks(facts: dict[str, Any]) -> dict[str, Network]:
    """The networks by digest, and by the tables' short id.

    Files are named without their place: none on this machine is opened because a bundle says so.
    """
    found: dict[str, Network] = {}
    for row in facts["networks"]:
        # Of a bundle from before these could be named
        told = {"grid": [], "probabilities": "", "target": "", **row}
        values = named_without_place(only(NETWORK_FIELDS, told))
        network, _ = Network.objects.get_or_create(digest=row["digest"], defaults=values)
        found[row["digest"]] = found[f"n{row['digest'][:12]}"] = network
    return found


def _make_conditions(
    study: Study, facts: dict[str, Any], networks: dict[str, Network]
) -> dict[str, Condition]:
    Arm.objects.bulk_create(Arm(study=study, name=name) for name in facts["arms"])
    pairs = {
        row["name"]: NetworkPair.objects.create(
            study=study,
            name=row["name"],
            stronger=networks[row["stronger__digest"]],
            weaker=networks.get(row["weaker__digest"]),
        )
        for row in facts["pairs"]
    }
    return {
        row["name"]: Condition.objects.create(
            study=study,
            pair=pairs.get(row["pair__name"]),
            versus=row.get("versus", ""),
            **only(CONDITION_FIELDS, row),
        )
        for row in facts["conditions"]
    }


def case_id(row: Row) -> str:
    """The id of the row's case: earlier bundles have only photos, which is what it is made of
    where there is no context."""
    return str(row.get("case_id") or f"c{row['image_id'][1:]}")


def _make_photos(
    study: Study, folder: Path, facts: dict[str, Any]
) -> tuple[dict[str, StudyImage], dict[str, int]]:
    """The study's photos by the tables' short ids of their cases, and the keys of all photo files
    by the short ids of these."""
    photos: dict[str, StudyImage] = {}
    images: dict[str, int] = {}
    for row in facts["photos"]:
        own = {key: row[f"image__{key}"] for key in IMAGE_FIELDS}
        image, *further = [_make_image(folder, one) for one in (own, *row.get("further", []))]
        case = Case.objects.of(image, row.get("context", ""), further)
        photos[f"c{case.digest[:12]}"] = StudyImage.objects.create(
            study=study, case=case, shown=row.get("shown", ""), **only(PHOTO_FIELDS, row)
        )
        images |= {f"i{one.sha256[:12]}": one.pk for one in (image, *further)}
    return photos, images


def _make_image(folder: Path, told: dict[str, Any]) -> Image:
    file = _store(folder / "materials" / "photos", told["sha256"], "photos")
    image, _ = Image.objects.get_or_create(
        sha256=told["sha256"], defaults={"file": file, **only(("width", "height"), told)}
    )
    return image


def _make_crops(
    folder: Path, facts: dict[str, Any], images: dict[str, int], networks: dict[str, Network]
) -> None:
    """The plain pictures of the photos; a bundle without photos has none."""
    for row in facts.get("crops", []):
        file = _store(folder / "materials" / "crops", row["digest"], "pictures")
        if file:
            Crop.objects.get_or_create(
                image_id=images[f"i{row['image__sha256'][:12]}"],
                network=networks[row["network__digest"]],
                size=row["size"],
                defaults={
                    "state": WorkState.READY,
                    "file": file,
                    **only(("digest", "width", "height"), row),
                },
            )


def _make_predictions(
    folder: Path, photos: dict[str, StudyImage], networks: dict[str, Network]
) -> None:
    Prediction.objects.bulk_create(
        (
            Prediction(
                case=photos[case_id(row)].case,
                network=networks[row["network_id"]],
                error=row["error"] or "",
                **only(("state", "top"), row),
            )
            for row in table_rows(folder, "predictions")
        ),
        batch_size=5000,
        ignore_conflicts=True,
    )


def _make_use(
    row: Row, pictures: Pictures, networks: dict[str, Network], folder: Path
) -> StimulusOverlay:
    """A picture under the condition that shows it, with its map."""
    stimulus = pictures.stimuli[row["stimulus_id"]]
    materials = folder / "materials"
    target = row.get("target") or ""
    found = row["provenance"].get("targets", ())
    if target and row["state"] == WorkState.READY and len(found) != 1:
        raise ValueError("a map with a target does not say what was found in its photo")
    for text in filter(None, (target, *found)):
        refuse_other_text(text, row["class_index"])
    explanation, _ = Explanation.objects.get_or_create(
        case=stimulus.photo.case,
        target_digest=digest_of_target(target),
        network=networks[row["network_id"]],
        **only(("class_index", "method", "settings_digest"), row),
        defaults={
            **only(EXPLANATION_FIELDS, row),
            "kind": row.get("kind") or Kind.MAP,
            "target": target,
            # Earlier bundles have them among the provenance
            "checks": row.get("checks") or row["provenance"].get("checks", {}),
            "error": row["error"] or "",
            "map_digest": row["map_sha256"] or "",
            "map_file": _store(materials / "maps", row["map_sha256"], "maps"),
        },
    )
    overlay, _ = Overlay.objects.get_or_create(
        explanation=explanation,
        display_digest=row["display_digest"],
        scope_digest=row["scope_digest"] or "",
        defaults={
            "display": row["display"],
            "state": row["overlay_state"],
            "error": "" if row["overlay_state"] != WorkState.FAILED else "failed before export",
            "digest": row["overlay_sha256"] or "",
            "file": _store(materials / "overlays", row["overlay_sha256"], "pictures"),
        },
    )
    return StimulusOverlay.objects.create(
        stimulus=stimulus,
        condition=pictures.conditions[row["condition"]],
        role=row["role"],
        overlay=overlay,
    )


def _store(folder: Path, digest: str | None, place: str) -> str:
    """Keep the bundle's file of that digest below `place`; its name, empty if there is none.

    Raises ValueError for an invalid digest, and for a file whose contents its name does not match.
    """
    if not digest:
        return ""
    if DIGEST.fullmatch(digest) is None:
        raise ValueError(f"{digest!r} is not a SHA-256")
    for path in sorted(folder.glob(f"{digest}.*")):
        if file_digest(path) != digest:
            raise ValueError(f"the contents of {path.name} do not match the digest in its name")
        name = f"{place}/{path.name}"
        if not storage.is_there(name):
            storage.keep_file(name, path)
        return name
    return ""
