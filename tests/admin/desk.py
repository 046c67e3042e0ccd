"""Who sits at the desk in these tests, and the addresses of its pages."""

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from studyapp.models import Member, Role, Study

PASSWORD = "long enough to pass"


def administrator() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("researcher", password=PASSWORD))
    return client


def make_user(name: str, study: Study | None = None, role: Role | None = None) -> User:
    """A member of staff; with a study and a role in it, if they are given."""
    user = User.objects.create_user(name, password=PASSWORD, is_staff=True)
    if study is not None and role is not None:
        Member.objects.create(study=study, user=user, role=role)
    return user


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page_of(study: Study, name: str = "studyapp_study_change") -> str:
    return reverse(f"admin:{name}", args=[study.pk])


def concerns(client: Client) -> list[str]:
    """What needs attention, as the first page says it."""
    return [concern.sentence for concern in client.get("/admin/").context["concerns"]]


def do(study: Study, verb: str) -> str:
    return reverse("admin:study_do", args=[study.pk, verb])
