"""Coding of open answers: a study's schemes, with what is to be coded and by whom."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse

from studyapp.models import Coder, CodingScheme, Study
from studyapp.studies.coding.readings import Progress, progress
from studyapp.studies.coding.rounds import running_round
from studyapp.studies.coding.schemes import SchemeError, new_scheme, open_questions
from studyapp.studies.definition.asking import AskedQuestion
from studyapp.studies.rights import Act, acts, own_studies

from .frame import maker, page_of, record, refusal, show, study_page

SchemeView = Callable[[HttpRequest, CodingScheme], HttpResponseBase]


def scheme_page(act: Act) -> Callable[[SchemeView], Callable[..., HttpResponseBase]]:
    """A view of one coding scheme: a 404 or a 403 as `study_page` gives them."""

    def decorate(view: SchemeView) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def guarded(request: HttpRequest, key: int) -> HttpResponseBase:
            own = CodingScheme.objects.filter(study__in=own_studies(request.user))
            scheme = get_object_or_404(own.select_related("study__copy_of"), pk=key)
            if act not in acts(request.user, scheme.study):
                return refusal(request, scheme.study, act)
            return view(request, scheme)

        return guarded

    return decorate


def address(scheme: CodingScheme, name: str = "coding_scheme") -> str:
    return reverse(f"admin:{name}", args=[scheme.pk])


@dataclass(frozen=True)
class Line:
    """A version of a scheme in the list.

    own: what the user has to code by it in the round that runs. last: the place of the last of it.
    """

    scheme: CodingScheme
    state: str
    own: Progress | None = None
    last: int | None = None


@dataclass(frozen=True)
class Part:
    """An open question with the versions of its scheme, the latest first."""

    block: str
    question: str
    words: str
    is_asked: bool
    lines: list[Line]


@study_page(Act.CODE)
def coding(request: HttpRequest, study: Study) -> HttpResponse:
    """The study's open questions with their schemes (GET); another version of one (POST)."""
    if request.method == "POST":
        if Act.EDIT_CODES not in acts(request.user, study):
            return refusal(request, study, Act.EDIT_CODES)
        return _made(request, study)
    return show(request, study, "coding", {"parts": list(_parts(study, maker(request)))})


def _made(request: HttpRequest, study: Study) -> HttpResponse:
    block, _, question = request.POST.get("question", "").partition("/")
    try:
        scheme = new_scheme(study, block, question, by=maker(request))
    except SchemeError as error:
        messages.error(request, f"{str(error)[:1].upper()}{str(error)[1:]}.")
        return HttpResponseRedirect(page_of(study, "study_coding"))
    record(request, study, f"coding scheme {scheme} was made")
    return HttpResponseRedirect(address(scheme))


def _parts(study: Study, user: Any) -> Iterator[Part]:
    by_question: dict[tuple[str, str], list[Line]] = {}
    asked: dict[tuple[str, str], AskedQuestion] = {
        (one.block.name, one.question.name): one for one in open_questions(study)
    }
    rows = study.coding_schemes.order_by("block", "question", "-version")
    for scheme in rows.prefetch_related("rounds", "codes"):
        key = scheme.block, scheme.question
        by_question.setdefault(key, []).append(_line(scheme, user))
    for block, question in dict.fromkeys([*asked, *by_question]):
        one = asked.get((block, question))
        words = one.words if one is not None else ""
        lines = by_question.get((block, question), [])
        yield Part(block, question, words, one is not None, lines)


def _line(scheme: CodingScheme, user: Any) -> Line:
    running = running_round(scheme)
    coder = Coder.objects.filter(scheme=scheme, user=user).first()
    rounds = len(scheme.rounds.all())
    if running is not None:
        state = f"round {running.number} is being coded"
    elif rounds:
        state = f"{rounds} {'round' if rounds == 1 else 'rounds'} coded"
    else:
        state = f"{len(scheme.codes.all())} codes, not in use yet"
    if coder is None or running is None:
        return Line(scheme, state)
    last = coder.readings.filter(answer__round=running).order_by("place").last()
    return (
        Line(scheme, state, progress(coder, running), last.place) if last else Line(scheme, state)
    )
