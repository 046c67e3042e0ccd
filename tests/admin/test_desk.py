"""The researcher's desk: verbs with their consequences, data that nobody edits by hand."""

from functools import partial

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from sandbox.builders import ETHICS, make_study, open_small_study
from sandbox.people import send_people
from studyapp.admin.desk.links import NAMES, NOTES
from studyapp.admin.desk.tallies import Checks, attention
from studyapp.models import (
    Explanation,
    Judgment,
    Participation,
    Status,
    Study,
    StudyKind,
    StudyState,
    Trial,
    WorkState,
)
from studyapp.participations.enrolment import consent
from studyapp.participations.panels import PANELS
from studyapp.studies.texts import correct_text
from tests.admin.desk import administrator, do, page_of
from tests.running import queries_of

pytestmark = pytest.mark.django_db
PAGES = ("study", "stimulus", "explanation", "participation", "judgment", "exclusion", "network")
TABS = ("studyapp_study_change", "study_gallery", "study_coverage", "study_links",
        "study_exclusions", "study_payment", "study_results", "study_definition",
        "study_members")  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
def test_every_list_and_every_row_can_be_looked_at(page: str) -> None:
    send_people(open_small_study(), 2)
    client = administrator()
    reply = client.get(reverse(f"admin:studyapp_{page}_changelist"))
    assert reply.status_code == 200
    for row in list(reply.context["cl"].result_list)[:2]:
        change = reverse(f"admin:studyapp_{page}_change", args=[row.pk])
        assert client.get(change).status_code == 200


@pytest.mark.parametrize("page", ["stimulus", "participation", "judgment", "explanation"])
@pytest.mark.parametrize("verb", ["change", "delete"])
def test_what_verbs_and_people_wrote_is_written_by_nobody_else(page: str, verb: str) -> None:
    send_people(open_small_study(), 1)
    client = administrator()
    rows = client.get(reverse(f"admin:studyapp_{page}_changelist")).context["cl"].result_list
    reply = client.post(
        reverse(f"admin:studyapp_{page}_{verb}", args=[rows[0].pk]), {"post": "yes"}
    )
    assert reply.status_code == 403
    refused = client.get(reverse(f"admin:studyapp_{page}_add"))
    assert refused.status_code == 403
    assert "Your account may not do this. Ask an administrator" in refused.content.decode()


@pytest.mark.parametrize("stage", ["preparing", "open", "with people"])
def test_every_page_of_a_study_is_there_in_every_stage(stage: str) -> None:
    study = make_study() if stage == "preparing" else open_small_study(checks=1)
    if stage == "with people":
        send_people(study, 2)
    client = administrator()
    found = {tab: client.get(page_of(study, tab)).status_code for tab in TABS}
    assert found == dict.fromkeys(TABS, 200)


def test_a_verb_says_what_it_does_before_it_acts_and_is_logged() -> None:
    study, client = make_study(), administrator()
    assert "can&#x27;t change afterwards" in client.get(do(study, "open")).content.decode()
    study.refresh_from_db()
    assert study.state == StudyState.PREPARING
    client.post(do(study, "open"))
    study.refresh_from_db()
    assert study.state == StudyState.OPEN
    assert LogEntry.objects.get().get_change_message() == "Open: preparing → open"


def test_only_the_verbs_of_the_state_are_offered() -> None:
    study, client = open_small_study(), administrator()
    page = client.get(page_of(study)).content.decode()
    assert "/do/pause/" in page
    assert "/do/close/" in page
    assert "/do/open/" not in page


def test_a_verb_that_does_not_fit_says_why_and_changes_nothing() -> None:
    study, client = open_small_study(), administrator()
    reply = client.post(do(study, "open"), follow=True)
    assert "is open and can&#x27;t be opened" in reply.content.decode()
    assert not LogEntry.objects.exists()


def test_an_unknown_verb_and_an_unknown_study_are_not_there() -> None:
    study, client = open_small_study(), administrator()
    assert client.post(do(study, "delete")).status_code == 404
    study.pk += 1000
    assert client.get(page_of(study)).status_code == 404


def test_the_desk_tells_problems_and_failures_with_their_reasons() -> None:
    study = make_study(prepared=False)
    study.problem = "trust asks for 4 stimuli, found 1"
    study.save()
    Explanation.objects.update(state=WorkState.FAILED, error="not finite", map_digest="")
    page = administrator().get(page_of(study)).content.decode()
    assert "found 1" in page
    assert "not finite" in page
    assert "No worker is running" in page
    assert "/drop/" in page


def test_progress_is_told_for_the_bars_that_move_by_themselves() -> None:
    study = make_study()
    facts = administrator().get(page_of(study, "study_progress")).json()
    names = {bar["name"]: (bar["ready"], bar["total"]) for bar in facts["bars"]}
    assert names["explanations"] == (16, 16)
    assert facts["prepared"] is True


def test_everything_that_failed_in_a_study_is_tried_again() -> None:
    study = make_study(prepared=False)
    study.problem = "a picture could not be drawn"
    study.save()
    Explanation.objects.update(state=WorkState.FAILED, error="no memory", map_digest="")
    administrator().post(do(study, "retry"))
    assert not Explanation.objects.filter(state=WorkState.FAILED).exists()
    study.refresh_from_db()
    assert study.problem == ""


def test_the_overview_of_a_prepared_study_leads_to_trying_again_what_failed() -> None:
    study = make_study()
    Explanation.objects.update(state=WorkState.FAILED, error="no memory", map_digest="")
    client = administrator()
    assert do(study, "retry") in client.get(page_of(study)).content.decode()
    asked = client.get(do(study, "retry")).content.decode()
    assert ">Retry what failed</button>" in asked
    assert "this can't be done now" not in asked


def test_failed_explanations_are_tried_again_one_by_one() -> None:
    make_study(prepared=False)
    Explanation.objects.update(state=WorkState.FAILED, error="no memory", map_digest="")
    row = Explanation.objects.earliest("pk")
    data = {"action": "try_again", "_selected_action": [row.pk]}
    administrator().post(reverse("admin:studyapp_explanation_changelist"), data)
    row.refresh_from_db()
    assert (row.state, row.attempts, row.error) == (WorkState.PENDING, 0, "")
    assert Explanation.objects.filter(state=WorkState.FAILED).count() == 15


def test_a_dropped_stimulus_is_named_with_its_reason_and_the_next_takes_its_place() -> None:
    study, client = make_study(), administrator()
    study.stimuli.filter(position=3).update(role="reserve")
    first = study.stimuli.get(position=0)
    address = reverse("admin:stimulus_drop", args=[first.pk])
    assert "required" in client.get(address).content.decode()
    client.post(address, {"reason": "shows a person"})
    roles = dict(study.stimuli.values_list("position", "role"))
    assert roles == {0: "dropped", 1: "main", 2: "main", 3: "main"}
    assert study.stimuli.get(position=0).dropped_because == "shows a person"
    study.refresh_from_db()
    assert study.prepared_at is None


def test_no_stimulus_of_an_open_study_is_dropped() -> None:
    study, client = open_small_study(), administrator()
    row = study.stimuli.earliest("pk")
    client.post(reverse("admin:stimulus_drop", args=[row.pk]), {"reason": "late"})
    assert not study.stimuli.filter(role="dropped").exists()


def test_a_preview_walks_a_marked_copy_and_takes_no_place() -> None:
    study, client = make_study(), administrator()
    for _ in range(2):
        reply = client.post(page_of(study, "study_preview"))
        assert reply.status_code == 302
        assert client.get(reply["Location"]).status_code == 200
    copy = Study.objects.get(copy_of=study)
    assert copy.kind == StudyKind.PILOT
    assert copy.participations.count() == 2
    assert study.participations.count() == 0


def test_a_preview_is_walked_as_a_participant_of_the_chosen_site() -> None:
    # More sites than the copy has places
    sites = [{"name": f"site{number}", "title": f"Site {number}", "people": 1,
              "protocol": f"P-{number}"} for number in range(14)]  # fmt: skip
    study, client = make_study(people=14, sites=sites, ethics=ETHICS), administrator()
    asked = client.get(page_of(study, "study_preview")).content.decode()
    assert '<option value="site13">Site 13</option>' in asked
    for name, protocol in (("site0", "P-0"), ("site13", "P-13"), ("site13", "P-13")):
        reply = client.post(page_of(study, "study_preview"), {"site": name}, follow=True)
        assert protocol in reply.content.decode()
        person = Participation.objects.latest("pk")
        assert consent(person).status == Status.ACTIVE
        assert person.site == name
    assert study.copies.count() == 2


def test_a_preview_shows_the_texts_as_they_are_now() -> None:
    study, client = make_study(), administrator()
    client.post(page_of(study, "study_preview"))
    correct_text(study, name="consent", markdown="# A new consent", reason="clearer")
    reply = client.post(page_of(study, "study_preview"), follow=True)
    assert "A new consent" in reply.content.decode()
    assert study.copies.count() == 2


def test_a_definition_is_compared_with_its_parents_key_by_key() -> None:
    parent = make_study(slug="first", people=4)
    study = make_study(slug="second", people=8)
    study.parent = parent
    study.save()
    page = administrator().get(page_of(study, "study_definition")).content.decode()
    assert "<code>design.people</code>" in page
    assert "<del>4</del>" in page
    assert "<ins>8</ins>" in page


def test_coverage_counts_judgments_against_the_design() -> None:
    study = open_small_study(trials=4)
    send_people(study, 4)
    page = administrator().get(page_of(study, "study_coverage"))
    cells = [cell for _, row in page.context["rows"] for cell in row]
    assert len(cells) == 8
    assert sum(cell["count"] for cell in cells) == 16
    assert all(cell["count"] == cell["target"] == 2 and cell["step"] == 10 for cell in cells)


def test_links_carry_the_panels_placeholders() -> None:
    page = administrator().get(page_of(open_small_study(), "study_links")).content.decode()
    assert "PROLIFIC_PID={{%PROLIFIC_PID%}}&amp;STUDY_ID={{%STUDY_ID%}}" in page


def test_links_call_panels_by_their_names_and_the_study_by_its_own() -> None:
    page = administrator().get(page_of(open_small_study(slug="mine"), "study_links"))
    assert set(NAMES) == set(NOTES) == set(PANELS)
    for name in NAMES.values():
        assert f"<h2>{name}</h2>" in page.content.decode()
    assert "“study invite mine --site …”" in page.content.decode()


def test_a_filter_does_not_walk_into_passwords() -> None:
    client = administrator()
    for path in ("made_by__password__startswith", "participation__study__members__user__password"):
        reply = client.get(reverse("admin:studyapp_exclusion_changelist"), {path: "pbkdf2"})
        assert reply.status_code == 400


def test_a_list_asks_no_more_of_the_database_when_there_are_more_rows() -> None:
    client = administrator()
    pages = ["study", "stimulus", "participation", "judgment", "explanation", "exclusion"]
    lists = [reverse(f"admin:studyapp_{page}_changelist") for page in pages]
    send_people(open_small_study(slug="small"), 1)
    few = {one: queries_of(partial(client.get, one), again=True) for one in lists}
    send_people(open_small_study(slug="larger", people=8, stimuli=8), 6)
    many = {one: queries_of(partial(client.get, one)) for one in lists}
    assert [one for one in lists if many[one] > few[one]] == []
    assert Judgment.objects.count() > 3


def test_failed_attention_checks_are_counted_arm_by_arm() -> None:
    arms = [{"name": "one", "conditions": ["guided_backprop"]},
            {"name": "two", "conditions": ["guided_grad_cam"]}]  # fmt: skip
    study = open_small_study(people=4, arms=arms, trials=2, checks=1)
    send_people(study, 4)
    checks = Judgment.objects.filter(trial__stage="check").select_related("trial")
    for check in checks:
        Trial.objects.filter(pk=check.trial_id).update(expected=check.value)
    failing = checks.filter(participation__arm__name="two").earliest("pk")
    Trial.objects.filter(pk=failing.trial_id).update(expected=-(failing.value or 0))
    total, by_arm = attention(study)
    assert by_arm == [Checks("one", 2, 0, 0), Checks("two", 2, 1, 1)]
    assert total == Checks("all", 4, 1, 1)
    page = administrator().get(page_of(study)).content.decode()
    assert "<li>two: 1 of 2, by 1 person</li>" in page


def test_a_page_of_a_study_asks_no_more_of_the_database_when_there_are_more_rows() -> None:
    client = administrator()
    small = open_small_study(slug="small", checks=1)
    large = open_small_study(slug="larger", people=8, stimuli=8, conditions=3, checks=1)
    send_people(small, 1)
    send_people(large, 6)
    for tab in TABS:
        few, many = (
            queries_of(partial(client.get, page_of(study, tab)), again=True)
            for study in (small, large)
        )
        assert many <= few <= 40, tab


def test_links_say_whom_the_plain_link_takes_in_and_what_the_end_does() -> None:
    desk = administrator()
    own = desk.get(page_of(open_small_study(slug="own"), "study_links"))
    assert "Each browser that opens it starts a new participation" in own.content.decode()
    assert "enter it at the panel themselves" in own.content.decode()
    panel = {"kind": "prolific", "redirect": "https://app.prolific.com/submissions/complete?cc="}
    study = open_small_study(slug="sent", panel=panel)
    sent = desk.get(page_of(study, "study_links")).content.decode()
    assert "Nobody can enter the study through it" in sent
    assert "not taken there automatically" in sent
    panel["redirect_seconds"] = 20
    study = open_small_study(slug="timed", panel=panel)
    timed = desk.get(page_of(study, "study_links")).content.decode()
    assert "taken there automatically after 20 seconds, unless they choose to stay" in timed


def test_the_overview_says_which_words_of_pages_nobody_has_checked() -> None:
    client = administrator()
    german, english = make_study(slug="german", language="de"), make_study(slug="english")
    told = "No native speaker has checked the pages&#x27; German words: read them in the"
    pages = [
        client.get(reverse("admin:studyapp_study_change", args=[one.pk])).content.decode()
        for one in (german, english)
    ]
    assert [told in page for page in pages] == [True, False]
