"""WebM files of one silent film: their elements read and, in place, cleared of what tells more.

RFC 8794 describes the elements, RFC 9559 those of Matroska, of which WebM is a part.
"""

import struct
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from math import inf
from typing import NoReturn

from .boxes import Facts
from .errors import PhotoError

MOST_ELEMENTS = 20_000
HEADER, SEGMENT, VOID = 0x1A45DFA3, 0x18538067, 0xEC
DOC_TYPE = 0x4282
SEEK, INFO, TRACKS, CLUSTER, CUES = 0x114D9B74, 0x1549A966, 0x1654AE6B, 0x1F43B675, 0x1C53BB6B
SCALE, LENGTH, MUXER, WRITER = 0x2AD7B1, 0x4489, 0x4D80, 0x5741
ENTRY, KIND, CODEC, VIDEO, ENCODINGS = 0xAE, 0x83, 0x86, 0xE0, 0x6D80
WIDTH, HEIGHT, SHOWN_WIDTH, SHOWN_HEIGHT = 0xB0, 0xBA, 0x54B0, 0x54BA
COLOURS = 0x55B0
# Versions of the format, and the longest number and size in the file
OF_HEADER = {0x4286, 0x42F7, 0x42F2, 0x42F3, DOC_TYPE, 0x4287, 0x4285}
# Of a track: its numbers, kind, flags, frame length, codec and what the codec needs
OF_TRACK = {0xD7, 0x73C5, KIND, 0xB9, 0x88, 0x55AA, 0x9C, 0x23E383, CODEC, 0x63A2, VIDEO, 0x56AA,
            0x56BB, ENCODINGS}  # fmt: skip
# Of its pictures: sides, what is cut off, interlacing, transparency and colours
OF_VIDEO = {WIDTH, HEIGHT, SHOWN_WIDTH, SHOWN_HEIGHT, 0x54B2, 0x54AA, 0x54BB, 0x54CC, 0x54DD, 0x9A,
            0x9D, 0x53C0, COLOURS}  # fmt: skip
# Numbers, but for what a master display had
OF_COLOURS = range(0x55B1, 0x55BE)
CODECS = {b"V_VP8": "vp8", b"V_VP9": "vp9", b"V_AV1": "av1"}
PICTURES, SOUND = 1, 2
AGAIN = (
    'write it again: ffmpeg -i IN -an -map 0:v:0 -vf "scale=iw*sar:ih,setsar=1" -c:v libvpx-vp9 '
    "OUT.webm"
)


@dataclass(frozen=True)
class Element:
    """`start`: of its header; `body`: of its contents. `is_open`: it does not say where it ends."""

    kind: int
    start: int
    body: int
    end: int
    is_open: bool


def read_webm(content: bytearray, name: str) -> Facts:
    """What the film is; its content is cleared. PhotoError for what can't be shown."""
    try:
        return _WebM(content, name).facts()
    except (struct.error, IndexError) as error:
        raise PhotoError(name, "the file is damaged", AGAIN) from error


class _WebM:
    def __init__(self, content: bytearray, name: str) -> None:
        self.content, self.name, self.count = content, name, 0

    def facts(self) -> Facts:
        parts = list(self._elements(0, len(self.content)))
        if [one.kind for one in parts] != [HEADER, SEGMENT]:
            self._refuse("the file is damaged, or has more in it than a film")
        header, segment = parts
        for one in self._kept(header, OF_HEADER).get(DOC_TYPE, ()):
            if self._bytes(one) != b"webm":
                self._refuse("a file of WebM's family that is no WebM film, such as .mkv")
        found = self._kept(segment, {SEEK, INFO, TRACKS, CLUSTER, CUES})
        if any(one.is_open for one in found.get(CLUSTER, ())):
            self._refuse(
                "it was written as it came, and does not say where its parts end",
                "write it whole: ffmpeg -i IN -an -c copy OUT.webm",
            )
        if CLUSTER not in found:
            self._refuse("it has no pictures")
        seconds = self._seconds(self._one(found, INFO))
        codec, width, height = self._track(self._one(found, TRACKS))
        return codec, seconds, width, height

    def _seconds(self, info: Element) -> float:
        found = self._kept(info, {SCALE, LENGTH, MUXER, WRITER})
        for one in (*found.get(MUXER, ()), *found.get(WRITER, ())):
            self.content[one.body : one.end] = bytes(one.end - one.body)
        if LENGTH not in found:
            self._refuse(
                "it does not say how long it is",
                "write it whole: ffmpeg -i IN -an -c copy OUT.webm",
            )
        length = self._bytes(found[LENGTH][0])
        (units,) = struct.unpack(">f" if len(length) == 4 else ">d", length)
        scale = self._number(found[SCALE][0]) if SCALE in found else 1_000_000
        seconds = float(units) * scale / 1e9
        if not 0 < seconds < inf:
            self._refuse("it does not say how long it is")
        return seconds

    def _track(self, tracks: Element) -> tuple[str, int, int]:
        entries = [self._kept(one, OF_TRACK) for one in self._kept(tracks, {ENTRY}).get(ENTRY, ())]
        kinds = [self._number(self._one(one, KIND)) for one in entries]
        if SOUND in kinds:
            self._refuse("it has sound", "take it off: ffmpeg -i IN -an -c copy OUT.webm")
        if kinds != [PICTURES]:
            self._refuse(
                "it has no pictures" if PICTURES not in kinds else "it has more than one track",
                "keep one track of pictures: ffmpeg -i IN -map 0:v:0 -an -sn -dn -c copy OUT.webm",
            )
        (entry,) = entries
        if ENCODINGS in entry:
            self._refuse("its pictures are compressed or encrypted once more")
        codec = self._bytes(self._one(entry, CODEC)).rstrip(b"\0")
        if codec not in CODECS:
            self._refuse("its pictures are of another kind than VP8, VP9 or AV1")
        return CODECS[codec], *self._size(self._one(entry, VIDEO))

    def _size(self, video: Element) -> tuple[int, int]:
        every = self._kept(video, OF_VIDEO)
        for colours in every.get(COLOURS, ()):
            self._kept(colours, OF_COLOURS)
        found = {kind: ones[-1] for kind, ones in every.items()}
        if not {WIDTH, HEIGHT} <= found.keys():
            self._refuse("it does not say how large its pictures are")
        width, height = self._number(found[WIDTH]), self._number(found[HEIGHT])
        shown = [found.get(kind) for kind in (SHOWN_WIDTH, SHOWN_HEIGHT)]
        if shown[0] is not None and shown[1] is not None:
            across, down = self._number(shown[0]), self._number(shown[1])
            if abs(across * height - down * width) > max(across, down, width, height):
                self._refuse("its pixels are not square")
        return width, height

    def _one(self, found: dict[int, list[Element]], kind: int) -> Element:
        if len(found.get(kind, ())) != 1:
            self._refuse("the file is damaged")
        return found[kind][0]

    def _kept(self, inside: Element, kinds: Collection[int]) -> dict[int, list[Element]]:
        """The elements inside one by their kind; those of other kinds are cleared."""
        found: dict[int, list[Element]] = {}
        for one in list(self._elements(inside.body, inside.end)):
            if one.kind in kinds:
                found.setdefault(one.kind, []).append(one)
            else:
                self._clear(one)
        return found

    def _clear(self, one: Element) -> None:
        """Room of the same length (an element `Void`): its size takes one byte, or eight."""
        length = one.end - one.start
        if length < 9:
            room = bytes([VOID, 0x80 | (length - 2)]) + bytes(length - 2)
        else:
            room = bytes([VOID]) + (length - 9 | 1 << 56).to_bytes(8, "big") + bytes(length - 9)
        self.content[one.start : one.end] = room

    def _elements(self, start: int, end: int) -> Iterator[Element]:
        while start < end:
            first = self.content[start]
            width = 9 - first.bit_length()
            if width > 4:
                self._refuse("the file is damaged")
            kind = int.from_bytes(self.content[start : start + width], "big")
            at = start + width
            longer = 9 - self.content[at].bit_length()
            if longer > 8:
                self._refuse("the file is damaged")
            body = at + longer
            size = int.from_bytes(self.content[at:body], "big") - (1 << 7 * longer)
            is_open = size == (1 << 7 * longer) - 1
            stop = end if is_open else body + size
            self.count += 1
            if stop > end or body > end or self.count > MOST_ELEMENTS:
                self._refuse("the file is damaged, or has more in it than a film")
            yield Element(kind, start, body, stop, is_open)
            start = stop

    def _bytes(self, one: Element) -> bytes:
        return bytes(self.content[one.body : one.end])

    def _number(self, one: Element) -> int:
        if one.end - one.body > 8:
            self._refuse("the file is damaged")
        return int.from_bytes(self.content[one.body : one.end], "big")

    def _refuse(self, reason: str, fix: str = AGAIN) -> NoReturn:
        raise PhotoError(self.name, reason, fix)
