"""Where people marked photos: a square for each, the darker the more people marked the place."""

from studyapp.paradigms.tabulation import Heat

from .figure import Figure


def heat_figure(heat: Heat) -> Figure:
    """A panel a photo; the table beside it tells where most people marked."""
    said = "; ".join(f"{one.name}: {one.note}, {one.words}" for one in heat.panels)
    panels = [
        {"name": one.name, "note": one.note, "shares": list(one.shares)} for one in heat.panels
    ]
    data = {"kind": "heat", "title": heat.title, "panels": panels}
    rows = [[one.name, one.note, one.words] for one in heat.panels]
    return Figure(
        heat.title, f"{heat.title}: {said}", data, ["photo", "", "marked by most people"], rows
    )
