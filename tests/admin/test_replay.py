"""A participation at the desk: what happened, what was shown where, and each page again."""

import pytest
from django.urls import reverse

from sandbox.builders import open_small_study, take_part
from sandbox.people import due, send_people
from studyapp.models import Crop, Judgment, Side, StimulusOverlay
from studyapp.participations.answering import answer
from tests.admin.desk import administrator
from tests.running import queries_of

pytestmark = pytest.mark.django_db


def timeline_of(pk: int) -> str:
    return reverse("admin:studyapp_participation_change", args=[pk])


def test_the_timeline_shows_each_picture_at_the_side_where_it_stood() -> None:
    study = open_small_study(checks=1)
    send_people(study, 2)
    client = administrator()
    for person in study.participations.all():
        steps = client.get(timeline_of(person.pk)).context["steps"]
        assert [step.at for step in steps] == sorted(step.at for step in steps)
        answers = [step for step in steps if step.judgment is not None]
        assert len(answers) == 4
        for step in answers:
            trial = step.judgment.trial
            if trial.stage == "check":
                assert step.check in ("passed", "failed")
                continue
            shown = {place: address for place, _, address in step.pictures}
            stronger = StimulusOverlay.objects.get(
                stimulus=trial.stimulus, condition=trial.condition, role="stronger"
            )
            side = "a" if trial.stronger_side == Side.A else "b"
            assert shown[side] == reverse("desk_picture", args=[stronger.overlay.code])


def test_a_replay_is_the_page_with_the_answer_that_was_given_and_takes_none() -> None:
    study = open_small_study()
    send_people(study, 1)
    judgment = Judgment.objects.select_related("trial", "participation").earliest("pk")
    client = administrator()
    address = reverse("replay", args=[judgment.participation.code, judgment.trial.position + 1])
    page = client.get(address).content.decode()
    assert f'value="{judgment.value}" required checked' in page
    assert page.count(" checked") == 1
    assert "<div inert>" in page
    assert "trial.js" not in page
    assert "/withdraw" not in page
    assert client.post(address).status_code == 405


def test_a_trial_that_was_not_answered_has_no_replay() -> None:
    study = open_small_study()
    send_people(study, 1)
    code = study.participations.get().code
    assert administrator().get(reverse("replay", args=[code, 99])).status_code == 404


def test_a_replay_without_plain_pictures_says_what_to_export() -> None:
    study = open_small_study()
    send_people(study, 1)
    judgment = Judgment.objects.select_related("trial", "participation").earliest("pk")
    Crop.objects.all().delete()
    address = reverse("replay", args=[judgment.participation.code, judgment.trial.position + 1])
    page = administrator().get(address)
    assert page.status_code == 404
    assert "holds no plain pictures of the photos: export it again, with" in page.content.decode()


def test_a_longer_timeline_asks_no_more_of_the_database() -> None:
    short, long = open_small_study(slug="short"), open_small_study(slug="long", trials=8, stimuli=8)
    client, counts = administrator(), []
    for study in (short, long):
        send_people(study, 1)
        address = timeline_of(study.participations.get().pk)
        counts.append(queries_of(lambda address=address: client.get(address), again=True))
    assert counts[1] <= counts[0]


def test_a_replay_tells_how_pictures_were_seen_and_shows_them_again() -> None:
    presentation = {"exposure_ms": 200}
    block = {"name": "main", "paradigm": "trust", "trials": 1, "presentation": presentation}
    study = open_small_study(blocks=[block], people=2)
    send_people(study, 1)
    silent = take_part(study)
    answer(silent, trial_code=due(silent).code, value=1, data={},
           timing={"presentation": {"unreadable": "missing"}})  # fmt: skip
    first, second = Judgment.objects.select_related("trial", "participation").order_by("pk")
    client = administrator()
    page = client.get(reverse("replay", args=[first.participation.code, 1])).content.decode()
    assert "A seen for 200.4 ± " in page
    assert "ms (asked: 200)." in page
    assert "studyapp/replay.js" in page
    assert "data-record=" in page
    assert 'class="waits"' in page  # nothing waits for a script
    page = client.get(reverse("replay", args=[second.participation.code, 1])).content.decode()
    assert "could not be read (missing)." in page
    assert "replay.js" not in page
