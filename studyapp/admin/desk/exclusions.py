"""Who is left out of the analysis and why: rows are only added, for an undo too."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404

from studyapp.models import Exclusion, Participation, Study
from studyapp.studies.definition.study import study_definition
from studyapp.studies.rights import Act, acts, visible_studies

from .frame import confirm, maker, page_of, record, refusal, show, study_page

ROWS = 50


class ExclusionForm(forms.Form):
    """One person, with a reason of the researcher's own."""

    code = forms.CharField(
        label="Participation", help_text="Its code, as in the list of participations."
    )
    rule = forms.CharField(label="Reason", max_length=60, help_text="In a word or two.")
    note = forms.CharField(label="Note", widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, study: Study, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.study = study

    def clean_code(self) -> Participation:
        code = self.cleaned_data["code"].strip()
        found = Participation.objects.filter(study=self.study, code=code).first()
        if found is None:
            raise forms.ValidationError(
                f"{self.study.slug} has no participation {code}; copy the code from the list."
            )
        return found


def _rules() -> list[tuple[str, str]]:
    from studyapp.analyses.exclusions import RULES  # pandas, for this page alone

    return [(name, name.replace("_", " ")) for name in RULES]


class RuleForm(forms.Form):
    """A rule with a limit, looked at before it is applied."""

    rule = forms.ChoiceField(label="Rule", choices=_rules)
    limit = forms.FloatField(
        label="Limit",
        min_value=0,
        help_text="People who reach it break the rule; for times, people below it.",
    )


@study_page(Act.EXCLUDE)
def exclusions(request: HttpRequest, study: Study) -> HttpResponse:
    """The exclusions so far, and the forms that add one or preview a rule."""
    single = ExclusionForm(study=study, initial={"code": request.GET.get("code", "")})
    rule = RuleForm(request.GET if "limit" in request.GET else None)
    hit: list[tuple[Participation, str]] | None = None
    if request.method == "POST" and "code" in request.POST:
        single = ExclusionForm(request.POST, study=study)
        if single.is_valid():
            given = single.cleaned_data
            person, reason, note = given["code"], given["rule"], given["note"]
            Exclusion.objects.create(
                participation=person, rule=reason, note=note, made_by=maker(request)
            )
            record(request, study, f"{person.code}: counted → left out ({reason}: {note})")
            messages.success(request, f"{person.code} is left out of the analysis")
            return HttpResponseRedirect(page_of(study, "study_exclusions"))
    elif request.method == "POST":
        return _apply(request, study)
    elif rule.is_bound and rule.is_valid():
        hit = broken(study, rule.cleaned_data["rule"], rule.cleaned_data["limit"])
    return _shown(request, study, single=single, rule=rule, hit=hit)


def _shown(request: HttpRequest, study: Study, **context: Any) -> HttpResponse:
    rows = (
        Exclusion.objects.of(study)
        .select_related("participation", "made_by", "undoes", "undone_by")
        .order_by("-made_at", "-pk")
    )
    page = Paginator(rows, ROWS).get_page(request.GET.get("page"))
    declared = {k: v for k, v in study_definition(study).exclusions if v is not None}
    return show(request, study, "exclusions", {"page": page, "declared": declared, **context})


def broken(study: Study, rule: str, limit: float) -> list[tuple[Participation, str]]:
    """The people who break `rule` at `limit`, not left out by it yet, with what was found."""
    from studyapp.analyses.exclusions import participation_keys, people_breaking

    found = {name: note for name, _, note in people_breaking(study, {rule: limit})}
    keys = {key: found[name] for name, key in participation_keys(study).items() if name in found}
    known = Exclusion.objects.made().filter(participation__in=keys, rule=rule)
    people = Participation.objects.filter(pk__in=keys).exclude(pk__in=known.values("participation"))
    return [(person, keys[person.pk]) for person in people.order_by("pk")]


@transaction.atomic
def _apply(request: HttpRequest, study: Study) -> HttpResponse:
    """Leave out everybody who breaks a previewed rule; a note states the limit."""
    form = RuleForm(request.POST)
    if not form.is_valid():
        return _shown(request, study, single=ExclusionForm(study=study), rule=form, hit=None)
    rule, limit = form.cleaned_data["rule"], form.cleaned_data["limit"]
    hit = broken(study, rule, limit)
    Exclusion.objects.bulk_create(
        Exclusion(participation=person, rule=rule, note=note, made_by=maker(request))
        for person, note in hit
    )
    record(request, study, f"{rule} at {limit:g}: {len(hit)} people, counted → left out")
    messages.success(request, f"{len(hit)} people are left out by {rule} at {limit:g}")
    return HttpResponseRedirect(page_of(study, "study_exclusions"))


def undo(request: HttpRequest, key: int) -> HttpResponseBase:
    """Undo an exclusion by adding another row; both stay."""
    visible = Exclusion.objects.filter(participation__study__in=visible_studies(request.user))
    row = get_object_or_404(visible.select_related("participation__study"), pk=key, undoes=None)
    study = row.participation.study
    if Act.EXCLUDE not in acts(request.user, study):
        return refusal(request, study, Act.EXCLUDE)
    person, back = row.participation, page_of(study, "study_exclusions")
    if request.method != "POST":
        return confirm(
            request,
            study,
            f"Undo the exclusion of {person.code}?",
            f"{person.code} counts in the analysis again, as far as {row.rule} goes.",
            "Both rows stay: that it was left out, and that this was undone.",
            button="Undo it",
            back=back,
        )
    try:
        with transaction.atomic():
            Exclusion.objects.create(
                participation=person, rule=row.rule, note="undone", undoes=row,
                made_by=maker(request),
            )  # fmt: skip
    except IntegrityError:
        messages.error(request, "This was undone already.")
    else:
        record(request, study, f"{person.code}: left out ({row.rule}) → counted")
        messages.success(request, f"{person.code} counts again")
    return HttpResponseRedirect(back)
