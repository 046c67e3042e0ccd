"""Counts of a study's people and answers, each by one query."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Aggregate, Count, DurationField, F, Max, Q
from django.db.models.functions import TruncHour

from studyapp.models import Judgment, Status, Study
from studyapp.participations.waiting import has_list, waiting
from studyapp.studies.definition.strata import stratum_shares
from studyapp.studies.definition.study import study_definition

# Column → what it counts. "entered" and "consented" count everybody who ever did.
COLUMNS: dict[str, Q] = {
    "entered": Q(),
    "consented": Q(consented_at__isnull=False),
    "active": Q(status=Status.ACTIVE),
    "finished": Q(status=Status.FINISHED),
    "dropped": Q(status=Status.DROPPED),
    "screened out": Q(status=Status.SCREENED_OUT),
    "no consent": Q(status=Status.REFUSED),
    "came when full": Q(status=Status.FULL),
    "withdrawn": Q(status=Status.WITHDRAWN),
}
HOURS = 24


class Median(Aggregate):
    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


@dataclass(frozen=True)
class Pay:
    amount: float
    currency: str
    per_hour: float | None
    floor: float

    @property
    def is_low(self) -> bool:
        return self.per_hour is not None and self.per_hour < self.floor


def people_by_arm(study: Study) -> list[tuple[str, list[int]]]:
    """(arm, counts in the order of COLUMNS) and a last row of sums; nothing when nobody came."""
    names = [name.replace(" ", "_") for name in COLUMNS]
    counts: dict[str, Any] = {
        f"n_{name}": Count("pk", filter=condition)
        for name, condition in zip(names, COLUMNS.values(), strict=True)
    }
    groups: Any = study.participations.values("arm__name").annotate(**counts).order_by("arm__name")
    rows = [
        (group["arm__name"] or "no place yet", [group[f"n_{name}"] for name in names])
        for group in groups
    ]
    if len(rows) > 1:
        rows.append(
            ("all", [sum(column) for column in zip(*(row for _, row in rows), strict=True)])
        )
    return rows


def places(study: Study) -> dict[str, Any]:
    """How many there are and are left for new people: `all`, `left`, and `parts` with both of each
    site and each stratum that has a quota; with a waiting list `waiting`, how many are on it."""
    left = Q(is_open=True, arm__closed_at__isnull=True)
    counts = {"all": Count("pk"), "left": Count("pk", filter=left)}
    definition = study_definition(study)
    found: Any = list(study.slots.order_by().values("site", "stratum").annotate(**counts))
    titles = {one.name: one.title for one in definition.sites}
    parts = [(title, _sum(found, "site", name)) for name, title in titles.items()]
    parts += [(name, _sum(found, "stratum", name)) for name in stratum_shares(definition)]
    listed = {"waiting": waiting(study).count()} if has_list(study) else {}
    told = [(words, one) for words, one in parts if one["all"]]
    return {**_sum(found), "parts": told, **listed}


def _sum(rows: Iterable[Any], key: str = "", name: str = "") -> dict[str, int]:
    own = [row for row in rows if not key or row[key] == name]
    return {count: sum(row[count] for row in own) for count in ("all", "left")}


def arms(study: Study) -> list[dict[str, Any]]:
    """Of each arm of several its name, since when it is closed, and its places: `all`, `left`."""
    rows = study.arms.order_by("pk").annotate(
        all=Count("slots"), left=Count("slots", filter=Q(slots__is_open=True))
    )
    found: list[Any] = list(rows.values("name", "closed_at", "all", "left"))
    return found if len(found) > 1 else []


def median_duration(study: Study) -> timedelta | None:
    """From the first trial to the completion code, of those who finished."""
    finished = study.participations.finished().filter(started_at__isnull=False)
    found = finished.aggregate(median=Median(F("finished_at") - F("started_at")))["median"]
    assert found is None or isinstance(found, timedelta)
    return found


def pay(study: Study, median: timedelta | None) -> Pay | None:
    """The reward as an hourly wage at the median duration; None where none is given."""
    section = study_definition(study).pay
    if section is None or not section.amount:
        return None
    hours = median.total_seconds() / 3600 if median else 0
    per_hour = section.amount / hours if hours else None
    return Pay(section.amount, section.currency, per_hour, section.hourly_floor)


@dataclass(frozen=True)
class Checks:
    """Attention checks answered and failed, and how many people failed one; of an arm or all."""

    arm: str
    answered: int
    failed: int
    people: int


def attention(study: Study) -> tuple[Checks, list[Checks]]:
    """Of all, and arm by arm."""
    checks = Judgment.objects.checks().filter(trial__slot__study=study)
    wrong = ~Q(value=F("trial__expected"))
    groups = checks.order_by("trial__slot__arm__name").values("trial__slot__arm__name")
    rows: Any = groups.annotate(
        answered=Count("pk"),
        failed=Count("pk", filter=wrong),
        people=Count("participation", filter=wrong, distinct=True),
    )
    arms = [Checks(*row.values()) for row in rows]
    # A person is in one arm, so the arms' people add up.
    sums = [sum(getattr(arm, name) for arm in arms) for name in ("answered", "failed", "people")]
    return Checks("all", *sums), arms


def hourly(study: Study) -> tuple[datetime | None, list[tuple[datetime, int]]]:
    """The last judgment's time, and the judgments of each of the 24 hours up to it."""
    mine = Judgment.objects.of(study)
    last = study.participations.aggregate(last=Max("last_seen_at"))["last"]
    if last is None:
        return None, []
    end = last.replace(minute=0, second=0, microsecond=0)
    start = end - timedelta(hours=HOURS - 1)
    counted = mine.filter(answered_at__gte=start).annotate(hour=TruncHour("answered_at"))
    by_hour = dict(counted.values_list("hour").annotate(Count("pk")).order_by("hour"))
    hours = [start + timedelta(hours=number) for number in range(HOURS)]
    return last, [(hour, by_hour.get(hour, 0)) for hour in hours]


def total(rows: Iterable[tuple[str, list[int]]], column: str) -> int:
    """The sum of one column over the arms."""
    place = list(COLUMNS).index(column)
    return sum(row[place] for name, row in rows if name != "all")
