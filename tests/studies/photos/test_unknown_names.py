"""Names that are no class of the network are told where a researcher looks: status and desk."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from django.urls import reverse

from studyapp.models import Network, Prediction, Study, StudyState, WorkState
from studyapp.studies.definition.file import DefinitionError, read_definition
from studyapp.studies.loading import LoadingError, load_study
from studyapp.studies.preparation.advance import advance
from tests.admin.desk import administrator
from tests.photos.test_class_names import make_folders
from tests.running import output_of
from tests.studies.definition.test_checking import STUDY

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_folders(tmp_path, ["Red ", "gren", "BLUE"], photos=2)
    (tmp_path / "t.md").write_text("text")
    (tmp_path / "labels.txt").write_text("red\ngreen\nblue\ngrey\npink\ngold")
    (tmp_path / "study.toml").write_text(STUDY)
    return tmp_path


LABELS = ("red", "green", "blue", "grey", "pink", "gold")


def predicted(study: Study, network: Network, labels: Sequence[str]) -> None:
    """The network's answers: every photo shows the first class."""
    network.labels = list(labels)
    network.save()
    for photo in study.images.all():
        top = [[index, 1.0, 0.1] for index in range(6)]
        Prediction.objects.get_or_create(
            case=photo.case, network=network, defaults={"state": WorkState.READY, "top": top}
        )


def prepared(folder: Path, *, replace: bool = False, labels: Sequence[str] = LABELS) -> Study:
    """The study after its networks answered."""
    study = load_study(folder / "study.toml", replace=replace)
    predicted(study, Network.objects.get(), labels)
    Study.objects.filter(pk=study.pk).update(state=StudyState.PREPARING)
    advance(study, lambda network, method, settings: "0" * 64)
    return Study.objects.get(pk=study.pk)


def test_unknown_names_stand_in_status_and_at_the_desk_with_the_nearest_class(folder: Path) -> None:
    (folder / "study.toml").write_text(STUDY.replace("stimuli = 4", "stimuli = 5"))
    study = prepared(folder)
    told = "“gren” (2 photos): did you mean green"
    assert told in study.problem
    assert "images.names" in study.problem
    status = output_of("study", "status", study.slug)
    page = administrator().get(reverse("admin:studyapp_study_change", args=[study.pk]))
    assert f"names: no class of the network: {told}" in status
    assert told in page.content.decode()


def test_a_table_of_names_mends_a_study_that_lost_photos(folder: Path) -> None:
    assert "names" in prepared(folder).selection
    toml = STUDY.replace('folder = "photos"', 'folder = "photos"\nnames = "names.csv"')
    (folder / "study.toml").write_text(toml)
    (folder / "names.csv").write_text("name,classes\ngren,green\n")
    study = prepared(folder, replace=True)
    assert "names" not in study.selection
    assert study.problem == ""
    # A changed table is a changed study, though the file is the same.
    (folder / "names.csv").write_text("name,classes\ngren,gold\n")
    with pytest.raises(LoadingError, match="--replace"):
        load_study(folder / "study.toml")


def test_a_misspelt_class_of_a_group_stops_a_study_whose_networks_classes_became_known(
    folder: Path,
) -> None:
    toml = STUDY.replace(
        'folder = "photos"', 'folder = "photos"\ngroups = { warm = ["red", "pinc"] }'
    )
    (folder / "study.toml").write_text(toml)
    assert prepared(folder).problem.startswith(
        "the group “warm” lists “pinc”, which is no class of the network (did you mean pink?); "
    )
    (folder / "study.toml").write_text(toml.replace("pinc", "pink"))
    study = prepared(folder, replace=True)
    assert study.problem == ""
    warm = [one for row in study.images.all() for one in row.categories if one["name"] == "warm"]
    assert [one["accepted"] for one in warm] == [["red", "pink"]] * 2


def test_a_table_of_names_may_not_lead_out_of_an_upload(folder: Path) -> None:
    toml = STUDY.replace('folder = "photos"', 'folder = "photos"\nnames = "/etc/passwd"')
    (folder / "study.toml").write_text(toml)
    with pytest.raises(DefinitionError, match=r"images.names.*points outside the upload"):
        read_definition(folder / "study.toml", is_upload=True)


def test_a_class_whose_name_no_column_holds_stops_the_preparation_with_the_fix(
    folder: Path,
) -> None:
    long = "red" + "d" * 500
    asks = 'paradigm = "rating"\nitems = ["It is clear."]'
    toml = STUDY.replace('paradigm = "pointing"', asks).replace("stimuli = 4", "stimuli = 2")
    (folder / "study.toml").write_text(toml)
    study = prepared(folder, labels=[long, *LABELS[1:]])
    assert f"has {len(long)} characters, and 500 is the limit; shorten its line" in study.problem
