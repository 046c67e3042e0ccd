"""By which attentions images are read, found once for each question that those of one size are
asked."""

from collections.abc import Callable
from dataclasses import dataclass, field

from explainer.errors import ExplainerError
from explainer.graphs.blocks import Blocks
from explainer.passes.targets import Score, Wanted

from .layouts import Questions


@dataclass(frozen=True)
class Attended:
    """What was found, by a question's digest: for all classes, or for the last score of one's
    own."""

    found: dict[str | int, tuple[Score | None, Blocks]] = field(default_factory=dict)

    def of(self, wanted: Wanted, questions: Questions, look: Callable[[int], Blocks]) -> Blocks:
        """The attentions; `look` finds them by the image at a place, asked alone."""
        score = wanted if callable(wanted) else None
        each = {self._of(score, question, look, at) for question, at in questions.items()}
        if len(each) > 1:
            raise ExplainerError(
                "the network uses different attentions for different questions",
                "explain these images in separate calls",
            )
        return each.pop()

    def _of(
        self, score: Score | None, question: str | int, look: Callable[[int], Blocks], place: int
    ) -> Blocks:
        known, blocks = self.found.get(question, (None, None))
        if blocks is None or known is not score:
            blocks = look(place)
            if isinstance(question, str):  # a number may become that of another object
                self.found[question] = score, blocks
        return blocks
