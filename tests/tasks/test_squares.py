"""Networks whose pictures stand on one page: told apart by the square of the photo, or not."""

from pathlib import Path

import pytest

import explainer
from studyapp.models import Network, Study
from studyapp.models.study import TABLE
from studyapp.studies.loading import load_study
from tasks.preparation import prepare
from tasks.squares import are_alike, refuse_other_squares
from tests.elsewhere import MAPS, STUDY, write_elsewhere, write_imported
from tests.elsewhere import TABLE as ANSWERS

pytestmark = pytest.mark.django_db


def table(**options: object) -> Network:
    return Network(builder=TABLE, options=options)


def test_squares_of_different_parts_of_a_photo_are_told_apart() -> None:
    usual = table(size=224, resize=256)
    assert are_alike(usual, table(size=299, resize=342))
    assert are_alike(table(size=224), table(size=96))
    assert not are_alike(usual, table(size=224, resize=248))
    assert not are_alike(usual, table(size=224, resize=232))
    assert not are_alike(table(size=224), table(size=224, squash=True))


def test_networks_that_are_loaded_cut_as_their_options_say() -> None:
    def resnet(**options: int) -> Network:
        options = {"num_classes": 2, **options}
        return Network(builder="resnet18", weights="random", options=options)

    assert are_alike(resnet(resize=256), table(size=224, resize=256))
    assert not are_alike(resnet(resize=256), resnet(resize=232))


def loaded(folder: Path, options: str) -> Study:
    study = STUDY.replace('stronger = "theirs"', 'stronger = "theirs", weaker = "others"')
    study = study.replace('"agreement", trials = 4', '"trust", trials = 2')
    study = study.replace('"none" }]', '"none" }, { name = "both", method = "none" }]')
    study += f'[networks.others]\npredictions = "others.csv"\noptions = {{ {options} }}\n'
    path = write_elsewhere(folder, study=study)
    (folder / "others.csv").write_text(ANSWERS.replace("0.9", "0.95"), encoding="utf-8")
    return load_study(path)


def test_a_study_of_two_squares_is_refused_by_the_networks_names(tmp_path: Path) -> None:
    study = loaded(tmp_path, "size = 224, resize = 256")
    with pytest.raises(explainer.ExplainerError, match="theirs and others stand on one page, and"):
        refuse_other_squares(study)


def test_a_worker_tells_it_before_it_predicts_anything(tmp_path: Path) -> None:
    study = loaded(tmp_path, "size = 224, resize = 256")
    prepare(study.pk)
    study.refresh_from_db()
    assert study.problem.startswith("theirs and others stand on one page, and")
    assert "set `resize` and `size` in the options of a" in study.problem
    assert not study.stimuli.exists()


def compared(folder: Path, options: str) -> Study:
    """Two networks, each of a pair of its own, whose pictures `compare` puts on one page."""
    study = STUDY.replace('"theirs" } }', '"theirs" }, second = { stronger = "others" } }')
    study = study.replace(
        '{ name = "nothing", method = "none" }',
        '{ name = "one", method = "imported", files = "made/maps.csv", pair = "main" }, '
        '{ name = "other", method = "imported", files = "made/others.csv", pair = "second" }',
    )
    study = study.replace(
        '"agreement", trials = 4', '"trust", trials = 2, compare = [["one", "other"]]'
    )
    study += f'[networks.others]\npredictions = "others.csv"\noptions = {{ {options} }}\n'
    path = write_imported(folder, study=study)
    (folder / "others.csv").write_text(ANSWERS.replace("0.9", "0.95"), encoding="utf-8")
    # Each photo's map is another photo's, so that no picture stands for both networks
    rows = MAPS.replace("a.npy", "z.npy").replace("d.npy", "a.npy").replace("z.npy", "d.npy")
    rows = rows.replace("b.npy", "z.npy").replace("c.npy", "b.npy").replace("z.npy", "c.npy")
    (folder / "made" / "others.csv").write_text(rows, encoding="utf-8")
    return load_study(path)


def test_networks_that_a_block_compares_are_given_one_square(tmp_path: Path) -> None:
    study = compared(tmp_path, "size = 224, resize = 256")
    with pytest.raises(explainer.ExplainerError, match="theirs and others stand on one page, and"):
        refuse_other_squares(study)


def test_a_study_of_one_square_goes_on(tmp_path: Path) -> None:
    refuse_other_squares(loaded(tmp_path, "size = 96"))
