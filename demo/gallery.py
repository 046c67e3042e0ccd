"""Pictures of every method on one photo, for docs/methods.md and a page of their own.

`make docs` writes docs/images/methods/NAME.webp and var/gallery.html.
"""

import base64
import html
import io
import sys
from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from torchvision.transforms.functional import to_pil_image

from explainer import METHODS, Display, Network, explain, load_network, sheet
from explainer.errors import ExplainerError
from ready.folders import var
from ready.photos.cutouts import Cutout, fetch_cutouts, read_cutouts
from ready.photos.scenes import compose
from ready.photos.sets import SEED
from sandbox.processes import PlainError
from sandbox.small_transformer import scenes, small_network

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "images" / "methods"
SHOWN = ("animals/mammals/cats/tiger_sumatran", "vehicles/auto/truck")
OTHER = ("animals/birds/heron_greatblue_flying",)
CLASSES = ("tiger", "pickup")
SCENE = 3  # the seed of the small transformer's picture
WIDTH = 224
QUALITY = 82
DISPLAY = Display(size=WIDTH)
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
figure { margin: 0 0 2.5rem } img { max-width: 100% } code { font-size: .95em }
figcaption p { margin: .2rem 0 }
"""


def scene(originals: Path, keys: tuple[str, ...]) -> Image.Image:
    """A composite photo of the cut-outs with these keys."""
    cutouts: dict[str, Cutout] = {cutout.key: cutout for cutout in read_cutouts()}
    return compose(originals, [cutouts[key] for key in keys], f"{SEED}/gallery").photo


def pictures(network: Network, originals: Path) -> Iterator[tuple[str, Image.Image]]:
    """The crop that the network sees, then each method's pictures of both classes side by side."""
    photo = scene(originals, SHOWN)
    other = originals / "gallery-other.png"
    scene(originals, OTHER).save(other)
    assert network.preprocess is not None
    crop, images = network.preprocess.crop(photo), network.prepare([photo])
    yield "photo", network.preprocess.crop(photo, WIDTH)
    yield from pictures_of_attention()
    for name in [name for name, method in METHODS.items() if not method.attention]:
        settings = {"other_image": {"photo": str(other)}}
        found = explain(network, images, [list(CLASSES)], (name,), settings=settings)
        (row,) = found.overlay(name, [crop], DISPLAY)
        yield name, sheet(row, len(row))


def pictures_of_attention() -> Iterator[tuple[str, Image.Image]]:
    """The same of the methods for transformers, on a picture of a small one's own task."""
    network, scene = small_network(), scenes(1, SCENE)
    (crop,) = (to_pil_image(image) for image in scene.images)
    for name in [name for name, method in METHODS.items() if method.attention]:
        found = explain(network, network.prepare([crop]), scene.there, (name,))
        (row,) = found.overlay(name, [crop], DISPLAY)
        yield name, sheet(row, len(row))


def webp(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, format="WEBP", quality=QUALITY, method=6)
    return out.getvalue()


def page(network: Network, drawn: dict[str, bytes]) -> str:
    """One HTML file that asks for nothing outside itself."""
    figures = [_figure("photo", drawn["photo"], [f"What {network.name} sees."])]
    for name, method in METHODS.items():
        said = [method.formula, method.paper, f"Cost: {method.cost}"]
        figures.append(_figure(name, drawn[name], said))
    classes = " and ".join(CLASSES)
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Methods</title>'
        f"<style>{STYLE}</style><h1>Every method on one photo</h1>"
        f"<p>{network.name}, explained for the classes {html.escape(classes)}. The photo is a "
        "composite of images from Tux Paint (GPL-2).</p>" + "".join(figures) + "</html>\n"
    )


def _figure(name: str, picture: bytes, said: list[str]) -> str:
    lines = "".join(f"<p>{html.escape(line)}</p>" for line in said)
    data = base64.b64encode(picture).decode()
    return (
        f'<figure id="{name}"><h2><code>{name}</code></h2>'
        f'<img alt="{name}" src="data:image/webp;base64,{data}"><figcaption>{lines}</figcaption>'
        "</figure>"
    )


def main() -> int:
    """Make every picture again; some minutes on a CPU."""
    originals, gallery = var() / "demo" / "originals", var() / "gallery.html"
    try:
        fetch_cutouts(originals)
        network = load_network("efficientnet_lite2", weights="package")
        drawn: dict[str, bytes] = {}
        PICTURES.mkdir(parents=True, exist_ok=True)
        for name, picture in pictures(network, originals):
            drawn[name] = webp(picture)
            (PICTURES / f"{name}.webp").write_bytes(drawn[name])
            print(f"{name}: {len(drawn[name]) / 1000:.0f} kB")
        gallery.write_text(page(network, drawn), "utf-8")
    except (PlainError, ExplainerError) as reason:
        print(reason, file=sys.stderr)
        return 1
    print(f"{gallery} shows them all")
    return 0


if __name__ == "__main__":
    sys.exit(main())
