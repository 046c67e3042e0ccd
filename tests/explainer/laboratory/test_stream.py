"""Streams of photos: what is made, what is found whole, and what can't end the rest."""

import json
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional

from explainer import Display, ExplainerError, Network, Preprocess, explain, open_photo, store
from explainer.laboratory.stream import Saved, explain_many
from explainer.passes.named import Chosen, Difference, Each
from tests.explainer.coco_sets import noisy_photos
from tests.explainer.small_networks import Convolutions, seeded
from tests.running import python

LABELS = ["ant", "bee", "cat", "dog", "elk"]


def network(seed: int = 1) -> Network:
    module = seeded(Convolutions, functional.relu, seed=seed)
    return Network(module, "second", LABELS, Preprocess(size=16, resize=18))


def photos(folder: Path, count: int = 5) -> list[Path]:
    return noisy_photos(folder, count, (20, 24))


def run(paths: list[Path], out: Path, **asked: Any) -> Saved:
    return explain_many(network(), paths, out, progress=False, **({"batch": 2} | asked))


def test_each_photo_gets_what_explain_finds(tmp_path: Path) -> None:
    paths = photos(tmp_path / "in")
    asked = {"methods": ("grad_cam", "guided_grad_cam"), "targets": ["cat", 4]}
    saved = run(paths, tmp_path / "out", display=Display(), **asked)
    assert list(saved.made) == paths
    for path, folder in saved.made.items():
        images = network().prepare([open_photo(path)])
        found = explain(network(), images, [["cat", "elk"]], asked["methods"])
        maps = store.load_maps(folder / "maps.npz")
        for method in asked["methods"]:
            np.testing.assert_allclose(maps[method], found[method], atol=1e-6)
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        assert manifest["targets"] == [[2, 4]]
        assert manifest["provenance"]["photo"] == path.name
        assert manifest["provenance"]["photo_sha256"] == store.digest_of(path)
        assert len(manifest["files"]) == 1 + 2 * 2


def test_a_named_target_is_the_score_of_every_photo_and_resumed_by(tmp_path: Path) -> None:
    paths = photos(tmp_path / "in", 3)
    saved = run(paths, tmp_path / "out", targets=Difference(2, 4))
    for path, folder in saved.made.items():
        images = network().prepare([open_photo(path)])
        expected = explain(network(), images, Difference(2, 4))["grad_cam"]
        found = store.load_maps(folder / "maps.npz")["grad_cam"]
        np.testing.assert_allclose(found, expected, atol=1e-6)
    assert list(run(paths, tmp_path / "out", targets=Difference(2, 4)).present) == paths
    assert list(run(paths, tmp_path / "out", targets=Difference(4, 2)).made) == paths


def test_without_a_display_maps_are_saved_without_pictures(tmp_path: Path) -> None:
    saved = run(photos(tmp_path / "in", 1), tmp_path / "out", methods=("grad_cam", "gradient"))
    (folder,) = saved.made.values()
    assert sorted(path.name for path in folder.rglob("*")) == ["manifest.json", "maps.npz"]


def test_maps_that_show_nothing_are_told(tmp_path: Path) -> None:
    (rich,) = photos(tmp_path / "in", 1)
    flat = tmp_path / "in" / "flat.png"
    Image.new("RGB", (20, 24), "teal").save(flat)
    saved = run([rich, flat], tmp_path / "out", methods=("edges", "centre_prior"))
    assert list(saved.made) == [rich, flat]
    assert saved.empty == {flat: ("edges",)}


def test_a_second_run_makes_only_what_is_missing_or_damaged(tmp_path: Path) -> None:
    paths, out = photos(tmp_path / "in"), tmp_path / "out"
    first = run(paths[:4], out)
    folders = list(first.made.values())
    untouched = (folders[0] / "manifest.json").stat().st_mtime_ns
    (folders[1] / "maps.npz").write_bytes(b"damaged")
    (folders[2] / "manifest.json").unlink()
    (folders[3] / "maps.npz").unlink()
    second = run(paths, out)
    assert list(second.present) == paths[:1]
    assert list(second.made) == paths[1:]
    assert (folders[0] / "manifest.json").stat().st_mtime_ns == untouched
    assert list(run(paths, out).present) == paths


@pytest.mark.parametrize(
    "change",
    [
        {"methods": ("grad_cam", "gradient")},
        {"targets": ["bee"]},
        {"display": Display()},
        {"layer": "first"},
    ],
)
def test_what_was_made_in_another_way_is_made_again(tmp_path: Path, change: dict[str, Any]) -> None:
    paths, out = photos(tmp_path / "in", 2), tmp_path / "out"
    run(paths, out, display=None)
    again = run(paths, out, **change)
    assert list(again.made) == paths
    assert list(run(paths, out, **change).present) == paths


def test_other_weights_are_another_explanation(tmp_path: Path) -> None:
    paths, out = photos(tmp_path / "in", 1), tmp_path / "out"
    run(paths, out)
    assert explain_many(network(seed=2), paths, out, progress=False).made


def test_a_photo_that_cannot_be_read_is_told_and_the_rest_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = photos(tmp_path / "in", 3)
    broken, missing = tmp_path / "in" / "broken.jpg", tmp_path / "in" / "missing.jpg"
    broken.write_bytes(b"no photo")
    given = [paths[0], broken, paths[1], missing, paths[2]]
    saved = explain_many(network(), given, tmp_path / "out", batch=2)
    assert list(saved.made) == paths
    assert str(broken) in saved.failed[broken]
    assert "can't be read" in saved.failed[missing]
    told = capsys.readouterr()
    assert str(broken) in told.out + told.err
    assert "5/5" in told.err


def test_an_image_that_cannot_be_explained_does_not_end_its_batch(tmp_path: Path) -> None:
    class Picky(Convolutions):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            scores = super().forward(x)
            black = (x.flatten(1).amax(1) < -1)[:, None]
            return scores * torch.where(black, torch.nan, 1.0)

    module = seeded(Picky, functional.relu)
    paths = photos(tmp_path / "in", 3)
    Image.new("RGB", (20, 20)).save(paths[1])
    asked = Network(module, "second", LABELS, Preprocess(size=16, resize=18))
    saved = explain_many(asked, paths, tmp_path / "out", batch=3, progress=False)
    assert list(saved.made) == [paths[0], paths[2]]
    assert "not finite" in saved.failed[paths[1]]


def test_one_photo_given_twice_is_made_once(tmp_path: Path) -> None:
    paths = photos(tmp_path / "in", 1)
    saved = run([paths[0], paths[0], tmp_path / "in" / "." / "photo0.png"], tmp_path / "out")
    assert len(list((tmp_path / "out").iterdir())) == 1
    assert list(saved.made) == paths


def test_a_run_that_is_killed_leaves_nothing_that_passes_for_whole(tmp_path: Path) -> None:
    paths, out = photos(tmp_path / "in", 6), tmp_path / "out"
    script = f"""
        import os
        from pathlib import Path
        from explainer import store
        from tests.explainer.laboratory.test_stream import run

        save, written = store.save_bytes, []
        def dies_in_the_middle(path, data):
            written.append(path)
            if len(written) == 6:
                path.parent.mkdir(parents=True, exist_ok=True)
                (path.parent / ".half.npz").write_bytes(data[:10])
                os._exit(9)
            return save(path, data)
        store.save_bytes = dies_in_the_middle
        run([Path(p) for p in {[str(path) for path in paths]}], Path({str(out)!r}))
    """
    assert python("-c", textwrap.dedent(script)).returncode == 9
    again = run(paths, out)
    assert len(again.made) + len(again.present) == 6
    assert again.made
    assert list(run(paths, out).present) == paths
    assert not list(out.rglob(".*"))


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"methods": "grad_cam"}, "give names"),
        ({"methods": ("gradcam",)}, "did you mean grad_cam"),
        ({"targets": ["bear"]}, "no class named"),
        ({"targets": [5]}, "out of range"),
        ({"targets": lambda out: out[:, 0]}, "no digest by which to resume"),
        ({"targets": "cat"}, "give class names"),
        ({"targets": Each((Chosen(1), Chosen(2)))}, "one image each.*one named target for all"),
        ({"layer": "thrid"}, "no layer named"),
        ({"settings": {"grad_cam": {"groups": 1}}}, "no setting"),
        ({"batch": 0}, "batch=0"),
    ],
)
def test_a_bad_order_is_told_before_the_first_photo(
    tmp_path: Path, asked: dict[str, Any], told: str
) -> None:
    with pytest.raises(ExplainerError, match=told):
        run([tmp_path / "missing.png"], tmp_path / "out", **asked)
    assert not (tmp_path / "out").exists()


def test_photos_are_taken_only_as_fast_as_they_are_explained(tmp_path: Path) -> None:
    paths, taken = photos(tmp_path / "in", 12), []

    def endless() -> Any:
        for n in range(12):
            made = len(list((tmp_path / "out").glob("*/manifest.json")))
            taken.append(n - made)
            yield paths[n]

    run(endless(), tmp_path / "out", batch=1)
    assert max(taken) <= 6
