"""Studies of what another tool made, prepared by workers that load no network."""

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings as site
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils.html import escape
from PIL import Image as Picture

import explainer
from explainer.__main__ import main as explain
from sandbox.builders import take_part
from sandbox.people import answer_all, make_profile
from sandbox.small_line import write_study as write_small_line
from studyapp import storage
from studyapp.analyses.preregistration import frozen_preregistration
from studyapp.analyses.reports import record_of_study, study_report
from studyapp.exports.bundle import write_bundle
from studyapp.exports.rebuilding import import_bundle
from studyapp.models import Crop, Explanation, Kind, Overlay, StimulusOverlay, Study
from studyapp.studies.editing import Version, check_version, save_version, stored_version
from studyapp.studies.lifecycle import close_study, open_study, start_preparing
from studyapp.studies.loading import load_study
from studyapp.studies.preparation.progress import failures
from tasks import networks, preparation
from tests.admin.desk import administrator, make_user
from tests.elsewhere import (
    EXPLAINED,
    FILMS,
    IMPORTED,
    MAPS,
    MOVES,
    PAIRS,
    PICTURES,
    SAID,
    STUDY,
    TEXTS,
    WORDS,
    ramp,
    write_elsewhere,
    write_films,
    write_imported,
)
from tests.tables import rows_of
from tests.tasks.test_bad_files import work

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_place")]


@pytest.fixture(autouse=True)
def _nothing_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(wanted: str, key: int | None) -> None:
        raise AssertionError("a network was loaded")

    refuse.cache_clear = lambda: None  # type: ignore[attr-defined]
    monkeypatch.setattr(networks, "_load", refuse)


def prepared(path: Path) -> Study:
    """As workers would, in this process."""
    study = start_preparing(load_study(path))
    preparation.prepare(study.pk)
    work(Study.objects.get(pk=study.pk))
    study.refresh_from_db()
    assert study.prepared_at is not None, [study.problem, *failures(study)]
    return study


def pixels(crop: Crop | Overlay) -> np.ndarray:
    with Picture.open(io.BytesIO(storage.read(crop.file, crop.digest))) as picture:
        return np.asarray(picture.convert("RGB"))


QUOTED = r'<blockquote class="words" dir="ltr" lang="en" translate="no">([^<]+)</blockquote>'
WAYS = {
    "none": (STUDY, MAPS),
    "map": (IMPORTED, MAPS),
    "picture": (IMPORTED.replace('maps.csv"', 'maps.csv", kind = "picture"'),
                MAPS.replace(".npy", "2.png")),
    "pictures": (PICTURES, PAIRS),
    "text": (WORDS, TEXTS),
    "film": (FILMS, MOVES),
}  # fmt: skip


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", WAYS)
def test_what_another_tool_made_goes_from_its_file_to_its_bundle_and_back(
    tmp_path: Path, settings: Any, client: Client, way: str
) -> None:
    file, manifest = WAYS[way]
    write = write_films if way == "film" else write_imported
    study = open_study(prepared(write(tmp_path, study=file, manifest=manifest)))
    person = take_part(study, "reader")
    page = client.get(f"/p/{person.code}/").content.decode()
    assert "theirs" not in page
    assert "imported" not in page
    assert ('class="legend"' in page) == (way == "map")
    answer_all(person, make_profile("agreement"))
    answer_all(take_part(study, "another"), make_profile("agreement"))
    desk = administrator()
    gallery = desk.get(reverse("admin:study_gallery", args=[study.pk])).content.decode()
    shown = re.findall(r'src="(/desk/[^"]+|[^"]*picture[^"]*)"', gallery)
    assert all(desk.get(one).status_code == 200 for one in shown)
    assert ("Its ears are &lt;b&gt;pointed&lt;/b&gt; &amp; soft." in gallery) == (way == "text")
    pages = [desk.get(f"/replay/{person.code}/{number}") for number in range(1, 5)]
    assert {page.status_code for page in pages} == {200}
    words = [one for page in pages for one in re.findall(QUOTED, page.content.decode())]
    assert bool(words) == (way == "text")
    assert set(words) <= {escape(one.strip('"')) for one in SAID.values()}
    told = study_report(close_study(study))
    shown = "" if way == "none" else Kind(way).noun
    plan = frozen_preregistration(
        record_of_study(study).facts, study.definition, study.certificate
    ).plan
    assert (f"theirs: method imported, {shown} from maps.csv" in told.html) == bool(shown)
    assert (f"theirs: method imported ({shown} from made/maps.csv)" in plan) == bool(shown)
    bundle = write_bundle(study, tmp_path / "bundle", photos=True, analysis=False).path
    names = ("stimuli", "predictions", "networks", "explanations", "judgments")
    before = {name: rows_of(bundle, name) for name in names}
    assert {row["builder"] for row in before["networks"]} == {"predictions"}
    assert {row["kind"] for row in before["explanations"]} == {way} - {"none"}
    assert {row["seconds"] for row in before["explanations"]} <= {"1" if way == "film" else ""}
    lengths = {row["words"] for row in before["explanations"]}
    assert lengths == ({"1", "3", "6", "7"} if way == "text" else {""} if way != "none" else set())
    call_command("flush", interactive=False, verbosity=0)
    settings.MEDIA_ROOT = tmp_path / "another"
    again = import_bundle(bundle)
    found = write_bundle(again, tmp_path / "again", photos=True, analysis=False).path
    assert {name: rows_of(found, name) for name in names} == before
    assert study_report(again).results_digest == told.results_digest
    kept = sorted(path.name for path in (bundle / "materials" / "maps").glob("*"))
    assert len(kept) == (0 if way == "none" else 4)
    assert sorted(path.name for path in (found / "materials" / "maps").glob("*")) == kept


def test_imported_maps_are_drawn_as_maps_of_ours(tmp_path: Path) -> None:
    study = prepared(write_imported(tmp_path, study=IMPORTED.replace("96", "128")))
    display = explainer.Display(size=128)
    for use in StimulusOverlay.objects.of(study).select_related("overlay__explanation"):
        case = use.overlay.explanation.case
        crop = Crop.objects.get(image=case.image)
        number = "abcd".index(use.overlay.explanation.provenance["imported"]["names"][0][0])
        photo = explainer.open_photo(storage.read(case.image.file))
        seen = explainer.Preprocess(size=224, resize=224).crop(photo, 128)
        wanted = np.asarray(explainer.render(ramp(number), seen, display))
        np.testing.assert_array_equal(pixels(use.overlay), wanted)
        assert (crop.width, use.overlay.width, use.overlay.height) == (128, 128, 128)


def test_pictures_of_any_shape_have_the_size_of_every_other(tmp_path: Path) -> None:
    file, manifest = WAYS["picture"]
    path = write_imported(tmp_path, study=file, manifest=manifest)
    Picture.new("RGB", (200, 50), (1, 2, 3)).save(tmp_path / "made" / "a2.png")
    Picture.new("RGB", (10, 90), (1, 2, 3)).save(tmp_path / "made" / "b2.png")
    prepared(path)
    overlays = list(Overlay.objects.all())
    assert {(one.width, one.height) for one in overlays} == {(96, 96)}
    wide = next(one for one in overlays
                if one.explanation.provenance["imported"]["names"] == ["a2.png"])  # fmt: skip
    assert tuple(pixels(wide)[5, 48]) == (0xE7, 0xE7, 0xE4)
    assert tuple(pixels(wide)[48, 48]) == (1, 2, 3)
    assert b"secret" not in storage.read(wide.file)


def test_what_a_loaded_network_needs_and_nobody_made_is_told_when_it_is_known(
    tmp_path: Path,
) -> None:
    study = load_study(write_imported(tmp_path))
    Explanation.objects.filter(provenance__imported__names=["c.npy"]).delete()
    start_preparing(study)
    preparation.prepare(study.pk)
    study.refresh_from_db()
    assert "nothing was imported for the theirs of dog/c.png (stronger network" in study.problem


@pytest.mark.parametrize(
    ("options", "left"),
    [("", 10), ("options = { size = 20, resize = 40 }\n", 20),
     ("options = { size = 50, squash = true }\n", 0)],
)  # fmt: skip
def test_people_see_of_a_photo_what_the_file_says_that_the_network_was_given(
    tmp_path: Path, options: str, left: int
) -> None:
    path = write_elsewhere(tmp_path, study=STUDY + options)
    ramp = np.zeros((40, 60, 3), np.uint8)
    ramp[..., 0] = np.linspace(0, 240, 60).round()[None]
    for name in (tmp_path / "photos").rglob("*.png"):
        ramp[..., 1] = name.stem.encode()[0]
        Picture.fromarray(ramp).save(name)
    prepared(path)
    for crop in Crop.objects.all():
        assert (crop.width, crop.height) == (96, 96)
        row = pixels(crop)[48, :, 0].astype(float)
        assert abs(row[0] / 240 * 59 - left) < 1.5
        assert abs(row[-1] / 240 * 59 - (59 - left)) < 1.5


THREE = IMPORTED.replace(
    '{ name = "nothing", method = "none" },',
    """{ name = "pictures", method = "imported", files = "made/pictures.csv", kind = "pictures" },
    { name = "again", method = "imported", files = "made/same.csv" },""",
).replace('paradigm = "agreement", trials = 4', 'paradigm = "comparison", trials = 3')


def test_what_other_tools_made_meets_on_one_page(tmp_path: Path, client: Client) -> None:
    path = write_imported(tmp_path, study=THREE)
    (tmp_path / "made" / "pictures.csv").write_text(PAIRS, encoding="utf-8")
    (tmp_path / "made" / "same.csv").write_text(MAPS, encoding="utf-8")
    study = open_study(prepared(path))
    uses = StimulusOverlay.objects.of(study)
    kinds = set(uses.values_list("condition__name", "overlay__explanation__kind"))
    assert {kind for name, kind in kinds if name == "theirs · pictures"} == {"map", "pictures"}
    # Maps of two conditions are scaled each by itself
    assert not any(row.scope_digest for row in Overlay.objects.all())
    person = take_part(study, "reader")
    page = client.get(f"/p/{person.code}/").content.decode()
    assert page.count("<img") >= 2
    answer_all(person, make_profile("comparison"))
    person.refresh_from_db()
    assert person.status == "finished"


def test_a_drafts_file_is_edited_without_reading_what_was_imported_again(tmp_path: Path) -> None:
    study = load_study(write_imported(tmp_path))
    before = stored_version(study)
    texts = dict.fromkeys(before.texts, "Other words.")
    longer = Version(before.toml.replace("people = 4", "people = 8"), texts)
    assert check_version(study, longer)[1] == []
    saved = save_version(study, longer, before=before.digest(), by=make_user("owner"))
    assert saved.conditions.get(name="theirs").settings["imported"]
    prepared_again = start_preparing(saved)
    preparation.prepare(prepared_again.pk)
    work(Study.objects.get(pk=study.pk))
    assert Study.objects.get(pk=study.pk).prepared_at is not None
    other = Version(before.toml.replace("made/maps.csv", "made/more.csv"), texts)
    (told,) = check_version(saved, other)[1]
    assert "made is read when a study is loaded; change it in the file" in told.sentence


def test_imported_maps_stand_beside_ours_of_a_network_that_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    path = write_small_line(tmp_path, photos=6, stimuli=4)
    names = [photo.relative_to(tmp_path / "photos").as_posix()
             for photo in sorted((tmp_path / "photos").rglob("*.png"))]  # fmt: skip
    rows = ["photo,network,file"]
    for number, name in enumerate(names):
        for network in ("one", "other"):
            np.save(tmp_path / f"{number}{network}.npy", ramp(number + (network == "one")))
            rows.append(f"{name},{network},{number}{network}.npy")
    (tmp_path / "maps.csv").write_text("\n".join(rows), encoding="utf-8")
    theirs = '{ name = "theirs", method = "imported", files = "maps.csv" },'
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("conditions = [", f"conditions = [\n    {theirs}"), "utf-8")
    study = prepared(path)
    made = Explanation.objects.filter(overlays__uses__stimulus__study=study).distinct()
    assert set(made.values_list("method", "state")) == {
        (name, "ready") for name in ("imported", "grad_cam", "guided_backprop")}  # fmt: skip
    shown = StimulusOverlay.objects.of(study).filter(condition__name="theirs")
    assert {(one.overlay.width, one.overlay.height) for one in shown} == {(96, 96)}
    assert len({one.overlay.digest for one in shown}) == shown.count() == 8


def test_the_guide_leads_from_arrays_to_an_open_study(tmp_path: Path) -> None:
    guide = (site.ROOT / "docs" / "your-explanations.md").read_text(encoding="utf-8")
    (study,) = (part for part in re.findall(r"```toml\n(.*?)```", guide, re.S) if "slug" in part)
    command = re.search(r"^\.venv/bin/python -m (explainer import-maps .*)$", guide, re.M)
    assert command is not None
    path = write_elsewhere(tmp_path, study=study)
    random = np.random.default_rng(3)
    for name in EXPLAINED:
        place = (tmp_path / "photos" / name).relative_to(tmp_path / "photos").with_suffix(".npy")
        (tmp_path / "arrays" / place).parent.mkdir(parents=True, exist_ok=True)
        np.save(tmp_path / "arrays" / place, random.normal(size=(224, 224, 3)))
        wide = Picture.new("RGB", (300, 280), tuple(random.integers(0, 255, 3)))
        wide.save(tmp_path / "photos" / name)
    words = command[1].split()[1:]
    places = [str(tmp_path / word) if word in ("arrays", "photos", "shap") else word
              for word in words]  # fmt: skip
    assert explain(places) == 0
    study = open_study(prepared(path))
    assert study.is_open
    assert set(Explanation.objects.values_list("kind", "class_index")) == {("map", None)}
