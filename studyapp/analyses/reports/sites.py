"""What differs between the sites of a study, as tables."""

from collections.abc import Callable, Iterator, Sequence

from studyapp.paradigms.tabulation import Facts, Table
from studyapp.shelf.formatting import interval, number, p_value, percent, points, signed

Show = Callable[[float | None], str]


def sites_tables(found: Facts) -> Iterator[Table]:
    """Means and contrasts by site; nothing of a study without sites."""
    told = found.get("sites")
    if told is None:
        return
    is_share = found["outcome"] == "correct"
    show, shown = (percent, points) if is_share else (number, signed)
    names = list(told["people"])
    header = ["method", *(f"{name} ({told['people'][name]} people)" for name in names)]
    rows = [
        [method, *(_pair(by_site[name]["mean"], by_site[name]["robust95"], show) for name in names)]
        for method, by_site in told["methods"].items()
    ]
    yield Table("By site", header, rows)
    header = ["contrast", *names, "within sites", "p", "do sites differ?", "sites at large"]
    yield Table(
        "Differences by site (the last two columns hold for these photos only)",
        header,
        [_contrast(one, names, shown) for one in told["contrasts"]],
    )


def _contrast(one: Facts, names: list[str], show: Show) -> list[str]:
    sites, within, difference = one["sites"], one["within"], one["difference"]
    told = one["note"] if difference is None else f"p {p_value(difference['p'])}"
    large = one["at_large"]
    at_large = (
        "" if large is None else _pair(large["estimate"], (large["low"], large["high"]), show)
    )
    # Without a test its column has the note
    words = "" if difference is None else one["note"]
    return [
        f"{one['a']} − {one['b']}",
        *(_pair(sites[name]["estimate"], sites[name]["robust95"], show) for name in names),
        _pair(within["estimate"], within["robust95"], show),
        p_value(within["p"]),
        told,
        "; ".join(filter(None, [at_large, words])),
    ]


def _pair(value: float | None, ends: Sequence[float] | None, show: Show) -> str:
    words = show(value)
    return words if ends is None else f"{words} ({interval(ends, show)})"
