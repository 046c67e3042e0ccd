"""What kind of device asks, told as coarsely as the design needs; nothing else is kept of it."""

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from studyapp.participations.refusals import ParticipationError
from studyapp.studies.definition.study import Definition

from .presentations import script_notice


class UnfitDevice(ParticipationError):
    """A device on which the study can't be shown as it was meant; on another one it can."""

    status_code = 403


def refuse_unfit(request: HttpRequest, definition: Definition) -> None:
    """UnfitDevice for a kind of device or a window that the study rules out, and for a browser
    without script where pictures are presented by one.

    A page without script tells no window: then the kind of device decides alone.
    """
    if device_class(request) not in definition.panel.devices:
        raise UnfitDevice(
            _(
                "This study does not work on this kind of device. Please open the link on another "
                "one."
            )
        )
    notice = script_notice(definition)
    if notice is not None and request.POST.get("script") != "yes":
        raise UnfitDevice(notice)
    width = request.POST.get("window_width", "")
    if width.isascii() and width.isdecimal() and int(width[:9]) < definition.panel.smallest_window:
        raise UnfitDevice(
            _("This study needs a larger window. Please make the window wider, then continue.")
        )


def device_class(request: HttpRequest) -> str:
    """ "phone", "tablet" or "desktop", by the words that browsers agreed on."""
    agent = request.headers.get("User-Agent", "")
    if "iPad" in agent or "Tablet" in agent or ("Android" in agent and "Mobile" not in agent):
        return "tablet"
    return "phone" if "Mobi" in agent else "desktop"
