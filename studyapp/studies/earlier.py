"""Other studies that decide who may come (`entry`), as they are on this site."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from django.db.models import Max, Q, QuerySet

from studyapp.models import Participation, Status, Study, StudyState
from studyapp.shelf.clock import database_now
from studyapp.studies.definition.rules import Complaint
from studyapp.studies.definition.study import Definition, study_definition


def named_studies(study: Study, slugs: Sequence[str]) -> QuerySet[Study]:
    """The studies of these slugs that decide who may come to `study`.

    For a marked copy they are the copies of the same kind: simulated people have taken part in
    simulated copies, and no real person's part is looked up for a rehearsal.
    """
    if study.copy_of_id is None:
        return Study.objects.filter(slug__in=slugs)
    return Study.objects.filter(copy_of__slug__in=slugs, kind=study.kind)


def entry_flaws(definition: Definition, known: QuerySet[Study]) -> Iterator[Complaint]:
    """What is wrong with the studies that `entry` names; `known`: those that may be named."""
    entry = definition.who_may_come
    rows = known.filter(slug__in=entry.named).select_related("copy_of").in_bulk(field_name="slug")
    for key, slugs in (("not_after", entry.not_after), ("only_after", entry.only_after)):
        for slug in slugs:
            row = rows.get(slug)
            why = _flaw(definition, row)
            if not why and row is not None and key == "only_after":
                why = _arms_flaw(definition, row)
            if why:
                yield ("entry", key), f'`entry.{key} = "{slug}"`: {why}'


def _flaw(definition: Definition, row: Study | None) -> str:
    if row is None:
        # The same words for a study that is not here and for one of strangers
        return (
            "no study with this slug that you may use is loaded here; load it first, or ask its "
            "owner to make you a researcher of it"
        )
    if row.copy_of is not None:
        return f"this is a marked copy; name {row.copy_of.slug}"
    kind, theirs = definition.panel.kind, study_definition(row).panel.kind
    if kind != theirs:
        return (
            f'its people come by panel.kind = "{theirs}" and those of this study by "{kind}", so '
            "nobody would be recognised; use the same kind in both"
        )
    return ""


def _arms_flaw(definition: Definition, row: Study) -> str:
    """Arms are told from each other by their names alone."""
    asked, own = definition.who_may_come.arm, {*definition.arm_conditions()}
    theirs = {*study_definition(row).arm_conditions()}
    if asked == "any" or own == theirs:
        return ""
    return (
        f'`entry.arm = "{asked}"` matches arms by name, but the other study has '
        f"{', '.join(sorted(theirs))} and this one {', '.join(sorted(own))}; use the same names "
        "in both"
    )


def impossible_entry(study: Study) -> str:
    """Why nobody could ever come to a study; empty where somebody can."""
    entry = study_definition(study).who_may_come
    if not entry.only_after:
        return ""
    rows, names = list(named_studies(study, entry.only_after)), " or ".join(entry.only_after)
    if any(one.state != StudyState.CLOSED for one in rows):
        return ""
    finished = Participation.objects.filter(study__in=rows, status=Status.FINISHED)
    last = finished.aggregate(last=Max("finished_at"))["last"]
    if last is None:
        return f"nobody could come: nobody has finished {names}, and nobody can any more"
    days = entry.at_most_days
    if days is not None and last + timedelta(days=days) < database_now():
        return (
            f"nobody could come: the last person finished {names} on {last:%Y-%m-%d}, which is "
            f"more than `entry.at_most_days = {days}` ago"
        )
    return ""


def unrecognised(study: Study, slugs: Sequence[str]) -> int:
    """How many people who took a place in these studies have no id or digest by which they could
    be recognised."""
    placed = Participation.objects.filter(study__in=named_studies(study, slugs), slot__isnull=False)
    return placed.filter(participant__identity__isnull=True, id_digest="").count()


def unnamed_versions(study: Study, slugs: Sequence[str]) -> list[str]:
    """Later versions of these studies that are not named themselves, and are not `study`."""
    versions = Study.objects.filter(parent__slug__in=slugs).exclude(pk=study.pk)
    found = versions.exclude(slug__in=slugs).order_by("slug")
    return list(found.values_list("slug", flat=True))


def is_named(study: Study) -> bool:
    """Whether a study that is not closed decides by this one who may come."""
    slug = [study.slug]
    naming = Q(definition__entry__not_after__contains=slug)
    naming |= Q(definition__entry__only_after__contains=slug)
    others = Study.objects.filter(naming, copy_of=None).exclude(pk=study.pk)
    return others.exclude(state=StudyState.CLOSED).exists()


def recognises(study: Study) -> bool:
    """Whether people whose ids were erased must still be recognised as those of `study`."""
    return study.state != StudyState.CLOSED or is_named(study)


def forget_digests() -> int:
    """Erase what recognises people of closed studies that no other study asks about any more; of
    how many people."""
    held = Study.objects.filter(state=StudyState.CLOSED).filter(
        pk__in=Participation.objects.exclude(id_digest="").values("study")
    )
    done = [study.pk for study in held if not is_named(study)]
    return Participation.objects.filter(study__in=done).exclude(id_digest="").update(id_digest="")
