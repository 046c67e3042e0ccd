"""What a form's controls offer and hold, read once, filled and sent in their order.

lxml's own forms read the whole form for each question about it (decision 527).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

CHECKABLE = {"radio", "checkbox"}
# Inputs that are not sent with the others
UNSENT = {"submit", "image", "reset", "file"}
CONTROLS = ("input", "select", "textarea", "button")


@dataclass(slots=True)
class Control:
    """One element of a form.

    kind: an input's type, or `select` or `textarea`.
    options: what can be chosen; None if anything can be written.
    held: the values that it sends.
    is_sent: whether the form sends it without a click.
    """

    name: str
    kind: str
    options: list[str] | None
    held: list[str]
    is_sent: bool


class Field:
    """The controls that share a name; what can be chosen are the options of all."""

    def __init__(self, first: Control) -> None:
        self.controls = [first]
        self.kind = first.kind

    @property
    def is_single_box(self) -> bool:
        return self.kind == "checkbox" and len(self.controls) == 1

    @property
    def options(self) -> list[str] | None:
        if self.controls[0].options is None:
            return None
        return [option for one in self.controls for option in one.options or ()]

    @property
    def value(self) -> str | None:
        """What it holds first; None if that is nothing."""
        return next((value for one in self.controls for value in one.held), None)

    def fill(self, value: object) -> None:
        """Write or choose `value`; a box that stands alone is ticked if it is true.

        Raises ValueError for what cannot be chosen.
        """
        first = self.controls[0]
        if self.is_single_box:
            first.held = list(first.options or ()) if value else []
            return
        text = str(value)
        if first.options is None:
            first.held = [text]
            return
        chosen = next((one for one in self.controls if text in (one.options or ())), None)
        if chosen is None:
            raise ValueError(text)
        for one in self.controls:
            one.held = [text] if one is chosen else []


class Fields(Mapping[str, Field]):
    """The fields of a form by their names, in their order.

    clicks: the names under which a browser sends a click on an image or on a button.
    """

    def __init__(self, form: Any) -> None:
        self.clicks: set[str] = set()
        self._controls: list[Control] = []
        self._fields: dict[str, Field] = {}
        for element in form.iter(*CONTROLS):
            if name := element.get("name"):
                self._add(name, element)

    def __getitem__(self, name: str) -> Field:
        return self._fields[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def sent(self) -> list[tuple[str, str]]:
        """Names and values as the form sends them now, without any click."""
        return [(one.name, value) for one in self._controls if one.is_sent for value in one.held]

    def _add(self, name: str, element: Any) -> None:
        if element.tag == "button":
            self.clicks.add(name)
            return
        control = _control(name, element)
        if control.kind == "image":
            self.clicks |= {f"{name}.x", f"{name}.y"}
        self._controls.append(control)
        if name not in self._fields:
            self._fields[name] = Field(control)
        elif control.kind == self._fields[name].kind and control.kind in CHECKABLE:
            self._fields[name].controls.append(control)


def _control(name: str, element: Any) -> Control:
    attributes = element.attrib
    is_sent = "disabled" not in attributes
    if element.tag == "textarea":
        return Control(name, "textarea", None, [element.value], is_sent)
    if element.tag == "select":
        held = element.value
        chosen = [*held] if element.multiple else [] if held is None else [held]
        return Control(name, "select", element.value_options, chosen, is_sent)
    kind = element.get("type", "text").lower()
    value = element.get("value")
    if kind in CHECKABLE:
        options = [value or "on"]
        return Control(name, kind, options, options if "checked" in attributes else [], is_sent)
    return Control(
        name, kind, None, [] if value is None else [value], is_sent and kind not in UNSENT
    )
