"""The version for strangers: who agreed, no times of day, no free text, nothing that names."""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from sandbox.builders import make_study, open_small_study, take_part
from sandbox.people import answer_all, due, make_profile
from studyapp.exports.bundle import write_bundle
from studyapp.exports.description import psych_ds_problems
from studyapp.exports.folder import ExportError
from studyapp.models import (
    CodingScheme,
    Download,
    Event,
    Exclusion,
    Participation,
    Study,
    StudyKind,
)
from studyapp.participations.answering import answer
from studyapp.participations.enrolment import begin, consent
from studyapp.participations.entering import enter
from studyapp.studies.coding.rounds import end_round
from studyapp.studies.copies import marked_copy
from studyapp.studies.lifecycle import close_study
from tests.admin.desk import administrator, page_of
from tests.coded import answered_study, begun, code_all
from tests.tables import rows_of

pytestmark = pytest.mark.django_db

PANEL_ID = "5f3a9c01d2"


@pytest.fixture
def study(db: None) -> Study:
    """Three people finish; the second one does not want their data published."""
    study = open_small_study(slug="small")
    for number in range(3):
        details = {"SESSION_ID": "a-session", "STUDY_ID": "a-study"}
        name = f"{PANEL_ID}{number}"
        person = enter(study, source="prolific", external_id=name, details=details)
        person = begin(consent(person, publication=number != 1))
        answer_all(person, make_profile(seed=number), seed=number)
    return close_study(study)


def test_only_those_who_agreed_to_publishing_are_in_it(study: Study, tmp_path: Path) -> None:
    folder = write_bundle(study, tmp_path / "out", public=True, analysis=False).path
    people = [row["participant_id"] for row in rows_of(folder, "participations")]
    assert len(people) == 2
    for table, count in (("judgments", 6), ("events", 8)):
        assert [row["participant_id"] in people for row in rows_of(folder, table)] == [True] * count
    assert "1 did not" in (folder / "README.md").read_text("utf-8")


def test_times_are_seconds_since_entering(study: Study, tmp_path: Path) -> None:
    folder = write_bundle(study, tmp_path / "out", public=True, analysis=False).path
    person, judgment = rows_of(folder, "participations")[0], rows_of(folder, "judgments")[0]
    assert [name for name in (*person, *judgment) if name.endswith("_at")] == []
    assert person["entered_after_s"] == "0.000"
    assert 0 < float(judgment["answered_after_s"]) <= float(person["finished_after_s"])


def test_free_text_is_left_out(study: Study, tmp_path: Path) -> None:
    person = Participation.objects.order_by("pk").first()
    Event.objects.create(participation=person, kind="wrote", data={"text": "my name is Ada"})
    Exclusion.objects.create(participation=person, rule="hand", note="Ada told me")
    folder = write_bundle(study, tmp_path / "out", public=True, analysis=False).path
    written = [path.read_bytes() for path in (folder / "data").iterdir()]
    assert [content for content in written if b"Ada" in content] == []
    assert b"Ada" in b"".join(
        path.read_bytes()
        for path in (write_bundle(study, tmp_path / "own", analysis=False).path / "data").iterdir()
    )


def test_window_sizes_are_binned_in_hundreds(tmp_path: Path) -> None:
    other = open_small_study(slug="sized")
    person = enter(other, source="link", external_id="")
    person = begin(consent(person, publication=True))
    timing = {"window_width": 1366, "window_height": 768}
    answer(person, trial_code=due(person).code, value=1, data={}, timing=timing)
    folder = write_bundle(close_study(other), tmp_path / "out", public=True, analysis=False).path
    [judgment] = rows_of(folder, "judgments")
    assert (judgment["window_width"], judgment["window_height"]) == ("1300", "700")


def test_the_readme_tells_k_anonymity_the_smallest_group_of_people_who_look_alike(
    study: Study, tmp_path: Path
) -> None:
    Participation.objects.update(publication_consent=True)
    last = Participation.objects.latest("pk")
    last.device_class = "phone"
    last.save(update_fields=["device_class"])
    folder = write_bundle(study, tmp_path / "out", public=True, analysis=False).path
    told = " ".join((folder / "README.md").read_text("utf-8").split())
    assert "smallest group of people with the same language, device_class, arm has size 1" in told


@pytest.mark.parametrize(
    ("rule", "what"),
    [
        (f"{PANEL_ID}0", "a panel id"),
        ("ada@example.org", "an e-mail address"),
        ("192.168.0.17", "an IP address"),
        ("2001:db8::17", "an IP address"),
    ],
)
def test_what_tells_who_somebody_is_stops_the_publication(
    study: Study, tmp_path: Path, rule: str, what: str
) -> None:
    person = Participation.objects.order_by("pk").first()
    Exclusion.objects.create(participation=person, rule=rule)
    with pytest.raises(ExportError, match=f"{what} in study-small_description-exclusions.*line 2"):
        write_bundle(study, tmp_path / "out", public=True, analysis=False)
    assert list(tmp_path.iterdir()) == []


def test_panel_ids_come_only_when_asked_for_and_never_in_public(
    study: Study, tmp_path: Path
) -> None:
    with pytest.raises(ExportError, match="never published"):
        write_bundle(study, tmp_path / "public", public=True, panel_ids=True)
    folder = write_bundle(study, tmp_path / "own", panel_ids=True, analysis=False).path
    people = [row["participant_id"] for row in rows_of(folder, "participations")]
    found = {row["participant_id"]: row["panel_participant_id"] for row in rows_of(folder, "panel")}
    assert found == {person: f"{PANEL_ID}{number}" for number, person in enumerate(people)}
    assert rows_of(folder, "panel")[0]["panel_session_id"] == "a-session"
    assert list(psych_ds_problems(folder)) == []


def test_no_private_bundle_holds_a_panel_id_unasked(study: Study, tmp_path: Path) -> None:
    folder = write_bundle(study, tmp_path / "out").path
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert [path for path in files if PANEL_ID.encode() in path.read_bytes()] == []


CODES = {"complete": "C1PAYS-ALL", "screened_out": "C2NOT-NEEDED", "full": "C3CAME-LATE"}


def test_a_public_bundle_waits_until_nobody_is_to_come(tmp_path: Path) -> None:
    study = open_small_study(people=2)
    for name in ("first", "second"):
        with pytest.raises(ExportError, match=r"small is not over yet.*close it first"):
            write_bundle(study, tmp_path / "out", public=True)
        answer_all(take_part(study, name), make_profile())
    assert write_bundle(study, tmp_path / "out", public=True, analysis=False).path.is_dir()


def test_a_copys_public_bundle_waits_for_its_original(tmp_path: Path) -> None:
    original = open_small_study(people=2)
    copy = close_study(marked_copy(original, StudyKind.SIMULATED, seed=5))
    with pytest.raises(ExportError, match="small is not over"):
        write_bundle(copy, tmp_path / "out", public=True)
    close_study(original)
    copy = Study.objects.get(pk=copy.pk)
    assert write_bundle(copy, tmp_path / "out", public=True, analysis=False).path.is_dir()


@pytest.mark.parametrize("public", [True, False])
def test_a_study_that_was_never_open_has_no_bundle(tmp_path: Path, *, public: bool) -> None:
    study = make_study()
    with pytest.raises(ExportError, match=r"small was never open.*open it first"):
        write_bundle(study, tmp_path / "out", public=public)
    with pytest.raises(CommandError, match="never open"):
        call_command("export", "small", "--out", str(tmp_path / "out"))
    page = administrator().post(
        page_of(study, "study_results"), {"what": "public" if public else "private"}, follow=True
    )
    assert [str(one) for one in page.context["messages"]] == [
        "small was never open, so there is nothing to export; open it first"
    ]
    assert not Download.objects.exists()


def test_a_public_bundle_has_no_code_that_a_panel_pays_for(tmp_path: Path) -> None:
    study = open_small_study(panel={"kind": "prolific", "codes": CODES})
    lines = [f'{name} = "{code}"' for name, code in CODES.items()]
    study.definition_toml = "\n".join(
        ["# mine", "[panel.codes]", *lines, "[panel]  # of people", 'kind = "prolific"', ""]
    )
    study.save(update_fields=["definition_toml"])
    answer_all(take_part(study, "somebody"), make_profile())
    public = write_bundle(close_study(study), tmp_path / "public", public=True).path
    private = write_bundle(study, tmp_path / "private", analysis=False).path
    assert holding(private, CODES.values()) != []
    assert holding(public, CODES.values()) == []
    assert "[panel]  # of people" in (public / "materials" / "definition.toml").read_text("utf-8")


def holding(folder: Path, codes: Iterable[str]) -> list[str]:
    """The files of a bundle in which one of the codes stands."""
    wanted = [code.encode() for code in codes]
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path.name for path in files if any(code in path.read_bytes() for code in wanted)]


@pytest.mark.parametrize("is_public", [True, False])
def test_codes_are_published_where_their_scheme_says_so_and_texts_and_examples_never(
    tmp_path: Path, is_public: bool
) -> None:
    study = answered_study(people=2, trials=1)
    round_ = begun(study)
    code_all(round_)
    end_round(round_)
    CodingScheme.objects.update(is_public=is_public)
    agreed = study.participations.earliest("pk")
    Participation.objects.filter(pk=agreed.pk).update(publication_consent=True)
    folder = write_bundle(close_study(study), tmp_path / "out", public=True).path
    tables = {name: rows_of(folder, name) for name in ("schemes", "codings", "codes")}
    assert [len(rows) for rows in tables.values()] == ([3, 2, 1] if is_public else [0, 0, 0])
    whole = "".join(
        path.read_text("utf-8") for path in folder.rglob("*") if path.suffix in {".csv", ".html"}
    )
    assert ("Names a colour." in whole) == is_public
    for word in ("orange patch", "said id", "It was orange", "coded_at", "coder1"):
        assert word not in whole
    results = json.loads((folder / "analysis" / "results.json").read_text("utf-8"))
    assert ("coded" in results) == is_public
