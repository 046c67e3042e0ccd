"""From a study file to rows: Study, texts, networks, conditions, photos."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from studyapp import storage
from studyapp.models import (
    IMPORTED,
    Arm,
    Case,
    Condition,
    Image,
    Member,
    Network,
    NetworkPair,
    Role,
    Study,
    StudyImage,
    StudyKind,
    StudyState,
    StudyText,
    case_digest,
)
from studyapp.sections import meetings
from studyapp.sections.networks_and_images import NetworkSection
from studyapp.studies.definition.file import read_definition
from studyapp.studies.definition.named_files import (
    content_digest,
    labels_of,
    network_files,
    weights_of,
)
from studyapp.studies.definition.stored import with_own_keys
from studyapp.studies.definition.study import Definition, digest_of
from studyapp.studies.photos.answers import read_tables
from studyapp.studies.photos.files import examine, kept_digest, measure, photo_bytes
from studyapp.studies.photos.readers import (
    Photo,
    left_out,
    left_out_sentence,
    once_with_further,
    read_photos,
)

from .copies import delete_copies, delete_rows
from .earlier import entry_flaws
from .elsewhere import (
    beside_manifests,
    import_explanations,
    is_as_imported,
    missing_explanations,
    network_of_table,
    network_values,
)
from .publication import stored_publication
from .rights import studies_with_ids, visible_studies
from .texts import text_digest

EXISTS = "a study called {} already exists; choose another short name"


class LoadingError(Exception):
    """A study that can't be loaded: one sentence with the fix."""


@transaction.atomic
def load_study(path: Path, *, replace: bool = False) -> Study:
    """The study of the file at `path`, with all its photos; loading the same again changes nothing.

    `replace`: a changed file may replace a study that has never been open; its members keep their
    roles. DefinitionError, ReaderError or LoadingError say what is wrong.
    """
    definition = read_definition(path, with_photos=True)
    known = Study.objects.select_for_update().filter(slug=definition.slug).first()
    members: list[Member] = []
    if known is not None:
        if _is_unchanged(known, definition, path.parent):
            return known
        members = list(known.members.all())
        _make_room(known, replace=replace)
    refuse_strange_entry(definition, Study.objects.order_by("slug"))
    study = _make_study(path, definition, parent_of(definition, Study.objects.all()))
    Member.objects.bulk_create(
        Member(study=study, user_id=one.user_id, role=one.role, added_at=one.added_at)
        for one in members
    )
    return study


@transaction.atomic
def upload_study(path: Path, owner: Any, *, keep: bool = True) -> Study:
    """A new study from an uploaded file; `owner` becomes its owner.

    All files that it names must lie in its own folder. `keep`: networks' files are copied, because
    that folder will be removed. Raises what `load_study` raises.
    """
    definition = read_definition(path, is_upload=True)
    if Study.objects.filter(slug=definition.slug).exists():
        raise LoadingError(EXISTS.format(definition.slug))
    parent = parent_of(definition, visible_studies(owner))
    refuse_strange_entry(definition, studies_with_ids(owner))
    study = _make_study(path, definition, parent, keep=keep)
    Member.objects.create(study=study, user=owner, role=Role.OWNER)
    return study


def _make_study(
    path: Path, definition: Definition, parent: Study | None, *, keep: bool = False
) -> Study:
    """The rows of a study whose name is free; `keep`: networks' files are copied, because the
    study file's folder will be removed."""
    photos, told = _photos(definition, path.parent)
    tables = read_tables(definition, photos, path.parent)
    try:
        with transaction.atomic():
            study = Study.objects.create(
                slug=definition.slug,
                title=definition.title,
                kind=StudyKind(definition.kind),
                parent=parent,
                definition_toml=path.read_text(encoding="utf-8"),
                definition=definition.model_dump(mode="json"),
                publication=stored_publication(definition.publication),
                seed=definition.design.seed,
                selection=told,
            )
    except IntegrityError as error:  # another request was faster
        raise LoadingError(EXISTS.format(definition.slug)) from error
    StudyText.objects.bulk_create(
        StudyText(study=study, name=name, markdown=markdown, digest=text_digest(markdown))
        for name, markdown in _texts(definition, path.parent).items()
    )
    surround = definition.display.surround
    images = {name: _image(photo, surround) for name, photo in once_with_further(photos).items()}
    cases = [
        Case.objects.of(images[one.name], one.context, [images[name.name] for name in one.further])
        for one in photos
    ]
    asked = {(one.name, one.context): case for one, case in zip(photos, cases, strict=True)}
    networks = {
        name: network_of_table(section, tables[name], asked)
        if name in tables
        else network_row(section, path.parent, keep=keep)
        for name, section in sorted(definition.networks.items())
    }
    beside = beside_manifests(definition, photos, tables, path.parent)
    imported = import_explanations(beside, asked, networks)
    write_conditions(study, definition, networks, imported)
    StudyImage.objects.bulk_create(
        StudyImage(
            study=study,
            case=case,
            name=photo.name,
            group=photo.group,
            categories=_categories(photo),
            shown=photo.shown,
        )
        for photo, case in zip(photos, cases, strict=True)
    )
    refuse_strange_photos(study, definition)
    if missing := missing_explanations(study):
        raise LoadingError(f"nothing was made for {missing}; add their rows and files")
    return study


def _photos(definition: Definition, base: Path) -> tuple[list[Photo], dict[str, str]]:
    """All photos, each decoded once before anything is stored, and what is told about them."""
    photos = read_photos(definition.images, base, seed=definition.design.seed)
    examined = examine(photos, definition.images, surround=definition.display.surround)
    told = [
        left_out_sentence(left_out(definition.images, base)),
        examined.sentence(definition.display.surround),
    ]
    return photos, {"photos": "; ".join(filter(None, told))} if any(told) else {}


def _texts(definition: Definition, base: Path) -> dict[str, str]:
    # A byte order mark is no part of a text.
    return {name: (base / file).read_text("utf-8-sig") for name, file in definition.texts.items()}


def refuse_strange_photos(study: Study, definition: Definition) -> None:
    """A setting names a photo by its SHA-256, and only one that belongs to the study."""
    for condition in definition.conditions:
        photo = condition.settings.get("photo")
        if photo and not study.images.filter(case__image__sha256=photo).exists():
            raise LoadingError(
                f'condition {condition.name}: settings.photo = "{photo}" is not a photo of '
                "this study; use the SHA-256 of one of its photos, or remove the setting"
            )


def parent_of(definition: Definition, known: QuerySet[Study]) -> Study | None:
    """The study of which this is a new version; LoadingError if it is not among `known`."""
    if definition.parent is None:
        return None
    found = known.filter(slug=definition.parent).first()
    if found is None:
        raise LoadingError(f"the parent {definition.parent} is not loaded; load it first")
    return found


def refuse_strange_entry(definition: Definition, known: QuerySet[Study]) -> None:
    """LoadingError where `entry` names a study that is not among `known`, or does not fit."""
    for _, sentence in entry_flaws(definition, known):
        raise LoadingError(sentence)


def _is_unchanged(study: Study, definition: Definition, base: Path) -> bool:
    """Whether file, texts and, while they can still change, photos and weights are the same."""
    texts = _texts(definition, base)
    digests = {name: text_digest(markdown) for name, markdown in texts.items()}
    if dict(study.texts.filter(version=1).values_list("name", "digest")) != digests:
        return False
    # What was stored before a key was known has its default.
    stored = Definition.model_validate(with_own_keys(study.definition))
    if stored.model_dump() != definition.model_dump():
        return False
    if study.state not in (StudyState.DRAFT, StudyState.PREPARING):
        return True
    return (
        _has_photos(study, definition, base)
        and _has_weights(study, definition, base)
        and is_as_imported(study, definition, base)
    )


def _has_photos(study: Study, definition: Definition, base: Path) -> bool:
    """Whether the photos' names, what they show and what they look like are those of `study`."""
    photos = read_photos(definition.images, base, seed=definition.design.seed)
    surround = definition.display.surround
    digests = {name: kept_digest(one, surround) for name, one in once_with_further(photos).items()}
    rows = study.images.select_related("case")
    stored = {(row.name, row.case.digest): (row.categories, row.shown) for row in rows}
    asked = {
        (one.name, _case_digest(one, digests)): (_categories(one), one.shown) for one in photos
    }
    return asked == stored


def _case_digest(photo: Photo, digests: Mapping[str, str]) -> str:
    return case_digest(
        digests[photo.name], photo.context, [digests[one.name] for one in photo.further]
    )


def _has_weights(study: Study, definition: Definition, base: Path) -> bool:
    """Whether every file of weights is still the one that a worker of `study` has read."""
    for pair in study.pairs.select_related("stronger", "weaker"):
        named = definition.pairs[pair.name]
        for row, name in ((pair.stronger, named.stronger), (pair.weaker, named.weaker)):
            file = network_files(definition.networks[name], base).get("weights") if name else None
            read = row.described.get("weights_digest") if row is not None else None
            if file is not None and read is not None and content_digest(file) != read:
                return False
    return True


def _categories(photo: Photo) -> list[dict[str, Any]]:
    """What a photo shows, as a row holds it."""
    return [
        {
            "name": one.name,
            "accepted": list(one.accepted),
            "boxes": list(map(list, one.boxes)),
            **({"others": list(one.others)} if one.others else {}),
        }
        for one in photo.categories
    ]


def _make_room(study: Study, *, replace: bool) -> None:
    """Delete a study that was never open, with its marked copies, if that was asked for."""
    if study.state not in (StudyState.DRAFT, StudyState.PREPARING):
        raise LoadingError(
            f"{study.slug} was opened and can't change any more: give the file a new slug, and "
            f"name {study.slug} as its parent"
        )
    if not replace:
        raise LoadingError(
            f"{study.slug} is already loaded, and its file or a file that it names has changed: "
            "load it with --replace, or give it a new slug"
        )
    if child := study.versions.first():
        raise LoadingError(
            f"{study.slug} is the parent of {child.slug} and can't be replaced: give the file "
            f"a new slug, and name {study.slug} as its parent"
        )
    delete_copies(study.copies.all())
    delete_rows(study)


def write_conditions(
    study: Study,
    definition: Definition,
    networks: Mapping[str, Network],
    imported: Mapping[str, dict[str, Any]],
) -> None:
    """Pairs, arms and conditions; `networks`: the rows of the definition's networks, by name;
    `imported`: the settings of conditions that another tool made, by name."""
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
    Condition.objects.bulk_create(condition_rows(study, definition, pairs, imported))


def condition_rows(
    study: Study,
    definition: Definition,
    pairs: Mapping[str, NetworkPair],
    imported: Mapping[str, dict[str, Any]] = MappingProxyType({}),
) -> Iterator[Condition]:
    """The file's conditions, then those in which several of them meet; of each of these, the plain
    photo is the first member's."""
    for number, one in enumerate(definition.conditions):
        yield Condition(
            study=study,
            name=one.name,
            method=one.method,
            versus=one.versus or "",
            pair=pairs[definition.pair_of(one)],
            settings=imported.get(one.name, {**one.settings, "kind": one.shown_kind})
            if one.method == IMPORTED
            else one.settings,
            position=number,
        )
    for number, name in enumerate(definition.meetings(), len(definition.conditions)):
        first = definition.condition(meetings.members(name)[0])
        yield Condition(
            study=study,
            name=name,
            pair=pairs[definition.pair_of(first)],
            settings=definition.settings_of_meeting(name),
            position=number,
        )


def network_row(section: NetworkSection, base: Path, *, keep: bool = False) -> Network:
    """The row of a network; its files' full paths are stored, so that any worker finds them."""
    values: dict[str, Any] = {
        **network_values(section),
        "builder": section.builder,
        "weights": weights_of(section, base, keep=keep),
        "labels_file": labels_of(section, base, keep=keep),
    }
    # A changed file under the same name is another network, to which no old result belongs.
    files = {key: content_digest(file) for key, file in network_files(section, base).items()}
    told = {**values, "files": files} if files else values
    network, _ = Network.objects.get_or_create(digest=digest_of(told), defaults=values)
    return network


def _image(photo: Photo, surround: str) -> Image:
    """The row of a photo, whose bytes are stored under their own digest."""
    content = photo_bytes(photo, surround)
    sha256 = hashlib.sha256(content).hexdigest()
    known = Image.objects.filter(sha256=sha256).first()
    if known is not None:
        return known
    found = measure(content, photo.name, photo.channels)
    file = f"photos/{sha256[:2]}/{sha256}.{found.ending}"
    if not storage.is_there(file):
        storage.keep(file, content)
    return Image.objects.create(sha256=sha256, file=file, width=found.width, height=found.height)
