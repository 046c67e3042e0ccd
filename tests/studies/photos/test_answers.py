"""What a network said, read from a table that another program wrote."""

from pathlib import Path

import pytest

from studyapp.management.verbs.checking import VERB
from studyapp.models import Network, Prediction, Study, WorkState
from studyapp.studies.definition.file import DefinitionError, parse_definition
from studyapp.studies.loading import load_study
from studyapp.studies.photos.readers import ReaderError
from tests.elsewhere import STUDY, TABLE, write_elsewhere

pytestmark = pytest.mark.django_db


def loaded(folder: Path, **given: str) -> Study:
    return load_study(write_elsewhere(folder, **given))


def test_answers_become_predictions_that_nobody_has_to_make(tmp_path: Path) -> None:
    study = loaded(tmp_path)
    network = Network.objects.get()
    assert network.is_table
    assert network.labels == ["cat", "dog"]
    assert network.weights == "predictions.csv"
    rows = Prediction.objects.filter(network=network)
    assert {row.state for row in rows} == {WorkState.READY}
    said = {study.images.get(case=row.case).name: row.top for row in rows}
    assert said == {
        "cat/a.png": [[0, None, 0.7], [1, None, 0.2]],
        "cat/b.png": [[1, None, 0.6], [0, None, 0.4]],
        "dog/c.png": [[0, None, 0.8]],
        "dog/d.png": [[1, None, 0.9]],
    }


def test_loading_again_changes_nothing_until_the_table_changes(tmp_path: Path) -> None:
    study = loaded(tmp_path)
    assert loaded(tmp_path).pk == study.pk
    with pytest.raises(Exception, match="its file or a file that it names has changed"):
        loaded(tmp_path, table=TABLE.replace("0.9", "0.95"))


def test_a_table_says_otherwise_of_photos_that_have_other_names(tmp_path: Path) -> None:
    loaded(tmp_path / "one")
    path = write_elsewhere(tmp_path / "two", study=STUDY.replace('"elsewhere"', '"other"'))
    first, second = (path.parent / "photos" / "cat" / name for name in ("a.png", "b.png"))
    first.rename(first.with_name("x.png"))
    second.rename(first)
    first.with_name("x.png").rename(second)
    load_study(path)
    one, two = Network.objects.order_by("pk")
    assert one.digest != two.digest
    assert Prediction.objects.count() == 8


def test_two_tables_number_their_answers_alike(tmp_path: Path) -> None:
    study = STUDY.replace('stronger = "theirs"', 'stronger = "theirs", weaker = "others"')
    study += '[networks.others]\npredictions = "others.csv"\n'
    path = write_elsewhere(tmp_path, study=study)
    (tmp_path / "others.csv").write_text(TABLE.replace("dog,0.9", "ape,0.9"), encoding="utf-8")
    load_study(path)
    assert {tuple(row.labels) for row in Network.objects.all()} == {("ape", "cat", "dog")}


def test_a_check_counts_what_can_be_asked_without_loading_a_network(tmp_path: Path) -> None:
    facts, lines = VERB.run({"file": write_elsewhere(tmp_path), "predict": False})
    assert facts["not_met"] == []
    assert facts["eligible"]["agreement"]["eligible"] == {"right": 2, "wrong": 2}
    assert not any("--predict" in line for line in lines)


def test_with_sigmoid_an_answer_is_said_from_one_half_on(tmp_path: Path) -> None:
    study = STUDY + 'probabilities = "sigmoid"\n'
    several = TABLE.replace("dog,0.2", "dog,0.6").replace("dog,0.9", "dog,0.4")
    facts, _ = VERB.run({"file": write_elsewhere(tmp_path, table=several, study=study),
                         "predict": False})  # fmt: skip
    left_out = facts["eligible"]["agreement"]["left_out"]
    assert left_out["a network gives no class a probability of one half"] == 1


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("", "predictions.csv: is empty; its first line must be photo,answer,probability"),
        ("photo,answer,probability\n", "has no row below its first line"),
        ("photo,answer\ncat/a.png,cat\n", "they must be photo, answer, probability"),
        (TABLE.replace("dog/c.png", "dog/x.png"),
         "line 6: dog/x.png is not among the photos; write its path in `images.folder`, such as "
         "cat/a.png"),
        (TABLE.replace("dog/c.png,cat,0.8\n", ""), "predictions.csv: dog/c.png has no row; add"),
        (TABLE.replace("a.png,dog", "a.png,cat"),
         "line 3: the same photo and answer as line 2; remove one"),
        (TABLE.replace("0.8", "1.2"), "line 6: the probability is 1.2; write a number from 0 to 1"),
        (TABLE.replace("0.8", "nan"), "line 6: the probability is nan; write"),
        (TABLE.replace("0.8", "80 %"), "line 6: the probability is 80 %; write"),
        (TABLE.replace("0.2", "0.5"), "line 2: the probabilities of cat/a.png add up to 1.2; give"),
        (TABLE.replace("0.6", "0.4"),
         "lines 4 and 5: .* are equally probable for cat/b.png .*give more digits"),
        (TABLE.replace("dog", "cat").replace("cat/c", "dog/c").replace("cat/d", "dog/d")
         .replace("cat/a.png,cat,0.2\n", "").replace("cat/b.png,cat,0.6\n", ""),
         "every row has the answer cat; add the network's other answers"),
        (TABLE.replace("c.png,cat", "c.png,Cat"),
         "predictions.csv: the answers Cat and cat differ only in how they are written; write"),
        (TABLE.replace("dog,", "caf\u00e9,").replace("d.png,caf\u00e9", "d.png,cafe\u0301"),
         "predictions.csv: the answers .* differ only in how they are written; write"),
        (TABLE.replace("cat/a.png,cat", "cat/a.png,"), "line 2: the cell answer is empty"),
        (TABLE.replace("cat/a.png,cat", f"cat/a.png,{'c' * 501}"), "line 2: the answer has 501"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_right_is_refused_by_its_row(
    tmp_path: Path, table: str, said: str
) -> None:
    with pytest.raises(ReaderError, match=said):
        loaded(tmp_path, table=table)
    assert not Network.objects.exists()


def test_an_answer_that_is_no_label_is_refused_with_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("dog\ncat\ncow\n", encoding="utf-8")
    study = STUDY + 'labels = "labels.txt"\n'
    loaded(tmp_path, study=study)
    assert Network.objects.get().labels == ["dog", "cat", "cow"]
    other = TABLE.replace("c.png,cat", "c.png,cats")
    with pytest.raises(ReaderError, match=r"line 6: the answer cats is not among labels.txt; did"):
        loaded(tmp_path, study=study.replace("elsewhere", "other"), table=other)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ("cat\ndog\ncat\n", "line 2: cat is the name of 2 answers; name a file as `labels` in"),
        ("cat\ndog\nCat\n",
         "line 2: the answers cat and Cat differ only in how they are written; name a file as"),
        ("", "labels.txt: names no answers; write the names of all the network's answers, one on"),
        ("cat\n", "labels.txt: names 1 answer; write the names of all"),
    ],
)  # fmt: skip
def test_a_file_of_class_names_that_does_not_tell_answers_apart_is_refused(
    tmp_path: Path, labels: str, said: str
) -> None:
    (tmp_path / "labels.txt").write_text(labels, encoding="utf-8")
    with pytest.raises(ReaderError, match=said):
        loaded(tmp_path, study=STUDY + 'labels = "labels.txt"\n')


def test_pairs_that_are_asked_about_together_list_their_answers_alike() -> None:
    study = STUDY.replace(
        'stronger = "theirs" }', 'stronger = "theirs" }, more = { stronger = "m" }'
    )
    study = study.replace(
        'name = "nothing", method = "none" }',
        'name = "nothing", method = "none", pair = "main" }, '
        '{ name = "n", method = "none", pair = "more" }',
    )
    study += '[networks.m]\npredictions = "m.csv"\nlabels = "labels.txt"\n'
    with pytest.raises(DefinitionError, match="agreement asks about theirs and m together, whose"):
        parse_definition(study, "study.toml")
    parse_definition(study.replace('labels = "labels.txt"\n', ""), "study.toml")


def test_another_file_than_the_digest_says_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReaderError, match="its digest is not the one in `sha256`"):
        loaded(tmp_path, study=STUDY + f'sha256 = "{"0" * 64}"\n')


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('builder = "alexnet"\n', "networks.theirs.builder` is for a network that is loaded"),
        ('layer = "features"\n', "networks.theirs.layer` is for a network that is loaded"),
        ("options = { seed = 1 }\n", "only size, resize and squash have a meaning"),
        ("options = { size = 0 }\n", "use a whole number of pixels above 0"),
        ("options = { resize = 256 }\n", "needs `size`"),
    ],
)
def test_what_only_a_loaded_network_has_is_refused_beside_a_table(
    tmp_path: Path, more: str, said: str
) -> None:
    with pytest.raises(DefinitionError, match=said):
        loaded(tmp_path, study=STUDY + more)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('method = "none"', 'method = "grad_cam"',
         "line 8: `conditions` nothing: grad_cam computes a map from the network, and of theirs "
         "there are only predictions"),
        ("smallest_side = 16", 'smallest_side = 16, compose = "pair"', "names single photos"),
        ("smallest_side = 16", "smallest_side = 16, channels = 4", "loads no network"),
        ('predictions = "predictions.csv"', 'builder = "alexnet"',
         "`networks.theirs.weights` is missing; add it, or name a table"),
        ("predictions.csv", "missing.csv", "no such file beside the study file; name a CSV file"),
    ],
)  # fmt: skip
def test_what_a_table_cannot_give_is_refused_with_the_fix(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    with pytest.raises(DefinitionError, match=said):
        loaded(tmp_path, study=STUDY.replace(old, new))


def test_an_uploaded_file_names_no_table_outside_its_folder() -> None:
    with pytest.raises(DefinitionError, match="points outside the upload; name a file beside"):
        parse_definition(STUDY.replace("predictions.csv", "../env"), "study.toml", is_upload=True)


@pytest.mark.parametrize(
    "weaker",
    [
        'predictions = "others.csv"\nlabels = "labels.txt"',
        'builder = "alexnet"\nweights = "random"',
    ],
)
def test_a_pair_whose_networks_could_number_their_answers_otherwise_is_refused(weaker: str) -> None:
    study = STUDY.replace('stronger = "theirs"', 'stronger = "theirs", weaker = "others"')
    with pytest.raises(DefinitionError, match="theirs and others could list their answers in diff"):
        parse_definition(f"{study}[networks.others]\n{weaker}\n", "study.toml")
