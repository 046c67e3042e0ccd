"""What kind of device asks, told as coarsely as the design needs; nothing else is kept of it."""

from django.http import HttpRequest


def device_class(request: HttpRequest) -> str:
    """ "phone", "tablet" or "desktop", by the words that browsers agreed on."""
    agent = request.headers.get("User-Agent", "")
    if "iPad" in agent or "Tablet" in agent or ("Android" in agent and "Mobile" not in agent):
        return "tablet"
    return "phone" if "Mobi" in agent else "desktop"
