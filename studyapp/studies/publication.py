"""What a study's data say of themselves when they are published, changed at any time."""

from typing import Any

import tomlkit

from studyapp.models import Study
from studyapp.sections.publication import PublicationSection

from .definition.file import parse_publication


def publication_of(study: Study) -> PublicationSection | None:
    """What was given; a marked copy without its own has that of its original. None for nothing."""
    stored = study.publication
    if not stored and study.copy_of is not None:
        stored = study.copy_of.publication
    return PublicationSection.model_validate(stored) if stored else None


def hides_photos(study: Study) -> bool:
    """Whether its photos must not be published."""
    section = publication_of(study)
    return section is not None and not section.photos.publish


def give_publication(study: Study, text: str, where: str) -> PublicationSection:
    """Make the section [publication] in `text` the study's own. Raises DefinitionError."""
    section = parse_publication(text, where)
    study.publication = stored_publication(section)
    study.save(update_fields=["publication"])
    return section


def stored_publication(section: PublicationSection | None) -> dict[str, Any]:
    """As a row holds it: only what was given."""
    if section is None:
        return {}
    return section.model_dump(mode="json", exclude_defaults=True)


def publication_toml(section: PublicationSection | None) -> str:
    """The section as a study file has it; empty for None."""
    given = section.model_dump(exclude_defaults=True) if section is not None else {}
    return tomlkit.dumps({"publication": given}) if given else ""
