"""How blocks present their pictures: what can't be shown so, and the rest in words.

At most three flashes in any second: WCAG 2.2, success criterion 2.3.1. A picture or a mask that
appears is counted as one flash of its place, whatever its colours.
"""

from collections.abc import Iterable, Iterator
from itertools import chain

from studyapp.models import Stimulus
from studyapp.paradigms import PARADIGMS, Asked
from studyapp.sections.blocks import BlockSection
from studyapp.sections.presentation import PresentationSection

from .asking import pages_of, questions_of
from .rules import Complaint, Rule, rule
from .study import Definition
from .toml_lines import Path as KeyPath

# Of the slowest screens in use; a faster one shows a picture for more frames
FRAME_MS = 1000 / 60
MOST_FLASHES = 3
TIMES = ("fixation_ms", "exposure_ms", "mask_ms", "gap_ms")
# Questions that are answered on the picture itself
ON_THE_PICTURE = frozenset({"point"})
ONE_BY_ONE, ON_REQUEST = "one_after_another", "on_request"


def presentation_rules(definition: Definition, number: int, block: BlockSection) -> Iterator[Rule]:
    """What tells what a block's presentation can't mean."""
    shown = block.presentation
    if shown is None:
        return
    item: KeyPath = ("blocks", number, "presentation")
    yield rule(_misplaced(item, block, shown), ".", item)
    asked = f"blocks.{number} arms conditions language"
    yield rule(_keyed(item, shown, _on_the_picture(definition, block, shown)), asked)
    alone = chain(_too_short(shown), _pointless(shown), _apart(shown))
    yield rule(_keyed(item, shown, alone), ".", item)
    yield rule(_keyed(item, shown, _too_few(definition, block, shown)), asked)
    yield rule(_keyed(item, shown, _flashing(definition, block, shown)), asked)


def _keyed(
    item: KeyPath, shown: PresentationSection, complaints: Iterable[tuple[str, str]]
) -> Iterator[Complaint]:
    for key, sentence in complaints:
        yield (*item, key), f"`blocks.presentation.{key}{_given(shown, key)}` {sentence}"


def _misplaced(
    item: KeyPath, block: BlockSection, shown: PresentationSection
) -> Iterator[Complaint]:
    paradigm = PARADIGMS[block.paradigm]
    if not paradigm.asks_about_photos(block):
        yield item, f"`blocks.presentation`: {block.name} asks about no photo; remove it"
    elif paradigm.presentation:
        told = "has a page of its own, which can't be presented otherwise; remove it"
        yield item, f"`blocks.presentation`: {block.paradigm} {told}"
    elif shown == PresentationSection.model_validate({}):
        yield (
            item,
            "`blocks.presentation` changes nothing yet; set fixation_ms, exposure_ms, reveal "
            "or zoom, or remove it",
        )


def _given(shown: PresentationSection, key: str) -> str:
    value = getattr(shown, key)
    return f" = {value}" if isinstance(value, int) and not isinstance(value, bool) else ""


def _too_short(shown: PresentationSection) -> Iterator[tuple[str, str]]:
    for key in TIMES:
        value = getattr(shown, key)
        if value is not None and value < FRAME_MS:
            yield (
                key,
                f"is less than one frame of a screen with 60 a second ({FRAME_MS:.1f} ms), so it "
                "could not be shown; use 17 or more",
            )


def _pointless(shown: PresentationSection) -> Iterator[tuple[str, str]]:
    """Keys that have no effect without another one."""
    if shown.exposure_ms is None:
        if shown.mask != "none":
            yield "mask", "follows pictures that vanish; set exposure_ms, or remove it"
        if shown.order == ONE_BY_ONE:
            yield "order", "needs to know how long each picture is seen; set exposure_ms"
    if shown.mask != "none" and shown.mask_ms is None:
        yield "mask", "needs to know how long it is shown; set mask_ms"
    if shown.mask == "none" and shown.mask_ms is not None:
        yield "mask_ms", 'needs a mask; set mask = "noise", or remove it'
    if shown.order != ONE_BY_ONE and shown.gap_ms is not None:
        yield "gap_ms", f'lies between pictures; set order = "{ONE_BY_ONE}", or remove it'


def _apart(shown: PresentationSection) -> Iterator[tuple[str, str]]:
    """Ways of presenting that exclude each other."""
    if shown.reveal == ON_REQUEST:
        if shown.is_sequence:
            yield (
                "reveal",
                "lets people look for as long as they like; remove fixation_ms and exposure_ms, or "
                "reveal",
            )
        if shown.zoom:
            yield "zoom", "would show covered pictures; remove it, or reveal"
    if shown.zoom and shown.exposure_ms is not None:
        yield "zoom", "needs pictures that stay; remove it, or exposure_ms"


def _on_the_picture(
    definition: Definition, block: BlockSection, shown: PresentationSection
) -> Iterator[tuple[str, str]]:
    if not ON_THE_PICTURE & {one.question.kind for one in questions_of(definition, block)}:
        return
    told = f"can't be used for {block.paradigm}, which is answered on the photo itself; remove it"
    if shown.exposure_ms is not None:
        yield "exposure_ms", told
    if shown.reveal == ON_REQUEST:
        yield "reveal", told
    if shown.zoom:
        yield "zoom", told


def _pictures(definition: Definition, block: BlockSection, *, with_photo: bool = False) -> int:
    """How many pictures a page of the block shows, at most; `with_photo`: if photos were shown."""
    paradigm, display = PARADIGMS[block.paradigm], definition.display
    if with_photo:
        display = display.model_copy(update={"show_photo": True})
    counts = []
    for trial in pages_of(definition, block):
        # Some pages show pictures only where there is a stimulus
        trial.stimulus = Stimulus(pk=1)
        counts.append(len(paradigm.places(Asked(trial, block, display))))
    return max(counts)


def _too_few(
    definition: Definition, block: BlockSection, shown: PresentationSection
) -> Iterator[tuple[str, str]]:
    if shown.order == ONE_BY_ONE and _pictures(definition, block) < 2:
        can_have = _pictures(definition, block, with_photo=True) >= 2
        fix = "; remove it" + (", or set `display.show_photo = true`" if can_have else "")
        yield "order", f"needs two pictures, and pages of {block.name} show one{fix}"


def _flashing(
    definition: Definition, block: BlockSection, shown: PresentationSection
) -> Iterator[tuple[str, str]]:
    pictures = _pictures(definition, block)
    if shown.exposure_ms is None or not _flashes_too_fast(shown, pictures, shown.gap_ms or 0):
        return
    gap = next(gap for gap in range(1001) if not _flashes_too_fast(shown, pictures, gap))
    yield (
        "gap_ms" if shown.gap_ms is not None else "exposure_ms",
        f"would make pictures and masks appear more than {MOST_FLASHES} times in one second, which "
        f"can cause seizures (WCAG 2.3.1); set gap_ms = {gap} or more",
    )


def _flashes_too_fast(shown: PresentationSection, pictures: int, gap: int) -> bool:
    if shown.order != ONE_BY_ONE:
        return False
    appear: list[int] = []
    now = 0
    for _ in range(pictures):
        appear.append(now)
        now += shown.exposure_ms or 0
        if shown.mask_ms is not None:
            appear.append(now)
            now += shown.mask_ms
        now += gap
    return any(
        later - first < 1000 for first, later in zip(appear, appear[MOST_FLASHES:], strict=False)
    )


def presentation_words(shown: PresentationSection) -> str:
    """How pictures are presented, as a plan says it: one sentence without a full stop."""
    if shown.reveal == ON_REQUEST:
        return (
            "pictures are covered; people uncover one at a time, as often and as long as they "
            "like, and each look is stored"
        )
    parts = [f"a cross for {shown.fixation_ms} ms"] if shown.fixation_ms is not None else []
    if shown.exposure_ms is None:
        parts += ["the pictures, which stay"]
    elif shown.order == ONE_BY_ONE:
        gap = f", {shown.gap_ms} ms apart" if shown.gap_ms is not None else ""
        parts += [f"one picture after another for {shown.exposure_ms} ms each{gap}"]
    else:
        parts += [f"the pictures together for {shown.exposure_ms} ms"]
    if shown.mask_ms is not None:
        each = "each followed by" if shown.order == ONE_BY_ONE else "then"
        parts += [f"{each} a mask of noise for {shown.mask_ms} ms"]
    told = ", ".join(parts)
    if shown.exposure_ms is not None:
        told += "; the answers appear afterwards"
    return f"{told}; people may enlarge them, and each time is stored" if shown.zoom else told


def frame_lines(definition: Definition) -> Iterator[str]:
    """Each timed block's times as whole frames, which is all that a screen can show."""
    for block in definition.blocks:
        if block.presentation is None:
            continue
        times = {key: getattr(block.presentation, key) for key in TIMES}
        told = [_in_frames(key, one) for key, one in times.items() if one is not None]
        if told:
            yield f"Block {block.name}, on a screen with 60 frames a second: {', '.join(told)}"


def _in_frames(key: str, milliseconds: int) -> str:
    frames = max(1, round(milliseconds / FRAME_MS))
    shown = f"{frames * FRAME_MS:.1f}".removesuffix(".0")
    last = "" if shown == str(milliseconds) else f" = {shown} ms"
    word = "frame" if frames == 1 else "frames"
    return f"{key} = {milliseconds} is {frames} {word}{last}"
