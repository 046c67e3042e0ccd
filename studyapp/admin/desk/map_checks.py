"""How far a map is from what its method promises, in words; and where to look first."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, F, FloatField, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Cast

from studyapp.models import Stimulus, StimulusOverlay
from studyapp.studies.definition.catalogue import catalogue

CHECKS = "overlay__explanation__checks"


@dataclass(frozen=True)
class Told:
    """One check of a map. `fix`: what to do about it where it is doubtful, else empty."""

    sentence: str
    fix: str


def told(checks: dict[str, float]) -> Iterator[Told]:
    """The sentences of a map's checks; those of a newer version that are unknown here by name."""
    known = catalogue()["checks"]
    for name, value in checks.items():
        check = known.get(name)
        if check is None:
            yield Told(f"{name}: {value:.3g}", "")
            continue
        doubtful = check["warns_above"] is not None and value > check["warns_above"]
        sentence = check["words"].replace("{}", _shown(value, check["unit"]))
        yield Told(sentence, check["fix"] if doubtful else "")


def _shown(value: float, unit: str) -> str:
    if unit == "times":
        return f"{value:.1f} times" if value < 100 else f"{value:,.0f} times"
    return f"{100 * value:.1f} %" if value < 10 else f"{100 * value:,.0f} %"


def is_doubtful() -> Q:
    """Whether one of a use's checks is beyond the number from which it warns."""
    limits = {
        name: check["warns_above"]
        for name, check in catalogue()["checks"].items()
        if check["warns_above"] is not None
    }
    found = Q()
    for name, limit in limits.items():
        found |= Q(**{f"{CHECKS}__{name}__gt": limit})
    return found


def with_doubtful_maps(rows: QuerySet[Stimulus]) -> QuerySet[Stimulus]:
    uses = StimulusOverlay.objects.filter(is_doubtful(), stimulus=OuterRef("pk"))
    return rows.filter(Exists(uses))


def measured_checks(uses: QuerySet[StimulusOverlay]) -> list[str]:
    """The names of the checks that some of these maps have, as the catalogue orders them."""
    names = catalogue()["checks"]
    counts = {name: Count("pk", filter=Q(**{f"{CHECKS}__has_key": name})) for name in names}
    found = uses.aggregate(**counts)
    return [name for name in names if found[name]]


def worst_first(rows: QuerySet[Stimulus], name: str, condition: str) -> QuerySet[Stimulus]:
    """The stimuli whose maps have this check, that with the highest number first."""
    wanted: dict[str, Any] = {"condition__name": condition} if condition else {}
    uses = StimulusOverlay.objects.filter(stimulus=OuterRef("pk"), **wanted)
    value = Cast(F(f"{CHECKS}__{name}"), FloatField())
    worst = uses.order_by().values("stimulus").annotate(worst=Max(value)).values("worst")
    ranked = rows.annotate(worst=Subquery(worst)).filter(worst__isnull=False)
    return ranked.order_by(F("worst").desc(), "position")
