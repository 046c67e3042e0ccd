"""How the patches of layers lie, found once for each question that images of one size are asked."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from explainer.errors import ExplainerError
from explainer.passes.grids import Arrangement

Questions = Mapping[str | int, int]  # see `Entries.different`


@dataclass(frozen=True)
class Layouts:
    """What was found, by a layer's address and a question's digest."""

    found: dict[tuple[str, str | int], Arrangement] = field(default_factory=dict)

    def known(self, addresses: Sequence[str], questions: Questions) -> dict[str, Arrangement]:
        """Of these addresses those whose layout is known to be the same for all questions."""
        each = {
            address: {self.found.get((address, question)) for question in questions}
            for address in addresses
        }
        return {address: one for address, (one, *more) in each.items() if one and not more}

    def at(
        self, address: str, questions: Questions, look: Callable[[int], Arrangement]
    ) -> Arrangement:
        """The layout at the address; `look` finds it by the image at a place, asked alone."""
        layouts = {self._of(address, question, look, at) for question, at in questions.items()}
        if len(layouts) > 1:
            raise ExplainerError(
                f'the patches of layer "{address}" lie at different places for different questions',
                "explain these images in separate calls",
            )
        return layouts.pop()

    def _of(
        self, address: str, question: str | int, look: Callable[[int], Arrangement], place: int
    ) -> Arrangement:
        layout = self.found.get((address, question)) or look(place)
        if isinstance(question, str):  # a number may become that of another object
            self.found[address, question] = layout
        return layout
