"""Who may do what with a study: by role, study by study. Administrators may do everything.

Django's own permissions speak of whole tables, and nobody works on all studies; so a role is a
row (Member), and this file is the one place that reads it.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.db.models import Q

from studyapp.models import Member, Role, Study
from studyapp.models.study import StudyQuerySet


class Act(StrEnum):
    LOOK = "look"
    PREPARE = "prepare"
    EDIT = "edit"
    PREVIEW = "preview"
    EXCLUDE = "exclude"
    REPORT = "report"
    EXPORT_PUBLIC = "export public"
    PAUSE = "pause"
    OPEN = "open"
    CLOSE = "close"
    SEE_IDS = "see ids"
    EXPORT_PRIVATE = "export private"
    ERASE_IDS = "erase ids"
    MANAGE = "manage"
    CODE = "code answers"
    EDIT_CODES = "edit codes"
    ADJUDICATE = "adjudicate codes"


# Sees nothing but the answers that it codes, and so never under which condition they were given
CODER = frozenset({Act.CODE})
ASSISTANT = CODER | {
    Act.LOOK, Act.PREPARE, Act.PREVIEW, Act.EXCLUDE, Act.REPORT, Act.EXPORT_PUBLIC, Act.PAUSE
}  # fmt: skip
RESEARCHER = ASSISTANT | {
    Act.EDIT, Act.OPEN, Act.CLOSE, Act.SEE_IDS, Act.EXPORT_PRIVATE, Act.EDIT_CODES, Act.ADJUDICATE
}  # fmt: skip
OWNER = RESEARCHER | {Act.ERASE_IDS, Act.MANAGE}
ACTS: dict[Role, frozenset[Act]] = {
    Role.CODER: CODER,
    Role.ASSISTANT: ASSISTANT,
    Role.RESEARCHER: RESEARCHER,
    Role.OWNER: OWNER,
}


def may_sign_in(user: Any) -> bool:
    """Staff, with a second factor in this session where the site asks for one."""
    if not (user.is_active and user.is_staff):
        return False
    return bool(user.is_verified()) if settings.TWO_FACTOR else True


def acts(user: Any, study: Study) -> frozenset[Act]:
    """Everything that `user` may do with `study`; a marked copy takes the roles of its original."""
    if not may_sign_in(user):
        return frozenset()
    if user.is_superuser:
        return frozenset(Act)
    member = Member.objects.filter(study=study.copy_of_id or study.pk, user=user.pk).first()
    return ACTS[Role(member.role)] if member is not None else frozenset()


def may(user: Any, act: Act, study: Study) -> bool:
    return act in acts(user, study)


def visible_studies(user: Any) -> StudyQuerySet:
    """The studies whose rows `user` may look at."""
    return own_studies(user, (role for role, allowed in ACTS.items() if Act.LOOK in allowed))


def studies_with_ids(user: Any) -> StudyQuerySet:
    """The studies by whose people's ids `user` may decide who comes to another one."""
    return own_studies(user, (role for role, allowed in ACTS.items() if Act.SEE_IDS in allowed))


def own_studies(user: Any, roles: Iterable[Role] = Role) -> StudyQuerySet:
    """The studies in which `user` has one of the `roles`, with their marked copies."""
    studies = Study.objects.order_by("slug")
    if not may_sign_in(user):
        return studies.none()
    if user.is_superuser:
        return studies
    own = Member.objects.filter(user=user.pk, role__in=list(roles)).values("study")
    return studies.filter(Q(pk__in=own) | Q(copy_of__in=own))


def may_add_studies(user: Any) -> bool:
    """Whoever makes a study becomes its owner; Django's permission says who may make one."""
    return bool(may_sign_in(user) and user.has_perm("studyapp.add_study"))
