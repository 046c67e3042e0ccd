"""Simulated people through whole studies over HTTP, and the steps that nobody may get away with."""

import json
from functools import partial
from random import Random
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django.live_server_helper import LiveServer

from sandbox.builders import make_definition, open_small_study
from sandbox.people import make_profile
from studyapp.models import Judgment, Participation, Status, Study, StudyKind, Trial
from studyapp.simulation.crowd import Crowd, asked_in, keep_profile, send_crowd, truth_of
from studyapp.simulation.earlier import send_before
from studyapp.simulation.profiles import POPULATIONS, Profile
from studyapp.simulation.visitor import Visitor
from studyapp.simulation.walk import COMPLETION_CODE, Walk, Walker
from studyapp.studies.copies import marked_copy
from studyapp.studies.definition.study import study_definition
from tests.running import output_of

pytestmark = pytest.mark.django_db(transaction=True)


def simulated(paradigm: str, **options: Any) -> Study:
    study = open_small_study(
        paradigm=paradigm, people=4, trials=2, stimuli=4, checks=1, practice=1, **options
    )
    return marked_copy(study, StudyKind.SIMULATED, seed=5, people=4)


def send(study: Study, server: LiveServer, population: str = "able", **options: Any) -> Crowd:
    return send_crowd(
        study, server.url, POPULATIONS[population], people=4, seed=5, at_once=2, **options
    )


@pytest.mark.parametrize("paradigm", ["trust", "discrimination"])
def test_people_walk_from_the_link_to_the_code_and_every_answer_is_stored_once(
    paradigm: str, live_server: LiveServer
) -> None:
    study = simulated(paradigm)
    crowd = send(study, live_server, with_pictures=True)
    assert crowd.errors == []
    assert {walk.outcome for walk in crowd.walks} == {"finished"}
    assert (crowd.acknowledged, crowd.stored, crowd.lost, crowd.double) == (16, 16, 0, 0)
    assert crowd.coverage["exact"]
    codes = Participation.objects.filter(study=study).values_list("completion_code", flat=True)
    assert len(set(codes)) == 4


def test_people_of_a_panel_enter_by_its_address(live_server: LiveServer) -> None:
    panel = make_definition().panel.model_copy(update={"kind": "prolific"})
    crowd = send(simulated("trust", panel=panel.model_dump()), live_server)
    assert {walk.outcome for walk in crowd.walks} == {"finished"}
    sources = Participation.objects.values_list("participant__source", flat=True)
    assert set(sources) == {"prolific"}


def test_people_who_return_have_walked_the_earlier_study_before(live_server: LiveServer) -> None:
    """Those who left it there are turned away here, and that is no error."""
    arms = [{"name": name, "conditions": ["grad_cam", "deconvnet"]} for name in ("one", "two")]
    asked: dict[str, Any] = {
        "panel": {"kind": "personal"}, "arms": arms, "people": 4, "trials": 2, "conditions": 4,
        "checks": 1, "practice": 1,
    }  # fmt: skip
    open_small_study(slug="first", **asked)
    entry = {"only_after": ["first"], "wait_days": 7, "arm": "other"}
    study = open_small_study(slug="second", entry=entry, **asked)
    copy = marked_copy(study, StudyKind.SIMULATED, seed=5, people=4)
    sent = {"people": 4, "seed": 5, "at_once": 2}
    [before] = send_before(copy, live_server.url, POPULATIONS["leaving"], **sent)
    crowd = send_crowd(copy, live_server.url, POPULATIONS["able"], **sent)
    assert before.is_sound
    assert crowd.is_sound
    finished = sum(walk.outcome == "finished" for walk in before.walks)
    assert 0 < finished < 4
    came = Participation.objects.filter(study=copy).select_related("earlier", "arm")
    assert [person.status for person in came] == [Status.FINISHED] * finished
    assert all(person.earlier.arm != person.arm.name for person in came)
    assert [walk.outcome for walk in crowd.walks].count("turned away") == 4 - finished


def test_those_who_leave_are_counted_and_their_answers_kept(live_server: LiveServer) -> None:
    study = simulated("trust")
    crowd = send(study, live_server, "leaving")
    left = [walk for walk in crowd.walks if walk.outcome == "left"]
    assert 0 < len(left) < 4
    assert crowd.is_sound
    assert crowd.stored == sum(len(walk.acknowledged) for walk in crowd.walks)
    active = Participation.objects.filter(study=study, status=Status.ACTIVE).count()
    assert active == len(left)
    assert not crowd.coverage["exact"]


def test_profiles_are_kept_and_who_comes_when_it_is_full_is_turned_away_kindly(
    live_server: LiveServer,
) -> None:
    study = simulated("trust")
    send(study, live_server)
    profiles = [Profile(**one.profile) for one in Participation.objects.filter(study=study)]
    drawn = [POPULATIONS["able"].person("trust", Random(f"5:{n}"), photo_seed=5) for n in range(4)]
    assert sorted(profiles, key=repr) == sorted(drawn, key=repr)
    walk = make_walker(study, live_server).walk()
    assert (walk.outcome, walk.acknowledged, walk.error) == ("turned away", [], "")


def test_the_command_serves_the_site_itself_and_says_what_came_of_it() -> None:
    study = open_small_study(people=4, trials=3, stimuli=6)
    facts = json.loads(output_of("study", "simulate", study.slug, people=4, at_once=2, json=True))
    assert (facts["outcomes"], facts["errors"]) == ({"finished": 4}, [])
    counts = [facts[name] for name in ("acknowledged", "stored", "lost", "double")]
    assert counts == [12, 12, 0, 0]
    assert Judgment.objects.filter(participation__study=study).count() == 0


def test_the_command_fails_where_people_meet_errors() -> None:
    study = open_small_study(people=4, trials=3, stimuli=6)
    with pytest.raises(CommandError, match="2 errors"):
        call_command("study", "simulate", study.slug, people=2, url="http://127.0.0.1:9")


def make_walker(study: Study, server: LiveServer, **changes: Any) -> Walker:
    return Walker(
        **{
            "base": server.url,
            "start": f"/s/{study.slug}/",
            "parameters": {},
            "profile": make_profile(),
            "random": Random(1),
            "truth_of": truth_of,
            "asked_on": partial(asked_in, study_definition(study)),
            "entered": keep_profile,
            **changes,
        }
    )


def test_a_page_that_asks_another_trial_than_is_due_is_noticed(live_server: LiveServer) -> None:
    study = simulated("trust")
    wrong = Trial.objects.filter(slot__study=study).last()
    walk = make_walker(study, live_server, truth_of=lambda code: wrong).walk()
    assert "another trial than the next one" in walk.error


def test_the_completion_code_is_not_to_be_had_before_the_end(live_server: LiveServer) -> None:
    study, visitor = open_small_study(trials=3), Visitor(live_server.url)
    page = visitor.send(visitor.open(f"/s/{study.slug}/"), study.slug, {})
    page = visitor.send(page, "consent", dict.fromkeys(page.checkboxes("consent"), True))
    page = visitor.send(page, "begin", {})
    for answered in range(3):
        page = visitor.open(page.address)
        assert not page.document.xpath(COMPLETION_CODE)
        assert Participation.objects.get().completion_code == ""
        assert Judgment.objects.count() == answered
        page = visitor.send(page, "answer", {"value": 1})
    visitor.close()
    code = page.document.xpath(COMPLETION_CODE)[0].text
    assert code == Participation.objects.get().completion_code != ""


def test_a_walk_says_what_went_wrong(live_server: LiveServer) -> None:
    study = simulated("trust")
    walk = make_walker(study, live_server, start="/s/nothing/").walk()
    assert isinstance(walk, Walk)
    assert (walk.outcome, walk.error) == ("error", "/s/nothing/ (status 404) let nobody in")
