"""When a bundle may be made, and what a public one keeps of a study's definition."""

from typing import Any

import tomlkit

from studyapp.models import Study, StudyState
from studyapp.studies.masking import is_masked

from .folder import ExportError

CODES = ("panel", "codes")


def refuse_too_early(study: Study, *, public: bool) -> None:
    """ExportError for a study that was never open, and for a public bundle that would reveal to
    future participants what they will be asked."""
    if study.opened_at is None:
        raise ExportError(
            f"{study.slug} was never open, so there is nothing to export; open it first"
        )
    if not public:
        return
    for one in filter(None, (study, study.copy_of)):
        if is_under_way(one) or is_masked(one):
            raise ExportError(
                f"{one.slug} is not over yet, and a public bundle reveals the right answers; "
                "close it first"
            )


def is_under_way(study: Study) -> bool:
    """Whether people may still enter, or are taking part."""
    if study.state == StudyState.CLOSED:
        return False
    if study.state in (StudyState.DRAFT, StudyState.PREPARING):
        return True
    # Of a closed arm too, which may be opened again
    return study.slots.filter(is_open=True).exists() or study.participations.active().exists()


def without_codes(definition: dict[str, Any]) -> dict[str, Any]:
    """A stored definition without the panel's completion codes, which are worth money."""
    section, key = CODES
    panel = {name: value for name, value in definition[section].items() if name != key}
    return {**definition, section: panel}


def toml_without_codes(toml: str) -> str:
    """The same of the study file, everything else byte for byte."""
    section, key = CODES
    document = tomlkit.parse(toml)
    if key in document.get(section, {}):
        del document[section][key]
    return tomlkit.dumps(document)
