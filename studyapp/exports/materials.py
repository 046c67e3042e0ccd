"""What people read and saw, and what else it takes to rebuild a study beside its tables."""

from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from django.db.models import F, QuerySet

from studyapp import storage
from studyapp.analyses.reports.study_record import turned_away
from studyapp.analyses.tables.stimuli import networks_of
from studyapp.models import CasePhoto, Crop, Image, Kind, StimulusOverlay, Study
from studyapp.studies.publication import hides_photos

from .folder import ExportError, write_json
from .publishing import toml_without_codes, without_codes

STUDY_FIELDS = (
    "slug", "title", "state", "kind", "definition_toml", "definition", "definition_digest",
    "design_digest", "keys_digest", "texts_digest", "certificate", "selection", "publication",
    "seed", "created_at", "prepared_at", "opened_at", "closed_at",
)  # fmt: skip
TEXT_FIELDS = ("name", "version", "markdown", "digest", "reason", "created_at")
DEVIATION_FIELDS = ("what", "detail", "made_at")
NETWORK_FIELDS = (
    "builder", "weights", "sha256", "options", "labels_file", "layer", "grid",
    "probabilities", "target", "digest", "labels", "described",
)  # fmt: skip
# A photo stands there once for each context that a network is asked with
PHOTO_FIELDS = ("name", "group", "categories")
IMAGE_FIELDS = ("sha256", "file", "width", "height")
CASE_FIELDS = {
    **{f"image__{key}": F(f"case__image__{key}") for key in IMAGE_FIELDS},
    "context": F("case__context"),
}

# Explanations that show nothing of a photo
PHOTOLESS = (Kind.TEXT,)
CROP_FIELDS = ("image__sha256", "network__digest", "size", "width", "height", "digest")


def write_materials(study: Study, folder: Path, *, photos: bool, public: bool) -> list[str]:
    """Fill `folder`; a sentence for each missing file.

    public: without the panel's codes, which are worth money, and without any picture that shows a
    photo where photos must not be published.
    Raises ExportError for a file that does not match its digest, and where photos are asked for
    that must not be published.
    """
    hides = public and hides_photos(study)
    if hides and photos:
        raise ExportError(
            f"the photos of {study.slug} must not be published (publication.photos.publish = "
            "false); leave out --photos"
        )
    folder.mkdir(parents=True)
    facts = study_facts(study, public=public)
    write_json(folder / "study.json", facts, sort_keys=True)
    (folder / "definition.toml").write_text(facts["study"]["definition_toml"], encoding="utf-8")
    write_json(folder / "definition.json", facts["study"]["definition"], sort_keys=True)
    write_json(folder / "certificate.json", study.certificate, sort_keys=True)
    (folder / "texts").mkdir()
    for text in study.texts.all():
        path = folder / "texts" / f"{text.name}.{text.version}.md"
        path.write_text(text.markdown, encoding="utf-8")
    missing = list(_copy_pictures(study, folder, PHOTOLESS if hides else Kind.values))
    if photos:
        for image in Image.objects.of(study.images.all()).order_by("sha256"):
            missing += _copy(image.file, image.sha256, folder / "photos")
        for crop in _crops(study):
            missing += _copy(crop.file, crop.digest, folder / "crops")
    return missing


def _crops(study: Study) -> QuerySet[Crop]:
    """The plain pictures of the study's photos, as its pages show them."""
    networks = study.pairs.values("stronger")
    size = study.definition["display"]["size"]
    shown = Image.objects.of(study.images.all())
    rows = Crop.objects.ready().filter(image__in=shown, network__in=networks)
    return rows.filter(size=size).order_by("image__sha256", "network__digest")


def study_facts(study: Study, *, public: bool) -> dict[str, Any]:
    """The study's own row, and the rows about it that no table holds, as JSON can hold them."""
    row = {name: getattr(study, name) for name in STUDY_FIELDS}
    if public:
        row["definition"] = without_codes(study.definition)
        row["definition_toml"] = toml_without_codes(study.definition_toml)
    return {
        "study": row,
        "copy_of": study.copy_of.slug if study.copy_of is not None else None,
        "texts": list(study.texts.order_by("name", "version").values(*TEXT_FIELDS)),
        "networks": [
            named_without_place(row) for row in networks_of(study).values(*NETWORK_FIELDS)
        ],
        "pairs": list(
            study.pairs.order_by("name").values("name", "stronger__digest", "weaker__digest")
        ),
        "arms": list(study.arms.order_by("name").values_list("name", flat=True)),
        "conditions": list(
            study.conditions.order_by("position").values(
                "name", "method", "versus", "pair__name", "settings", "position"
            )
        ),
        "photos": _photos(study),
        "crops": list(_crops(study).values(*CROP_FIELDS)),
        "deviations": list(study.deviations.order_by("made_at").values(*DEVIATION_FIELDS)),
        **({"turned_away": away} if (away := turned_away(study)) else {}),
    }


def _photos(study: Study) -> list[dict[str, Any]]:
    """The study's cases; those that have further photos with these, in their order."""
    rows = study.images.order_by("case__digest")
    found = rows.values(*PHOTO_FIELDS, "shown", "case_id", **CASE_FIELDS)
    beside: dict[int, list[dict[str, Any]]] = {}
    for one in CasePhoto.objects.filter(case__uses__study=study).select_related("image"):
        told = {key: getattr(one.image, key) for key in IMAGE_FIELDS}
        beside.setdefault(one.case_id, []).append(told)
    return [
        row | ({"further": beside[case]} if (case := row.pop("case_id")) in beside else {})
        for row in found
    ]


def named_without_place(row: dict[str, Any]) -> dict[str, Any]:
    """Only the names of files: their folders would tell about somebody's machine."""
    names = {key: PurePosixPath(row[key]).name for key in ("weights", "labels_file")}
    return {**row, **names}


def _copy_pictures(study: Study, folder: Path, kinds: Collection[str]) -> Iterator[str]:
    """Every overlay and map of the study, once, named by its digest; `kinds` of explanations. A
    map is drawn over its photo, and shows none by itself."""
    every = StimulusOverlay.objects.of(study).order_by("overlay_id")
    uses = every.filter(overlay__explanation__kind__in={*kinds, Kind.MAP})
    drawn = every.filter(overlay__explanation__kind__in=kinds)
    overlays = drawn.exclude(overlay__file="").values_list("overlay__file", "overlay__digest")
    maps = uses.exclude(overlay__explanation__map_file="").values_list(
        "overlay__explanation__map_file", "overlay__explanation__map_digest"
    )
    for file, digest in dict.fromkeys(overlays):
        yield from _copy(file, digest, folder / "overlays")
    for file, digest in dict.fromkeys(maps):
        yield from _copy(file, digest, folder / "maps")


def _copy(file: str, digest: str, folder: Path) -> Iterator[str]:
    try:
        content = storage.read(file, digest)
    except FileNotFoundError:
        yield f"{folder.name}: {file} is missing"
        return
    except storage.DamagedFileError as error:
        raise ExportError(f"{file} does not match its digest; restore it from a back-up") from error
    folder.mkdir(exist_ok=True)
    (folder / f"{digest}{PurePosixPath(file).suffix}").write_bytes(content)
