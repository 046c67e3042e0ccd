"""One coding scheme: its codes, edited until they are in use, and its rounds."""

from secrets import SystemRandom
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect

from studyapp.models import CodingScheme, Member
from studyapp.studies.coding.readings import progress
from studyapp.studies.coding.rounds import (
    begin_round,
    end_round,
    hindrance,
    running_round,
    uncoded,
    waiting_answers,
)
from studyapp.studies.coding.schemes import (
    LONGEST_NAME,
    LONGEST_WORDS,
    MOST_CODES,
    CodeWords,
    SchemeError,
    codes_as_csv,
    codes_from_csv,
    codes_of,
    is_in_use,
    question_words,
    save_codes,
)
from studyapp.studies.rights import Act

from .coding import address, scheme_page
from .frame import confirm, record, show

BLANK_ROWS = 3
MOST_BYTES = 500_000


class CodeForm(forms.Form):
    """One code of a scheme."""

    name = forms.CharField(label="Name", max_length=LONGEST_NAME)
    definition = forms.CharField(
        label="Definition", max_length=LONGEST_WORDS, widget=forms.Textarea(attrs={"rows": 2})
    )
    example = forms.CharField(
        label="Example", max_length=LONGEST_WORDS, required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip


CodeForms = forms.formset_factory(
    CodeForm, extra=BLANK_ROWS, can_order=True, can_delete=True, max_num=MOST_CODES
)


class SchemeForm(forms.Form):
    """How the codes of a scheme are given."""

    is_exclusive = forms.TypedChoiceField(
        label="Codes of an answer", choices=[("yes", "exactly one"), ("no", "several, or none")],
        coerce=lambda given: given == "yes",
    )  # fmt: skip


class FileForm(forms.Form):
    """A CSV file whose codes take the place of the scheme's."""

    file = forms.FileField(
        label="CSV file", help_text="With the columns name, definition and, if you like, example."
    )


class RoundForm(forms.Form):
    """Who codes the answers that wait, and how many of them all coders code."""

    overlap = forms.IntegerField(
        label="Coded by everybody, in percent", min_value=1, max_value=100, initial=100,
        help_text="100: every answer is coded by all coders. 20: a fifth is, drawn by chance, and "
        "the others are divided among them.",
    )  # fmt: skip

    def __init__(self, *args: Any, scheme: CodingScheme, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["coders"] = forms.ModelMultipleChoiceField(
            label="Coders", queryset=possible_coders(scheme), widget=forms.CheckboxSelectMultiple
        )


def possible_coders(scheme: CodingScheme) -> QuerySet[Any]:
    """The study's members; every role may code."""
    study = scheme.study.copy_of_id or scheme.study_id
    users = Member.objects.filter(study=study).values("user")
    rows: QuerySet[Any] = get_user_model().objects.filter(pk__in=users, is_active=True)
    return rows.order_by("username")


@scheme_page(Act.EDIT_CODES)
def scheme(request: HttpRequest, scheme: CodingScheme) -> HttpResponse:
    """The scheme with its rounds (GET); its codes saved or imported, or published or not (POST)."""
    do = request.POST.get("do") if request.method == "POST" else None
    if do == "public":
        return _published(request, scheme)
    if do == "import":
        return _imported(request, scheme)
    form, codes = _forms(request, scheme) if do == "save" else _stored_forms(scheme)
    if do == "save" and form.is_valid() and codes.is_valid():
        wanted = [
            CodeWords(*(one.cleaned_data[key] for key in ("name", "definition", "example")))
            for one in codes.ordered_forms
        ]
        try:
            save_codes(scheme, wanted, is_exclusive=form.cleaned_data["is_exclusive"])
        except SchemeError as error:
            form.add_error(None, f"{error}.")
        else:
            return _saved(request, scheme, f"{len(wanted)} codes saved")
    return _shown(request, scheme, form=form, codes=codes)


def _forms(request: HttpRequest, scheme: CodingScheme) -> tuple[SchemeForm, Any]:
    return SchemeForm(request.POST), CodeForms(request.POST, initial=_initial(scheme))


def _stored_forms(scheme: CodingScheme) -> tuple[SchemeForm, Any]:
    is_exclusive = "yes" if scheme.is_exclusive else "no"
    return SchemeForm(initial={"is_exclusive": is_exclusive}), CodeForms(initial=_initial(scheme))


def _initial(scheme: CodingScheme) -> list[dict[str, str]]:
    return [vars(one) for one in codes_of(scheme)]


def _shown(request: HttpRequest, scheme: CodingScheme, **more: Any) -> HttpResponse:
    running = running_round(scheme)
    coders = [(coder, progress(coder, running)) for coder in scheme.coders.all()] if running else []
    form, codes = _stored_forms(scheme)
    waiting = len(waiting_answers(scheme))
    context = {
        "scheme": scheme,
        "words": question_words(scheme),
        "in_use": is_in_use(scheme),
        "form": form,
        "codes": codes,
        "file": FileForm(),
        "round": RoundForm(scheme=scheme),
        "hindrance": hindrance(scheme, waiting),
        "waiting": waiting,
        "running": running,
        "coders": [(coder, own) for coder, own in coders if own.all],
        "rounds": scheme.rounds.all(),
        **more,
    }
    return show(request, scheme.study, "coding_scheme", context)


def _saved(request: HttpRequest, scheme: CodingScheme, what: str) -> HttpResponse:
    record(request, scheme.study, f"coding scheme {scheme}: {what}")
    messages.success(request, f"{what[:1].upper()}{what[1:]}.")
    return HttpResponseRedirect(address(scheme))


def _published(request: HttpRequest, scheme: CodingScheme) -> HttpResponse:
    before, after = scheme.is_public, request.POST.get("is_public") == "on"
    scheme.is_public = after
    scheme.save(update_fields=["is_public"])
    words = {True: "published", False: "not published"}
    return _saved(request, scheme, f"its codes were {words[before]} → are {words[after]}")


def _imported(request: HttpRequest, scheme: CodingScheme) -> HttpResponse:
    form = FileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _shown(request, scheme, file=form)
    file = form.cleaned_data["file"]
    if file.size > MOST_BYTES:
        form.add_error("file", f"A file of codes has {MOST_BYTES} bytes at most.")
        return _shown(request, scheme, file=form)
    try:
        codes = codes_from_csv(file.read())
        save_codes(scheme, codes, is_exclusive=scheme.is_exclusive)
    except SchemeError as error:
        form.add_error("file", f"{str(error)[:1].upper()}{str(error)[1:]}.")
        return _shown(request, scheme, file=form)
    return _saved(request, scheme, f"{len(codes)} codes imported")


@scheme_page(Act.EDIT_CODES)
def scheme_file(request: HttpRequest, scheme: CodingScheme) -> HttpResponse:
    """The scheme's codes as CSV."""
    name = f"{scheme.study.slug}-{scheme.block}-{scheme.question}-codes-{scheme.version}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    content = codes_as_csv(codes_of(scheme))
    return HttpResponse(content, content_type="text/csv; charset=utf-8", headers=headers)


@scheme_page(Act.EDIT_CODES)
def round_begun(request: HttpRequest, scheme: CodingScheme) -> HttpResponse:
    """Take in the answers that wait (POST)."""
    if request.method != "POST":
        return HttpResponseRedirect(address(scheme))
    form = RoundForm(request.POST, scheme=scheme)
    if not form.is_valid():
        return _shown(request, scheme, round=form)
    users, overlap = list(form.cleaned_data["coders"]), form.cleaned_data["overlap"]
    try:
        made = begin_round(scheme, users, overlap=overlap, seed=SystemRandom().randrange(2**31))
    except SchemeError as error:
        form.add_error(None, f"{str(error)[:1].upper()}{str(error)[1:]}.")
        return _shown(request, scheme, round=form)
    who = ", ".join(str(user) for user in users)
    what = f"round {made.number} began: {made.answers.count()} answers, {overlap} % by all of {who}"
    return _saved(request, scheme, what)


@scheme_page(Act.EDIT_CODES)
def round_ended(request: HttpRequest, scheme: CodingScheme) -> HttpResponse:
    """Say what ending the round means (GET); end it (POST)."""
    running = running_round(scheme)
    if running is None:
        raise Http404("no round is running")
    left = uncoded(running).count()
    if request.method != "POST":
        undone = (
            f"{left} {'choice is' if left == 1 else 'choices are'} still to be made. Answers that "
            "nobody has coded are free for the next round; of the others, what was coded counts."
        )
        return confirm(
            request,
            scheme.study,
            f"End round {running.number} of {scheme}?",
            "What was coded can't be changed any more, and no coding is lost.",
            "The agreement of the coders is then shown, and disagreements can be adjudicated.",
            *([undone] if left else ["Every answer is coded."]),
            button="End the round",
            back=address(scheme),
        )
    end_round(running)
    return _saved(request, scheme, f"round {running.number} ended, {left} choices not made")
