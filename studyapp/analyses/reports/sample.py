"""Who took part, in words: devices, time taken, pay, and what was asked of them."""

from collections.abc import Iterator, Mapping
from typing import Any

from studyapp.paradigms.tabulation import Facts, Table
from studyapp.shelf.formatting import counted, number, short

NAMES = {"device_class": "Devices", "language": "Languages of the pages", "source": "Recruited via"}
STAGES = {"main": "", "practice": "practice: ", "learning": "learning: "}


def sample_table(sample: Facts) -> Table | None:
    """The people who are analysed; None for a table from elsewhere, which tells nothing of them."""
    if not sample:
        return None
    people = counted(sample["people"], "person", "people")
    return Table(f"The {people} who are analysed", ["", ""], list(_rows(sample)))


def _rows(sample: Facts) -> Iterator[list[str]]:
    for trait, name in NAMES.items():
        if sample[trait]:
            yield [name, _shares(sample[trait], sample["people"])]
    minutes = sample["minutes"]
    if minutes is not None:
        yield [
            "Minutes from the first task to the last answer",
            f"median {number(minutes['median'])}, half of them between "
            f"{number(minutes['lower_quartile'])} and {number(minutes['upper_quartile'])}, all "
            f"between {number(minutes['least'])} and {number(minutes['greatest'])}",
        ]
    if (pay := sample["pay"]) is not None:
        hourly = pay["hourly"]
        at_median = f", {hourly:.2f} an hour at the median time" if hourly is not None else ""
        yield ["Pay", f"{pay['amount']:.2f} {pay['currency']}{at_median}"]
    asked = "; ".join(
        f"{STAGES.get(one['stage'], '')}{one['question']} "
        f"({counted(one['trials'], 'trial', 'trials')})"
        for one in sample["asked"]
    )
    yield ["Asked of each person", asked]


def _shares(counts: Mapping[str, int], people: int) -> str:
    return ", ".join(
        f"{value} {count} ({short(round(100 * count / people))} %)"
        for value, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    )


def sample_of(found: Any) -> Facts:
    """The sample of the first paradigm that tells one, since all are of the same people."""
    told: Facts = next((one["sample"] for one in found if one.get("sample")), {})
    return told
