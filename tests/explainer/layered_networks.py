"""Small networks whose score is made of another map than the last convolution's."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

HEADS: dict[str, Callable[[Tensor], Tensor]] = {
    "mean": lambda x: x.mean((2, 3)),
    "sum": lambda x: x.sum((-2, -1)),
    "flat": lambda x: x.flatten(2).mean(2),
    "pool": lambda x: functional.adaptive_avg_pool2d(x, 1).flatten(1),
}


class UNet(nn.Module):
    """The score reads the decoder; a side output that nobody asks for comes last."""

    def __init__(self, head: str = "mean") -> None:
        super().__init__()
        self.down1, self.down2 = nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(6, 8, 3, padding=1)
        self.bottleneck = nn.Conv2d(8, 8, 3, padding=1)
        self.up1, self.up2 = nn.Conv2d(16, 8, 3, padding=1), nn.Conv2d(14, 6, 3, padding=1)
        self.side, self.classes = nn.Conv2d(8, 2, 1), nn.Linear(6, 5)
        self.head = head

    def forward(self, x: Tensor) -> Tensor:
        first = torch.relu(self.down1(x))
        second = torch.relu(self.down2(functional.max_pool2d(first, 2)))
        deep = torch.relu(self.bottleneck(functional.max_pool2d(second, 2)))
        up = torch.cat([functional.interpolate(deep, scale_factor=2), second], 1)
        up = torch.relu(self.up1(up))
        up = torch.cat([functional.interpolate(up, scale_factor=2), first], 1)
        up = torch.relu(self.up2(up))
        self.side(deep)
        return self.classes(HEADS[self.head](up))


class TwoHeads(nn.Module):
    """A trunk and two branches, each with its own output."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Conv2d(3, 6, 3, padding=1)
        self.left, self.right = nn.Conv2d(6, 8, 3), nn.Conv2d(6, 8, 3)
        self.left_classes, self.right_classes = nn.Linear(8, 5), nn.Linear(8, 2)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = torch.relu(self.trunk(x))
        left, right = (torch.relu(branch(x)) for branch in (self.left, self.right))
        return self.left_classes(left.mean((2, 3))), self.right_classes(right.mean((2, 3)))


class OneOfTwo(nn.Module):
    """The classes of the left branch alone, though the right one comes last."""

    def __init__(self) -> None:
        super().__init__()
        self.both = TwoHeads()

    def forward(self, x: Tensor) -> Tensor:
        return self.both(x)[0]


class Scales(nn.Module):
    """The classes of two scales, neither of them made of the other alone."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(6, 8, 3, padding=1)
        self.classes = nn.Linear(14, 5)

    def forward(self, x: Tensor) -> Tensor:
        fine = torch.relu(self.first(x))
        coarse = torch.relu(self.second(functional.max_pool2d(fine, 2)))
        return self.classes(torch.cat([fine.mean((2, 3)), coarse.mean((2, 3))], 1))


class Tokens(nn.Module):
    """Patches as tokens with one for the class, mixed by attention, as in a vision transformer."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 8, 4, 4)
        self.class_token = nn.Parameter(torch.zeros(1, 1, 8))
        self.block = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.classes = nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.patches(x).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.class_token.expand(len(x), -1, -1), tokens], 1)
        return self.classes(self.block(tokens)[:, 0])


class ChannelsLast(nn.Module):
    """N×u×v×K from the patches on; `channels` of them, to be taken for places where it can be."""

    def __init__(self, channels: int = 12) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, channels, 4, 4)
        self.mix = nn.Linear(channels, channels)
        self.norm = nn.LayerNorm(channels)
        self.classes = nn.Linear(channels, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patches(x).permute(0, 2, 3, 1)
        x = self.norm(x + functional.gelu(self.mix(x)))
        return self.classes(x.mean((1, 2)))


class ChannelsFirst(nn.Module):
    """The same network, written N×K×u×v."""

    def __init__(self, of: ChannelsLast) -> None:
        super().__init__()
        self.patches, self.mix, self.norm, self.classes = of.patches, of.mix, of.norm, of.classes
        self.map = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        x = self.patches(x)
        mixed = functional.gelu(self.mix(x.movedim(1, 3)).movedim(3, 1))
        x = self.map(self.norm((x + mixed).movedim(1, 3)).movedim(3, 1) * 1.0)
        return self.classes(x.mean((2, 3)))


class Frames(nn.Module):
    """N×12×H×W holds four frames each, which go through the network as 4N images."""

    def __init__(self, *, joined: bool) -> None:
        super().__init__()
        self.encoder = nn.Conv2d(3, 6, 3)
        self.fused = nn.Conv2d(24, 8, 3)
        self.classes = nn.Linear(8 if joined else 6, 5)
        self.joined = joined

    def forward(self, x: Tensor) -> Any:
        frames = torch.relu(self.encoder(x.reshape(-1, 3, *x.shape[2:])))
        if self.joined:
            frames = torch.relu(self.fused(frames.reshape(len(x), 24, *frames.shape[2:])))
            return self.classes(frames.mean((2, 3)))
        return self.classes(frames.mean((2, 3))).reshape(len(x), 4, 5).mean(1)


class Siamese(nn.Module):
    """Two photos in six channels, each by the same encoder."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(3, 6, 3), nn.ReLU())
        self.classes = nn.Linear(12, 5)

    def forward(self, x: Tensor) -> Tensor:
        pair = [self.encoder(x[:, :3]).mean((2, 3)), self.encoder(x[:, 3:]).mean((2, 3))]
        return self.classes(torch.cat(pair, 1))


class Again(nn.Module):
    """One block that runs three times, each time on what it gave before."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.block = nn.Conv2d(3, 6, 3), nn.Conv2d(6, 6, 3, padding=1)
        self.classes = nn.Linear(6, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for _ in range(3):
            x = torch.relu(self.block(x)) + x
        return self.classes(x.mean((2, 3)))


class Functional(nn.Module):
    """Convolutions that are calls with weights of the network's own; `named`: after a module."""

    def __init__(self, *, named: bool) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 6, 3)
        self.weights = nn.Parameter(torch.randn(8, 6, 3, 3, generator=torch.manual_seed(3)) / 7)
        self.others = nn.Parameter(torch.randn(8, 6, 3, 3, generator=torch.manual_seed(4)) / 7)
        self.classes = nn.Linear(8, 5)
        self.named = named

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        found = torch.relu(functional.conv2d(x, self.weights))
        if not self.named:  # then "stem > conv2d" means the second call
            functional.conv2d(x, self.others)
        return self.classes(found.mean((2, 3)))
