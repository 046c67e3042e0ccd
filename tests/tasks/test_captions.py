"""The ready study of two captioners, from its files to its report."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from django.test import Client
from pytest_django import Settings

from ready.captions.making import untrained, write_cases
from ready.captions.pictured import drawn, pictured, split
from ready.captions.things import files
from ready.captions.training import said_of, seen, train
from ready.captions.words import KINDS, VOCABULARY, places_of
from ready.photos.coco import write_set
from ready.written import write_weights
from sandbox.builders import take_part
from sandbox.people import answer_all, make_profile
from studyapp.analyses.reports import study_report
from studyapp.models import Explanation, Prediction, Study
from studyapp.participations.answering import planned
from studyapp.studies.definition.study import study_definition
from studyapp.studies.lifecycle import close_study, open_study, start_preparing
from studyapp.studies.loading import load_study
from studyapp.studies.preparation.progress import failures
from studyapp.views.trials import trial_context
from tasks import preparation
from tests.ready.drawn_cutouts import draw_cutouts
from tests.tasks.test_bad_files import work

FACTORY = "ready.captions.network:captioner"
SMALL = {"people": 3, "stimuli": 3}
# Networks see smaller photos here, and learn from few at a time: how well doesn't matter
PIXELS, BATCH, PHOTOS = 128, 16, 20


def write_captions(originals: Path, folder: Path) -> None:
    """As `make` does. What the hardly trained network says of a photo is taken for its caption, and
    the weaker one is nearly the same: both have to be right where people are asked."""
    torch.set_num_threads(1)
    made = [pictured(originals, one) for one in drawn(split()[1], PHOTOS, "held-out")]
    network = untrained()
    maps = seen(network, (one.scene.photo for one in made), len(made))
    torch.manual_seed(0)
    train(network, maps, [one.words for one in made], 60)
    said = said_of(network, maps)
    asked = [
        replace(one, words=words)
        for one, words in zip(made, said, strict=True)
        if len({words[place] for place in places_of(words).values()}) == len(KINDS)
    ]
    write_set((one.scene for one in asked), folder / "held-out")
    write_cases(asked, folder / "cases.csv")
    keep_a_word_of_each(folder / "cases.csv")
    write_weights(folder / "stronger.safetensors", network.module.state_dict())
    with torch.no_grad():
        weight = network.module.decoder.say.weight
        weight.mul_(1 + 0.02 * torch.randn(weight.shape))
    write_weights(folder / "weaker.safetensors", network.module.state_dict())


def keep_a_word_of_each(table: Path) -> None:
    """Of each photo another kind of word, so that few stimuli are of as many photos."""
    head, *rows = table.read_text("utf-8").splitlines(keepends=True)
    each = [rows[at + at // len(KINDS) % len(KINDS)] for at in range(0, len(rows), len(KINDS))]
    table.write_text("".join([head, *each]), "utf-8")


@pytest.mark.django_db
@pytest.mark.usefixtures("own_place")
def test_captions_go_to_their_report(
    tmp_path: Path, client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.NETWORK_FACTORIES = [FACTORY]
    monkeypatch.setenv("NETWORK_FACTORIES", FACTORY)
    ready = shutil.copytree(settings.ROOT / "fixtures" / "studies", tmp_path / "fixtures/studies")
    monkeypatch.setattr("ready.captions.network.PIXELS", PIXELS)
    monkeypatch.setattr("ready.captions.training.BATCH", BATCH)
    write_captions(
        draw_cutouts(tmp_path / "originals", files()), tmp_path / "var" / "demo" / "captions"
    )
    file = ready / "captions.toml"
    toml = file.read_text("utf-8")
    for name, count in SMALL.items():
        toml = re.sub(rf"^{name} = \d+$", f"{name} = {count}", toml, flags=re.M)
    toml = re.sub(r"^trials = (8|6)$", "trials = 3", toml, flags=re.M)
    file.write_text(toml.replace("trials = 2\n", "trials = 1\n"), "utf-8")
    study = start_preparing(load_study(file))
    preparation.prepare(study.pk)
    work(study)
    study.refresh_from_db()
    assert study.prepared_at is not None, [study.problem, *failures(study)]
    study = open_study(Study.objects.get(pk=study.pk))
    stronger = study.pairs.get().stronger
    said = Prediction.objects.filter(network=stronger).select_related("case")
    for row in said:
        word = study.images.get(case=row.case).categories[0]["name"]
        assert VOCABULARY[row.top[0][0]] == word
    # Each word has a map of its own
    maps = Explanation.objects.filter(method="grad_cam", network=stronger, is_empty=False)
    assert len(set(maps.values_list("map_digest", flat=True))) == maps.count()
    people = [take_part(study, f"person-{number}") for number in range(3)]
    for trial in planned(people[0]):
        page = trial_context(people[0], trial, study_definition(study))
        if trial.stimulus is None:
            continue
        asks_for_the_word = trial.paradigm == "which_answer"
        assert ("**" in page["shown_context"].text) == (not asks_for_the_word)
        if asks_for_the_word:
            words = page["shown_context"].text.replace(",", "").split()
            assert {told for _, told in page["questions"][0].answers} <= set(words)
            assert page["questions"][0].words.startswith("Which word of the caption")
    html = client.get(f"/p/{people[0].code}/").content.decode()
    assert "captioner" not in html
    for number, person in enumerate(people):
        answer_all(person, make_profile("which_answer"), seed=number)
    report = study_report(close_study(study)).html
    assert "which_answer" in report
    assert "trust" in report
