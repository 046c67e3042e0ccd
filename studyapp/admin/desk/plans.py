"""A study's plan as documents to be registered, downloaded from the page of its results."""

import json

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect

from studyapp.models import Study
from studyapp.studies.rights import Act

from .frame import page_of, record, study_page

# By the ending of a file's name: its kind of content
ENDINGS = {"md": "text/markdown", "txt": "text/plain", "json": "application/json"}
# By the name of each document: what the page calls it
DOCUMENTS = {
    "plan": "The whole plan",
    "aspredicted": "In the order of AsPredicted",
    "osf": "In the order of the OSF’s template",
    "amendments": "Amendments: what was changed after opening",
}


@study_page(Act.REPORT)
def plan_file(request: HttpRequest, study: Study) -> HttpResponse:
    """A document as a download; of a draft, whose design isn't drawn, with stand-ins for photos."""
    document, ending = request.GET.get("document", "plan"), request.GET.get("ending", "md")
    if document not in DOCUMENTS or ending not in ENDINGS:
        raise Http404("no such document")
    # What a plan is told with is heavy, and no other page needs it.
    from studyapp.analyses.plan_documents import study_document
    from studyapp.studies.design.draw import DesignError

    try:
        told = study_document(study, document)
    except DesignError as error:
        messages.error(request, f"There is no plan yet: {error}")
        return HttpResponseRedirect(page_of(study, "study_results"))
    if ending == "json":
        text = json.dumps(told.data(), indent=2, ensure_ascii=False) + "\n"
    else:
        text = told.text() if ending == "txt" else told.markdown()
    record(request, study, f"downloaded {document}.{ending}, SHA-256 {told.digest[:12]}")
    reply = HttpResponse(text, content_type=f"{ENDINGS[ending]}; charset=utf-8")
    reply["Content-Disposition"] = f'attachment; filename="{study.slug}-{document}.{ending}"'
    return reply
