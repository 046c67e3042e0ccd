"""How answers were given: in a private bundle, and back from it; of a public one no word."""

from pathlib import Path

import pytest

from sandbox.builders import open_small_study, take_part
from sandbox.people import answer_all, make_profile
from studyapp.admin.desk.overview import _traces
from studyapp.analyses.preregistration import plan_sections
from studyapp.exports.bundle import write_bundle
from studyapp.exports.folder import ExportError
from studyapp.exports.rebuilding import import_bundle
from studyapp.models import Evidence, Judgment, Participation, SignedAgent, Study, Trace
from studyapp.participations.evidence import keep_evidence
from studyapp.participations.traces import read_trace
from studyapp.studies.definition.study import study_definition
from studyapp.studies.lifecycle import close_study
from tests.participations.test_traces import ARC, told, way
from tests.tables import rows_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(db: None) -> Study:
    """One person agreed to traces, the other did not; both let their data be published."""
    study = open_small_study(slug="small", evidence={"traces": True, "keep_days": 10})
    for number, traces in enumerate((True, False)):
        person = take_part(study, str(number), traces=traces)
        answer_all(person, make_profile(seed=number), seed=number)
    Participation.objects.update(publication_consent=True)
    read = [read_trace(told(places=way(*ARC), keys=7)), read_trace("{"), read_trace("")]
    mine = Judgment.objects.filter(participation__traces_agreed_at__isnull=False).order_by("pk")
    for judgment, observed in zip(mine, read, strict=True):
        keep_evidence(judgment, observed, SignedAgent.SIGNED)
    return close_study(study)


def test_a_private_bundle_has_what_follows_and_traces_only_when_asked_for(
    study: Study, tmp_path: Path
) -> None:
    plain = write_bundle(study, tmp_path / "plain", analysis=False).path
    rows = rows_of(plain, "inputs")
    told = {row["row_id"] for row in rows_of(plain, "judgments")}
    assert {row["row_id"] for row in rows} < told
    assert [row["path"] for row in rows] == ["curved", "", ""]
    assert [row["key_events"] for row in rows] == ["7", "", ""]
    assert [row["unreadable"] for row in rows] == ["false", "true", "false"]
    assert {row["web_bot_auth"] for row in rows} == {"signed"}
    assert not list((plain / "data").glob("*traces*"))
    with_traces = write_bundle(study, tmp_path / "traces", analysis=False, traces=True).path
    [trace] = rows_of(with_traces, "traces")
    assert trace["intervals"] == "[100, 200, 300]"
    assert "delete it by the day" in (with_traces / "README.md").read_text("utf-8")


def test_neither_evidence_nor_traces_are_in_a_public_bundle(study: Study, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="traces are never published"):
        write_bundle(study, tmp_path / "refused", public=True, traces=True)
    folder = write_bundle(study, tmp_path / "public", public=True, analysis=False).path
    assert len(rows_of(folder, "judgments")) == 6
    files = [path.name for path in folder.rglob("*") if path.is_file()]
    assert [name for name in files if "inputs" in name or "traces" in name] == []
    for row in rows_of(folder, "participations"):
        assert "web_bot_auth" not in row
        assert not any("traces" in name for name in row)
    written = (folder / "codebook.csv").read_text("utf-8")
    assert "untrusted_events" not in written
    assert "key_interval" not in written


def test_a_bundle_becomes_a_study_with_its_evidence_and_without_traces(
    study: Study, tmp_path: Path
) -> None:
    folder = write_bundle(study, tmp_path / "own", traces=True, analysis=False).path
    before = rows_of(folder, "inputs")
    Study.objects.filter(pk=study.pk).update(slug="other")
    rebuilt = import_bundle(folder)
    found = Evidence.objects.filter(judgment__participation__study=rebuilt)
    assert found.count() == 3
    assert not Trace.objects.filter(judgment__participation__study=rebuilt).exists()
    again = write_bundle(rebuilt, tmp_path / "again", analysis=False).path
    assert rows_of(again, "inputs") == before


def test_the_desk_says_when_traces_go_and_the_plan_what_is_collected(study: Study) -> None:
    trace = Trace.objects.get()
    found = _traces(study)
    assert found is not None
    assert (found["count"], found["people"], found["days"]) == (1, 1, 10)
    assert (found["first"] - trace.recorded_at).days == 10
    trace.delete()
    assert _traces(study) is not None
    assert _traces(open_small_study(slug="plain")) is None
    lines = plan_sections(study_definition(study), study.certificate)["Evidence of programs"]
    assert "deleted 10 days after the answer" in "".join(lines)
