"""The pages on which answers are coded and adjudicated: the question, the answer, and the codes.

They say nothing of who answered, under which condition, when, or what other coders chose.
"""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from studyapp.models import Adjudication, CodedAnswer, Coder, Coding, CodingScheme, Reading
from studyapp.studies.coding.readings import (
    CodedMeanwhileError,
    adjudicate,
    code_answer,
    disagreements,
    next_reading,
    place_before,
    progress,
    reading_at,
    standing_codings,
)
from studyapp.studies.coding.rounds import answer_text, running_round
from studyapp.studies.coding.schemes import SchemeError, question_words
from studyapp.studies.rights import Act

from .coding import address, scheme_page
from .frame import maker, page_of, show

# The keys that choose the codes, in their order
KEYS = "123456789abcdefghijklmnopqrstuvwxyz"
MEANWHILE = "Another window has stored other codes of this answer; they are shown below."


@scheme_page(Act.CODE)
def coding_page(request: HttpRequest, scheme: CodingScheme) -> HttpResponse:
    """The user's next answer, or the one at a place of theirs (GET); its codes stored (POST)."""
    coder = Coder.objects.filter(scheme=scheme, user=maker(request)).first()
    if coder is None:
        messages.info(request, "You are no coder of this scheme; who edits it can add you.")
        return HttpResponseRedirect(page_of(scheme.study, "study_coding"))
    if request.method == "POST":
        return _coded(request, coder)
    asked = request.GET.get("place", "")
    reading = reading_at(coder, _number(asked)) if asked else next_reading(coder)
    if reading is None:
        messages.success(request, "There is nothing left for you to code by this scheme.")
        return HttpResponseRedirect(page_of(scheme.study, "study_coding"))
    return _reading_shown(request, coder, reading)


def _coded(request: HttpRequest, coder: Coder) -> HttpResponse:
    reading = reading_at(coder, _number(request.POST.get("place", "")))
    if reading is None:
        messages.error(request, "This round has ended: what was coded in it stays as it is.")
        return HttpResponseRedirect(page_of(coder.scheme.study, "study_coding"))
    chosen, seen = request.POST.getlist("code"), _number(request.POST.get("seen", ""))
    try:
        code_answer(reading, chosen, seen=seen)
    except SchemeError as error:
        return _reading_shown(request, coder, reading, problem=f"{error}", chosen=chosen)
    except CodedMeanwhileError:
        return _reading_shown(request, coder, reading, problem=MEANWHILE)
    return HttpResponseRedirect(address(coder.scheme, "coding_page"))


def _reading_shown(
    request: HttpRequest, coder: Coder, reading: Reading, problem: str = "", **more: Any
) -> HttpResponse:
    running = running_round(coder.scheme)
    context = {
        "place": reading.place,
        "before": place_before(reading),
        "progress": progress(coder, running),
        "back": page_of(coder.scheme.study, "study_coding"),
    }
    latest = reading.codings.order_by("-revision").first()
    return _page(request, reading.answer, latest, problem, {**context, **more})


@scheme_page(Act.ADJUDICATE)
def adjudication(request: HttpRequest, scheme: CodingScheme) -> HttpResponse:
    """The next disagreement, or the one that is asked for (GET); its final codes stored (POST)."""
    sent = request.POST if request.method == "POST" else request.GET
    rows, asked = disagreements(scheme), sent.get("answer", "")
    if asked:
        answer = rows.filter(pk=_number(asked)).first()
        if answer is None:
            raise Http404("no disagreement about such an answer")
    else:
        answer = rows.filter(adjudications=None).first()
    if answer is None:
        messages.success(request, "Every disagreement is adjudicated.")
        return HttpResponseRedirect(address(scheme, "coding_agreement"))
    problem, chosen = "", None
    if request.method == "POST":
        chosen = request.POST.getlist("code")
        try:
            seen = _number(request.POST.get("seen", ""))
            adjudicate(answer, chosen, by=maker(request), seen=seen)
        except SchemeError as error:
            problem = f"{error}"
        except CodedMeanwhileError:
            problem, chosen = MEANWHILE, None
        else:
            return HttpResponseRedirect(address(scheme, "coding_adjudication"))
    choices = standing_codings().filter(reading__answer=answer).order_by("reading__coder__number")
    context = {
        "answer": answer.pk,
        "choices": [(one.reading.coder, one.codes) for one in choices.select_related(
            "reading__coder")],
        "back": address(scheme, "coding_agreement"),
    }  # fmt: skip
    latest = answer.adjudications.order_by("-revision").first()
    return _page(request, answer, latest, problem, {**context, "chosen": chosen})


def _page(
    request: HttpRequest,
    answer: CodedAnswer,
    latest: Coding | Adjudication | None,
    problem: str,
    more: dict[str, Any],
) -> HttpResponse:
    """The question, the answer and the codes; `latest` is what was chosen before."""
    scheme = answer.scheme
    chosen: Sequence[str] | None = more.pop("chosen", None)
    if chosen is None:
        chosen = latest.codes if latest is not None else []
    keys = [*KEYS, *[""] * scheme.codes.count()]
    codes = zip(scheme.codes.all(), keys, strict=False)
    context = {
        **admin.site.each_context(request),
        "title": "Code an answer",
        "scheme": scheme,
        "words": question_words(scheme),
        "text": answer_text(answer.judgment, scheme.question),
        "codes": [(code, key, code.name in chosen) for code, key in codes],
        "seen": latest.revision if latest is not None else 0,
        "is_coded": latest is not None,
        "problem": f"{problem[:1].upper()}{problem[1:]}",
        **more,
    }
    status = 400 if problem else 200
    return TemplateResponse(request, "admin/desk/coding_page.html", context, status=status)


@scheme_page(Act.ADJUDICATE)
def coding_agreement(request: HttpRequest, scheme: CodingScheme) -> HttpResponse:
    """How well the coders agree, of rounds that have ended, and what is to be adjudicated."""
    from studyapp.analyses.coded import scheme_agreement  # pandas, for this page alone
    from studyapp.analyses.reports.coded import agreement_table

    found = scheme_agreement(scheme)
    rows = disagreements(scheme).prefetch_related("adjudications")
    context = {
        "scheme": scheme,
        "words": question_words(scheme),
        "table": agreement_table(found) if found["answers"] else None,
        "running": running_round(scheme),
        "disagreements": [
            (row, max(row.adjudications.all(), key=lambda one: one.revision, default=None))
            for row in rows
        ],
    }
    return show(request, scheme.study, "coding_agreement", context)


def _number(given: str) -> int:
    """A place or a revision as the page sent it; 0, which none has, for anything else."""
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else 0
