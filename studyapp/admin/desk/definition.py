"""The definition as it was loaded, its digest, and what it changes of its parent."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse

from studyapp.models import Study
from studyapp.studies.definition.study import digest_of, study_definition
from studyapp.studies.rights import Act, visible_studies

from .frame import show, study_page


@study_page(Act.LOOK)
def definition(request: HttpRequest, study: Study) -> HttpResponse:
    other = study.parent or study.copy_of
    if other is not None and not visible_studies(request.user).filter(pk=other.pk).exists():
        other = None
    context = {
        "other": other,
        "differences": list(differences(_today(other), _today(study))) if other else [],
        "digest": study.definition_digest or digest_of(study.definition),
        "texts": study.texts.order_by("name", "version"),
        "children": study.versions.filter(pk__in=visible_studies(request.user)),
        "copies": study.copies.order_by("-created_at")[:20],
        "deviations": study.deviations.select_related("made_by").order_by("made_at"),
    }
    return show(request, study, "definition", context)


def _today(study: Study) -> dict[str, Any]:
    """The definition as it would be stored today, so that a key added since makes no difference."""
    return study_definition(study).model_dump(mode="json")


def differences(before: Any, after: Any, key: str = "") -> Iterator[dict[str, str]]:
    """Every value that differs between two definitions, by its dotted key. Pure.

    Lists of named tables are compared name by name, so that a change of order is none.
    """
    before, after = _by_name(before), _by_name(after)
    if isinstance(before, dict) and isinstance(after, dict):
        for name in dict.fromkeys([*before, *after]):
            inside = f"{key}.{name}" if key else str(name)
            yield from differences(before.get(name), after.get(name), inside)
    elif before != after:
        yield {"key": key, "before": _words(before), "after": _words(after)}


def _by_name(value: Any) -> Any:
    """A list of tables that each have a name, as a table by name."""
    named = isinstance(value, list) and value
    if named and all(isinstance(item, dict) and "name" in item for item in value):
        return {item["name"]: item for item in value}
    return value


def _words(value: Any) -> str:
    if value is None or value == {} or value == []:
        return "—"
    if isinstance(value, dict):
        return ", ".join(f"{key} = {_words(item)}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(_words(item) for item in value)
    return str(value)
