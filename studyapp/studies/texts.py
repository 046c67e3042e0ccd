"""A study's texts as people see them now, and how one is corrected without losing the old one."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import transaction

from studyapp.models import Deviation, Participation, Study, StudyText
from studyapp.studies.definition.study import digest_of
from studyapp.studies.definition.translated import definition_for


def text_digest(markdown: str) -> str:
    return hashlib.sha256(markdown.encode()).hexdigest()


def current_texts(study: Study) -> dict[str, StudyText]:
    """Each text's newest version, by name."""
    return {text.name: text for text in study.texts.order_by("name", "version")}


def shown_texts(study: Study) -> Mapping[str, StudyText]:
    """The same for a study that people see: its digest tells when a text was corrected."""
    if not study.texts_digest:
        return current_texts(study)
    return _texts_of_digest(study.pk, study.texts_digest)


def text_for(person: Participation, name: str) -> StudyText:
    """The newest version of a text in the person's language."""
    return shown_texts(person.study)[definition_for(person).text_name(name)]


@lru_cache(maxsize=200)
def _texts_of_digest(study: int, digest: str) -> Mapping[str, StudyText]:
    return current_texts(Study(pk=study))


def texts_digest(study: Study) -> str:
    """SHA-256 over the newest version of every text: what a judgment was made under."""
    return digest_of({name: text.digest for name, text in current_texts(study).items()})


def digest_when_opened(texts: Iterable[Mapping[str, Any]], opened_at: str) -> str:
    """The same as it was when the study opened, which the plan names: later corrections are
    amendments. texts: every version, with name, version, digest and created_at (ISO 8601)."""
    found: dict[str, str] = {}
    for one in sorted(texts, key=lambda one: int(one["version"])):
        if one["name"] not in found or moment(one["created_at"]) <= moment(opened_at):
            found[one["name"]] = one["digest"]
    return digest_of(found)


def moment(told: Any) -> datetime:
    return told if isinstance(told, datetime) else datetime.fromisoformat(str(told))


@transaction.atomic
def correct_text(study: Study, *, name: str, markdown: str, reason: str) -> StudyText:
    """Show `markdown` from now on; the old text stays, and an open study lists a deviation.

    KeyError if the study has no text of that name.
    """
    study = Study.objects.select_for_update().get(pk=study.pk)
    old = current_texts(study)[name]
    if old.markdown == markdown:
        return old
    new = StudyText.objects.create(
        study=study,
        name=name,
        version=old.version + 1,
        markdown=markdown,
        digest=text_digest(markdown),
        reason=reason,
    )
    study.texts_digest = texts_digest(study)
    study.save(update_fields=["texts_digest"])
    if study.is_frozen:
        detail = f"{name}: version {old.version} became {new.version}: {reason}"
        Deviation.objects.create(study=study, what="text corrected", detail=detail)
    return new
