"""How a block presents its pictures: what can't be shown is refused with the fix."""

import pytest

from studyapp.paradigms import PARADIGMS
from studyapp.sections.presentation import PresentationSection
from studyapp.studies.definition.file import parse_definition
from studyapp.studies.definition.presentations import frame_lines, presentation_words
from tests.studies.definition.test_blocks import complaint, definition


def shown(presentation: str, **block: object) -> str:
    return definition(**block, presentation=f"{{ {presentation} }}")


TEXT = '[{ name = "a", question = "b", kind = "text" }]'
ITEMS = {"paradigm": '"rating"', "items": '["x"]'}


@pytest.mark.parametrize(
    ("presentation", "block", "sentence"),
    [
        ("exposure_ms = 10", {}, "`blocks.presentation.exposure_ms = 10` is less than one frame"),
        ("fixation_ms = 16", {}, "(16.7 ms), so it could not be shown; use 17 or more"),
        ("exposure_ms = 0", {}, "use 1 or more"),
        ("exposure_ms = 60001", {}, "use 60000 or less"),
        ("exposure = 100", {}, 'unknown key; did you mean "exposure_ms"?'),
        ("", {}, "`blocks.presentation` changes nothing yet; set fixation_ms"),
        ('mask = "noise", mask_ms = 99', {}, "mask` follows pictures that vanish; set exposure_ms"),
        ('exposure_ms = 99, mask = "noise"', {}, "mask` needs to know how long it is shown"),
        ("exposure_ms = 99, mask_ms = 99", {}, 'mask_ms = 99` needs a mask; set mask = "noise"'),
        ("exposure_ms = 99, gap_ms = 99", {}, "gap_ms = 99` lies between pictures; set order"),
        (
            'fixation_ms = 99, order = "one_after_another"',
            {},
            "order` needs to know how long each picture is seen; set exposure_ms",
        ),
        ('reveal = "on_request", exposure_ms = 99', {}, "reveal` lets people look for as long"),
        ('reveal = "on_request", zoom = true', {}, "zoom` would show covered pictures; remove it"),
        ("exposure_ms = 99, zoom = true", {}, "zoom` needs pictures that stay; remove it"),
        (
            "exposure_ms = 99",
            {"paradigm": '"pointing"'},
            "exposure_ms = 99` can't be used for pointing, which is answered on the photo itself",
        ),
        ("zoom = true", {"paradigm": '"pointing"'}, "zoom` can't be used for pointing"),
        (
            "zoom = true",
            {"paradigm": '"questionnaire"', "items": '["x"]'},
            "`blocks.presentation`: main asks about no photo; remove it",
        ),
    ],
)  # fmt: skip
def test_a_presentation_that_can_not_be_is_told(
    presentation: str, block: dict[str, object], sentence: str
) -> None:
    assert sentence in complaint(shown(presentation, **block))


def test_one_picture_has_no_order() -> None:
    text = shown('exposure_ms = 99, order = "one_after_another"', **ITEMS)
    parse_definition(text, "cats.toml")
    told = complaint(f"{text}[display]\nshow_photo = false\n")
    assert "and pages of main show one; remove it, or set `display.show_photo = true`" in told
    alone = shown('exposure_ms = 99, order = "one_after_another"', paradigm='"discrimination"')
    assert complaint(alone).endswith("and pages of main show one; remove it")


@pytest.mark.parametrize("paradigm", PARADIGMS)
def test_every_kind_of_question_is_presented_or_says_why_not(paradigm: str) -> None:
    keys = {
        "rating": {"items": '["x"]'},
        "questionnaire": {"items": '["x"]'},
        "open_text": {"with_photos": "true"},
        "custom": {"with_photos": "true", "fields": TEXT},
    }.get(paradigm, {})
    methods = [f'method = "{name}"' for name in ("grad_cam", "group_cam", "hires_cam")]
    slow = 'exposure_ms = 900, order = "one_after_another", gap_ms = 900'
    text = definition(
        *methods, **{"paradigm": f'"{paradigm}"', **keys, "presentation": f"{{ {slow} }}"}
    )
    refused = {
        "questionnaire": "asks about no photo",
        "sight": "asks about no photo",
        "pointing": "answered on the photo itself",
        "marking": "has a page of its own",
        "discrimination": "show one; remove it",
        "meta_prediction": "show one; remove it",
    }
    if paradigm in refused:
        assert refused[paradigm] in complaint(text)
    else:
        parse_definition(text, "cats.toml")


def test_pictures_that_flash_more_than_three_times_a_second_are_refused() -> None:
    fast = 'exposure_ms = 100, order = "one_after_another"'
    # Three pictures of trust, without a mask: three flashes in a second
    parse_definition(shown(fast), "cats.toml")
    told = complaint(shown(f'{fast}, mask = "noise", mask_ms = 100'))
    assert (
        "exposure_ms = 100` would make pictures and masks appear more than 3 times in one" in told
    )
    assert "set gap_ms = 700 or more" in told
    told = complaint(shown(f'{fast}, mask = "noise", mask_ms = 100, gap_ms = 699'))
    assert "gap_ms = 699` would make" in told
    parse_definition(shown(f'{fast}, mask = "noise", mask_ms = 100, gap_ms = 700'), "cats.toml")
    # Five pictures of distinction, four of them within a second
    told = complaint(shown(fast, paradigm='"distinction"'))
    assert "set gap_ms = 234 or more" in told


def test_a_study_without_a_presentation_keeps_its_digest() -> None:
    plain = parse_definition(definition(), "cats.toml")
    assert "presentation" not in plain.model_dump(mode="json")["blocks"][0]
    timed = parse_definition(shown("exposure_ms = 200"), "cats.toml")
    assert timed.model_dump(mode="json")["blocks"][0]["presentation"]["exposure_ms"] == 200
    assert timed.digest() != plain.digest()


def test_times_are_told_as_frames() -> None:
    timed = parse_definition(shown("fixation_ms = 500, exposure_ms = 90"), "cats.toml")
    assert list(frame_lines(timed)) == [
        "Block main, on a screen with 60 frames a second: fixation_ms = 500 is 30 frames, "
        "exposure_ms = 90 is 5 frames = 83.3 ms"
    ]
    assert list(frame_lines(parse_definition(definition(), "cats.toml"))) == []


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (
            {"fixation_ms": 500, "exposure_ms": 200, "mask": "noise", "mask_ms": 100},
            "a cross for 500 ms, the pictures together for 200 ms, then a mask of noise for "
            "100 ms; the answers appear afterwards",
        ),
        (
            {"exposure_ms": 700, "order": "one_after_another", "gap_ms": 300},
            "one picture after another for 700 ms each, 300 ms apart; the answers appear "
            "afterwards",
        ),
        ({"zoom": True}, "the pictures, which stay; people may enlarge them, and each time is "
         "stored"),
    ],
)  # fmt: skip
def test_a_plan_says_how_pictures_are_presented(keys: dict[str, object], words: str) -> None:
    assert presentation_words(PresentationSection.model_validate(keys)) == words
