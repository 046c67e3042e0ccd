"""Which rows a command is about: a study by its slug, or its marked copy."""

from studyapp.models import Study, StudyKind


class ChoiceError(Exception):
    """No such study, or none of that kind: one sentence with the fix."""


def chosen_study(slug: str, kind: StudyKind = StudyKind.REAL) -> Study:
    """The study called `slug` if it is of `kind`, else its newest marked copy of that kind.

    Pilot and simulated data are never taken for the real study's.
    """
    study = Study.objects.filter(slug=slug).first()
    if study is None:
        raise ChoiceError(f"there is no study “{slug}”; `manage.py study status` lists them")
    if study.kind == kind:
        return study
    copy = study.copies.filter(kind=kind).order_by("-created_at").first()
    if copy is not None:
        return copy
    if kind == StudyKind.REAL:
        raise ChoiceError(f"{slug} is a {study.kind} study; add --{study.kind}")
    fix = (
        f"; make one with `study simulate {slug} --people 20`"
        if kind == StudyKind.SIMULATED
        else ""
    )
    raise ChoiceError(f"{slug} has no {kind} copy{fix}")
