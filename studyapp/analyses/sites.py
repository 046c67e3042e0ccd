"""The same contrasts site by site, within sites, and over sites at large."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd

from studyapp.statistics.heterogeneity import FEWEST_GROUPS, overall, welch
from studyapp.statistics.robust import FEWEST_EFFECTIVE, Estimate, two_way_contrast, two_way_within

from .comparisons import Pair, estimated
from .tidy import Tidy

TOO_FEW = "fewer than five sites can't tell how much sites vary"
NOT_COMPARED = "fewer than two sites can be compared"


def sites(tidy: Tidy, pairs: Sequence[Pair]) -> dict[str, Any] | None:
    """Means by site and, of each pair, its contrast at every site; None without sites."""
    site = [tidy.sites.get(str(person), "") for person in tidy.frame["participant"]]
    names = sorted(set(site) - {""})
    if len(names) < 2:
        return None
    frame = tidy.frame.assign(site=site)
    frame = frame[frame["site"] != ""]
    return {
        "people": {
            name: int(frame.loc[frame["site"] == name, "participant"].nunique()) for name in names
        },
        "methods": {
            method: {name: _mean(tidy, frame[frame["site"] == name], method) for name in names}
            for method in tidy.methods()
        },
        "contrasts": [_contrast(tidy, frame, names, pair) for pair in pairs],
    }


def _mean(tidy: Tidy, frame: pd.DataFrame, method: str) -> dict[str, Any]:
    found = estimated(tidy, frame, method)
    count = int((frame["method"] == method).sum())
    return {"n": count, "mean": found.estimate, "robust95": found.interval, "note": found.note}


def _contrast(tidy: Tidy, frame: pd.DataFrame, names: Sequence[str], pair: Pair) -> dict[str, Any]:
    rows = frame[frame["method"].isin([pair.a, pair.b])]
    by_site = {name: rows[rows["site"] == name] for name in names}
    people = {name: _of(tidy, one, pair, by="participant") for name, one in by_site.items()}
    fixed = two_way_within(
        rows[tidy.outcome].to_list(), rows["participant"].to_list(), rows["image"].to_list(),
        (rows["method"] == pair.a).to_list(), rows["site"].to_list(),
    )  # fmt: skip
    return {
        "a": pair.a,
        "b": pair.b,
        "planned": pair.is_planned,
        "sites": {name: _told(_of(tidy, one, pair, by="image")) for name, one in by_site.items()},
        "within": {**_told(fixed), "p": fixed.p},
        **_between(people),
    }


def _of(tidy: Tidy, rows: pd.DataFrame, pair: Pair, *, by: str) -> Estimate:
    """The contrast at one site. by: the second way of clusters; participants again leave those of
    photos out, which the sites share."""
    return two_way_contrast(
        rows[tidy.outcome].to_list(), rows["participant"].to_list(), rows[by].to_list(),
        (rows["method"] == pair.a).to_list(),
    )  # fmt: skip


def _told(found: Estimate) -> dict[str, Any]:
    return {
        "estimate": found.estimate, "se": found.se, "df": found.df, "robust95": found.interval,
        "note": found.note,
    }  # fmt: skip


def _between(found: Mapping[str, Estimate]) -> dict[str, Any]:
    """Whether sites differ, and the effect over sites at large; both are of these photos.

    A site with too few people, or without one of the two, is left out. One whose judgments all
    agree is not, because that would choose sites by what was found: nothing is compared then.
    """
    enough = {name: one for name, one in found.items() if not _too_little(one)}
    few = [f"{name} ({_too_little(one)})" for name, one in found.items() if name not in enough]
    left_out = [f"left out: {', '.join(few)}"] if few else []
    constant = [f"at {name} {one.note}" for name, one in enough.items() if not one.se]
    if constant or len(enough) < 2:
        why = f"sites are not compared: {constant[0]}" if constant else NOT_COMPARED
        return {"difference": None, "at_large": None, "note": "; ".join([why, *left_out])}
    known = [(one.estimate, one.se, one.df) for one in enough.values()]
    estimates, errors, df = (list(column) for column in zip(*known, strict=True))
    difference = asdict(welch(estimates, errors, df))
    if len(known) < FEWEST_GROUPS:
        note = "; ".join([TOO_FEW, *left_out])
        return {"difference": difference, "at_large": None, "note": note}
    large = asdict(overall(estimates, errors))
    return {"difference": difference, "at_large": large, "note": "; ".join(left_out)}


def _too_little(found: Estimate) -> str:
    """Why a site is left out of the comparison; empty where it is not."""
    if found.estimate is None:
        return found.note
    if found.is_tested:
        return ""
    return f"{found.clusters:.1f} effective people, and at least {FEWEST_EFFECTIVE} are needed"
