"""In which of a study's languages a person reads it: as the link or the browser says, or as they
choose before the consent."""

from dataclasses import dataclass

from django.http import HttpRequest, QueryDict

from studyapp.shelf.languages import own_name, wanted_by_browser
from studyapp.studies.definition.study import Definition
from studyapp.studies.words import direction_of

# In a study's link, and in the form of its first page
IN_LINK = "lang"


@dataclass(frozen=True)
class Choice:
    """A language as its speakers call it; `link`: the same page in it, where a link leads there."""

    code: str
    own_name: str
    is_current: bool
    link: str = ""

    @property
    def direction(self) -> str:
        return direction_of(self.code)


def chosen_language(request: HttpRequest, definition: Definition) -> str:
    """What the link says, else the first of the browser's languages that the study has, else the
    study's first one."""
    for told in (request.POST.get(IN_LINK, ""), request.GET.get(IN_LINK, "")):
        if known := named_language(told, definition):
            return known
    if len(definition.languages) == 1:
        return definition.language
    accepted = request.headers.get("Accept-Language", "")
    return wanted_by_browser(accepted, definition.languages) or definition.language


def named_language(told: str, definition: Definition) -> str:
    """The study's language of that tag, in capitals or not as the file has it; empty if none is."""
    return next((one for one in definition.languages if one.lower() == told.lower()), "")


def choices(definition: Definition, current: str, query: QueryDict | None = None) -> list[Choice]:
    """Those between which people can choose, none in a study in one language. query: of the page's
    address, for choices by a link."""
    if len(definition.languages) == 1:
        return []
    return [
        Choice(one, own_name(one), one == current, _link(one, query))
        for one in definition.languages
    ]


def _link(language: str, query: QueryDict | None) -> str:
    if query is None:
        return ""
    asked = query.copy()
    asked[IN_LINK] = language
    return f"?{asked.urlencode()}"
