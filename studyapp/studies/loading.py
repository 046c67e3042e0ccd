"""From a study file to rows: Study, texts, networks, conditions, photos."""

import hashlib
import json
from pathlib import Path

from django.db import transaction

from studyapp import storage
from studyapp.models import (
    Arm,
    Condition,
    Image,
    Member,
    Network,
    NetworkPair,
    Study,
    StudyImage,
    StudyKind,
    StudyState,
    StudyText,
)

from .copies import delete_copies, delete_rows
from .definition import Definition
from .photo_files import examine, measure, photo_bytes
from .readers import Photo, left_out, left_out_sentence, read_photos
from .sections import NetworkSection
from .study_file import read_definition
from .texts import text_digest


class LoadingError(Exception):
    """A study that can't be loaded: one sentence with the mend."""


@transaction.atomic
def load_study(path: Path, *, replace: bool = False) -> Study:
    """The study of the file at `path`, with all its photos; loading the same again changes nothing.

    `replace`: a changed file may take the place of a study that has never been open; who works on
    it keeps their role.
    DefinitionError, ReaderError or LoadingError say what is wrong.
    """
    definition = read_definition(path)
    toml = path.read_text(encoding="utf-8")
    texts = {
        name: (path.parent / file).read_text("utf-8") for name, file in definition.texts.items()
    }
    known = Study.objects.select_for_update().filter(slug=definition.slug).first()
    members = list(known.members.all()) if known is not None else []
    if known is not None:
        if _is_unchanged(known, definition, texts):
            return known
        _make_room(known, replace=replace)
    photos, told = _photos(definition, path.parent)
    study = Study.objects.create(
        slug=definition.slug,
        title=definition.title,
        kind=StudyKind(definition.kind),
        parent=_parent(definition),
        definition_toml=toml,
        definition=definition.model_dump(mode="json"),
        seed=definition.design.seed,
        selection=told,
    )
    Member.objects.bulk_create(
        Member(study=study, user_id=one.user_id, role=one.role, added_at=one.added_at)
        for one in members
    )
    _write_texts(study, texts)
    _write_conditions(study, definition, path.parent)
    _write_photos(study, photos, definition)
    return study


def _photos(definition: Definition, base: Path) -> tuple[list[Photo], dict[str, str]]:
    """All photos, each decoded once before anything is stored, and what is told about them."""
    photos = read_photos(definition.images, base, seed=definition.design.seed)
    examined = examine(photos, definition.images)
    told = [
        left_out_sentence(left_out(definition.images, base)),
        examined.sentence(definition.display.surround),
    ]
    return photos, {"photos": "; ".join(filter(None, told))} if any(told) else {}


def _parent(definition: Definition) -> Study | None:
    """The study of which this is a new version; LoadingError if it is not here."""
    if definition.parent is None:
        return None
    found = Study.objects.filter(slug=definition.parent).first()
    if found is None:
        raise LoadingError(f"no study {definition.parent} to be the parent; load it first")
    return found


def _is_unchanged(study: Study, definition: Definition, texts: dict[str, str]) -> bool:
    digests = {text.name: text.digest for text in study.texts.filter(version=1)}
    return study.definition == definition.model_dump(mode="json") and digests == {
        name: text_digest(markdown) for name, markdown in texts.items()
    }


def _make_room(study: Study, *, replace: bool) -> None:
    """Delete a study that was never open, with its marked copies, if that was asked for."""
    if study.state not in (StudyState.DRAFT, StudyState.PREPARING):
        raise LoadingError(
            f"{study.slug} was opened and can't change: give the file a new slug, "
            f"and name {study.slug} as its parent"
        )
    if not replace:
        raise LoadingError(
            f"{study.slug} is loaded already and the file has changed: load it with --replace, "
            "or give it a new slug"
        )
    if child := study.versions.first():
        raise LoadingError(
            f"{study.slug} is the parent of {child.slug} and can't be replaced: give the file "
            f"a new slug, and name {study.slug} as its parent"
        )
    delete_copies(study)
    delete_rows(study)


def _write_texts(study: Study, texts: dict[str, str]) -> None:
    StudyText.objects.bulk_create(
        StudyText(study=study, name=name, markdown=markdown, digest=text_digest(markdown))
        for name, markdown in texts.items()
    )


def _write_conditions(study: Study, definition: Definition, base: Path) -> None:
    networks = {
        name: _network(section, base) for name, section in sorted(definition.networks.items())
    }
    pairs = {
        name: NetworkPair.objects.create(
            study=study,
            name=name,
            stronger=networks[pair.stronger],
            weaker=networks[pair.weaker] if pair.weaker is not None else None,
        )
        for name, pair in definition.pairs.items()
    }
    Arm.objects.bulk_create(Arm(study=study, name=name) for name in definition.arm_conditions())
    Condition.objects.bulk_create(
        Condition(
            study=study,
            name=one.name,
            method=one.method,
            versus=one.versus or "",
            pair=pairs[definition.pair_of(one)],
            settings=one.settings,
            position=number,
        )
        for number, one in enumerate(definition.conditions)
    )


def _network(section: NetworkSection, base: Path) -> Network:
    """The row of a network; its files' places are stored whole, so that any worker finds them."""
    values = {
        "builder": section.builder,
        "weights": _file_or_name(section.weights, base),
        "sha256": section.sha256 or "",
        "options": section.options,
        "labels_file": _file_or_name(section.labels, base) if section.labels else "",
        "layer": section.layer or "",
    }
    digest = hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
    network, _ = Network.objects.get_or_create(digest=digest, defaults=values)
    return network


def _file_or_name(text: str, base: Path) -> str:
    path = (base / text).resolve()
    return str(path) if path.is_file() else text


def _write_photos(study: Study, photos: list[Photo], definition: Definition) -> None:
    rows = [
        StudyImage(
            study=study,
            image=_image(photo, definition.display.surround),
            name=photo.name,
            group=photo.group,
            categories=[
                {"name": one.name, "accepted": list(one.accepted), "boxes": list(one.boxes)}
                for one in photo.categories
            ],
        )
        for photo in photos
    ]
    StudyImage.objects.bulk_create(rows)


def _image(photo: Photo, surround: str) -> Image:
    """The row of a photo, whose bytes are stored under their own digest."""
    content = photo_bytes(photo, surround)
    sha256 = hashlib.sha256(content).hexdigest()
    known = Image.objects.filter(sha256=sha256).first()
    if known is not None:
        return known
    width, height, ending = measure(content, photo.name)
    file = f"photos/{sha256[:2]}/{sha256}.{ending}"
    if not storage.is_there(file):
        storage.keep(file, content)
    return Image.objects.create(sha256=sha256, file=file, width=width, height=height)
