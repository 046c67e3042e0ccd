"""What a study cites is what it asked, showed and explained, and nothing else."""

import pytest

from sandbox.builders import make_definition
from studyapp.paradigms import PARADIGMS
from studyapp.paradigms.questionnaire.instruments import INSTRUMENTS
from studyapp.studies.definition.catalogue import catalogue
from studyapp.studies.references import (
    method_work,
    network_works,
    reference_table,
    study_references,
)


def test_every_method_and_network_of_the_catalogue_and_every_instrument_has_its_works() -> None:
    works = reference_table()["works"]
    assert {method_work(name) for name in catalogue()["methods"]} <= works.keys()
    assert [name for name in catalogue()["networks"] if not network_works(name)] == []
    assert reference_table()["instruments"].keys() == INSTRUMENTS.keys()
    assert reference_table()["paradigms"].keys() <= PARADIGMS.keys()
    named = [name for part in ("paradigms", "instruments", "networks")
             for names in reference_table()[part].values() for name in names]  # fmt: skip
    named += [method_work(name) for name in catalogue()["methods"]]
    assert works.keys() == set(named)


@pytest.mark.parametrize(
    ("builder", "work"),
    [("vgg16_bn", "vgg"), ("efficientnet_v2_s", "efficientnet_v2"), ("wide_resnet50_2",
     "wide_resnet"), ("timm:vit_small_patch16_224", "timm"), ("my_lab:network", None)],
)  # fmt: skip
def test_a_network_is_known_by_the_longest_beginning(builder: str, work: str | None) -> None:
    assert network_works(builder) == ([work] if work else [])


def test_a_study_cites_its_own_questions_methods_and_networks() -> None:
    conditions = [{"name": "a", "method": "score_cam"}, {"name": "b", "method": "none"}]
    found = study_references(make_definition(paradigm="agreement", conditions=conditions))
    assert [one.arxiv or one.title[:8] for one in found] == ["2112.03184", "1910.01279", "ImageNet"]
    assert found[0].sentence == (
        "Kim, S. S. Y., Meister, N., Ramaswamy, V. V., Fong, R., & Russakovsky, O. (2022). HIVE: "
        "Evaluating the Human Interpretability of Visual Explanations. ECCV 2022. "
        "https://arxiv.org/abs/2112.03184"
    )
