"""Training on easy-VQA's training pictures: a picture is seen once for all its questions."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from tqdm import tqdm

from .answerer import MIDDLE, Answerer, spelt
from .pictures import ANSWERS, Part

State = dict[str, Tensor]
AT_ONCE = 250  # pictures that are looked at together where nothing is trained


@dataclass(frozen=True)
class Pace:
    """`epochs` over the pictures, `pictures` a step, the highest rate, and the seed."""

    epochs: int = 10
    pictures: int = 16
    rate: float = 3e-3
    seed: int = 20190706


@dataclass(frozen=True, eq=False)
class Numbers:
    """A part as the network gets it: images, and for each question its words' numbers, its
    answer's, and its picture's."""

    images: Tensor
    questions: Tensor
    answers: Tensor
    pictures: Tensor

    def about(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """The questions about these pictures, and for each the place of its picture among them."""
        places = torch.full((len(self.images),), -1)
        places[pictures] = torch.arange(len(pictures))
        rows = torch.nonzero(places[self.pictures] >= 0)[:, 0]
        return rows, places[self.pictures[rows]]


def numbers_of(part: Part) -> Numbers:
    return Numbers(
        (part.images.float() / 255 - MIDDLE) / MIDDLE,
        torch.tensor([spelt(one.text) for one in part.questions]),
        answers_of(part),
        torch.tensor([one.picture for one in part.questions]),
    )


def answers_of(part: Part) -> Tensor:
    """The number of the right answer to each of the part's questions."""
    return torch.tensor([ANSWERS.index(one.answer) for one in part.questions])


def teach(
    part: Part,
    pace: Pace,
    told: str,
    *,
    normalised: bool = True,
    sighted: bool = True,
    after: Callable[[int, Answerer], None] = lambda epoch, module: None,
) -> Answerer:
    """A network that was trained; `after` gets it after each epoch, in evaluation mode.

    Without `sighted` it is given the questions alone: what it knows of a picture is 0.
    """
    torch.manual_seed(pace.seed)
    module, given = Answerer(normalised=normalised), numbers_of(part)
    steps = list(_steps(len(given.images), pace))
    optimiser = torch.optim.Adam(module.parameters(), pace.rate)
    rates = torch.optim.lr_scheduler.OneCycleLR(optimiser, pace.rate, total_steps=len(steps))
    bar = tqdm(steps, told, unit="step", disable=None)
    for number, pictures in enumerate(bar, 1):
        module.train()
        rows, places = given.about(pictures)
        seen = look(module, given.images[pictures], sighted)[places]
        loss = nn.CrossEntropyLoss()(module.judge(seen, given.questions[rows]), given.answers[rows])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        rates.step()
        bar.set_postfix(loss=f"{loss.item():.2f}", refresh=False)
        epoch, rest = divmod(number * pace.epochs, len(steps))
        if rest == 0:
            after(epoch, module.eval())
    return module.eval()


def _steps(pictures: int, pace: Pace) -> Iterator[Tensor]:
    """The pictures of each step: in each epoch all of them, in an order of its own."""
    chance = torch.Generator().manual_seed(pace.seed)
    for _ in range(pace.epochs):
        yield from torch.split(torch.randperm(pictures, generator=chance), pace.pictures)


def look(module: Answerer, images: Tensor, sighted: bool = True) -> Tensor:
    """N×channels: what the network knows of each picture."""
    if sighted:
        seen: Tensor = module.see(images).mean((2, 3))
        return seen
    return images.new_zeros((len(images), module.meet.in_features))


@torch.no_grad()
def answered(module: Answerer, part: Part, *, sighted: bool = True) -> Tensor:
    """The number of the answer to each of the part's questions."""
    given = numbers_of(part)
    seen = torch.cat([look(module, some, sighted) for some in torch.split(given.images, AT_ONCE)])
    return module.judge(seen[given.pictures], given.questions).argmax(1)
