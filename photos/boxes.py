"""MP4 files of one silent film: their boxes read and, in place, cleared of what tells more.

ISO/IEC 14496-12 describes the boxes, 14496-15 those of H.264.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from .errors import PhotoError

# (codec, seconds, width, height)
Facts = tuple[str, float, int, int]
MOST_BOXES = 2000
BRANDS = {b"isom", b"iso2", b"iso3", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V "}
# What stays inside of what, at any depth; all else becomes free room
FILE = {b"ftyp", b"moov", b"mdat"}
INSIDE = {
    b"moov": {b"mvhd", b"trak", b"mvex"},
    b"trak": {b"tkhd", b"edts", b"mdia"},
    b"edts": {b"elst"},
    b"mdia": {b"mdhd", b"hdlr", b"minf"},
    b"minf": {b"vmhd", b"smhd", b"dinf", b"stbl"},
    b"dinf": {b"dref"},
    b"stbl": {b"stsd", b"stts", b"ctts", b"cslg", b"stss", b"stsc", b"stsz", b"stz2", b"stco",
              b"co64", b"sdtp", b"sgpd", b"sbgp"},
}  # fmt: skip
OF_SAMPLES = {b"avcC", b"pasp", b"colr", b"btrt"}
UPRIGHT = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
# Square pixels, and even sides, which H.264 needs for these colours
FITTED = '-vf "scale=iw*sar:ih,setsar=1,pad=ceil(iw/2)*2:ceil(ih/2)*2"'
ENCODE = (
    f"ffmpeg -i IN -an -map 0:v:0 -map_chapters -1 {FITTED} -c:v libx264 -pix_fmt yuv420p "
    "-movflags +faststart OUT.mp4"
)
AGAIN = f"write it again: {ENCODE}"
LEFT_OUT = "a list in the file leaves parts of it out"
# Seconds by which such a list and the track's length may differ
MOST_CUT = 0.2
# The bytes before the boxes of a visual sample entry, and where its encoder's name stands
ENTRY, NAME_AT, NAME_BYTES = 78, 42, 32


@dataclass(frozen=True)
class Box:
    """`start`: of its header; `body`: of its contents."""

    kind: bytes
    start: int
    body: int
    end: int


def read_mp4(content: bytearray, name: str) -> Facts:
    """What the film is; its content is cleared. PhotoError for what can't be shown."""
    try:
        return _Mp4(content, name).facts()
    except (struct.error, IndexError) as error:
        raise PhotoError(name, "the file is damaged", AGAIN) from error


class _Mp4:
    def __init__(self, content: bytearray, name: str) -> None:
        self.content, self.name, self.count = content, name, 0

    def facts(self) -> Facts:
        top = self._kept(Box(b"", 0, 0, len(self.content)), FILE)
        brands = bytes(self.content[top[b"ftyp"][0].body : top[b"ftyp"][0].end])
        if not BRANDS & {brands[at : at + 4] for at in range(0, len(brands), 4) if at != 4}:
            self._refuse("a file of MP4's family that is no MP4 film, such as .mov or .heic")
        if len(top.get(b"moov", ())) != 1 or b"mdat" not in top:
            self._refuse("the file is not whole")
        moov = self._inside(top[b"moov"][0])
        if b"mvex" in moov:
            self._refuse(
                "it is written in fragments, and does not say how long it is",
                "write it whole: ffmpeg -i IN -an -c copy -movflags +faststart OUT.mp4",
            )
        header = self._one(moov, b"mvhd")
        self._forget_times(header)
        track = self._only([self._inside(track) for track in moov.get(b"trak", ())])
        return self._film(track, header)

    def _only(self, tracks: list[dict[bytes, list[Box]]]) -> dict[bytes, list[Box]]:
        """The one track of pictures, with what is inside its `mdia`."""
        kinds = []
        for track in tracks:
            track |= self._inside(self._one(track, b"mdia"))
            handler = self._one(track, b"hdlr")
            kinds.append(bytes(self.content[handler.body + 8 : handler.body + 12]))
            self._zero(handler.body + 24, handler.end - 1)
        if b"soun" in kinds:
            self._refuse(
                "it has sound", "take it off: ffmpeg -i IN -an -map_chapters -1 -c copy OUT.mp4"
            )
        if kinds != [b"vide"]:
            self._refuse(
                "it has no pictures" if b"vide" not in kinds else "it has more than one track",
                "keep one track of pictures: ffmpeg -i IN -map 0:v:0 -an -sn -dn -map_chapters -1 "
                "-c copy OUT.mp4",
            )
        return tracks[0]

    def _film(self, track: dict[bytes, list[Box]], whole: Box) -> Facts:
        header, times = self._one(track, b"tkhd"), self._one(track, b"mdhd")
        self._forget_times(header)
        self._forget_times(times)
        if bytes(self.content[header.end - 44 : header.end - 8]) != UPRIGHT:
            self._refuse("a note in the file turns or mirrors it")
        scale, length = self._clock(times)
        inner = self._inside(self._one(track, b"minf"))
        self._refuse_elsewhere(self._one(self._inside(self._one(inner, b"dinf")), b"dref"))
        table = self._inside(self._one(inner, b"stbl"))
        for edits in track.get(b"edts", ()):
            begin, seconds = self._edited(edits, whole, scale)
            late = begin - self._first_shown(table) / scale
            if late > MOST_CUT or abs(seconds - length / scale) > MOST_CUT:
                self._refuse(LEFT_OUT)
        return self._described(self._one(table, b"stsd"), length / scale)

    def _clock(self, times: Box) -> tuple[int, int]:
        """How many units a second has, and how many the track lasts."""
        wide = self.content[times.body] == 1
        scale, length = struct.unpack_from(
            ">IQ" if wide else ">II", self.content, times.body + (20 if wide else 12)
        )
        if not scale or not length or length == 2 ** (64 if wide else 32) - 1:
            self._refuse("it does not say how long it is")
        return scale, length

    def _edited(self, edits: Box, whole: Box, scale: int) -> tuple[float, float]:
        """From which second on, and how long, a list says that the track is shown."""
        listed = self._one(self._inside(edits), b"elst")
        layout = ">Qqhh" if self.content[listed.body] == 1 else ">Iihh"
        (count,) = struct.unpack_from(">I", self.content, listed.body + 4)
        seconds, begin, rate, _ = struct.unpack_from(layout, self.content, listed.body + 8)
        wide = self.content[whole.body] == 1
        (units,) = struct.unpack_from(">I", self.content, whole.body + (20 if wide else 12))
        if count != 1 or begin < 0 or rate != 1 or not units:
            self._refuse(LEFT_OUT)
        return begin / scale, seconds / units

    def _first_shown(self, table: dict[bytes, list[Box]]) -> int:
        """When the first picture is shown by the track's clock: pictures may be decoded earlier."""
        for one in table.get(b"ctts", ()):
            return int(struct.unpack_from(">i", self.content, one.body + 12)[0])
        return 0

    def _described(self, samples: Box, seconds: float) -> Facts:
        entries = list(self._boxes(samples.body + 8, samples.end))
        kinds = {entry.kind for entry in entries}
        if len(entries) != 1 or not kinds <= {b"avc1", b"avc3"}:
            told = ", ".join(sorted(kind.decode("latin-1") for kind in kinds)) or "nothing"
            shown = "".join(one if one.isprintable() else "?" for one in told)
            self._refuse(f"its pictures are {shown}, and MP4 films have to be H.264 (avc1)")
        entry = entries[0]
        width, height = struct.unpack_from(">HH", self.content, entry.body + 24)
        self._zero(entry.body + NAME_AT, entry.body + NAME_AT + NAME_BYTES)
        inside = self._kept(Box(entry.kind, entry.start, entry.body + ENTRY, entry.end), OF_SAMPLES)
        for colours in inside.get(b"colr", ()):
            if self.content[colours.body : colours.body + 4] != b"nclx":
                self._clear(colours)
        for aspect in inside.get(b"pasp", ()):
            across, down = struct.unpack_from(">II", self.content, aspect.body)
            if across != down:
                self._refuse("its pixels are not square")
        return "h264", seconds, width, height

    def _refuse_elsewhere(self, references: Box) -> None:
        """A film may name another file, or an address, for its pictures."""
        for one in self._boxes(references.body + 8, references.end):
            if one.kind != b"url " or self.content[one.body + 3] & 1 != 1:
                self._refuse("its pictures are in another file")
            self._zero(one.body + 4, one.end)

    def _one(self, found: dict[bytes, list[Box]], kind: bytes) -> Box:
        if len(found.get(kind, ())) != 1:
            self._refuse("the file is damaged")
        return found[kind][0]

    def _inside(self, box: Box) -> dict[bytes, list[Box]]:
        return self._kept(box, INSIDE[box.kind])

    def _kept(self, box: Box, kinds: set[bytes]) -> dict[bytes, list[Box]]:
        """The boxes inside one by their kind; those of other kinds are cleared."""
        found: dict[bytes, list[Box]] = {}
        for one in list(self._boxes(box.body, box.end)):
            if one.kind in kinds:
                found.setdefault(one.kind, []).append(one)
            else:
                self._clear(one)
        return found

    def _clear(self, box: Box) -> None:
        self.content[box.start + 4 : box.start + 8] = b"free"
        self._zero(box.body, box.end)

    def _boxes(self, start: int, end: int) -> Iterator[Box]:
        while start < end:
            size, kind = struct.unpack_from(">I4s", self.content, start)
            body = start + 8
            if size == 1:
                (size,) = struct.unpack_from(">Q", self.content, body)
                body += 8
            elif size == 0:
                size = end - start
            self.count += 1
            if size < body - start or start + size > end or self.count > MOST_BOXES:
                self._refuse("the file is damaged, or has more in it than a film")
            yield Box(kind, start, body, start + size)
            start += size

    def _forget_times(self, box: Box) -> None:
        """When the film was made and changed stands after a box's version and flags."""
        wide = self.content[box.body] == 1
        self._zero(box.body + 4, box.body + (20 if wide else 12))

    def _zero(self, start: int, end: int) -> None:
        self.content[start:end] = bytes(max(0, end - start))

    def _refuse(self, reason: str, fix: str = AGAIN) -> NoReturn:
        raise PhotoError(self.name, reason, fix)
