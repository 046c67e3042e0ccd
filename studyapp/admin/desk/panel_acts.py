"""Approving, asking to return and paying bonuses: shown first, exactly, and then confirmed."""

from collections import Counter

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict

from studyapp.models import ActKind, Study
from studyapp.participations.approvals import approvals
from studyapp.participations.decisions import Decision
from studyapp.participations.panels import title_of
from studyapp.payments.access import access_of
from studyapp.payments.acts import carry_out
from studyapp.payments.line import PanelError
from studyapp.payments.plans import LONGEST_WORDS, OFFERED, Wish, plan, read_amount
from studyapp.studies.rights import Act

from .frame import maker, page_of, record, show, study_page
from .panel import source_of

WORDS = {
    ActKind.ASK_RETURN: "Reason, which the person reads",
    ActKind.BONUS: "What the bonus is for; a visit gets at most one for each purpose",
}
# What the decisions mean, for a choice among them
MEANT = {
    Decision.APPROVE: "finished here, waits for review there",
    Decision.REVIEW: "finished here with failed checks, waits for review there",
    Decision.PAY: "finished here, of a panel that tells no status",
    Decision.UNEARNED: "waits for review there, not finished here or paid for another visit",
    Decision.PART: "screened out here: the partial pay that the study declares",
    Decision.LOST: "finished here, returned or timed out there",
    Decision.UNDERPAID: "finished here, paid as screened out there",
    Decision.SETTLED: "paid already",
}
BUTTONS = {
    ActKind.APPROVE: "Approve them now",
    ActKind.ASK_RETURN: "Ask them now",
    ActKind.BONUS: "Pay them now",
}


class WishForm(forms.Form):
    """What is asked of the panel, about which visits."""

    def __init__(self, study: Study, kind: ActKind, data: QueryDict | None) -> None:
        super().__init__(data)
        there = Counter(row["decision"] for row in approvals(study, kinds=OFFERED[kind]))
        choices = [(one.name, f"{MEANT[one]} ({there[one]})") for one in OFFERED[kind]]
        self.fields["about"] = forms.MultipleChoiceField(
            choices=choices, widget=forms.CheckboxSelectMultiple, label="Visits"
        )
        if kind == ActKind.BONUS:
            self.fields["amount"] = forms.CharField(
                required=False, max_length=10, label="Amount for each",
                help_text="If it is empty, people who were screened out get the partial pay that "
                "the study declares.",
            )  # fmt: skip
        if kind != ActKind.APPROVE:
            self.fields["words"] = forms.CharField(max_length=LONGEST_WORDS, label=WORDS[kind])


@study_page(Act.SEE_IDS)
def panel_act(request: HttpRequest, study: Study) -> HttpResponse:
    """The dry run of what the address asks for, or the form that asks; POST carries it out."""
    given = request.POST if request.method == "POST" else request.GET
    kind = given.get("kind", "")
    kind = ActKind(kind) if kind in ActKind.values else ActKind.APPROVE
    form = WishForm(study, kind, given if "about" in given else None)
    context = {
        "kind": kind,
        "form": form,
        "button": BUTTONS[kind],
        "source": title_of(source_of(study)),
    }
    try:
        access_of(study, source_of(study))
        if form.is_bound and form.is_valid():
            wish = _wish(source_of(study), kind, form.cleaned_data)
            if request.method == "POST":
                return _carried_out(request, study, wish)
            context["plan"] = plan(study, wish)
    except PanelError as error:
        context["problem"] = str(error)
    context["hidden"] = [
        (name, one) for name in ("kind", "about", "amount", "words") for one in given.getlist(name)
    ]
    return show(request, study, "payment_act", context)


def _wish(source: str, kind: ActKind, given: dict[str, object]) -> Wish:
    chosen = given["about"]
    amount = str(given.get("amount") or "")
    return Wish(
        source,
        kind,
        tuple(one for one in OFFERED[kind] if isinstance(chosen, list) and one.name in chosen),
        read_amount(amount) if amount.strip() else None,
        str(given.get("words") or ""),
    )


def _carried_out(request: HttpRequest, study: Study, wish: Wish) -> HttpResponse:
    outcome = carry_out(study, wish, request.POST.get("digest", ""), maker(request).get_username())
    groups = ", ".join(f"“{Decision(one)}”" for one in wish.about)
    record(
        request,
        study,
        f"asked {wish.source} to {wish.kind.label} ({groups}): {outcome.sentence}",
    )
    note = messages.success if outcome.done and not outcome.unknown else messages.warning
    note(request, f"{title_of(wish.source)}: {outcome.sentence}")
    return HttpResponseRedirect(page_of(study, "study_panel"))
