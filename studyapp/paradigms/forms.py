"""The answer to one trial, checked against the questions that its page asks."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from .questions import BUTTON, CELLS, DECLINED, NOT_ASKED, Question
from .region_fields import RegionField

TIMING = (
    "rt_ms",
    "confirm_ms",
    "choice_changes",
    "hidden_ms",
    "focus_losses",
    "window_width",
    "window_height",
)
# Everything that the page measures, by the names of its hidden fields
MEASURES = (*TIMING, "pixel_ratio", "picture_failed")
LARGEST_INTEGER = 2_147_483_647
LARGEST_COUNT = 32_767
CHOOSE = _("Please choose one of the answers.")
POINT = _("Please click on the picture.")
TAKEN = _("You have chosen this one above. Please choose another one here.")
WRITE = _("Please write an answer.")
ONE_LINE = _("Please write your answer in one line.")
SLIDE = _("Please set the slider.")
EITHER = _("Please either answer or choose “Prefer not to say”, not both.")
# Point or comma in every language: no number has three decimals, so that 1,234 is never 1.234
NUMBER = re.compile(r"([+-]?)(\d{1,12})(?:[.,\u066b](\d{1,2}))?")
RANGES = {
    0: _("Please write a whole number from %(least)s to %(most)s."),
    1: _("Please write a number from %(least)s to %(most)s, with one decimal at most."),
    2: _("Please write a number from %(least)s to %(most)s, with two decimals at most."),
}


class PointField(forms.Field):
    """A place in the picture: fractions of its width and height from the top left corner.

    A click on the image input sends pixels as `name.x` and `name.y`. Keys choose one of the
    picture's squares, sent as `name_cell`: its middle is the place, marked as `by` keys.
    """

    def __init__(self, size: int, **options: Any) -> None:
        super().__init__(widget=PointInput(), **options)
        self.size = size

    def clean(self, value: Any) -> dict[str, float | str] | None:
        x, y, cell = value
        # A browser sends 0, 0 when the picture is pressed by a key: nothing was clicked.
        if (x, y) in {(None, None), ("0", "0")} and cell is not None:
            return self._middle(cell)
        try:
            across, down = int(x) / self.size, int(y) / self.size
        except (TypeError, ValueError) as error:
            raise forms.ValidationError(POINT) from error
        if not (0 <= across <= 1 and 0 <= down <= 1) or (across, down) == (0, 0):
            raise forms.ValidationError(POINT)
        return {"x": round(across, 5), "y": round(down, 5)}

    def _middle(self, text: str) -> dict[str, float | str]:
        if text not in {str(cell) for cell in range(CELLS**2)}:
            raise forms.ValidationError(CHOOSE)
        row, column = divmod(int(text), CELLS)
        return {"x": (column + 0.5) / CELLS, "y": (row + 0.5) / CELLS, "by": "keys"}


class PointInput(forms.Widget):
    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return data.get(f"{name}.x"), data.get(f"{name}.y"), data.get(f"{name}_cell")


class TrialForm(forms.Form):
    """What was answered to `questions`, and what the page measured.

    What was measured is never a reason to refuse an answer: a missing or odd measure is None.
    """

    def __init__(self, data: Any = None, *, questions: Sequence[Question]) -> None:
        super().__init__(data)
        self.questions = questions
        for question in questions:
            self.fields[question.name] = _field(question)

    def clean(self) -> dict[str, Any]:
        """Questions that answers before them left out are not asked, whatever was sent; what may
        be answered once is refused where a question before it has that answer."""
        given: set[Any] = set()
        for question in self.questions:
            if question.only_if is not None and not question.only_if.is_met(self.cleaned_data):
                self.errors.pop(question.name, None)
                self.cleaned_data[question.name] = NOT_ASKED
            answer = self.cleaned_data.get(question.name)
            if not question.is_distinct or answer == DECLINED:
                continue
            if answer is not None and answer in given:
                self.add_error(question.name, TAKEN)
            given.add(answer)
        return self.cleaned_data

    def value(self) -> int | None:
        """The answer to the question `value`; None where the page has no such question, or the
        person preferred not to say."""
        given = self.cleaned_data.get("value")
        return None if given == DECLINED else given

    def extra(self) -> dict[str, Any]:
        """The answers to all other questions, and that the main one was declined, for
        Judgment.data."""
        value = self.value()
        given = self.cleaned_data.items()
        rest = {name: answer for name, answer in given if name != "value" or value is None}
        return {name: answer for name, answer in rest.items() if answer not in (None, "")}

    def problems(self) -> dict[str, str]:
        """What is wrong, a sentence a question."""
        return {name: str(found[0]) for name, found in self.errors.items()}

    def timing(self) -> dict[str, Any]:
        """The measures by the names of Judgment's columns; None where the page told none."""
        measures: dict[str, Any] = {name: self._count(name) for name in TIMING}
        measures["pixel_ratio"] = self._ratio()
        failed = self.data.get("picture_failed", "")
        measures["picture_failed"] = {"true": True, "false": False}.get(failed)
        return measures

    def _count(self, name: str) -> int | None:
        text = self.data.get(name, "")
        if not text.isascii() or not text.isdecimal() or len(text) > 10:
            return None
        largest = LARGEST_COUNT if name in {"choice_changes", "focus_losses"} else LARGEST_INTEGER
        return min(int(text), largest)

    def _ratio(self) -> float | None:
        try:
            ratio = float(self.data.get("pixel_ratio", ""))
        except ValueError:
            return None
        return ratio if 0 < ratio < 100 else None


class WordsField(forms.CharField):
    """A text in which a line's end is one character, as the browser's own limit counts it."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\r\n", "\n")


class LineField(WordsField):
    def to_python(self, value: Any) -> str:
        words = super().to_python(value)
        if len(words.splitlines()) > 1:
            raise forms.ValidationError(ONE_LINE)
        return words


class NumberField(forms.Field):
    """A number as people write it, within the question's bounds and with no more decimals."""

    def __init__(self, question: Question, **options: Any) -> None:
        super().__init__(**options)
        self.question = question

    def to_python(self, value: Any) -> int | float | None:
        text = str(value or "").strip().replace("\u2212", "-")
        if not text:
            return None
        asked, found = self.question, NUMBER.fullmatch(text)
        if found is None or len(found[3] or "") > asked.decimals:
            raise self._refusal()
        number = float(f"{found[1]}{found[2]}.{found[3] or 0}") + 0.0  # no −0
        if not asked.least <= number <= asked.most:
            raise self._refusal()
        return number if asked.decimals else int(number)

    def _refusal(self) -> forms.ValidationError:
        asked = self.question
        most = f"{_written(asked.most)} {asked.unit}".strip()
        bounds = {"least": _written(asked.least), "most": most}
        return forms.ValidationError(RANGES[asked.decimals], params=bounds)


def _written(number: float) -> str:
    """With the decimal sign of the page's language."""
    return str(number_format(format(Decimal(str(number)).normalize(), "f")))


class BoxesInput(forms.Widget):
    """Which of several answers are ticked, by their numbers."""

    def __init__(self, question: Question) -> None:
        super().__init__()
        self.question = question

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[int]:
        return [value for value in self.question.values if self.question.box(value) in data]


class SeveralField(forms.Field):
    """Some of a list of answers, as many as the question allows; none where it needs none."""

    def __init__(self, question: Question) -> None:
        super().__init__(widget=BoxesInput(question), required=question.required)
        self.question = question

    def clean(self, value: Any) -> list[int]:
        chosen: list[int] = value
        least, most = int(self.question.least), int(self.question.most)
        if not chosen and not self.required:
            return chosen
        if not max(least, int(self.required)) <= len(chosen) <= most:
            raise forms.ValidationError(self.question.how_many if chosen or least > 1 else CHOOSE)
        return chosen


class TickedInput(forms.Widget):
    """(what was entered, whether “Prefer not to say” was ticked)"""

    def __init__(self, inner: forms.Widget, tick: str) -> None:
        super().__init__()
        self.inner, self.tick = inner, tick

    def value_from_datadict(self, data: Any, files: Any, name: str) -> tuple[Any, bool]:
        return self.inner.value_from_datadict(data, files, name), self.tick in data


class DeclinableField(forms.Field):
    """A field whose question may be declined by a tick; both at once say nothing sure."""

    def __init__(self, field: forms.Field, tick: str) -> None:
        super().__init__(widget=TickedInput(field.widget, tick))
        self.field = field

    def clean(self, value: Any) -> Any:
        entered, is_declined = value
        if is_declined and not _is_empty(entered):
            raise forms.ValidationError(EITHER)
        return DECLINED if is_declined else self.field.clean(entered)


class DeclinablePoint(DeclinableField):
    """A place in the picture, beside which a button sends the page without one: what was chosen by
    keys before it was pressed can't be taken back, and does not count."""

    def clean(self, value: Any) -> Any:
        entered, is_declined = value
        return DECLINED if is_declined else self.field.clean(entered)


def _is_empty(entered: Any) -> bool:
    """Of a text, of several boxes, or of a region: what was drawn and the squares that were
    ticked."""
    if isinstance(entered, tuple):
        return all(map(_is_empty, entered))
    return not entered or (isinstance(entered, str) and not entered.strip())


def _field(question: Question) -> forms.Field:
    if question.kind in ("text", "number", "slider", "several"):
        field = SeveralField(question) if question.kind == "several" else _written_field(question)
        return DeclinableField(field, question.tick) if question.decline else field
    if question.kind == "point":
        point = PointField(question.size, required=True, error_messages={"required": POINT})
        return DeclinablePoint(point, question.tick) if question.decline else point
    if question.kind == "region":
        region = RegionField(question)
        return DeclinableField(region, question.tick) if question.decline else region
    declining = [(BUTTON, question.decline)] if question.decline else []
    return forms.TypedChoiceField(
        choices=[*((str(value), words) for value, words in question.answers), *declining],
        coerce=lambda text: DECLINED if text == BUTTON else int(text),
        empty_value=None,
        required=question.required,
        error_messages={"required": CHOOSE, "invalid_choice": CHOOSE},
    )


def _written_field(question: Question) -> forms.Field:
    if question.kind in ("number", "slider"):
        missing = WRITE if question.kind == "number" else SLIDE
        return NumberField(
            question, required=question.required, error_messages={"required": missing}
        )
    long = ngettext_lazy(
        "Please shorten this to %(limit_value)d character; it has %(show_value)d.",
        "Please shorten this to %(limit_value)d characters; it has %(show_value)d.",
        "limit_value",
    )
    return (LineField if question.is_line else WordsField)(
        required=question.required,
        max_length=question.longest,
        error_messages={
            "required": WRITE,
            "max_length": long,
            "null_characters_not_allowed": WRITE,
        },
    )
