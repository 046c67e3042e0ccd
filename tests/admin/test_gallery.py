"""The gallery: what every stimulus shows, and how people judged it."""

import re
from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client

from sandbox.builders import open_small_study, take_part
from sandbox.people import due, give, send_people
from studyapp.admin.desk.gallery import Card
from studyapp.models import Explanation, MetricValue, Prediction, StimulusOverlay, Study
from studyapp.paradigms import PARADIGMS
from tests.admin.desk import administrator, page_of
from tests.running import queries_of

pytestmark = pytest.mark.django_db


def _cards(client: Client, study: Study, **wanted: str) -> list[Card]:
    return client.get(page_of(study, "study_gallery"), wanted).context["cards"]


def found(client: Client, study: Study, **wanted: str) -> list[int]:
    return [card.stimulus.position for card in _cards(client, study, **wanted)]


def test_a_stimulus_shows_photo_predictions_overlays_and_judgments() -> None:
    study = open_small_study(trials=4)
    send_people(study, 4)
    page = administrator().get(page_of(study, "study_gallery"))
    cards = page.context["cards"]
    assert [card.stimulus.position for card in cards] == [0, 1, 2, 3]
    for card in cards:
        assert card.photo
        words = [words for words, _ in card.predictions]
        assert words == ["stronger network", "weaker network"]
        assert card.predictions[0][1][0] == (card.stimulus.category, 0.9, True)
        assert [len(one.pictures) for one in card.shown] == [2, 2]
        assert sum(one.count for one in card.shown) == 4
    # Able people favour the stronger network, whichever side it stood on.
    means = [one.mean for card in cards for one in card.shown]
    assert sum(means) / len(means) > 0.5


def test_a_network_that_gives_each_class_by_itself_is_named_so() -> None:
    study = open_small_study(trials=1, people=1)
    network = study.pairs.get().stronger
    network.described |= {"probabilities": "sigmoid"}
    network.save()
    page = administrator().get(page_of(study, "study_gallery")).content.decode()
    assert "<strong>stronger network, which gives each class by itself</strong>" in page
    assert "<strong>weaker network</strong>" in page


def test_two_methods_of_one_network_are_told_apart_by_their_names() -> None:
    study = open_small_study(trials=1, people=1)
    against = study.conditions.get(name="guided_backprop")
    study.conditions.filter(pk=against.pk).update(versus="occlusion")
    uses = StimulusOverlay.objects.filter(condition=against, role="weaker")
    Explanation.objects.filter(overlays__uses__in=uses).update(method="occlusion")
    for card in _cards(administrator(), study):
        sides = {one.condition.name: [side for side, *_ in one.pictures] for one in card.shown}
        assert sides["guided_backprop"] == ["guided_backprop", "occlusion"]
        assert sides["guided_grad_cam"] == ["stronger", "weaker"]


def test_judgments_that_have_no_score_are_counted() -> None:
    study = open_small_study(paradigm="comparison", trials=3, people=4, stimuli=3)
    send_people(study, 4, paradigm="comparison")
    page = administrator().get(page_of(study, "study_gallery"))
    shown = [one for card in page.context["cards"] for one in card.shown]
    assert sum(one.count for one in shown) == 4 * 3
    assert {one.mean for one in shown} == {None}
    assert len(re.findall(r"\d judgments?<", page.content.decode())) == len(shown)


def test_a_judgment_that_is_no_answer_is_told_as_such(client: Client) -> None:
    block = {"name": "main", "paradigm": "trust", "trials": 2, "may_decline": True}
    study = open_small_study(blocks=[block])
    person = take_part(study)
    sent = {"trial": due(person).code, "value": "declined"}
    assert client.post(f"/p/{person.code}/answer", sent).status_code == 303
    page = administrator().get(page_of(study, "study_gallery"))
    shown = [one for card in page.context["cards"] for one in card.shown]
    assert sorted((one.declined, one.count) for one in shown)[-2:] == [(0, 0), (1, 0)]
    words = page.content.decode()
    assert words.count("1 preferred not to say") == 1
    assert words.count("not judged yet") == len(shown) - 1


def test_the_filters_find_what_they_say() -> None:
    study = open_small_study(trials=1, people=1)
    send_people(study, 1)
    second = study.stimuli.get(position=1)
    Explanation.objects.filter(case=second.photo.case, method="guided_backprop").update(
        is_empty=True
    )
    third = study.stimuli.get(position=2)
    pair = study.pairs.get()
    Prediction.objects.filter(case=third.photo.case, network=pair.weaker).update(
        top=[[7, 5.0, 0.6]]
    )
    client = administrator()
    assert found(client, study, category="otter") == [1]
    assert found(client, study, empty="on") == [1]
    assert found(client, study, networks="weaker wrong") == [2]
    assert found(client, study, networks="stronger wrong") == []
    assert found(client, study, networks="both right") == [0, 1, 3]
    assert len(found(client, study, coverage="none")) == 3
    assert found(client, study, coverage="below") == []
    assert found(client, study, condition="guided_grad_cam", role="main") == [0, 1, 2, 3]


def test_checks_of_maps_are_told_in_words_and_lead_to_the_doubtful_ones() -> None:
    study = open_small_study(trials=1, people=1)
    client = administrator()
    form = client.get(page_of(study, "study_gallery")).context["form"]
    assert not {"check", "doubtful"} & set(form.fields)
    for position, error in enumerate((0.02, 0.3, 0.04)):
        image = study.stimuli.get(position=position).photo.image
        rows = Explanation.objects.filter(case__image=image, method="guided_backprop")
        rows.update(checks={"completeness_error": error, "a_newer_check": 0.5})
    assert found(client, study, doubtful="on") == [1]
    assert found(client, study, check="completeness_error") == [1, 2, 0]
    assert found(client, study, check="completeness_error", condition="guided_grad_cam") == []
    page = client.get(page_of(study, "study_gallery"), {"check": "completeness_error"})
    text = page.content.decode()
    assert "The greatest completeness_error comes first." in text
    assert "miss the score&#x27;s difference from the baseline by 2.0 %." in text
    assert "baseline by 30.0 %. To improve the map, use more steps." in text
    assert text.count("To improve the map") == 2  # of the maps of both networks
    assert "a_newer_check: 0.5" in text


@pytest.mark.parametrize(
    "checks",
    [{"conservation_error": "much"}, [0.5], {"of": {"a": 1}}, {"of": [1, 2]}, {"of": []}],
)
def test_checks_of_a_map_that_are_no_numbers_by_name_are_refused(checks: Any) -> None:
    rows = Explanation.objects.filter(case__uses__study=open_small_study(trials=1, people=1))
    with pytest.raises(IntegrityError, match="explanation_checks_are_numbers"):
        rows.update(checks=checks)


@pytest.mark.parametrize("checks", [{}, {"conservation_error": 0.5, "largest_weight": 3}])
def test_checks_of_a_map_that_are_numbers_by_name_are_stored(checks: Any) -> None:
    rows = Explanation.objects.filter(case__uses__study=open_small_study(trials=1, people=1))
    assert rows.update(checks=checks)


def test_what_people_on_the_way_have_not_judged_yet_is_below_the_target() -> None:
    study = open_small_study(trials=2, people=2)
    send_people(study, 1)
    person = take_part(study)
    client = administrator()
    trials = person.slot.trials.order_by("position")
    missing = [trial.stimulus.position for trial in trials]
    assert found(client, study, coverage="below") == sorted(missing)
    give(person)
    assert found(client, study, coverage="below") == [missing[1]]


def measure(study: Study, cards: list[Card], odd: int) -> None:
    """`deletion_auc`, of which less is better, as people's means say; but where people like the
    stimulus with the key `odd` most, it is the worst of all."""
    means = {(card.stimulus.pk, one.condition.pk): one.mean or 0.0
             for card in cards for one in card.shown}  # fmt: skip
    MetricValue.objects.bulk_create(
        MetricValue(
            use=use,
            metric="deletion_auc",
            value=0.0 if use.role == "weaker" else -means[use.stimulus_id, use.condition_id],
        )
        for use in StimulusOverlay.objects.filter(stimulus__study=study).select_related("stimulus")
    )
    best = max(means, key=lambda key: means[key] if key[0] == odd else -9)
    MetricValue.objects.filter(
        use__stimulus=odd, use__condition=best[1], use__role="stronger"
    ).update(value=9.0)


def test_the_greatest_disagreement_of_people_and_a_metric_comes_first() -> None:
    study = open_small_study(trials=4, people=8)
    send_people(study, 8)
    client = administrator()
    assert "metric" not in client.get(page_of(study, "study_gallery")).context["form"].fields
    odd = max(_cards(client, study), key=lambda card: max(one.mean or 0 for one in card.shown))
    measure(study, _cards(client, study), odd.stimulus.pk)
    first, *others = _cards(client, study, metric="deletion_auc")
    assert first.stimulus == odd.stimulus
    assert first.disagreement.people < 2
    assert first.disagreement.metric == first.disagreement.of == 4
    sizes = [card.disagreement.size for card in others if card.disagreement is not None]
    assert len(sizes) == 3
    assert max(sizes) < first.disagreement.size
    page = client.get(page_of(study, "study_gallery"), {"metric": "deletion_auc"})
    assert "and 4 by deletion_auc" in page.content.decode()
    name = first.disagreement.condition
    (other,) = study.conditions.exclude(name=name)
    only = _cards(client, study, metric="deletion_auc", condition=other.name)
    found = [card.disagreement for card in only if card.disagreement is not None]
    assert {(one.condition, one.size) for one in found} == {(other.name, 0.0)}


def test_a_long_gallery_asks_no_more_of_the_database() -> None:
    client, counts = administrator(), []
    for slug, stimuli in (("short", 4), ("long", 14)):
        study = open_small_study(slug=slug, stimuli=stimuli, people=8)
        send_people(study, 2)
        address = page_of(study, "study_gallery")
        counts.append(queries_of(lambda address=address: client.get(address), again=True))
    assert counts[1] <= counts[0]


STRATIFIED = [name for name, one in PARADIGMS.items() if one.strata and one.candidates]


@pytest.mark.parametrize("paradigm", [*STRATIFIED, "rating", "pointing", "discrimination"])
def test_filter_card_and_analysis_say_the_same_of_right_and_wrong(paradigm: str) -> None:
    block = {"name": "main", "paradigm": paradigm, "trials": 2}
    items = {"items": ["x"]} if paradigm == "rating" else {}
    study = open_small_study(
        paradigm=paradigm, trials=2, stimuli=4, conditions=1, blocks=[{**block, **items}]
    )
    client = administrator()
    cards = _cards(client, study)
    on_cards = {
        role: {
            card.stimulus.position for card in cards
            for name, classes in card.predictions if name.startswith(role) and not classes[0][2]
        }
        for role in ("stronger", "weaker")
    }  # fmt: skip
    for role, positions in on_cards.items():
        assert set(found(client, study, networks=f"{role} wrong")) == positions
    both = {card.stimulus.position for card in cards} - on_cards["stronger"] - on_cards["weaker"]
    assert set(found(client, study, networks="both right")) == both
    wrong = {row.position for row in study.stimuli.all() if row.facts.get("stratum") == "wrong"}
    assert on_cards["stronger"] == wrong
    assert len(wrong) == (2 if paradigm in STRATIFIED else 0)
    assert on_cards["weaker"]


def test_names_are_compared_in_one_way_on_the_cards_too() -> None:
    study = open_small_study(trials=1, people=1)
    for photo in study.images.all():
        photo.categories = [{"name": "Own", "accepted": [f" {one['name'].upper()}_"]}
                            for one in photo.categories]  # fmt: skip
        photo.save()
    client = administrator()
    assert all(card.predictions[0][1][0][2] for card in _cards(client, study))
    assert found(client, study, networks="stronger wrong") == []


def test_the_two_ways_to_other_pages_have_two_names() -> None:
    study = open_small_study(trials=13, people=1, stimuli=13)
    page = administrator().get(page_of(study, "study_gallery")).content.decode()
    assert re.findall(r'<nav class="paging" aria-label="([^"]*)"', page) == [
        "Pages, above the stimuli", "Pages, below the stimuli"]  # fmt: skip
