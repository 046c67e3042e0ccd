"""A study of several sites: each link leads to its site's consent, contacts and places."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.core.signing import Signer
from django.test import Client

from sandbox.builders import ETHICS, SITES, open_small_study
from sandbox.people import answer_all, make_profile
from sandbox.visits import come_by, panel_id
from studyapp.models import DoorCount, Participation, Status, Study, StudyKind, TurnedAway
from studyapp.participations.doors import warnings
from studyapp.participations.enrolment import begin, consent, has_free_slot
from studyapp.participations.entering import enter
from studyapp.simulation.crowd import walkers
from studyapp.simulation.profiles import POPULATIONS
from studyapp.studies.copies import marked_copy
from studyapp.studies.lifecycle import close_study
from tests.admin.desk import administrator, page_of
from tests.running import output_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return open_small_study(people=12, sites=SITES, ethics={**ETHICS, "minutes": 5})


def consented_at(study: Study, site: str) -> Participation:
    return consent(enter(study, source="link", site=site))


def text_of(reply: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", reply.content.decode()))


def test_people_read_their_own_sites_approval_and_contact(study: Study, client: Client) -> None:
    reply = client.post(f"/s/{study.slug}/?site=leeds", follow=True)
    told = text_of(reply)
    assert "University of Leeds" in told
    assert "L-1" in told
    assert "leeds@example.org" in told
    assert ETHICS["contact"] not in told
    # What the site does not say is the study's
    assert ETHICS["complaints"] in told
    person = Participation.objects.get(study=study)
    assert person.site == "leeds"
    other = text_of(Client().post(f"/s/{study.slug}/?site=graz", follow=True))
    assert "Universität Graz" in other
    assert ETHICS["contact"] in other
    assert "leeds@example.org" not in other


def test_the_first_page_sends_people_on_to_their_site(study: Study, client: Client) -> None:
    page = client.get(f"/s/{study.slug}/?site=leeds").content.decode()
    [action] = re.findall(r'action="([^"]+)"', page)
    client.post(action)
    assert Participation.objects.get(study=study).site == "leeds"


@pytest.mark.parametrize("query", ["", "?site=", "?site=york", "?site=Leeds"])
def test_a_link_of_no_site_is_refused_and_makes_nobody(
    study: Study, client: Client, query: str
) -> None:
    for reply in (client.get(f"/s/{study.slug}/{query}"), client.post(f"/s/{study.slug}/{query}")):
        assert reply.status_code == 403
        assert "This address is incomplete." in text_of(reply)
    assert not Participation.objects.filter(study=study).exists()
    [counted] = DoorCount.objects.filter(study=study, why=TurnedAway.SITE)
    assert counted.times == 2


def test_who_has_begun_goes_on_by_any_link_and_keeps_their_site(study: Study) -> None:
    client = Client()
    client.post(f"/s/{study.slug}/?site=leeds")
    client.post(f"/s/{study.slug}/?site=graz")
    client.get(f"/s/{study.slug}/")
    assert list(Participation.objects.values_list("site", flat=True)) == ["leeds"]


def test_the_real_person_is_of_their_own_links_site(client: Client) -> None:
    study = open_small_study(people=12, sites=SITES, panel={"kind": "prolific"})
    door, person = f"/s/{study.slug}/", {"PROLIFIC_PID": panel_id("p"), "STUDY_ID": panel_id("s")}
    come_by(Client(), door, {**person, "SESSION_ID": panel_id("1"), "site": "graz"})
    without = come_by(client, door, {**person, "SESSION_ID": panel_id("2")})
    assert without.status_code == 403
    assert Participation.objects.get(study=study).site == "graz"
    come_by(client, door, {**person, "SESSION_ID": panel_id("2"), "site": "leeds"})
    entered = Participation.objects.get(study=study)
    assert entered.site == "leeds"
    # Who has consented stays where they are, whoever comes
    consent(entered)
    come_by(Client(), door, {**person, "SESSION_ID": panel_id("3"), "site": "graz"})
    assert Participation.objects.get(study=study).site == "leeds"


def test_a_closed_study_is_no_page_for_a_link_without_a_site_and_counts_nobody(
    client: Client,
) -> None:
    study = open_small_study(people=12, sites=SITES, panel={"kind": "prolific"})
    close_study(study)
    reply = come_by(client, f"/s/{study.slug}/", {"PROLIFIC_PID": panel_id("p")})
    assert reply.status_code == 404
    assert not DoorCount.objects.filter(study=study).exists()


def test_a_personal_link_holds_for_its_own_site_alone(client: Client) -> None:
    study = open_small_study(people=12, sites=SITES, panel={"kind": "personal"})
    told = output_of("study", "invite", study.slug, site="https://x.org", of_site="leeds", people=1)
    link = told.strip().split(",", 1)[1].removeprefix("https://x.org")
    for edited in (link.replace("leeds", "graz"), link.replace("site=leeds&", "")):
        reply = client.get(edited)
        assert reply.status_code == 400
        assert "This link is damaged." in text_of(reply)
    assert not Participation.objects.filter(study=study).exists()
    assert come_by(client, link).status_code == 303
    assert Participation.objects.get(study=study).site == "leeds"


def test_links_of_a_study_without_sites_keep_their_signatures(client: Client) -> None:
    study = open_small_study(slug="small", panel={"kind": "personal"})
    signature = Signer(salt="discern.participations.personal.small").sign("p1")
    reply = come_by(client, f"/s/{study.slug}/", {"site": "leeds", "participant": signature})
    assert reply.status_code == 303


def test_a_site_that_is_full_turns_away_while_another_has_places(study: Study) -> None:
    people = [consented_at(study, "leeds") for _ in range(5)]
    assert [one.status for one in people] == [Status.ACTIVE] * 4 + [Status.FULL]
    assert {one.slot.site for one in people if one.slot} == {"leeds"}
    assert not has_free_slot(study, "leeds")
    assert has_free_slot(study, "graz")
    assert consented_at(study, "graz").status == Status.ACTIVE


def test_a_pilot_with_fewer_places_still_has_some_of_every_site(study: Study) -> None:
    copy = marked_copy(study, StudyKind.PILOT, 7, people=6)
    sites = list(copy.slots.values_list("site", flat=True))
    assert {site: sites.count(site) for site in sites} == {"leeds": 2, "graz": 4}


def test_simulated_people_come_as_many_to_a_site_as_it_has_places() -> None:
    arms = [{"name": "one", "conditions": ["guided_grad_cam"]},
            {"name": "two", "conditions": ["guided_backprop"]}]  # fmt: skip
    study = open_small_study(people=12, sites=SITES, arms=arms)
    copy = marked_copy(study, StudyKind.SIMULATED, 7, people=8)
    able = POPULATIONS["able"]
    sent = walkers(copy, "http://x.org", able, people=8, seed=7, pictures=False)
    came = Counter(walker.parameters["site"] for walker in sent)
    assert came == Counter(copy.slots.values_list("site", flat=True))


def test_who_is_asked_for_a_code_reads_their_own_sites_contact_else_all_of_them(
    client: Client,
) -> None:
    panel = {"kind": "prolific"}
    study = open_small_study(people=12, sites=SITES, panel=panel, ethics={**ETHICS, "minutes": 5})
    door, person = f"/s/{study.slug}/", {"PROLIFIC_PID": panel_id("p"), "STUDY_ID": panel_id("s")}
    come_by(Client(), door, {**person, "SESSION_ID": panel_id("1"), "site": "leeds"})
    consent(Participation.objects.get(study=study))
    asked = client.get(door, {**person, "SESSION_ID": panel_id("2")}, follow=True)
    told = text_of(asked)
    assert "please write to leeds@example.org." in told
    assert ETHICS["contact"] not in told
    without = text_of(Client().get(f"{door}again"))
    assert (
        "please write to leeds@example.org (University of Leeds), somebody@example.org "
        "(Universität Graz)."
    ) in without


def test_payment_and_places_are_told_by_site(study: Study, tmp_path: Path) -> None:
    person = enter(study, source="prolific", external_id=panel_id("p"), site="leeds")
    answer_all(begin(consent(person)), make_profile())
    output_of("study", "approvals", study.slug, out=tmp_path / "approvals.csv")
    lines = (tmp_path / "approvals.csv").read_text("utf-8").splitlines()
    assert lines[0] == "panel,id,session,status,outcome,decision,minutes,bonus,site"
    assert lines[1].endswith(",leeds")
    desk = administrator()
    listed = b"".join(desk.get(page_of(study, "study_payment_list"))).decode().splitlines()
    assert listed[0] == f"{lines[0]},completion code"
    assert ",leeds," in listed[1]
    assert "<td>leeds</td>" in desk.get(page_of(study, "study_payment")).content.decode()
    overview = desk.get(page_of(study)).content.decode()
    assert "University of Leeds: 3 of 4 left" in overview
    assert "Universität Graz: 8 of 8 left" in overview


def test_the_desk_counts_links_of_no_site_in_words(study: Study, client: Client) -> None:
    client.get(f"/s/{study.slug}/")
    [told] = warnings(study)
    assert told.startswith("Turned away 1 time: a link that names none of the study's sites,")
    client.get(f"/s/{study.slug}/?site=york")
    [told] = warnings(study)
    assert told.startswith("Turned away 2 times: ")
