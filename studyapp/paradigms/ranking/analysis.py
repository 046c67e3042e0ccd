"""Rankings, analysed: how much each condition is worth, and what it is placed before."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from studyapp.paradigms.analysis import Analysis, InputSchema
from studyapp.paradigms.measures import Measured, StudyTables, given, loaded
from studyapp.paradigms.tabulation import Facts, Table
from studyapp.paradigms.worths import (
    agreement_of,
    chances_table,
    counted,
    thing_of,
    told,
    worth_spread,
    worths_table,
)
from studyapp.sections.meetings import members
from studyapp.statistics.worth import Ranked, WorthError, ranked_worths

from .question import WORST, place_name

Frame = pd.DataFrame
COLUMNS = ["at", "participant", "image", "method", "unit", "page", "place", "value"]
NOTE = (
    "each page counts once for each of those on it; the mean is the share of the others that it "
    "was placed before, one half where no order was given"
)


def measure(tables: StudyTables, paradigm: str, main: Frame) -> Measured:
    """A row of each condition on each page."""
    orders = tables.frames["trials"].set_index("trial_id")["option_order"]
    rows = [
        row
        for index, one in main[main["value"].notna()].iterrows()
        for row in _page(index, one, loaded(orders[one["trial_id"]]))
    ]
    frame = Frame(rows, columns=COLUMNS).set_index("at")
    return Measured(frame, "value", null=0.5, bounds=(0, 1), notes=(NOTE,))


def _page(index: Any, one: "pd.Series[Any]", order: list[int]) -> Iterator[tuple[Any, ...]]:
    names = members(str(one["condition"]))
    shown = [names[member] for member in order]
    found = placed(shown, int(one["value"]), loaded(one["further_answers"]))
    page = f"{one['participant_id']}/{one['trial_position']}"
    person, image, unit = one["participant_id"], one["image_group"], one["stimulus_id"]
    for name, place in found.items():
        share = share_before(place, list(found.values()))
        yield index, person, image, name, unit, page, place, share


def placed(shown: list[str], best: int, further: Facts) -> dict[str, int]:
    """The places that an answer gives to those `shown`, from 1; alike where no order was given.

    An order ends before the first place that was declined.
    """
    order = [best]
    while (following := given(further, place_name(len(order) + 1))) is not None:
        order.append(int(following))
    places = {shown[one]: place for place, one in enumerate(order, 1)}
    if (worst := given(further, WORST)) is not None:
        places[shown[int(worst)]] = len(shown)
    return {name: places.get(name, len(order) + 1) for name in shown}


def share_before(place: float, of_page: list[float] | list[int]) -> float:
    """Of the others on the page, how many stand behind; those level count a half."""
    behind = sum(other > place for other in of_page)
    level = sum(other == place for other in of_page) - 1
    return (behind + level / 2) / max(1, len(of_page) - 1)


def paged(frame: Frame) -> Frame:
    """A table from elsewhere in which a page is one person's, whatever it is called."""
    return frame.assign(page=frame["participant"] + "/" + frame["page"])


def shares(frame: Frame) -> "pd.Series[Any]":
    """Of a table from elsewhere, whose pages are those of its column `page`."""
    frame = paged(frame)
    by_page = {page: rows["place"].to_list() for page, rows in frame.groupby("page")}
    return pd.Series(
        [
            share_before(place, by_page[page])
            for place, page in zip(frame["place"], frame["page"], strict=True)
        ],
        index=frame.index,
        dtype=float,
    )


def results(frame: Frame, methods: list[str], seed: int) -> dict[str, Any]:
    """Worths against the first of `methods`, and how often each was the first and the last."""
    if frame.empty:
        return {}
    pages = frame.groupby("page")["place"]
    first, last = frame["place"] == pages.transform("min"), frame["place"] == pages.transform("max")
    alone = frame.groupby(["page", "place"])["place"].transform("size") == 1
    counts = {
        name: {
            "pages": int(own.sum()),
            "best": int((own & first & alone).sum()),
            "worst": int((own & last & alone).sum()),
        }
        for name in methods
        for own in [frame["method"] == name]
    }
    try:
        rankings = [ranked(page) for _, page in frame.groupby("page", sort=False)]
        found = ranked_worths(rankings, methods[0])
    except WorthError as error:
        return {"counts": counts, "refused": str(error), "n": int(frame["page"].nunique())}
    return {"counts": counts, **told(found)}


def agreement(frame: Frame) -> dict[str, Any] | None:
    """α of the places of each condition on the same photo, among the same others."""
    if frame.empty:
        return None
    shown = frame.groupby("page")["method"].transform(lambda names: " · ".join(sorted(names)))
    pages = list(zip(thing_of(frame), shown, strict=True))
    units = [(*page, name) for page, name in zip(pages, frame["method"], strict=True)]
    return agreement_of(frame, "place", units, pages)


def ranked(page: Frame) -> Ranked:
    """One page's order: those before the only group that shares a place, and those behind it.

    Raises WorthError for a page with several such groups, or with a method twice.
    """
    name, rows = page["page"].iloc[0], page.sort_values("place", kind="stable")
    if rows["method"].duplicated().any():
        raise WorthError(f"page {name} has a method twice; give each page its own name")
    groups = [group["method"].to_list() for _, group in rows.groupby("place")]
    level = [place for place, group in enumerate(groups) if len(group) > 1]
    if len(level) > 1:
        raise WorthError(
            f"page {name} has several groups of methods in one place, and an order can leave out "
            "one only; give these methods places of their own"
        )
    middle = level[0] if level else len(groups)
    best = tuple(one for group in groups[:middle] for one in group)
    worst = tuple(one for group in reversed(groups[middle + 1 :]) for one in group)
    person, image = rows["participant"].iloc[0], rows["image"].iloc[0]
    return Ranked(tuple(rows["method"]), best, person, image, worst)


def tables(own: Facts) -> Iterator[Table]:
    yield counted(own["counts"], ("pages", "best", "worst"))
    yield from worths_table(own)
    if "refused" not in own:
        yield chances_table(own, "P(row is placed before the other)")


ANALYSIS = Analysis(
    measure=measure,
    schemas={
        "ranking": InputSchema(
            needed={"place": None, "page": ()},
            outcome=shares,
            is_share=False,
            null=0.5,
            rows=paged,
        )
    },
    results=results,
    tables=tables,
    spreads=worth_spread,
    agreement=agreement,
    words="share before",
)
