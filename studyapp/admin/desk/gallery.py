"""Every stimulus with its photo, what the networks said, each method's overlays side by side, and
how people judged them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from studyapp.models import (
    Condition,
    Crop,
    Image,
    Judgment,
    Kind,
    MetricValue,
    Network,
    NetworkPair,
    Prediction,
    Stage,
    Status,
    Stimulus,
    StimulusOverlay,
    StimulusRole,
    Study,
    StudyImage,
    WorkState,
)
from studyapp.paradigms import PARADIGMS
from studyapp.paradigms.base import member_role
from studyapp.paradigms.questions import DECLINED
from studyapp.sections.meetings import members
from studyapp.studies.definition.study import study_definition
from studyapp.studies.masking import is_masked
from studyapp.studies.photos.rightness import right_classes
from studyapp.studies.preparation.targets import explained_in
from studyapp.studies.rights import Act
from studyapp.studies.words import Words, words_of

from .choosing import choose
from .frame import show, study_page
from .map_checks import Told, measured_checks, told, worst_first

if TYPE_CHECKING:
    from studyapp.analyses.disagreement import Disagreement

ROWS = 12
FIRST_CLASSES = 3


@dataclass
class Shown:
    """One condition of a stimulus: its pictures, and people's answers in numbers."""

    condition: Condition
    # (side, address, whether the map is empty, in what the class is explained, words in its place,
    # whether it is a film)
    pictures: list[tuple[str, str, bool, str, Words | None, bool]] = field(default_factory=list)
    checks: list[tuple[str, list[Told]]] = field(default_factory=list)
    metrics: list[tuple[str, float]] = field(default_factory=list)
    # Of counted judgments, also where an answer has no score
    count: int = 0
    declined: int = 0
    # By the label of the words that were asked, where blocks differ in theirs
    scores: dict[str, list[float]] = field(default_factory=dict)

    @property
    def is_doubtful(self) -> bool:
        return any(check.fix for _, checks in self.checks for check in checks)

    @property
    def mean(self) -> float | None:
        """None without answers, and for answers to several wordings, which have no common mean."""
        return self.means[0][1] if len(self.scores) == 1 else None

    @property
    def means(self) -> list[tuple[str, float, int]]:
        """(label, mean, number of answers) of each wording."""
        return [(key, sum(own) / len(own), len(own)) for key, own in sorted(self.scores.items())]


@dataclass
class Card:
    stimulus: Stimulus
    photo: str
    predictions: list[tuple[str, list[tuple[str, float, bool]]]]
    shown: list[Shown]
    outcome: str | None
    disagreement: "Disagreement | None"
    further: list[str]


class GalleryForm(forms.Form):
    """The filters, all optional."""

    category = forms.ChoiceField(required=False, label="Class")
    condition = forms.ChoiceField(required=False, label="Method")
    role = forms.ChoiceField(
        required=False, label="Role", choices=[("", "any role"), *StimulusRole.choices]
    )
    networks = forms.ChoiceField(
        required=False,
        label="Networks",
        choices=[
            ("", "right or wrong"),
            ("stronger wrong", "the stronger is wrong"),
            ("weaker wrong", "the weaker is wrong"),
            ("both right", "both are right"),
        ],
    )
    coverage = forms.ChoiceField(
        required=False,
        label="Coverage",
        choices=[("", "any coverage"), ("none", "never judged"), ("below", "below the target")],
    )
    empty = forms.BooleanField(required=False, label="Empty map")
    doubtful = forms.BooleanField(required=False, label="Doubtful map")
    metric = forms.ChoiceField(required=False, label="Order")
    check = forms.ChoiceField(required=False, label="Order by check")
    stimulus = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any, *, study: Study) -> None:
        super().__init__(data)
        names = study.stimuli.order_by("category").values_list("category", flat=True).distinct()
        conditions = study.conditions.values_list("name", flat=True)
        self._choices("category", "every class", names)
        self._choices("condition", "every method", conditions)
        from studyapp.analyses.disagreement import measured  # pandas, for this page alone

        # Where people and metrics disagree tells how people answered
        metrics = [] if is_masked(study) else measured(study)
        self._choices("metric", "as planned", metrics, "people against ")
        if not metrics:
            del self.fields["metric"]
        checks = measured_checks(StimulusOverlay.objects.filter(stimulus__study=study))
        self._choices("check", "as planned", checks, "greatest ")
        if not checks:
            del self.fields["check"], self.fields["doubtful"]

    def _choices(self, name: str, every: str, values: Iterable[str], words: str = "") -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", every), *((value, f"{words}{value}") for value in values)]


@study_page(Act.LOOK)
def gallery(request: HttpRequest, study: Study) -> HttpResponse:
    """Twelve stimuli a page; a fixed number of queries, however many stimuli there are."""
    form = GalleryForm(request.GET, study=study)
    wanted = form.cleaned_data if form.is_valid() else {}
    rows = choose(study, wanted)
    metric = wanted.get("metric") or ""
    found: dict[int, Disagreement] = {}
    if metric:
        from studyapp.analyses.disagreement import disagreements  # pandas, for this page alone

        found = disagreements(study, metric, wanted["condition"])
    if metric:
        # Only stimuli that both ranked, the greatest disagreement first
        keys = [key for key in rows.values_list("pk", flat=True) if key in found]
        keys.sort(key=lambda key: -found[key].size)
    elif wanted.get("check"):
        rows = worst_first(rows, wanted["check"], wanted["condition"])
    listed = _Ranked(rows, keys) if metric else rows
    page = Paginator(listed, ROWS).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "form": form,
        "page": page,
        "cards": cards(study, list(page.object_list), wanted.get("condition") or "", found),
        "metric": metric,
        "check": wanted.get("check") or "",
        "query": f"{query.urlencode()}&" if query else "",
    }
    return show(request, study, "gallery", context)


class _Ranked(Sequence[Stimulus]):
    """Stimuli in the order of their keys, of which only a page's are read."""

    def __init__(self, rows: QuerySet[Stimulus], keys: list[int]) -> None:
        self.rows, self.keys = rows, keys

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, part: Any) -> Any:
        found = self.rows.in_bulk(self.keys[part])
        return [found[key] for key in self.keys[part]]


def cards(
    study: Study, stimuli: list[Stimulus], only: str, found: "dict[int, Disagreement]"
) -> list[Card]:
    """The stimuli with everything that is shown of them; `only` one condition, if it is named."""
    pairs = list(study.pairs.select_related("stronger", "weaker"))
    predictions, crops = _predictions(stimuli, pairs), _crops(study, stimuli)
    shown = _shown(stimuli, only)
    _judge(study, shown, stimuli)
    return [
        Card(
            stimulus,
            crops.get(stimulus.photo.case.image_id, ""),
            predictions[stimulus.photo.case_id],
            list(shown[stimulus.pk].values()),
            PARADIGMS[stimulus.paradigm].outcome,
            found.get(stimulus.pk),
            [crops.get(image.pk, "") for image in stimulus.photo.case.further],
        )
        for stimulus in stimuli
    ]


def _predictions(
    stimuli: list[Stimulus], pairs: list[NetworkPair]
) -> dict[int, list[tuple[str, list[tuple[str, float, bool]]]]]:
    """Case → (words for the network by its role, [(class, probability, is it right?), …])."""
    named: dict[int, tuple[str, Network]] = {}
    for pair in pairs:
        prefix = f"{pair.name}, " if len(pairs) > 1 else ""
        for role in ("stronger", "weaker"):
            network: Network | None = getattr(pair, role)
            if network is not None:
                named.setdefault(network.pk, (f"{prefix}{role}", network))
    cases = {row.photo.case_id: row.photo.categories for row in stimuli}
    rows = Prediction.objects.ready().filter(case__in=cases, network__in=named)
    found: dict[int, list[tuple[str, list[tuple[str, float, bool]]]]] = defaultdict(list)
    for row in sorted(rows, key=lambda one: list(named).index(one.network_id)):
        words, network = named[row.network_id]
        words += " network"
        words += ", which gives each class by itself" if network.is_multi_label else ""
        right = right_classes(cases[row.case_id], network)
        labels = dict(enumerate(network.labels))
        classes = [
            (str(labels.get(key, f"class {key}")), float(probability), key in right)
            for key, _, probability in row.top[:FIRST_CLASSES]
        ]
        found[row.case_id].append((words, classes))
    return found


def _crops(study: Study, stimuli: list[Stimulus]) -> dict[int, str]:
    size = study_definition(study).display.size
    uses = StudyImage.objects.filter(pk__in={row.photo_id for row in stimuli})
    rows = Crop.objects.ready().filter(image__in=Image.objects.of(uses), size=size)
    return {row.image_id: reverse("desk_picture", args=[row.code]) for row in rows}


def _shown(stimuli: list[Stimulus], only: str) -> dict[int, dict[int, Shown]]:
    """Stimulus → condition → what is shown of it."""
    uses = StimulusOverlay.objects.filter(stimulus__in=[row.pk for row in stimuli])
    if only:
        uses = uses.filter(condition__name=only)
    uses = uses.select_related("condition", "overlay__explanation").order_by(
        "condition__position", "role"
    )
    found: dict[int, dict[int, Shown]] = defaultdict(dict)
    places: dict[int, Shown] = {}
    for use in uses:
        one = found[use.stimulus_id].setdefault(use.condition_id, Shown(use.condition))
        ready = use.overlay.state == WorkState.READY
        address = reverse("desk_picture", args=[use.overlay.code]) if ready else ""
        explanation = use.overlay.explanation
        side = _side(use)
        words = words_of(use.overlay) if ready and explanation.kind == Kind.TEXT else None
        film = explanation.kind == Kind.FILM
        shown = (side, address, explanation.is_empty, explained_in(explanation), words, film)
        one.pictures.append(shown)
        if explanation.checks:
            one.checks.append((side, list(told(explanation.checks))))
        places[use.pk] = one
    for value in MetricValue.objects.filter(use__in=places).order_by("metric"):
        places[value.use_id].metrics.append((value.metric, value.value))
    return found


def _side(use: StimulusOverlay) -> str:
    """What tells a picture from the others under its condition: the name of the condition that
    meets others, the method where both sides are of the stronger network, or the role."""
    met = members(use.condition.name)
    if len(met) > 1:
        return next(name for place, name in enumerate(met) if member_role(place) == use.role)
    return use.overlay.explanation.method if use.condition.versus else use.role


def _judge(study: Study, shown: dict[int, dict[int, Shown]], stimuli: list[Stimulus]) -> None:
    """Add every counted person's judgment, and its score: plus favours the stronger network, or 1
    for right. While outcomes are masked, judgments are counted alone."""
    from studyapp.analyses.declines import MAIN  # pandas, for this page alone
    from studyapp.analyses.wordings import labels

    masked = is_masked(study)
    known = {one: labels(study.definition, one) for one in {row.paradigm for row in stimuli}}
    rows = Judgment.objects.filter(
        trial__stimulus__in=[row.pk for row in stimuli],
        trial__stage__in=(Stage.MAIN, Stage.FINAL),
        participation__status__in=(Status.ACTIVE, Status.FINISHED),
    ).filter(
        reduce(or_, (Q(**{f"data__{name}": DECLINED}) for name in MAIN), Q(value__isnull=False))
    )
    for row in rows.select_related("trial"):
        one = shown[row.trial.stimulus_id or 0].get(row.trial.condition_id or 0)
        if one is None:
            continue
        if row.value is None:
            one.declined += 1
            continue
        score = None if masked else row.trial.score(row.value)
        one.count += 1
        if score is not None:
            words = known[row.trial.paradigm].get(row.trial.block, "")
            one.scores.setdefault(words, []).append(score)
