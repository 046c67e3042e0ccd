"""The study file of a draft, edited where it is: the study's photos, members and history stay."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction

from studyapp.models import (
    IMPORTED,
    Kind,
    Network,
    Participation,
    Study,
    StudyKind,
    StudyState,
    StudyText,
)
from studyapp.studies.definition.file import (
    DefinitionError,
    Told,
    check_text,
    parse_definition,
    toml_of,
)
from studyapp.studies.definition.named_files import leading_out, missing_of_network
from studyapp.studies.definition.rules import Complaint, Rule, rule
from studyapp.studies.definition.study import Definition, digest_of, study_definition
from studyapp.studies.definition.writing import SHORT_FIELDS, WritingError, with_value

from .copies import delete_copies
from .lifecycle import LifecycleError, locked_study
from .loading import (
    LoadingError,
    network_row,
    parent_of,
    refuse_strange_entry,
    refuse_strange_photos,
    write_conditions,
)
from .photos.demands import Demands
from .photos.files import SURROUNDS
from .photos.telling import WORDS, Telling
from .publication import stored_publication
from .rights import studies_with_ids, visible_studies
from .texts import current_texts, text_digest

# No file of a network is read here: none lies in this folder.
NOWHERE = Path("/nonexistent")
BY_COMMAND = "change it in the file itself, and load that with `manage.py study load … --replace`"


class EditedMeanwhile(Exception):
    """Somebody else has saved another version; nothing was written."""


@dataclass(frozen=True)
class Version:
    """A study file with its texts by name, as somebody has them before them."""

    toml: str
    texts: Mapping[str, str]

    @classmethod
    def of_file(cls, path: Path) -> "Version":
        """What a study file and its texts hold now. Raises DefinitionError."""
        toml = path.read_text("utf-8")
        named = parse_definition(toml, path.name).texts
        texts = {name: (path.parent / file).read_text("utf-8-sig") for name, file in named.items()}
        return cls(toml, texts)

    @classmethod
    def of_form(cls, posted: Mapping[str, str]) -> "Version":
        """What a form holds, with lines ended as in files here."""
        plain = {key: str(words).replace("\r\n", "\n") for key, words in posted.items()}
        texts = {key[5:]: words for key, words in plain.items() if key[:5] == "text-"}
        return cls(plain.get("toml", ""), texts)

    @classmethod
    def of_new_form(cls, posted: Mapping[str, str]) -> "Version":
        """The same of the form for a new study, whose short fields will be written into the file;
        one that can't be is told when the form is sent."""
        sent = cls.of_form(posted)
        toml = sent.toml
        with suppress(DefinitionError):
            toml_of(toml, "")
            for name, key in SHORT_FIELDS.items():
                words = posted.get(name, "").strip()
                is_count = key[0] == "design" and words.isascii() and words.isdecimal()
                is_count = is_count and len(words) < 20  # as long as a number of TOML
                with suppress(WritingError):
                    toml = (
                        with_value(toml, key, int(words) if is_count else words) if words else toml
                    )
        return cls(toml, sent.texts)

    def digest(self) -> str:
        return digest_of({"toml": self.toml, "texts": dict(self.texts)})


def stored_version(study: Study) -> Version:
    texts = {name: text.markdown for name, text in current_texts(study).items()}
    return Version(study.definition_toml, texts)


def people_of_pilots(study: Study) -> int:
    """How many people's answers another file would delete, without those who only previewed."""
    copies = study.copies.filter(kind=StudyKind.PILOT)
    people = Participation.objects.filter(study__in=copies)
    return people.exclude(participant__source="preview").count()


def hindrance(study: Study) -> str:
    """Why the study's file can't be edited (a sentence with the fix); empty where it can."""
    if study.copy_of is not None:
        return f"{study.slug} is a marked copy; edit {study.copy_of.slug} instead"
    if study.state not in (StudyState.DRAFT, StudyState.PREPARING):
        return (
            f"{study.slug} was opened and can't change any more; make a new study from a changed "
            f"file, and name {study.slug} as its parent"
        )
    if child := study.versions.first():
        return (
            f"{study.slug} is the parent of {child.slug} and can't change; make a new study from a "
            f"changed file, and name {study.slug} as its parent"
        )
    return ""


def check_version(study: Study, version: Version) -> tuple[Definition | None, list[Told]]:
    """The definition that the version would give the study, or what is wrong with it, by line."""

    def further(definition: Definition) -> Iterator[Rule]:
        yield rule(_moved(study, definition))
        yield rule(
            _imports(study_definition(study), definition), "conditions blocks pairs networks"
        )
        out = list(_leading_out(study, definition))
        yield rule(out)
        # A whole path would be found from any folder, so that nothing is looked for before it is
        # refused: what is told says nothing of which files the server has.
        if not out:
            yield rule(_missing(study, definition), "networks.*.builder networks.*.predictions")
        yield rule(_without_words(definition, version))

    return check_text(version.toml, further)


def _without_words(definition: Definition, version: Version) -> Iterator[Complaint]:
    for name in definition.texts:
        if not version.texts.get(name, "").strip():
            yield ("texts", name), f"`texts.{name}` has no words yet; write them below the file"


def changes(study: Study, definition: Definition) -> bool:
    """Whether more than comments and texts would change."""
    return definition.model_dump() != study_definition(study).model_dump()


@transaction.atomic
def save_version(study: Study, version: Version, *, before: str, by: Any) -> Study:
    """Make a version that was checked the study's own; `before`: the digest of the version that
    was edited, which must still be the stored one (else EditedMeanwhile).

    What workers have made for the study is kept, but it has to be prepared again where the
    definition has changed. LifecycleError or LoadingError say why it can't be saved.
    """
    study = locked_study(study, StudyState.DRAFT, StudyState.PREPARING, verb="edited")
    if why := hindrance(study):
        raise LifecycleError(why)
    if stored_version(study).digest() != before:
        raise EditedMeanwhile
    definition, told = check_version(study, version)
    if definition is None:
        raise LoadingError(told[0].sentence)
    # Its own parent stays, whether or not who edits may see that one.
    known = visible_studies(by) | Study.objects.order_by("slug").filter(pk=study.parent_id or 0)
    # Nor need they be a researcher of the studies that it named before.
    named = study_definition(study).who_may_come.named
    own = studies_with_ids(by) | Study.objects.order_by("slug").filter(slug__in=named)
    refuse_strange_entry(definition, own)
    parent, networks = parent_of(definition, known), _networks(study, definition)
    if parent == study:
        raise LoadingError("a study can't be its own parent; remove the key `parent`")
    if changes(study, definition):
        imported = dict(study.conditions.filter(method=IMPORTED).values_list("name", "settings"))
        _start_again(study)
        study.definition = definition.model_dump(mode="json")
        study.title, study.kind, study.parent = definition.title, definition.kind, parent
        study.seed = definition.design.seed
        write_conditions(study, definition, networks, imported)
        refuse_strange_photos(study, definition)
    if definition.publication is not None:
        study.publication = stored_publication(definition.publication)
    study.definition_toml = version.toml
    _write_texts(study, definition, version.texts)
    study.save()
    return study


def _start_again(study: Study) -> None:
    """Back to a draft, with nothing but its photos."""
    delete_copies(study.copies.all())
    study.stimuli.all().delete()
    study.conditions.all().delete()
    study.pairs.all().delete()
    study.arms.all().delete()
    study.state, study.problem = StudyState.DRAFT, ""
    study.preparing_since = study.prepared_at = None
    told = study.selection.get("photos")
    study.selection = {"photos": told} if told else {}


def _write_texts(study: Study, definition: Definition, texts: Mapping[str, str]) -> None:
    study.texts.all().delete()
    StudyText.objects.bulk_create(
        StudyText(study=study, name=name, markdown=texts[name], digest=text_digest(texts[name]))
        for name in definition.texts
    )


def _moved(study: Study, definition: Definition) -> Iterator[Complaint]:
    """What the study's name and photos depend on, and may not change here."""
    old = study_definition(study)
    if definition.slug != study.slug:
        yield ("slug",), f'`slug` is the study\'s name and stays "{study.slug}"; {BY_COMMAND}'
    if definition.images.model_dump() != old.images.model_dump():
        yield (
            ("images",),
            f"`images` decided how the photos were read, and they stay as they are; {BY_COMMAND}",
        )
    drawn = old.images.seed is None and (
        old.images.count is not None or old.images.compose == "pair"
    )
    if drawn and definition.design.seed != old.design.seed:
        yield (
            ("design", "seed"),
            f"`design.seed` decided which photos were taken, so it stays {old.design.seed}; "
            f"{BY_COMMAND}",
        )
    colour = old.display.surround
    if definition.display.surround != colour and (laid := _laid_on_surround(study, old)):
        yield (
            ("display", "surround"),
            f"`display.surround`: {laid} were laid on {SURROUNDS[colour]}, so it stays "
            f'"{colour}"; {BY_COMMAND}',
        )


def _laid_on_surround(study: Study, definition: Definition) -> str:
    """What has the page's colour in its file; empty where nothing has."""
    if any(
        one.shown_kind in (Kind.PICTURE, Kind.PICTURES, Kind.FILM) for one in definition.conditions
    ):
        return "another tool's pictures"
    # A photo with transparent parts was stored as a PNG; one in JPEG has none
    is_png = study.images.filter(case__image__file__endswith=".png").exists()
    return "transparent parts of photos" if is_png else ""


def _leading_out(study: Study, definition: Definition) -> Iterator[Complaint]:
    """No file but texts can be read here: those of networks and of another tool stay."""
    old = study_definition(study)
    same = {name for name, file in definition.texts.items() if old.texts.get(name) == file}
    stay = {"networks": _unread(study, definition), "texts": same}
    for path, sentence in leading_out(definition):
        if path[0] in stay and path[1] not in stay[str(path[0])]:
            yield path, sentence


def _missing(study: Study, definition: Definition) -> Iterator[Complaint]:
    """Of networks alone: the words of texts are in the form, and their files are never read."""
    for name in definition.networks.keys() - _unread(study, definition):
        section = definition.networks[name]
        for path, sentence in missing_of_network(name, section, NOWHERE):
            key = str(path[-1])
            value = getattr(section, key)
            read = f'`networks.{name}.{key} = "{value}"`: this file is read when a study is loaded'
            # Weights may also be named by a misspelt name that is not of a file
            yield path, sentence if key == "weights" else f"{read}; {BY_COMMAND}"


def _unread(study: Study, definition: Definition) -> set[str]:
    """The networks that stay, and those that stand in no pair, of which nothing is ever read."""
    return {*_kept(study, definition), *(definition.networks.keys() - _in_pairs(definition))}


def _imports(old: Definition, definition: Definition) -> Iterator[Complaint]:
    """Another tool's files were read when the study was loaded, for these networks and settings,
    and for what people are asked: whether each fits it, and no text answers it."""
    before = {one.name: one for one in old.conditions if one.method == IMPORTED}
    for number, one in enumerate(definition.conditions):
        if one.method != IMPORTED:
            continue
        if one != before.get(one.name):
            yield (
                ("conditions", number),
                f"`conditions` {one.name}: what another tool made is read when a study is loaded; "
                f"{BY_COMMAND}",
            )
        elif not Demands.of(one, definition).are_met_with(Demands.of(one, old)):
            yield (
                ("conditions", number),
                f"`conditions` {one.name}: whether what another tool made differs where answers or "
                f"networks are compared is checked when a study is loaded; {BY_COMMAND}",
            )
        elif one.shown_kind == WORDS and Telling.of(one, old, {}) != Telling.of(
            one, definition, {}
        ):
            yield (
                ("conditions", number),
                f"`conditions` {one.name}: whether its texts answer what people are asked is "
                "checked when a study is loaded, for these questions and names of networks; "
                f"{BY_COMMAND}",
            )


def _kept(study: Study, definition: Definition) -> dict[str, Network]:
    """The rows of the networks whose section has not changed, by name."""
    old = study_definition(study)
    names = {
        getattr(old.pairs[pair.name], role): pair.network(role)
        for pair in study.pairs.select_related("stronger", "weaker")
        for role in ("stronger", "weaker")
        if getattr(old.pairs[pair.name], role) is not None
    }
    return {
        name: names[name]
        for name, section in definition.networks.items()
        if name in names and section == old.networks[name]
    }


def _networks(study: Study, definition: Definition) -> dict[str, Network]:
    kept = _kept(study, definition)
    return {
        name: kept.get(name) or network_row(definition.networks[name], NOWHERE)
        for name in sorted(_in_pairs(definition))
    }


def _in_pairs(definition: Definition) -> set[str]:
    """The names of the networks that are asked."""
    pairs = definition.pairs.values()
    return {name for pair in pairs for name in (pair.stronger, pair.weaker) if name is not None}
