"""The documents of a study's plan: the whole plan, the registries' forms, and the amendments."""

from typing import Any

from studyapp.models import Study
from studyapp.studies.definition.study import study_definition
from studyapp.studies.design.certificate import certify
from studyapp.studies.design.draw import draw
from studyapp.studies.design.stand_ins import plan_with_stand_ins

from .amendments import Change, amendments
from .preregistration import Preregistration, frozen_preregistration
from .preregistration_forms import FORMS, Form, filled_form
from .reports.study_record import facts_of_study

PLAN, AMENDMENTS = "plan", "amendments"
KINDS = (PLAN, *FORMS, AMENDMENTS)
Document = Preregistration | Form


def study_document(study: Study, kind: str) -> Document:
    """A document of `study`, of one of KINDS. A draft's design is not drawn yet: that of its
    document has stand-ins for the photos. Raises DesignError where it can't be drawn."""
    return document(
        kind, facts_of_study(study), study.definition, certificate_of_study(study), study
    )


def document(
    kind: str,
    facts: dict[str, Any],
    definition: dict[str, Any],
    certificate: dict[str, Any],
    study: Study | None = None,
) -> Document:
    """The same of a study that may have no row; amendments need one."""
    if kind in FORMS:
        return filled_form(kind, facts, definition, certificate)
    if kind == AMENDMENTS and study is not None:
        return amendments(facts, definition, certificate, changes_of(study))
    return frozen_preregistration(facts, definition, certificate)


def certificate_of_study(study: Study) -> dict[str, Any]:
    if study.opened_at is not None:
        return dict(study.certificate)
    plan = plan_with_stand_ins(study_definition(study), [])
    return certify(plan, draw(plan))


def changes_of(study: Study) -> list[Change]:
    """Every deviation, with how many people had finished before it."""
    return [
        Change(
            one.made_at.isoformat(),
            one.what,
            one.detail,
            study.participations.filter(finished_at__lte=one.made_at).count(),
        )
        for one in study.deviations.order_by("made_at", "pk")
    ]
