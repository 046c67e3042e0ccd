"""Role × page × object: who sees and does what, study by study."""

from collections.abc import Callable

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from django.urls import URLPattern, resolve, reverse
from django.utils import timezone

from sandbox.builders import open_small_study
from sandbox.people import send_people
from studyapp import storage
from studyapp.admin.desk.pages import PAGES as DESK_PAGES
from studyapp.admin.reading import ReadingAdmin
from studyapp.models import (
    CodingRound,
    CodingScheme,
    Deviation,
    Download,
    Exclusion,
    Explanation,
    Heartbeat,
    Member,
    Network,
    Report,
    Role,
    Study,
    WorkState,
)
from studyapp.studies.rights import ACTS, Act, acts
from tests.admin.desk import administrator, do, make_user, page_of, signed_in

pytestmark = pytest.mark.django_db
Address = Callable[[Study], str]


def first_of(model: str) -> Address:
    def address(study: Study) -> str:
        rows = {"participation": study.participations, "stimulus": study.stimuli}[model]
        row = rows.earliest("pk")
        return reverse(f"admin:studyapp_{model}_change", args=[row.pk])

    return address


def picture(study: Study) -> str:
    overlay = study.stimuli.earliest("pk").overlays.earliest("pk").overlay
    return reverse("desk_picture", args=[overlay.code])


def made(model: type[Report] | type[Download], page: str, file: str, **values: bool) -> Address:
    """Where the file of a report or bundle is fetched that a worker has made."""

    def address(study: Study) -> str:
        ready = {"state": WorkState.READY, "file": file, "digest": storage.keep(file, b"made")}
        row, _ = model.objects.get_or_create(study=study, **values, defaults=ready)
        return reverse(f"admin:{page}", args=[row.pk])

    return address


def exclusion(study: Study) -> str:
    row, _ = Exclusion.objects.get_or_create(participation=study.participations.get(), rule="odd")
    return reverse("admin:exclusion_undo", args=[row.pk])


def replayed(study: Study) -> str:
    return reverse("replay", args=[study.participations.get().code, 1])


def scheme_page(name: str) -> Address:
    """A page of a coding scheme with a round that runs."""

    def address(study: Study) -> str:
        scheme, _ = CodingScheme.objects.get_or_create(study=study, block="main", question="text")
        CodingRound.objects.get_or_create(scheme=scheme, defaults={"seed": 1})
        return reverse(f"admin:{name}", args=[scheme.pk])

    return address


# Page or verb → the act that it asks for
PAGES: dict[str, tuple[Act, Address]] = {
    "overview": (Act.LOOK, page_of),
    "gallery": (Act.LOOK, lambda study: page_of(study, "study_gallery")),
    "coverage": (Act.LOOK, lambda study: page_of(study, "study_coverage")),
    "file": (Act.EDIT, lambda study: page_of(study, "study_file")),
    "file's check": (Act.EDIT, lambda study: page_of(study, "study_file_check")),
    "definition": (Act.LOOK, lambda study: page_of(study, "study_definition")),
    "links": (Act.LOOK, lambda study: page_of(study, "study_links")),
    "progress": (Act.LOOK, lambda study: page_of(study, "study_progress")),
    "exclusions": (Act.EXCLUDE, lambda study: page_of(study, "study_exclusions")),
    "results": (Act.REPORT, lambda study: page_of(study, "study_results")),
    "plan": (Act.REPORT, lambda study: page_of(study, "study_plan_file")),
    "publication": (Act.EDIT, lambda study: page_of(study, "study_publication")),
    "arm": (Act.MANAGE, lambda study: reverse("admin:study_arm", args=[study.pk, "everyone"])),
    "preview": (Act.PREVIEW, lambda study: page_of(study, "study_preview")),
    "rehearsals": (Act.PREVIEW, lambda study: page_of(study, "study_rehearsals")),
    "rehearsals' progress": (
        Act.PREVIEW, lambda study: page_of(study, "study_rehearsals_progress")),
    "payment": (Act.SEE_IDS, lambda study: page_of(study, "study_payment")),
    "coding": (Act.CODE, lambda study: page_of(study, "study_coding")),
    "scheme": (Act.EDIT_CODES, scheme_page("coding_scheme")),
    "codes": (Act.EDIT_CODES, scheme_page("coding_scheme_file")),
    "end of a round": (Act.EDIT_CODES, scheme_page("coding_round_ended")),
    "agreement": (Act.ADJUDICATE, scheme_page("coding_agreement")),
    "payment list": (Act.SEE_IDS, lambda study: page_of(study, "study_payment_list")),
    "panel": (Act.SEE_IDS, lambda study: page_of(study, "study_panel")),
    "what a panel is asked": (Act.SEE_IDS, lambda study: page_of(study, "study_panel_act")),
    "people": (Act.MANAGE, lambda study: page_of(study, "study_members")),
    "prepare": (Act.PREPARE, lambda study: do(study, "prepare")),
    "pause": (Act.PAUSE, lambda study: do(study, "pause")),
    "open": (Act.OPEN, lambda study: do(study, "open")),
    "resume": (Act.OPEN, lambda study: do(study, "resume")),
    "close": (Act.CLOSE, lambda study: do(study, "close")),
    "participation": (Act.LOOK, first_of("participation")),
    "stimulus": (Act.LOOK, first_of("stimulus")),
    "picture": (Act.LOOK, picture),
    "replay": (Act.LOOK, replayed),
    "drop": (Act.PREPARE, lambda study: reverse(
        "admin:stimulus_drop", args=[study.stimuli.earliest("pk").pk])),
    "undo": (Act.EXCLUDE, exclusion),
    "results' progress": (Act.REPORT, lambda study: page_of(study, "study_results_progress")),
    "report": (Act.REPORT, made(Report, "report_file", "reports/r.html")),
    "public bundle": (Act.EXPORT_PUBLIC, made(Download, "bundle_file", "b.zip", public=True)),
    "private bundle": (Act.EXPORT_PRIVATE, made(Download, "bundle_file", "b.zip", public=False)),
}  # fmt: skip


def test_every_page_of_the_desk_stands_in_the_table_or_is_no_studys() -> None:
    study = open_small_study()
    send_people(study, 1)
    tried = {resolve(address(study)).url_name for _, address in PAGES.values()}
    desk = {name for _, _, name in DESK_PAGES} | {"replay", "desk_picture"}
    # These send on who has nothing to do there
    assert desk - tried == {"coding_page", "coding_adjudication", "coding_round_begun"}
    # Lists and rows of tables are the other tests' below; who may upload is test_upload's.
    rows = {str(one.name) for one in admin.site.get_urls() if isinstance(one, URLPattern)}
    assert rows <= {"index", "login", "logout", "password_change", "password_change_done",
                    "autocomplete", "jsi18n", "view_on_site", "app_list", "None"}  # fmt: skip


@pytest.mark.parametrize("role", [*Role, None], ids=str)
def test_every_page_is_for_those_whose_role_allows_it_and_for_their_studies(
    role: Role | None,
) -> None:
    mine, other = open_small_study(slug="mine"), open_small_study(slug="other")
    for study in (mine, other):
        send_people(study, 1)
    client = signed_in(make_user("somebody", mine if role else None, role))
    for name, (act, address) in PAGES.items():
        reply = client.get(address(mine))
        # Read to its end, a file closes itself.
        assert not reply.streaming or list(reply.streaming_content)
        status = reply.status_code
        if role is None:
            assert status in (302, 404), name
        elif act in ACTS[role]:
            assert status == 200, name
        else:
            # Rows of people and photos don't exist for those who only code
            assert status == 403 or (role == Role.CODER and status in (302, 404)), name
        assert client.get(address(other)).status_code in (302, 404), name
        assert Client().get(address(mine)).status_code in (302, 404), name


def test_the_table_of_roles_is_what_the_documents_say() -> None:
    assert ACTS[Role.CODER] == {Act.CODE} < ACTS[Role.ASSISTANT]
    assert ACTS[Role.ASSISTANT] < ACTS[Role.RESEARCHER] < ACTS[Role.OWNER]
    assert not ACTS[Role.ASSISTANT] & {
        Act.EDIT, Act.SEE_IDS, Act.OPEN, Act.CLOSE, Act.EXPORT_PRIVATE}  # fmt: skip
    assert ACTS[Role.OWNER] - ACTS[Role.RESEARCHER] == {Act.ERASE_IDS, Act.MANAGE}


def test_who_has_left_may_do_nothing() -> None:
    study = open_small_study()
    user = make_user("left", study, Role.OWNER)
    user.is_active = False
    assert acts(user, study) == frozenset()


@pytest.mark.parametrize(
    "page",
    ["study", "stimulus", "explanation", "participation", "judgment", "exclusion", "network",
     "deviation"],
)  # fmt: skip
def test_a_list_holds_only_rows_of_ones_own_studies(page: str) -> None:
    mine, other = open_small_study(slug="mine"), open_small_study(slug="other")
    for study in (mine, other):
        send_people(study, 1)
        Exclusion.objects.create(participation=study.participations.get(), rule="odd")
        Deviation.objects.create(study=study, what="text", detail="a typo")
    _others_network(other)
    address = reverse(f"admin:studyapp_{page}_changelist")
    own = signed_in(make_user("somebody", mine, Role.ASSISTANT)).get(address)
    every = administrator().get(address)
    assert 0 < own.context["cl"].result_count < every.context["cl"].result_count
    for stranger in (make_user("stranger"), make_user("coder", mine, Role.CODER)):
        assert signed_in(stranger).get(address).context["cl"].result_count == 0
    assert Client().get(address)["Location"].startswith("/admin/login/")
    assert "other" not in own.content.decode()


def _others_network(other: Study) -> Network:
    """The stronger network of another study, with files that were uploaded; it explained the
    photos that both studies show."""
    network = Network.objects.create(
        digest="f" * 64, builder="vgg16", weights="/data/networks/secret-token/w.pth",
        labels_file="/data/networks/secret-token/l.txt",
    )  # fmt: skip
    row = Explanation.objects.filter(case__uses__study=other).earliest("pk")
    row.pk, row.network = None, network
    row.save()
    other.pairs.update(stronger=network)
    return network


def test_every_table_of_the_desk_is_somebodys_or_an_administrators() -> None:
    """A table that says nothing of whose its rows are shows them to nobody but administrators."""
    study = open_small_study()
    send_people(study, 1)
    Heartbeat.objects.create(
        worker="celery@a-machine", queues="gpu", started_at=timezone.now(), seen_at=timezone.now()
    )
    stranger = signed_in(make_user("stranger"))
    for model in admin.site._registry:
        if model._meta.app_label == "studyapp":
            address = reverse(f"admin:studyapp_{model._meta.model_name}_changelist")
            page = stranger.get(address)
            assert page.status_code == 403 or page.context["cl"].result_count == 0, model
            row = model._default_manager.first()
            if row is not None:
                change = reverse(f"admin:studyapp_{model._meta.model_name}_change", args=[row.pk])
                assert stranger.get(change).status_code in (302, 403, 404), model
    assert "a-machine" not in stranger.get("/admin/").content.decode()


def test_a_table_that_leads_to_no_study_has_rows_for_administrators_alone() -> None:
    now = timezone.now()
    Heartbeat.objects.create(worker="celery@a-machine", started_at=now, seen_at=now)
    table, request = ReadingAdmin(Heartbeat, admin.site), RequestFactory().get("/")
    request.user = make_user("stranger")
    assert not table.get_queryset(request).exists()
    request.user = User.objects.create_superuser("root", password="ferrous-otter-71-lamp")
    assert table.get_queryset(request).exists()


def test_where_a_networks_files_lie_is_told_to_nobody() -> None:
    study = open_small_study()
    network = _others_network(study)
    for client in (administrator(), signed_in(make_user("helper", study, Role.ASSISTANT))):
        for address in (
            reverse("admin:studyapp_network_changelist"),
            reverse("admin:studyapp_network_change", args=[network.pk]),
            reverse("admin:studyapp_explanation_changelist"),
        ):
            page = client.get(address).content.decode()
            assert "secret-token" not in page
        assert "w.pth" in client.get(reverse("admin:studyapp_network_changelist")).content.decode()


def test_filters_name_only_networks_of_ones_own_studies() -> None:
    mine, other = open_small_study(slug="mine"), open_small_study(slug="other")
    strange = _others_network(other)
    client = signed_in(make_user("somebody", mine, Role.ASSISTANT))
    page = client.get(reverse("admin:studyapp_explanation_changelist")).content.decode()
    assert "alexnet" in page
    assert str(strange) not in page


def test_an_assistant_neither_gets_nor_asks_for_a_private_bundle() -> None:
    study = open_small_study()
    client = signed_in(make_user("helper", study, Role.ASSISTANT))
    row = Download.objects.create(study=study, public=False)
    assert client.get(reverse("admin:bundle_file", args=[row.pk])).status_code == 403
    assert client.post(page_of(study, "study_results"), {"what": "private"}).status_code == 403
    page = client.get(page_of(study, "study_results"))
    assert page.context["bundles"] == []
    assert "private bundle<" not in page.content.decode()


def test_only_an_owner_erases_ids() -> None:
    study = open_small_study()
    client = signed_in(make_user("colleague", study, Role.RESEARCHER))
    data = {"before": "2100-01-01", "sure": "on"}
    assert client.post(page_of(study, "study_payment"), data).status_code == 403


def test_a_marked_copy_takes_the_roles_of_its_original() -> None:
    study = open_small_study()
    client = signed_in(make_user("helper", study, Role.ASSISTANT))
    client.post(page_of(study, "study_preview"))
    copy = Study.objects.get(copy_of=study)
    assert client.get(page_of(copy)).status_code == 200
    assert client.get(do(copy, "close")).status_code == 403


def test_a_role_is_given_changed_and_taken_and_each_is_logged() -> None:
    study, user = open_small_study(), make_user("new")
    client = signed_in(make_user("owner", study, Role.OWNER))
    for role in ("assistant", "researcher", ""):
        client.post(page_of(study, "study_members"), {"username": "new", "role": role})
    assert not Member.objects.filter(user=user).exists()
    messages = LogEntry.objects.order_by("pk").values_list("change_message", flat=True)
    assert list(messages) == [
        "role of new: nothing → Assistant",
        "role of new: Assistant → Researcher",
        "role of new: Researcher → nothing",
    ]


def test_a_study_keeps_its_last_owner() -> None:
    study = open_small_study()
    client = signed_in(make_user("owner", study, Role.OWNER))
    page = client.post(
        page_of(study, "study_members"), {"username": "owner", "role": ""}, follow=True
    )
    assert "needs an owner" in page.content.decode()
    assert Member.objects.get().role == Role.OWNER


def test_a_role_is_given_only_to_staff() -> None:
    study = open_small_study()
    User.objects.create_user("visitor")
    page = administrator().post(
        page_of(study, "study_members"), {"username": "visitor", "role": "owner"}
    )
    assert "no active staff user visitor" in page.content.decode()
    assert not Member.objects.exists()


@pytest.mark.parametrize(
    ("name", "act"),
    [
        ("coding_page", Act.CODE),
        ("coding_adjudication", Act.ADJUDICATE),
        ("coding_round_begun", Act.EDIT_CODES),
    ],
)
def test_who_may_not_code_or_adjudicate_is_refused_before_being_sent_on(
    name: str, act: Act
) -> None:
    study, other = open_small_study(slug="mine"), open_small_study(slug="other")
    address, strange = scheme_page(name)(study), scheme_page(name)(other)
    for role in Role:
        client = signed_in(make_user(f"some {role}", study, role))
        assert client.get(address).status_code == (302 if act in ACTS[role] else 403), role
        assert client.get(strange).status_code == 404
