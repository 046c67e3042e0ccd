"""More places for a study that is under way: a new block of slots with its own drawing."""

from typing import Any

from django.db import transaction
from django.db.models import Max

from studyapp.models import Deviation, Slot, Study, StudyState
from studyapp.studies.definition.strata import stratum_shares
from studyapp.studies.definition.study import study_definition
from studyapp.studies.design.keys import keys_digest
from studyapp.studies.design.rows import write_design
from studyapp.studies.lifecycle import LifecycleError, certified_design, locked_study


@transaction.atomic
def extend_study(
    study: Study, *, people: int, reason: str = "", site: str = "", stratum: str = ""
) -> dict[str, Any]:
    """Add `people` places, drawn from the study's seed and their own first position; the
    certificate of the new places. This is a deviation; its detail gives the digest.

    site: of a study with several sites, whose places they are. stratum: of a study with quotas,
    likewise; by default each stratum gets its share.

    Raises LifecycleError where the study is not under way or the places can't be balanced.
    """
    study = locked_study(study, StudyState.OPEN, StudyState.PAUSED, verb="extended")
    refuse_unknown_site(study, site)
    _refuse_unknown_stratum(study, stratum)
    last = Slot.objects.filter(study=study).aggregate(at=Max("position"), block=Max("addition"))
    plan, design, certificate = certified_design(
        study,
        verb="extended",
        people=people,
        first_position=last["at"] + 1,
        site=site,
        stratum=stratum,
    )
    addition = last["block"] + 1
    write_design(study, plan, design, addition=addition)
    named = (f"for site {site}, " if site else "") + (f"for {stratum}, " if stratum else "")
    because = f": {reason}" if reason else ""
    Deviation.objects.create(
        study=study,
        what="places added",
        detail=f"{people} places from position {last['at'] + 1}, {named}design "
        f"{certificate['digest'][:12]}, answer keys "
        f"{keys_digest(study, addition=addition)[:12]}{because}",
    )
    return certificate


def refuse_unknown_site(study: Study, site: str) -> None:
    """LifecycleError unless the site is one of the study, which has none or needs one."""
    names = [one.name for one in study_definition(study).sites]
    if site == "" and names:
        raise LifecycleError(f"{study.slug} has the sites {', '.join(names)}; say for which one")
    if site and site not in names:
        known = f"its sites are {', '.join(names)}" if names else "it has no sites"
        raise LifecycleError(f"{study.slug} has no site “{site}”: {known}")


def _refuse_unknown_stratum(study: Study, stratum: str) -> None:
    names = list(stratum_shares(study_definition(study)))
    if stratum and stratum not in names:
        known = f"its strata are {', '.join(names)}" if names else "no stratum has a quota"
        raise LifecycleError(f"{study.slug} has no stratum “{stratum}”: {known}")
