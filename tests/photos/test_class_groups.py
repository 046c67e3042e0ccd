"""Any dog: which classes a group stands for, and which groups can't be meant."""

import pytest

from photos.class_groups import GroupError, kinds, read_groups
from photos.class_names import imagenet, imagenet_labels

DOG, CAT, ANIMAL, CHIHUAHUA, TABBY = (
    "n02084071", "n02121808", "n00015388", "n02085620", "n02123045",
)  # fmt: skip


def test_kinds_are_those_above_the_classes_in_wordnet() -> None:
    assert len(kinds()[DOG]) == 118
    assert [one.label for one in imagenet() if one.wordnet_id in kinds()[CAT]] == [
        "tabby", "tiger cat", "Persian cat", "Siamese cat", "Egyptian cat"]  # fmt: skip
    assert {*kinds()[DOG], *kinds()[CAT]} < {*kinds()[ANIMAL]}
    # "any dog" are neither the African hunting dog nor the dingo
    wild = [one.wordnet_id for one in imagenet() if one.label in ("dingo", "African hunting dog")]
    assert len(wild) == 2
    assert not {*wild} & {*kinds()[DOG]}


@pytest.mark.parametrize(
    ("name", "accepted", "group"),
    [
        ("Chihuahua", ("Chihuahua",), "dog"),
        ("Chihuahua", (CHIHUAHUA, "Chihuahua"), "dog"),
        ("dog", ("dog",), "dog"),  # COCO's own category
        ("tiger", ("n02129604", "tiger"), None),
        ("dog", ("n02129604", "dog"), None),  # an id decides
        ("my pet", ("tabby", "tiger cat"), "cat"),
        ("tabby", (TABBY, "tabby"), "cat"),  # a folder of ImageNet's, in a group of words
        ("Alsatian", ("Alsatian",), "dog"),  # another word of the German shepherd's
        ("cardigan", ("cardigan",), None),  # the garment's name as well as the corgi's
    ],
)
def test_a_category_is_in_a_group_by_its_name_or_its_id(
    name: str, accepted: tuple[str, ...], group: str | None
) -> None:
    groups = read_groups({"dog": DOG, "cat": ["tabby", "tiger cat"]})
    found = groups.of(name, accepted)
    assert (found and found.name) == group


def test_a_list_may_hold_kinds_and_a_listed_class_is_one_that_the_network_must_have() -> None:
    groups = read_groups({"pet": [DOG, CAT], "fruit": ["n07747607", "n99999999"], "x": ["pugg"]})
    pet, fruit, _ = groups.groups
    assert (len(pet.classes), pet.told) == (118 + 5, ())
    assert fruit.told == fruit.classes
    assert list(groups.strangers(imagenet_labels())) == [
        "the group “fruit” lists “n99999999”, which is no class of the network (no class has a "
        "similar name); write it as the network does, or take it out of `images.groups`",
        "the group “x” lists “pugg”, which is no class of the network (did you mean pug or "
        "plow or dugong?); write it as the network does, or take it out of `images.groups`",
    ]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            {"dog": DOG, "pet": [CHIHUAHUA]},
            "“dog” and “pet” share “chihuahua”.*take it",
        ),
        ({"dog": DOG, "small": ["chihuahua"]}, "“dog” and “small” share “chihuahua”"),
        ({"cat": ["tabby"], "pet": ["tabby cat"]}, "“cat” and “pet” share “n02123045”.*take it"),
        ({"cat": ["tabby"], "big cat": ["tiger", "cat"]}, "“cat” and “big cat” share “cat”"),
        ({"dog": "dog"}, "“dog” is no WordNet id of ImageNet's classes or of a kind .*; write an"),
        ({"dog": "n99999999"}, "“n99999999” is no WordNet id of ImageNet's"),
        ({"dog": []}, "the group “dog” has no class, or one without a name; list some"),
        ({"cat": [TABBY, "tiger cat"]}, "“cat” lists both ids and names, and ids decide alone; w"),
    ],
)
def test_a_group_that_cannot_be_meant_is_told(given: dict[str, list[str]], told: str) -> None:
    with pytest.raises(GroupError, match=told):
        read_groups(given)
