"""Films that another tool made: what they are by their own words, and what no film may hold."""

import io
import struct
from random import Random
from typing import Any

import av
import pytest

from photos import PhotoError
from photos.films import read_film
from sandbox.films import small_film

TOLD = (("title", "SECRET title"), ("comment", "SECRET comment"), ("location", "SECRET +48.8/"))


@pytest.mark.parametrize(
    ("ending", "codec", "name"),
    [("mp4", "libx264", "h264"), ("webm", "libvpx", "vp8"), ("webm", "libvpx-vp9", "vp9"),
     ("webm", "libsvtav1", "av1")],
)  # fmt: skip
def test_a_film_keeps_its_pictures_and_nothing_that_was_written_beside_them(
    ending: str, codec: str, name: str
) -> None:
    whole = small_film(ending=ending, codec=codec, size=(64, 64), told=TOLD)
    assert b"SECRET" in whole
    film = read_film(whole)
    assert (film.ending, film.codec, film.width, film.height) == (ending, name, 64, 64)
    assert film.seconds == pytest.approx(1, abs=0.05)
    assert len(film.content) == len(whole)
    assert b"SECRET" not in film.content
    assert b"Lavf" not in film.content
    with av.open(io.BytesIO(film.content)) as opened:
        assert sum(1 for _ in opened.decode(video=0)) == 10
        assert not {*opened.metadata} & {"title", "comment", "location"}
    assert read_film(film.content) == film


def patched(content: bytes, old: bytes, new: bytes) -> bytes:
    assert content.count(old) == 1
    return content.replace(old, new)


def made(**options: Any) -> bytes:
    return small_film(**options)


def element(kind: str, *content: bytes) -> bytes:
    whole = b"".join(content)
    return bytes.fromhex(kind) + (len(whole) | 1 << 56).to_bytes(8, "big") + whole


def webm(scale: bytes = b"\x0f\x42\x40", width: bytes = b"\x40") -> bytes:
    """A film's file without pictures, whose numbers may be of any length."""
    info = element("1549a966", element("2ad7b1", scale), element("4489", struct.pack(">d", 1000)))
    video = element("e0", element("b0", width), element("ba", b"\x40"))
    track = element("ae", element("83", b"\1"), element("86", b"V_VP9"), video)
    parts = info, element("1654ae6b", track), element("1f43b675")
    return element("1a45dfa3", element("4282", b"webm")) + element("18538067", *parts)


# How long, by the film's clock, and from when on, by the track's, a list says it is shown
EDIT = struct.pack(">Ii", 1000, 2048)
EMPTY_LAST = made()[:32] + b"\0\0\0\x08mdat\0\0\0\x10moov\0\0\0\x08mvhd"
FRAGMENTS = (("movflags", "frag_keyframe+empty_moov"),)
MATRIX = b"\x00\x01\x00\x00" + bytes(12) + b"\x00\x01\x00\x00" + bytes(12) + b"\x40\x00\x00\x00"
TURNED = b"\x00" * 4 + b"\x00\x01\x00\x00" + bytes(4) + b"\xff\xff\x00\x00" + bytes(16)
REFUSED = {
    "windows": (b"MZ\x90\0" + bytes(99), "it begins as a program for Windows does, and is no film; "
                "leave its row out, and find out where the file comes from"),
    "linux": (b"\x7fELF" + bytes(99), "it begins as a program for Linux does"),
    "script": (b"#!/bin/sh\nrm -r *", "it begins as a script does"),
    "gif": (b"GIF89a" + bytes(99), "an animated GIF, and neither MP4 nor WebM; write it as a "
            "silent MP4 file: ffmpeg -i IN -an"),
    "page": (b"  <html><script>", "a page or another text, and neither MP4 nor WebM"),
    "nothing": (b"", "neither an MP4 nor a WebM film, or damaged"),
    "sound": (made(sound=True), "it has sound; take it off: ffmpeg -i IN -an -map_chapters "
              "-1 -c copy OUT.mp4"),
    "webm sound": (made(ending="webm", sound=True), "it has sound; take it off"),
    "short": (made(seconds=0.5), "it lasts 0.5 seconds, and films may last from 1 to 30; play it "
              'slower: ffmpeg -i IN -an -vf "setpts=3*PTS" OUT.mp4'),
    "long": (made(seconds=31, size=(32, 32)), "it lasts 31.0 seconds, and films may last from 1 to "
             "30; cut it: ffmpeg -i IN -an -t 29 OUT.mp4"),
    "late": (made(begins=1.5), "a list in the file leaves parts of it out; write it again"),
    "cut": (patched(made(), EDIT, struct.pack(">Ii", 500, 2048)), "a list in the file leaves"),
    "begun": (patched(made(), EDIT, struct.pack(">Ii", 1000, 8192)), "a list in the file leaves"),
    "ends at once": (EMPTY_LAST, "the file is damaged"),
    "scale": (webm(scale=bytes([1] * 200)), "the file is damaged"),
    "width": (webm(width=bytes([1] * 2000)), "the file is damaged"),
    "no time": (webm(scale=b"\0"), "it does not say how long it is; write it again"),
    "small": (made(size=(16, 48)), "16 × 48 pixels, and each side may have from 32 to 1920"),
    "heavy": (bytes(9 * 1024**2), "9.0 MiB, and 8 MiB is the limit; shorten it"),
    "fragments": (made(options=FRAGMENTS), "it is written in fragments"),
    "live": (made(ending="webm", options=(("live", "1"),)), "does not say"),
    "codec": (made(codec="mpeg4"), "its pictures are mp4v, and MP4 films have to be H.264"),
    "mkv": (patched(made(ending="webm"), b"\x42\x82\x84webm", b"\x42\x82\x84mkv?"),
            "a file of WebM's family that is no WebM film, such as .mkv"),
    "mov": (b"\0\0\0\x14ftypqt  \0\0\0\0qt  " + made()[32:],
            "a file of MP4's family that is no MP4 film, such as .mov or .heic"),
    "turned": (patched(made(), b"\0\0\0\0" + MATRIX + b"\x00\x30\0\0", b"\0\0\0\0" + TURNED
                       + b"\x40\x00\x00\x00" + b"\x00\x30\0\0"),
               "a note in the file turns or mirrors it"),
    "zip behind": (made() + b"PK\x03\x04" + bytes(40), "the file is damaged, or has more in it"),
    "webm zip": (made(ending="webm") + b"PK\x03\x04" + bytes(40), "has more in it than a film"),
    "torn": (made()[:900], "the file is"),
    "elsewhere": (patched(made(), b"url \0\0\0\x01", b"url \0\0\0\x00"),
                  "its pictures are in another file"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_short_silent_film_is_refused_with_the_mend(name: str) -> None:
    content, sentence = REFUSED[name]
    with pytest.raises(PhotoError) as told:
        read_film(content, "a film")
    assert str(told.value).startswith("a film: ")
    assert sentence in str(told.value)


@pytest.mark.parametrize("ending", ["mp4", "webm"])
def test_no_damage_breaks_the_reader(ending: str) -> None:
    whole, random = small_film(ending=ending), Random(1)
    for _ in range(400):
        torn = bytearray(whole)
        for _ in range(random.randint(1, 6)):
            torn[random.randrange(len(torn))] = random.choice([0, 1, 127, 128, 255])
        try:
            read_film(bytes(torn[: random.choice([len(torn), random.randrange(len(torn))])]))
        except PhotoError:
            continue


def test_what_is_written_among_the_facts_of_the_pictures_is_cleared() -> None:
    size = element("b0", b"\x40"), element("ba", b"\x40")
    secret = element("22b59c", b"SECRET")
    colours = element("55b0", element("55b1", b"\1"), element("55d0", b"SECRET"))
    video = element("e0", *size, colours, element("7670", b"SECRET"))
    track = element("ae", element("83", b"\1"), element("86", b"V_VP9"), secret, video)
    info = element("1549a966", element("4489", struct.pack(">d", 1000)))
    parts = info, element("1654ae6b", track), element("1f43b675")
    header = element("1a45dfa3", element("4282", b"webm"), element("4999", b"SECRET"))
    whole = header + element("18538067", *parts)
    film = read_film(whole)
    assert whole.count(b"SECRET") == 4
    assert b"SECRET" not in film.content
    assert (film.width, film.height, len(film.content)) == (64, 64, len(whole))
    film_file, at = made(), made().index(b"btrt")
    named = film_file[:at] + b"colrSECRET" + bytes(6) + film_file[at + 16 :]
    assert b"SECRET" not in read_film(named).content


def test_an_address_beside_pictures_that_are_in_the_file_is_cleared() -> None:
    content, told = bytearray(made()), b"https://SECRET\0"
    for kind in (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref", b"url "):
        at = content.index(kind) - 4
        size = int.from_bytes(content[at : at + 4], "big")
        content[at : at + 4] = (size + len(told)).to_bytes(4, "big")
    content[at + size : at + size] = told
    film = read_film(bytes(content))
    assert b"SECRET" not in film.content
    assert film.seconds == pytest.approx(1, abs=0.05)
