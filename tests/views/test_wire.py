"""Nothing on the wire tells the network, the method, the side or the right answer."""

import io
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from PIL import Image

from sandbox.builders import METHODS, open_small_study, take_part
from sandbox.people import due, give
from studyapp import storage
from studyapp.models import Overlay, Participation, Stage, Stimulus, StimulusOverlay, Study, Trial
from studyapp.participations.answering import current_trial
from studyapp.participations.enrolment import consent
from studyapp.participations.entering import enter

pytestmark = pytest.mark.django_db
CODE = re.compile(r"[A-Za-z0-9_-]{22}")
SOURCE = re.compile(r'src="([^"]+)"')
TELLING = (
    *METHODS, "alexnet", "sharp", "blurred", "stronger", "weaker", "expected", "condition",
    "stimulus", "digest", "grad_cam", "backprop", "deconv",
)  # fmt: skip


def walk(client: Client, study: Study) -> Iterator[tuple[Trial | None, str, Any]]:
    """Every page of one person's way: the trial that it shows, its address and the reply."""
    person = enter(study, source="link")
    here = f"/p/{person.code}/"
    yield None, f"/s/{study.slug}/", client.get(f"/s/{study.slug}/")
    yield None, here, client.get(here)
    consent(person)
    for verb in ("", "about", "withdraw"):
        yield None, here + verb, client.get(here + verb)
    client.post(f"{here}begin")
    person.refresh_from_db()
    while (trial := current_trial(person)) is not None:
        yield trial, here, client.get(here)
        give(person, 1 if trial.expected is None else trial.expected)
    yield None, here, client.get(here)


def make_study(paradigm: str) -> Study:
    return open_small_study(
        paradigm=paradigm, people=8, trials=4, stimuli=4, checks=1, practice=1, conditions=2
    )


def addresses(reply: Any) -> list[str]:
    return [one for one in SOURCE.findall(reply.content.decode()) if one.endswith(".png")]


@pytest.mark.parametrize("paradigm", ["trust", "discrimination"])
def test_no_page_header_or_script_holds_a_telling_word(client: Client, paradigm: str) -> None:
    pages = list(walk(client, make_study(paradigm)))
    texts = [reply.content.decode() + str(reply.headers) + where for _, where, reply in pages]
    for name in ("trial.js", "pages.css", "palette.css"):
        path = finders.find(f"studyapp/{name}")
        texts.append(Path(str(path)).read_text("utf-8"))
    for text in texts:
        seen = CODE.sub("", text).lower()
        assert [word for word in TELLING if word in seen] == []


def test_advice_can_not_be_fetched_before_the_first_answer(client: Client) -> None:
    study = open_small_study(paradigm="reliance", people=8, trials=2, stimuli=4, conditions=2)
    person = take_part(study)
    here = f"/p/{person.code}/"
    first = due(person)
    assert first.step == 1
    advice = Overlay.objects.get(
        uses__stimulus=first.stimulus_id, uses__condition=first.condition_id
    )
    assert advice.code not in client.get(here).content.decode()
    assert client.get(f"{here}{advice.code}.png").status_code == 404
    give(person)
    found = addresses(client.get(here))
    assert [one for one in found if advice.code in one] != []
    assert {client.get(one).status_code for one in found} == {200}


def bare(trial: Trial, page: str) -> str:
    """The page without what may differ: codes, progress, the category, the drawn options."""
    text = CODE.sub("CODE", page)
    text = re.sub(r"question \d+ of|max=\"\d+\" value=\"\d+\"", "", text)
    for name in sorted(filter(None, [*trial.options_shown, category(trial)]), key=len)[::-1]:
        text = text.replace(name, "NAME")
    return text


def category(trial: Trial) -> str:
    return trial.stimulus.category if trial.stimulus is not None else ""


@pytest.mark.parametrize("paradigm", ["trust", "discrimination"])
def test_pages_of_trials_are_the_same_but_for_codes_and_names(
    client: Client, paradigm: str
) -> None:
    study = make_study(paradigm)
    found = [
        (trial, reply)
        for _ in range(3)
        for trial, _, reply in walk(client, study)
        if trial is not None and trial.stage == Stage.MAIN
    ]
    assert len({trial.condition_id for trial, _ in found}) == 2
    # The last page has nothing to fetch ahead, and a check that follows has no pictures.
    pages = {
        re.sub(r'data-next="[^"]*"', "", bare(trial, reply.content.decode()))
        for trial, reply in found
    }
    assert len(pages) == 1


def chunks(png: bytes) -> list[bytes]:
    """The names of a PNG's chunks, in order."""
    names, at = [], 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        names.append(png[at + 4 : at + 8])
        at += 12 + length
    return names


@pytest.mark.parametrize("paradigm", ["trust", "discrimination"])
def test_pictures_of_a_photo_differ_in_nothing_but_their_pixels(
    client: Client, paradigm: str
) -> None:
    study = make_study(paradigm)
    make_files_uneven(study)
    sizes: dict[int, set[int]] = {}
    headers, kinds = set(), set()
    for _ in range(3):
        for trial, _, page in walk(client, study):
            for address in addresses(page):
                reply = client.get(address)
                assert reply.status_code == 200
                kinds.add(tuple(name for name in chunks(reply.content) if name != b"IDAT"))
                if Overlay.objects.filter(code=address[-26:-4]).exists() and trial is not None:
                    sizes.setdefault(trial.stimulus.photo_id, set()).add(len(reply.content))
                    kept = {k: v for k, v in reply.headers.items() if k != "ETag"}
                    kept.pop("Content-Length", None)
                    headers.add(str(sorted(kept.items())))
    assert len(sizes) >= 4
    assert {len(found) for found in sizes.values()} == {1}
    assert len(headers) == 1
    assert kinds <= {(b"IHDR", b"IEND"), (b"IHDR", b"fiLl", b"IEND")}


def make_files_uneven(study: Study) -> None:
    """Let some overlays compress worse than others, as those of some methods do."""
    for number, use in enumerate(StimulusOverlay.objects.filter(stimulus__study=study)):
        noise = bytes((n * n * (number % 3) * 7919) % 251 for n in range(48 * 48 * 3))
        content = io.BytesIO()
        Image.frombytes("RGB", (48, 48), noise).save(content, "PNG")
        digest = storage.keep(use.overlay.file, content.getvalue())
        Overlay.objects.filter(pk=use.overlay_id).update(digest=digest)


def test_a_picture_is_shown_only_to_who_is_at_a_trial_with_it(client: Client) -> None:
    study = open_small_study(people=4, trials=4, stimuli=4)
    mine, theirs = take_part(study, "me"), take_part(study, "them")
    page = client.get(f"/p/{mine.code}/")
    assert "no-store" in page["Cache-Control"]
    shown = addresses(page)
    assert len(shown) == 3
    assert {client.get(one).status_code for one in shown} == {200}
    strangers = [one.replace(mine.code, "A" * 22) for one in shown]
    desk = [f"/o/{one[-26:]}" for one in shown]
    assert {client.get(one).status_code for one in [*strangers, *desk]} == {404}
    assert client.get(later_picture(mine)).status_code == 404
    client.post(f"/p/{theirs.code}/withdraw")
    gone = addresses(client.get(f"/p/{theirs.code}/"))
    assert gone == []


def later_picture(person: Participation) -> str:
    """The address of a picture of the fourth trial from now, which is nobody's business yet."""
    trial = person.slot.trials.order_by("position")[3]
    stimulus = Stimulus.objects.get(trials=trial)
    overlay = stimulus.overlays.filter(condition=trial.condition).first()
    return f"/p/{person.code}/{overlay.overlay.code}.png"


def test_the_panels_id_leaves_the_address_at_once(client: Client) -> None:
    study = open_small_study()
    ids = "PROLIFIC_PID=5f0c1a5f0c1a5f0c1a5f0c1a&STUDY_ID=st9&SESSION_ID=se7"
    reply = client.get(f"/s/{study.slug}/?{ids}")
    assert reply.status_code == 303
    offer = client.get(reply["Location"])
    entered = client.post(reply["Location"])
    assert re.fullmatch(rf"/p/{CODE.pattern}/", entered["Location"])
    page = client.get(entered["Location"])
    for told in (reply, offer, entered, page):
        assert not re.search("5f0c1a|st9|se7", told.content.decode() + str(told.headers))
    assert page["Referrer-Policy"] == "same-origin"
