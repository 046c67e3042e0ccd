"""Marked regions, analysed: beside the maps of the same place, and among people."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from studyapp.paradigms.analysis import Analysis, InputSchema
from studyapp.paradigms.drawn_maps import Drawn, drawn_map
from studyapp.paradigms.estimates import by_method, mean
from studyapp.paradigms.masks import Compared, Mask, compared, mask_of
from studyapp.paradigms.measures import NAMES, Measured, StudyTables, given, loaded
from studyapp.paradigms.regions import is_stored_region
from studyapp.paradigms.tabulation import Facts, Heat, HeatPanel, Table, mean_row
from studyapp.shelf.formatting import number, whole_percent
from studyapp.statistics.region_agreement import (
    Difference,
    jaccard,
    krippendorff_by,
    mean_similarity,
)

Frame = pd.DataFrame
SHARES = (0, 1)
MEASURES = ("iou", "kappa", "mass", "hit", "area")
# Pixels a side at which people's regions are compared with each other
SIDE = 112
# Of the drawing in a report, along each side, and how many photos it has
CELLS, PANELS = 28, 12
HALF = 0.5
Shares = NDArray[np.float64]


def measure(tables: StudyTables, paradigm: str, main: Frame) -> Measured:
    """A row for each region and map: on the plain photo the maps of all conditions with the same
    crop, beside an explanation the one that was shown. A region of which no map was kept has a row
    without numbers: people are compared with each other all the same."""
    maps = _Maps(tables)
    beside = {
        name for name, block in tables.blocks(paradigm).items() if block.get("with_explanation")
    }
    crops_shown = {maps.crops[str(one)] for one in main["condition"]}
    marked, lost, rows = 0, 0, []
    unmeasured = [np.nan] * len(MEASURES)
    for index, row in zip(main.index, main.itertuples(index=False), strict=True):
        region = given(loaded(row.further_answers), "region")
        if region is None:
            continue
        marked += 1
        is_beside, stimulus, shown = row.block in beside, str(row.stimulus_id), str(row.condition)
        wanted = [shown] if is_beside else maps.comparable(stimulus, shown)
        mask = mask_of(region)
        text = json.dumps(region, sort_keys=True)
        thing = _thing(stimulus, shown if is_beside else "", maps.crops[shown], crops_shown)
        kept = {name: drawn for name in wanted if (drawn := maps.drawn(stimulus, name)) is not None}
        lost += len(wanted) - len(kept)
        found = {name: _numbers(compared(mask, drawn)) for name, drawn in kept.items()}
        for name, numbers in (found or {shown: unmeasured}).items():
            rows.append((index, name, thing, text, *numbers))
    made = Frame(rows, columns=["at", "method", "thing", "region", *MEASURES]).set_index("at")
    made.index.name = main.index.name
    frame = main[list(NAMES)].rename(columns=NAMES).drop(columns="method").join(made, how="inner")
    frame = frame.astype(dict.fromkeys(MEASURES, float))
    frame["value"] = frame["iou"]
    return Measured(
        frame, "value", null=None, bounds=SHARES, notes=tuple(_notes(frame, marked, lost))
    )


def _thing(stimulus: str, beside: str, crop: str, crops_shown: Collection[str]) -> str:
    """What was marked: regions of one thing are compared with each other.

    beside: the condition whose explanation was marked. On the plain photo the square of another
    network is another thing.
    """
    if beside:
        return f"{stimulus}/{beside}"
    return f"{stimulus}/{crop}" if len(crops_shown) > 1 else stimulus


def _notes(frame: Frame, marked: int, lost: int) -> Iterator[str]:
    """How many comparisons the regions give, which are lost, and which say little."""
    alone = int(frame["value"].isna().sum())
    frame = frame[frame["value"].notna()]
    if lost == 1:
        yield "1 comparison is left out because its map was not kept"
    elif lost:
        yield f"{lost} comparisons are left out because their maps were not kept"
    if alone:
        yield (
            f"no map was kept for {alone} of {marked} "
            f"{'region' if marked == 1 else 'regions'}; the agreement among people is that of all "
            "regions"
        )
    measured = marked - alone
    if len(frame) > measured:
        yield (
            f"{'the 1 region' if measured == 1 else f'each of the {measured} regions'} "
            f"{'with a map ' if alone else ''}is compared with the map of every condition on the "
            f"same crop, which gives {len(frame)} rows; no region counts twice for one method"
        )
    large = int((frame["area"] > HALF).groupby(level=0).any().sum()) if len(frame) else 0
    if large:
        yield (
            f"{'1 region covers' if large == 1 else f'{large} regions cover'} more than half of "
            "the photo; a large region overlaps with any map, so read κ beside the intersection "
            "over union"
        )


class _Maps:
    """The maps of a study's conditions, each drawn once and only on the crop that it belongs to."""

    def __init__(self, tables: StudyTables) -> None:
        self.tables = tables
        self.digests: dict[tuple[str, str], str] = {
            (str(row.stimulus_id), str(row.condition)): row.map_sha256
            for row in tables.frames["explanations"].itertuples(index=False)
            if row.role == "stronger" and isinstance(row.map_sha256, str)
        }
        self.crops = crops(tables.definition)
        self.kept: dict[str, Drawn | None] = {}

    def comparable(self, stimulus: str, shown: str) -> list[str]:
        """The conditions with a map of the stimulus on the crop of the condition `shown`."""
        return [
            condition
            for known, condition in self.digests
            if known == stimulus and self.crops[condition] == self.crops[shown]
        ]

    def drawn(self, stimulus: str, condition: str) -> Drawn | None:
        digest = self.digests.get((stimulus, condition), "")
        if digest not in self.kept:
            values = self.tables.stored_map(digest) if digest else None
            self.kept[digest] = None if values is None else drawn_map(values)
        return self.kept[digest]


def crops(definition: Mapping[str, Any]) -> dict[str, str]:
    """The network whose crop of a photo people see under each condition: the pair's stronger one.

    A ready pair is named by itself: whether its network is another pair's is not known here.
    """
    pairs: Mapping[str, Any] = definition["pairs"]
    only = next(iter(pairs)) if len(pairs) == 1 else ""
    found = {}
    for one in definition["conditions"]:
        name = str(one.get("pair") or only)
        pair = pairs.get(name, {})
        found[str(one["name"])] = str(pair.get("stronger") or f"pair {name}")
    return found


def _numbers(one: Compared) -> list[float]:
    values = (getattr(one, name) for name in MEASURES)
    return [np.nan if value is None else value for value in values]


def results(frame: Frame, methods: list[str], seed: int) -> dict[str, Any]:
    """The further comparisons by method, and how much people agree about each photo."""
    told: dict[str, Any] = {
        name: {method: mean(rows, name) for method, rows in by_method(known, methods)}
        for name in ("kappa", "mass", "hit", "area")
        if name in frame.columns and len(known := frame[frame[name].notna()])
    }
    regions = _regions(frame)
    if len(regions):
        masks = {text: small_mask(text) for text in set(regions["region"])}
        similar = mean_similarity(_difference(regions), regions["thing"].to_list())
        shares = {
            str(thing): grid(np.mean([masks[text] for text in rows["region"]], axis=0))
            for thing, rows in regions.groupby("thing")
        }
        means = [one for _, one in similar.values() if one is not None]
        told["people"] = {
            "mean_iou": float(np.mean(means)) if means else None,
            "photos": {
                str(name): {"n": n, "iou": one, "shares": shares[str(name)]}
                for name, (n, one) in similar.items()
            },
        }
    return told


def agreement(frame: Frame) -> dict[str, Any] | None:
    """Krippendorff's α of the regions themselves; None where the table has only numbers."""
    regions = _regions(frame)
    if not len(regions):
        return None
    found = krippendorff_by(
        _difference(regions), regions["thing"].to_list(), regions["participant"].to_list()
    )
    return {
        "value": found.value, "low": found.low, "high": found.high, "level": "regions",
        "note": found.note,
    }  # fmt: skip


def _regions(frame: Frame) -> Frame:
    """Every person's region of everything that was marked, once for each wording."""
    if "region" not in frame.columns:
        return frame.head(0)
    known = frame[frame["region"].notna()].copy()
    if "thing" not in known.columns:
        known["thing"] = known["image"]
    if "scale" in known.columns:
        known["thing"] = known["thing"] + ", " + known["scale"]
    return known.drop_duplicates(["participant", "thing"])


def _difference(regions: Frame) -> Difference:
    return jaccard(np.array([small_mask(text).ravel() for text in regions["region"]]))


def small_mask(text: str) -> Mask:
    return mask_of(json.loads(text), SIDE)


def region_complaint(column: str, text: str) -> str:
    """What is wrong with a cell of a table from elsewhere; nothing for what can be analysed."""
    if column != "region" or (is_stored_region(text) and small_mask(text).any()):
        return ""
    return "region is not a stored region; leave it empty, or write it as the export does"


def grid(shares: Shares) -> list[str]:
    """Shares on SIDE × SIDE pixels as whole percentages of CELLS × CELLS, a text for each row."""
    parts = shares.reshape(CELLS, SIDE // CELLS, CELLS, SIDE // CELLS).mean(axis=(1, 3))
    return [" ".join(str(round(100 * one)) for one in row) for row in parts.tolist()]


TITLES = {
    "kappa": ("κ of the region with the map's highest values (0: as by chance)", "mean κ"),
    "mass": ("Share of the map inside the region", "mean share"),
    "hit": ("The map's maximum lies in the region", "share"),
    "area": ("Area of the regions, as a share of the photo", "mean area"),
}


def tables(own: Facts) -> Iterator[Table]:
    for name, (title, words) in TITLES.items():
        if name in own:
            rows = [mean_row(method, one) for method, one in own[name].items()]
            yield Table(title, ["method", "regions", words, "95 % interval", ""], rows)
    if "people" in own:
        photos = own["people"]["photos"]
        known = sorted(photos.items(), key=lambda one: (-(one[1]["iou"] or 0), one[0]))
        cells = [[name, str(one["n"]), number(one["iou"])] for name, one in known]
        mean_cell = ["mean of all", "", number(own["people"]["mean_iou"])]
        header = ["what was marked", "people", "mean intersection over union of two people"]
        yield Table("Agreement among people, photo by photo", header, [mean_cell, *cells])


def heats(own: Facts) -> Iterator[Heat]:
    """Of many photos those with the highest and the lowest agreement."""
    photos: Mapping[str, Facts] = own.get("people", {}).get("photos", {})
    if not photos:
        return
    order = sorted(photos.items(), key=lambda one: (-(one[1]["iou"] or 0), one[0]))
    few = order if len(order) <= PANELS else [*order[: PANELS // 2], *order[-(PANELS // 2) :]]
    panels = [
        HeatPanel(name, f"n = {one['n']}", one["shares"], _darkest(one["shares"]))
        for name, one in few
    ]
    kept = "" if len(few) == len(order) else f", {len(few)} of {len(order)} photos"
    yield Heat(f"Where people marked, from most to least agreement{kept}", panels)


def _darkest(shares: Sequence[str]) -> str:
    """The place that most people marked, in words: of several the one in their middle."""
    cells = np.array([line.split() for line in shares], dtype=int)
    places = np.argwhere(cells == cells.max())
    row, column = places[((places - places.mean(axis=0)) ** 2).sum(axis=1).argmin()]
    across, down = (whole_percent((int(place) + 0.5) / CELLS) for place in (column, row))
    return f"{cells.max()} % of people around {across} from the left and {down} from the top"


ANALYSIS = Analysis(
    measure=measure,
    schemas={
        "marking": InputSchema(
            needed={"iou": None},
            optional={
                "kappa": None, "mass": None, "hit": None, "area": None, "thing": (), "region": (),
            },
            outcome=lambda frame: frame["iou"],
            is_share=False,
            bounds=SHARES,
            answer="region",
            complaint=region_complaint,
        )
    },
    results=results,
    tables=tables,
    heats=heats,
    agreement=agreement,
    words="mean intersection over union",
)  # fmt: skip
