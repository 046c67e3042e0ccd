"""The robot's map for people: where it wants to go, and where it thinks that it is."""

import numpy as np
from PIL import Image, ImageDraw

from ready.navigator.buildings import CELL
from ready.navigator.maps import KINDS, Point
from ready.navigator.routes import Route

SIDE = 512  # pixels
TWICE = 2  # drawn larger, so that lines are smooth
WALLS, FLOOR, EDGE, PLAN, BELIEF = "#d8d4cc", "#ffffff", "#a9b4c0", "#0b5fa5", "#d1480b"
FILLS = {"room": "#ffffff", "door": "#5c6670", "hallway": "#a9b4c0", "open space": "#a9b4c0"}


class Sheet:
    """A building's plan, with what is drawn on it in metres."""

    def __init__(self, one: Route) -> None:
        rows, columns = np.nonzero(~one.building.walls)
        low = np.array([columns.min(), rows.min()]) - 1
        high = np.array([columns.max(), rows.max()]) + 2
        side = int((high - low).max())
        self.corner = (low + high - side) / 2 * CELL
        self.scale = SIDE * TWICE / (side * CELL)
        self.picture = Image.new("RGB", (SIDE * TWICE, SIDE * TWICE), WALLS)
        self.pen = ImageDraw.Draw(self.picture)
        for y, x in zip(rows.tolist(), columns.tolist(), strict=True):
            corner = self.at((x * CELL, y * CELL))
            end = self.at(((x + 1) * CELL, (y + 1) * CELL))
            self.pen.rectangle((*corner, *end), fill=FLOOR)

    def at(self, place: Point) -> Point:
        x, y = (np.array(place) - self.corner) * self.scale
        return float(x), float(y)

    def line(self, path: tuple[Point, ...], colour: str, width: int) -> None:
        self.pen.line([self.at(one) for one in path], fill=colour, width=width, joint="curve")

    def dot(self, place: Point, radius: int, colour: str, rim: str) -> None:
        x, y = self.at(place)
        box = (x - radius, y - radius, x + radius, y + radius)
        self.pen.ellipse(box, fill=colour, outline=rim, width=3)

    def arrow(self, path: tuple[Point, ...], colour: str) -> None:
        """A thick line with a head at its end."""
        self.line(path, colour, 12)
        tip, before = (np.array(self.at(one)) for one in path[:-3:-1])
        way = (tip - before) / np.linalg.norm(tip - before)
        across = np.array([-way[1], way[0]])
        corners = [tip + 14 * way, tip - 16 * way + 20 * across, tip - 16 * way - 20 * across]
        self.pen.polygon([tuple(one) for one in corners], fill=colour)


def map_picture(one: Route, believed: int) -> Image.Image:
    """SIDE×SIDE: all edges, those of the plan, its goal, and an arrow along the edge on which the
    robot thinks that it is."""
    sheet, whole = Sheet(one), one.building.map
    for edge in whole.edges:
        sheet.line(edge.path, EDGE, 4)
    for number in one.plan:
        sheet.line(whole.edges[number].path, PLAN, 10)
    for node in whole.nodes:
        sheet.dot(node.place, 9, FILLS[KINDS[node.kind]], "#5c6670")
    goal = whole.nodes[whole.edges[one.plan[-1]].end].place
    sheet.dot(goal, 24, "#ffffff", PLAN)
    sheet.dot(goal, 12, PLAN, PLAN)
    sheet.arrow(whole.edges[believed].path, BELIEF)
    return sheet.picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS)
