"""Who made the data, under which licence, and how to cite them: changed before and after opening,
because it decides nothing about the study."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from studyapp.models import Study
from studyapp.studies.definition.file import DefinitionError
from studyapp.studies.publication import give_publication, publication_of, publication_toml
from studyapp.studies.rights import Act

from .frame import page_of, record, show, study_page

START = """\
[publication]
licence = "CC-BY-4.0"
keywords = []

[[publication.people]]
family_names = ""
given_names = ""
orcid = ""
affiliation = ""
roles = ["conceptualization", "investigation"]
"""


@study_page(Act.EDIT)
def publication(request: HttpRequest, study: Study) -> HttpResponse:
    """The section [publication] (GET); checked and stored (POST), or shown again with why not."""
    if study.copy_of is not None:
        return HttpResponseRedirect(page_of(study.copy_of, "study_publication"))
    if request.method != "POST":
        toml = publication_toml(publication_of(study)) or START
        return show(request, study, "results_publication", {"toml": toml, "complaints": []})
    toml = request.POST.get("toml", "").replace("\r\n", "\n")
    before = publication_toml(publication_of(study))
    try:
        section = give_publication(study, toml, "[publication]")
    except DefinitionError as error:
        context = {"toml": toml, "complaints": str(error).splitlines()}
        return show(request, study, "results_publication", context, status=422)
    record(request, study, f"changed what is published of it; before: {before or 'nothing'}")
    names = ", ".join(one.name for one in section.people) or "nobody"
    messages.success(request, f"Saved. The next bundle names {names}.")
    return HttpResponseRedirect(page_of(study, "study_results"))
