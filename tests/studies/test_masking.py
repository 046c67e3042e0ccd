"""Until a study closes nobody sees outcomes by condition, but by an act that reports tell."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from sandbox.builders import ETHICS, open_small_study
from sandbox.people import send_people
from studyapp.analyses.reports import study_report
from studyapp.analyses.sources import tidy_folder, tidy_study
from studyapp.analyses.tidy import TidyError
from studyapp.exports.bundle import write_bundle
from studyapp.exports.folder import ExportError
from studyapp.models import Judgment, Role, Study
from studyapp.studies.lifecycle import LifecycleError, close_study, pause_study
from studyapp.studies.masking import UNMASKED, is_masked, masks, unmask
from tests.admin.desk import administrator, make_user, page_of, signed_in

pytestmark = pytest.mark.django_db
LOOKING = {"looks": True, "smallest_effect": 0.5}


def real_study(**options: object) -> Study:
    return open_small_study(kind="real", ethics=ETHICS, **options)


@pytest.fixture
def answered() -> Study:
    study = real_study(people=4)
    send_people(study, 3)
    return study


def test_only_a_real_study_under_way_without_looks_is_masked() -> None:
    plan = {"kind": "real", "analysis": {"looks": False}}
    assert masks("open", "real", plan, ())
    assert masks("paused", "real", plan, ("places added",))
    for state, kind, definition, done in (
        ("closed", "real", plan, ()),
        ("open", "pilot", plan, ()),
        ("open", "simulated", plan, ()),
        ("open", "real", plan | {"kind": "pilot"}, ()),
        ("open", "real", plan | {"demo": True}, ()),
        ("open", "real", plan | {"analysis": LOOKING}, ()),
        ("open", "real", plan, (UNMASKED,)),
    ):
        assert not masks(state, kind, definition, done)


def test_analysis_and_report_tell_counts_and_no_outcome(answered: Study) -> None:
    with pytest.raises(TidyError, match="masked; close it first"):
        tidy_study(answered)
    with pytest.raises(CommandError, match="outcomes by condition are masked"):
        call_command("analyse", "small")
    report = study_report(pause_study(answered))
    assert report.analysed == 3
    assert "Attrition by arm" in report.html
    assert "outcomes by condition are masked" in report.html
    for words in ("In short", "mean score", "95 %", "Stimuli from"):
        assert words not in report.html
    close_study(answered)
    assert "mean score" in study_report(Study.objects.get()).html


def test_the_status_says_so(answered: Study) -> None:
    out = io.StringIO()
    call_command("study", "status", "small", stdout=out)
    assert "outcomes by condition are masked until it is closed" in out.getvalue()


def test_a_private_bundle_is_a_backup_without_an_analysis(answered: Study, tmp_path: Path) -> None:
    folder = write_bundle(answered, tmp_path / "bundle").path
    assert (folder / "data").is_dir()
    assert not (folder / "analysis").exists()
    assert "backup of the raw data" in (folder / "README.md").read_text()
    with pytest.raises(TidyError, match="outcomes by condition are masked"):
        tidy_folder(folder)
    with pytest.raises(ExportError, match="close it first"):
        write_bundle(answered, tmp_path / "public", public=True)
    close_study(answered)
    folder = write_bundle(Study.objects.get(), tmp_path / "closed").path
    assert (folder / "analysis" / "results.json").exists()


def test_a_public_bundle_waits_even_where_every_place_is_filled(tmp_path: Path) -> None:
    study = real_study(people=2)
    send_people(study, 2)
    with pytest.raises(ExportError, match="close it first"):
        write_bundle(study, tmp_path / "public", public=True)


def test_the_desk_shows_no_scores_and_no_answers(answered: Study) -> None:
    desk = administrator()
    cards = desk.get(page_of(answered, "study_gallery")).context["cards"]
    assert sum(one.count for card in cards for one in card.shown) == Judgment.objects.count()
    assert not any(one.scores for card in cards for one in card.shown)
    listed = desk.get(reverse("admin:studyapp_judgment_changelist")).content.decode()
    assert listed.count('field-answer">masked<') == Judgment.objects.count()
    judgment = Judgment.objects.earliest("pk")
    page = desk.get(reverse("admin:studyapp_judgment_change", args=[judgment.pk]))
    assert "field-rt_ms" in page.content.decode()
    assert "field-value" not in page.content.decode()
    code = judgment.participation.code
    assert desk.get(reverse("replay", args=[code, 1])).status_code == 403
    close_study(answered)
    listed = desk.get(reverse("admin:studyapp_judgment_changelist")).content.decode()
    assert 'field-answer">masked<' not in listed
    assert desk.get(reverse("replay", args=[code, 1])).status_code == 200


def test_the_owner_alone_unmasks_at_the_desk_and_the_report_tells(answered: Study) -> None:
    address = page_of(answered, "study_results")
    researcher = signed_in(make_user("researcher", answered, Role.RESEARCHER))
    assert "Unmask before the end" not in researcher.get(address).content.decode()
    refused = researcher.post(address, {"what": "unmask", "reason": "curious"})
    assert refused.status_code == 403
    assert is_masked(answered)
    owner = signed_in(make_user("owner", answered, Role.OWNER))
    assert "Unmask before the end" in owner.get(address).content.decode()
    owner.post(address, {"what": "unmask", "reason": " "})
    assert is_masked(answered)
    owner.post(address, {"what": "unmask", "reason": "the board asked for it"})
    assert not is_masked(answered)
    html = study_report(answered).html
    assert "after 3 people had finished: the board asked for it" in html
    assert "mean score" in html


def test_the_command_unmasks_once(answered: Study) -> None:
    out = io.StringIO()
    call_command("study", "unmask", "small", "--reason", "safety", "--json", stdout=out)
    assert json.loads(out.getvalue())["deviation"]["what"] == UNMASKED
    assert answered.deviations.get().detail.endswith("had finished: safety")
    with pytest.raises(CommandError, match="are not masked"):
        call_command("study", "unmask", "small", "--reason", "again")


def test_a_plan_that_allows_looking_and_a_pilot_have_nothing_to_unmask() -> None:
    for study in (real_study(slug="looking", analysis=LOOKING), open_small_study()):
        assert not is_masked(study)
        with pytest.raises(LifecycleError, match="are not masked"):
            unmask(study, reason="no need")


def test_the_appendix_of_the_plan_tells_it_and_the_digest_stays(tmp_path: Path) -> None:
    real_study()
    open_small_study(slug="pilot")
    for slug, told in (("small", True), ("pilot", False)):
        call_command("study", "preregister", slug, "--out", str(tmp_path / f"{slug}.md"))
        plan, appendix = (tmp_path / f"{slug}.md").read_text().split("SHA-256 of everything")
        assert "masked" not in plan
        assert ("outcomes by condition are masked" in appendix) is told


def test_the_desk_asks_for_no_paper_kit_of_a_masked_study(answered: Study) -> None:
    client = administrator()
    address = page_of(answered, "study_results")
    told = client.post(address, {"what": "paper"}, follow=True).content.decode()
    assert "outcomes by condition are masked" in told
    assert not answered.reports.exists()
