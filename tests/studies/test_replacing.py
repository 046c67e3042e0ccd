"""A changed study file takes the place of a study that was never open, and of nothing else."""

import hashlib
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.db.models import ProtectedError
from PIL import Image as Picture
from pytest_django import DjangoCaptureOnCommitCallbacks

from sandbox.builders import make_study
from sandbox.people import answer_all, make_profile
from studyapp import storage
from studyapp.models import (
    Download,
    Exclusion,
    Judgment,
    Member,
    PanelIdentity,
    Participant,
    Participation,
    Report,
    Role,
    Study,
    StudyKind,
    WorkState,
)
from studyapp.participations.enrolment import begin, consent
from studyapp.participations.entering import enter
from studyapp.studies.copies import marked_copy
from studyapp.studies.lifecycle import open_study
from studyapp.studies.loading import LoadingError, load_study
from tests.admin.test_upload import TOML

pytestmark = pytest.mark.django_db


def study_file(folder: Path) -> Path:
    (folder / "texts").mkdir()
    for name in ("consent", "instructions", "debrief"):
        (folder / "texts" / f"{name}.md").write_text(f"# {name}")
    for number, animal in enumerate(("tiger", "otter")):
        (folder / "photos" / animal).mkdir(parents=True)
        Picture.new("RGB", (80, 80), (number, 9, 9)).save(folder / "photos" / animal / "a.png")
    path = folder / "study.toml"
    path.write_text(TOML)
    return path


def walk_through(study: Study, name: str) -> Participation:
    """Somebody who answers all, is excluded, and whose exclusion is undone."""
    person = begin(consent(enter(study, source="prolific", external_id=name)))
    answer_all(person, make_profile())
    first = Exclusion.objects.create(participation=person, rule="by hand")
    Exclusion.objects.create(participation=person, rule="by hand", undoes=first)
    return person


def test_previews_and_simulated_copies_go_with_the_study_that_is_replaced(tmp_path: Path) -> None:
    old, other = make_study(slug="mine"), open_study(make_study(slug="other"))
    for kind in (StudyKind.PILOT, StudyKind.SIMULATED):
        walk_through(marked_copy(old, kind, 5), f"only-{kind}")
    enter(old.copies.first(), source="prolific", external_id="elsewhere")
    kept = walk_through(other, "elsewhere")
    study = load_study(study_file(tmp_path), replace=True)
    assert study.title == "Mine"
    assert not study.copies.exists()
    assert set(Study.objects.values_list("slug", flat=True)) == {"mine", "other"}
    assert list(Participation.objects.all()) == [kept]
    assert list(Participant.objects.all()) == [kept.participant]
    assert PanelIdentity.objects.get().external_id == "elsewhere"
    assert set(Judgment.objects.values_list("participation", flat=True)) == {kept.pk}


def test_a_copy_alone_does_not_make_a_study_replaceable(tmp_path: Path) -> None:
    old = make_study(slug="mine")
    marked_copy(old, StudyKind.PILOT, 5)
    with pytest.raises(LoadingError, match="load it with --replace"):
        load_study(study_file(tmp_path))
    assert old.copies.count() == 1


def test_what_was_open_stays_with_its_copies(tmp_path: Path) -> None:
    old = make_study(slug="mine")
    walk_through(marked_copy(old, StudyKind.PILOT, 5), "anna")
    open_study(old)
    with pytest.raises(LoadingError, match="mine was opened and can't change"):
        load_study(study_file(tmp_path), replace=True)
    assert old.copies.count() == 1
    assert Judgment.objects.exists()


def test_the_parent_of_a_study_is_not_replaced(tmp_path: Path) -> None:
    old, new = make_study(slug="mine"), make_study(slug="newer")
    Study.objects.filter(pk=new.pk).update(parent=old)
    with pytest.raises(LoadingError, match="mine is the parent of newer"):
        load_study(study_file(tmp_path), replace=True)


def test_a_copys_judgments_are_still_kept_by_the_database() -> None:
    copy = marked_copy(make_study(slug="mine"), StudyKind.PILOT, 5)
    person = walk_through(copy, "anna")
    with pytest.raises(ProtectedError):
        person.delete()


def test_who_works_on_a_replaced_study_keeps_their_role(tmp_path: Path) -> None:
    path = study_file(tmp_path)
    user = get_user_model().objects.create_user("ada")
    Member.objects.create(study=load_study(path), user=user, role=Role.OWNER)
    path.write_text(path.read_text().replace('title = "', 'title = "Again: ', 1))
    replaced = load_study(path, replace=True)
    assert list(replaced.members.values_list("user__username", "role")) == [("ada", Role.OWNER)]


def made_for(study: Study) -> list[str]:
    """A report and a bundle of the study, as workers store them, and one that is kept nowhere."""
    for model, name in ((Report, f"reports/{study.slug}"), (Download, f"downloads/{study.slug}")):
        digest = storage.keep(name, b"made")
        model.objects.create(study=study, state=WorkState.READY, file=name, digest=digest)
    Download.objects.create(study=study, state=WorkState.READY, digest="of a file elsewhere")
    return [f"reports/{study.slug}", f"downloads/{study.slug}"]


def test_files_of_reports_and_bundles_go_with_their_study_once_that_is_certain(
    tmp_path: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    old, other = make_study(slug="mine"), make_study(slug="other")
    copy = marked_copy(old, StudyKind.SIMULATED, 5)
    gone, kept = made_for(old) + made_for(copy), made_for(other)
    with django_capture_on_commit_callbacks(execute=True):
        load_study(study_file(tmp_path), replace=True)
        assert all(storage.is_there(name) for name in gone)
    assert not any(storage.is_there(name) for name in gone)
    assert all(storage.is_there(name) for name in kept)


def weights_file(folder: Path, words: str) -> Path:
    """A study file whose stronger network has a file of weights, which is never opened here."""
    path = folder / "study.toml"
    path = path if path.exists() else study_file(folder)
    path.write_text(TOML.replace('weights = "random"', 'weights = "mine.pth"', 1))
    (folder / "mine.pth").write_text(words)
    return path


def test_another_photo_under_the_name_of_before_is_told(tmp_path: Path) -> None:
    path = study_file(tmp_path)
    study = load_study(path)
    assert load_study(path) == study
    Picture.new("RGB", (80, 80), (99, 9, 9)).save(tmp_path / "photos" / "tiger" / "a.png")
    with pytest.raises(LoadingError, match="its file or a file that it names has changed"):
        load_study(path)


def test_other_weights_under_the_name_of_before_are_told(tmp_path: Path) -> None:
    path = weights_file(tmp_path, "one")
    study = load_study(path)
    network = study.pairs.get().stronger
    network.described = {"weights_digest": hashlib.sha256(b"one").hexdigest()}
    network.save()
    assert load_study(path) == study
    weights_file(tmp_path, "two")
    with pytest.raises(LoadingError, match="its file or a file that it names has changed"):
        load_study(path)


@pytest.mark.parametrize("name", ["mine.pth", "labels.txt"])
def test_another_file_under_the_name_that_another_study_gave_is_another_network(
    tmp_path: Path, name: str
) -> None:
    text = weights_file(tmp_path, "one").read_text()
    text = text.replace('"mine.pth"', '"mine.pth"\nlabels = "labels.txt"')
    (tmp_path / "labels.txt").write_text("cat")
    networks = []
    for slug, words in (("first", "a"), ("second", "a"), ("third", "b")):
        (tmp_path / name).write_text(words)
        (tmp_path / "study.toml").write_text(text.replace('"mine"', f'"{slug}"'))
        networks.append(load_study(tmp_path / "study.toml").pairs.get().stronger)
    assert networks[0] == networks[1]
    assert networks[0] != networks[2]
