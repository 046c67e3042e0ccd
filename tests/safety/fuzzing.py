"""Valid files, spoiled: what a broken disk, a hurried editor or somebody's malice makes of them."""

from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

DEEP = 3000
NAMES_OF_COOKIES = [
    "discern-small", "discern-mine", "discern-device", "sessionid", "csrftoken", "messages", "é",
]  # fmt: skip
WORDS = st.text(max_size=40) | st.sampled_from(
    ["", "1", "-1", "yes", "9" * 5000, "\x00", "\ud7ff\u202e", "1e999", "nan", "[]", "½", "true"]
)
# What browsers send for the cookies of the site, as somebody's hand may have changed it; PERSON is
# filled in by the test.
COOKIES = st.lists(
    st.tuples(
        st.sampled_from(NAMES_OF_COOKIES),
        st.sampled_from([
            "", "x", "x.9", "PERSON." + "9" * 5000, "PERSON.-1", "PERSON.½", "9" * 5000, "PERSON",
            ".".join(["PERSON"] * 200), "\x01", "%00", "é", '"', ":::", "=",
        ]),
    ),
    max_size=3,
).map(lambda pairs: "; ".join(f"{name}={value}" for name, value in pairs))  # fmt: skip


def fuzzing(examples: int) -> settings:
    """The same examples in every run, so that what fails here fails everywhere."""
    return settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        # What fails is told as it was drawn: to make it small takes minutes.
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )


@st.composite
def spoiled(draw: st.DrawFn, whole: Sequence[bytes]) -> bytes:
    """One of the files with a few places overwritten, cut out, filled in, cut off or swapped in
    from another file."""
    content = bytearray(draw(st.sampled_from(list(whole))))
    for _ in range(draw(st.integers(1, 4))):
        at, length = draw(st.integers(0, len(content))), draw(st.integers(1, 24))
        match draw(st.sampled_from(["set", "cut", "insert", "end", "splice"])):
            case "set":
                new = draw(st.binary(min_size=length, max_size=length))
                content[at : at + length] = new
            case "cut":
                del content[at : at + length]
            case "insert":
                content[at:at] = draw(st.binary(max_size=24))
            case "end":
                del content[at:]
            case "splice":
                content[at:] = draw(st.sampled_from(list(whole)))[at:]
    return bytes(content)


# Values that no author of a file of ours would write there.
ODD_VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 2**31, 2**63, 10**400, -(10**30), 1.5, 1e308, float("nan"), float("inf"),
    "", "\x00", "\ud800", "../../x", "/etc/passwd", "=1+1", "x" * 100_000, [], [[]], {}, [None],
    {"a": {}}, "9" * 5000, "2026-13-45", "trust", "0" * 64,
)  # fmt: skip


def with_odd_value(tree: Any, place: int, value: Any) -> Any:
    """A copy of a JSON tree in which the leaf or branch number `place` is `value`."""
    number = -1

    def copied(node: Any) -> Any:
        nonlocal number
        number += 1
        if number == place:
            return value
        if isinstance(node, dict):
            return {key: copied(one) for key, one in node.items()}
        return [copied(one) for one in node] if isinstance(node, list) else node

    return copied(tree)


def size_of(tree: Any) -> int:
    """How many leaves and branches a JSON tree has, itself included."""
    inner = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    return 1 + sum(map(size_of, inner))
