"""Published questionnaires: how their answers are scored and, where their licence allows to pass
them on, their items. docs/decisions/0353 says why each may be passed on."""

from collections.abc import Mapping
from dataclasses import dataclass

LIKERT = ("strongly disagree", "strongly agree")
LOAD = ("very low", "very high")


@dataclass(frozen=True)
class Instrument:
    """A published questionnaire: its items are counted from 1, in the published order.

    items: how many there are; 0 where each study has its own. points: steps of the scale, from
    `first` on. scales: the scores that are reported, each by its items; none where each item is
    one. reversed_items: those whose answers count the other way round. is_percentage: scores go
    from 0 to 100, else they are means of answers. is_slider: how it is answered. words, ends: the
    published items and the words at the ends of each item's scale, in `language`; none where the
    researcher brings them.
    """

    source: str
    items: int
    points: int
    scales: Mapping[str, tuple[int, ...]]
    reversed_items: tuple[int, ...] = ()
    first: int = 1
    is_percentage: bool = False
    is_slider: bool = False
    words: tuple[str, ...] = ()
    ends: tuple[tuple[str, str], ...] = ()
    language: str = "en"

    @property
    def last(self) -> int:
        """The highest answer."""
        return self.first + self.points - 1

    @property
    def is_fixed(self) -> bool:
        """Whether the scale is the instrument's and not the block's."""
        return bool(self.words) or self.is_slider

    @property
    def has_mixed_ends(self) -> bool:
        """Whether the words at the ends differ between items."""
        return len(set(self.ends)) > 1


INSTRUMENTS: Mapping[str, Instrument] = {
    # Trust and distrust are reported apart: distrust is not low trust.
    "trust_in_automation": Instrument(
        source="Jian, Bisantz and Drury, Int. J. of Cognitive Ergonomics 4 (2000), 53-71",
        items=12,
        points=7,
        scales={"distrust": tuple(range(1, 6)), "trust": tuple(range(6, 13))},
    ),
    # The version with eight items; another one has nine.
    "explanation_satisfaction": Instrument(
        source="Hoffman, Mueller, Klein and Litman, arXiv 1812.04608, eight items",
        items=8,
        points=5,
        scales={"satisfaction": tuple(range(1, 9))},
    ),
    # "I am wary of the system" is item 6, reverse-scored.
    "trust_in_explained_systems": Instrument(
        source="Hoffman, Mueller, Klein and Litman, arXiv 1812.04608, eight items",
        items=8,
        points=5,
        scales={"trust": tuple(range(1, 9))},
        reversed_items=(6,),
    ),
    # 2.5 times the sum of the answers, each turned and counted from 0
    "sus": Instrument(
        source="Brooke, SUS: a “quick and dirty” usability scale, in Usability Evaluation in "
        "Industry, Taylor & Francis 1996, 189-194",
        items=10,
        points=5,
        scales={"SUS": tuple(range(1, 11))},
        reversed_items=(2, 4, 6, 8, 10),
        is_percentage=True,
        words=(
            "I think that I would like to use this system frequently.",
            "I found the system unnecessarily complex.",
            "I thought the system was easy to use.",
            "I think that I would need the support of a technical person to be able to use this "
            "system.",
            "I found the various functions in this system were well integrated.",
            "I thought there was too much inconsistency in this system.",
            "I would imagine that most people would learn to use this system very quickly.",
            "I found the system very cumbersome to use.",
            "I felt very confident using the system.",
            "I needed to learn a lot of things before I could get going with this system.",
        ),
        ends=(LIKERT,) * 10,
    ),
    # Without the comparisons that weight the six scales; 21 marks, 5 points apart
    "nasa_tlx": Instrument(
        source="Hart and Staveland, Advances in Psychology 52 (1988), 139-183; unweighted: Hart, "
        "Proc. Human Factors and Ergonomics Society 50 (2006), 904-908",
        items=6,
        points=21,
        scales={"raw TLX": tuple(range(1, 7))},
        first=0,
        is_percentage=True,
        is_slider=True,
        words=(
            "Mental demand: How mentally demanding was the task?",
            "Physical demand: How physically demanding was the task?",
            "Temporal demand: How hurried or rushed was the pace of the task?",
            "Performance: How successful were you in accomplishing what you were asked to do?",
            "Effort: How hard did you have to work to accomplish your level of performance?",
            "Frustration: How insecure, discouraged, irritated, stressed, and annoyed were you?",
        ),
        ends=(LOAD, LOAD, LOAD, ("perfect", "failure"), LOAD, LOAD),
    ),
    "umux_lite": Instrument(
        source="Lewis, Utesch and Maher, UMUX-LITE: when there's no time for the SUS, CHI 2013, "
        "2099-2102",
        items=2,
        points=7,
        scales={"UMUX-Lite": (1, 2)},
        is_percentage=True,
        words=(
            "This system's capabilities meet my requirements.",
            "This system is easy to use.",
        ),
        ends=(LIKERT,) * 2,
    ),
    # A form of answering, whose items are each study's own
    "vas": Instrument(
        source="Hayes and Patterson, Psychological Bulletin 18 (1921), 98-99",
        items=0,
        points=101,
        scales={},
        first=0,
        is_slider=True,
    ),
}


def is_published(instrument: Instrument, items: list[str]) -> bool:
    """Whether a block asks the published items, so that the published score means something.

    What a researcher copied from a paper is taken for it where the items are not here to compare.
    """
    return not instrument.words or not items or tuple(items) == instrument.words


def is_scored_as(instrument: Instrument, items: list[str], translation: str | None) -> bool:
    """Whether the published score is reported: of the published items, or of those of a translation
    that the study names."""
    return is_published(instrument, items) or translation is not None
