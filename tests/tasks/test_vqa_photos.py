"""The ready study of questions about photos of two things, from its file to its report."""

import csv
import re
from pathlib import Path

import pytest
import torch
from django.test import Client
from pytest_django import Settings
from torch.nn import functional

from explainer import open_photo
from ready.catalogue import READY
from ready.vqa_photos.answerer import Answerer, seen
from ready.vqa_photos.making import name_of, untrained, write_photos
from ready.vqa_photos.pictured import pictured, to_ask
from ready.vqa_photos.questions import ANSWERS, KINDS
from ready.vqa_photos.things import NEW_GROUNDS, parted, things
from ready.vqa_photos.training import joined, rows_of, teach
from ready.written import write_weights
from sandbox.builders import take_part
from sandbox.people import due
from studyapp.models import Explanation, Prediction
from tests.ready.drawn_cutouts import draw_cutouts
from tests.tasks.ready_walks import opened, report_of

PHOTOS = 12


def write_few(folder: Path) -> None:
    """As `make` does, with a network that hardly learnt and nearly the same one as the weaker. What
    it says is taken for the right answer about every other photo, what it says next about others:
    people are asked about right and wrong answers in equal numbers."""
    torch.set_num_threads(1)
    originals = draw_cutouts(folder.parents[2] / "originals")
    drawn = list(to_ask(parted(things(), "a")[1], NEW_GROUNDS, 1, "a"))[:PHOTOS]
    made = [pictured(originals, one) for one in drawn]
    folder.mkdir(parents=True)
    write_photos(folder / "held-out", made)
    network = untrained()
    assert isinstance(network.module, Answerer)
    photos = [open_photo(path.read_bytes()) for path in sorted((folder / "held-out").glob("*.jpg"))]
    maps = torch.cat([seen(network, network.prepare([photo])) for photo in photos])
    halves = torch.cat([functional.adaptive_avg_pool2d(half, 1) for half in maps.chunk(2, 3)])
    nouns = [one.nouns[side] for side in (0, 1) for one in made]
    teach(network.module.head, joined(halves, nouns, "a"), 60, "test")
    questions = [one.questions[number % len(KINDS)] for number, one in enumerate(made)]
    with torch.no_grad():
        rows = rows_of(maps, questions)
        ranked = network.module.head(rows.seen, rows.questions).argsort(1, descending=True)
    with (folder / "questions.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(("photo", "context", "answer"))
        for number, (question, first) in enumerate(zip(questions, ranked.tolist(), strict=True)):
            table.writerow((name_of(number + 1), question.text, ANSWERS[first[number % 2]]))
    write_weights(folder / "weaker.safetensors", network.module.state_dict())
    with torch.no_grad():
        network.module.head.reader.answer.weight.mul_(1.01)
    write_weights(folder / "stronger.safetensors", network.module.state_dict())


@pytest.mark.django_db
@pytest.mark.usefixtures("own_place")
def test_people_are_asked_about_answers_and_never_read_whose_they_are(
    tmp_path: Path, client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.NETWORK_FACTORIES = list(READY["vqa-photos"].factories)
    monkeypatch.setenv("NETWORK_FACTORIES", ",".join(READY["vqa-photos"].factories))
    study = opened(tmp_path, "vqa-photos", write_few, trials="2", people="4", stimuli="2")
    weights = Prediction.objects.values_list("network__weights", flat=True).distinct()
    assert {Path(one).stem for one in weights} == {"stronger", "weaker"}
    methods = set(Explanation.objects.values_list("method", flat=True))
    assert methods == {"grad_cam", "guided_grad_cam", "other_image"}
    for number in range(2):
        person = take_part(study, f"looking-{number}")
        asked = due(person).stimulus.photo.case.asked_with
        page = client.get(f"/p/{person.code}/").content.decode()
        assert re.search(rf"The question was: <strong [^>]*>{re.escape(asked)}</strong>", page)
        assert not re.search(r"stronger|weaker|_trained", page)
    html = report_of(study, 2)
    assert "hardly_guided_grad_cam" in html
    assert "both_grad_cam" in html
