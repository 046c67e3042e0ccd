"""Methods that read attention: as peers compute them, of the tokens that a network has."""

from operator import attrgetter
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torchcam.methods import LeGrad
from transformers import (
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
    Dinov2Config,
    Dinov2ForImageClassification,
    ViTConfig,
    ViTForImageClassification,
)

from explainer import ExplainerError, Network, explain
from tests.explainer.small_networks import OF_ATTENTION, noise, seeded
from tests.explainer.small_transformers import TRANSFORMERS, OneHead, by_hand, drawn, timm, vit
from tests.running import at_once


def test_torchcams_legrad_agrees() -> None:
    module, images, targets = vit(), noise(3, 3, 32, 32), [0, 1, 4]
    found = explain(Network(module), images, targets, ["legrad"])["legrad"]
    with LeGrad(module, list(module.encoder.layers)) as extractor:
        (theirs,) = extractor(targets, module(images), normalized=False)
    assert found.abs().max() > 0
    torch.testing.assert_close(found, theirs)


def test_a_softmax_by_hand_gives_the_maps_of_the_kernel() -> None:
    images = noise(2, 3, 32, 32)
    expected = explain(Network(timm()), images, [1, 2], OF_ATTENTION)
    found = explain(Network(by_hand()), images, [1, 2], OF_ATTENTION)
    for name in OF_ATTENTION:
        torch.testing.assert_close(found[name], expected[name], rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("name", TRANSFORMERS)
def test_maps_lie_on_the_patches_and_only_rollout_is_one_for_all_classes(name: str) -> None:
    network, images = Network(TRANSFORMERS[name]()), noise(2, 3, 32, 32)
    found = explain(network, images, [[0, 1], [2, 3]], OF_ATTENTION)
    for method in OF_ATTENTION:
        assert found[method].shape == (2, 2, 4, 4)
        assert (found[method] >= 0).all()
        assert found[method].abs().max() > 0
        shares = found.checks[method]["share_of_patches"]
        assert ((shares >= 0) & (shares <= 1 + 1e-5)).all()
        same = torch.equal(found[method][:, 0], found[method][:, 1])
        assert same == (method == "attention_rollout")


def test_the_share_of_patches_is_all_where_there_are_no_other_tokens() -> None:
    images = noise(2, 3, 32, 32)
    pooled = explain(Network(TRANSFORMERS["mean"]()), images, [0, 1], OF_ATTENTION)
    with_registers = explain(Network(TRANSFORMERS["registers"]()), images, [0, 1], OF_ATTENTION)
    for method in OF_ATTENTION:
        torch.testing.assert_close(pooled.checks[method]["share_of_patches"], torch.ones(2))
        assert (with_registers.checks[method]["share_of_patches"] < 0.999).all()


def test_a_row_of_rollout_adds_up_to_one_and_the_mean_is_taken_of_all_that_are_read() -> None:
    images = noise(2, 3, 32, 32)
    rows = {"torchvision": (0,), "distilled": (0, 1), "mean": tuple(range(16))}
    for name, expected in rows.items():
        assert Network(TRANSFORMERS[name]()).blocks(images).rows == expected
    map = explain(Network(TRANSFORMERS["mean"]()), images, [0, 1], ["attention_rollout"])
    torch.testing.assert_close(map["attention_rollout"].sum((1, 2)), torch.ones(2))


@pytest.mark.parametrize("method", OF_ATTENTION)
def test_a_batch_in_parts_gives_the_maps_of_the_whole(method: str) -> None:
    network, images = Network(vit()), noise(5, 3, 32, 32)
    whole = explain(network, images, [0, 1, 2, 3, 4], [method])
    parts = explain(network, images, [0, 1, 2, 3, 4], [method], memory=300_000)
    torch.testing.assert_close(parts[method], whole[method])
    one = explain(network, images[3:4], [3], [method])
    torch.testing.assert_close(one[method][0], whole[method][3])


@pytest.mark.parametrize("method", OF_ATTENTION)
def test_a_score_of_the_callers_own_is_explained_as_its_class_is(method: str) -> None:
    network, images = Network(vit()), noise(2, 3, 32, 32)
    expected = explain(network, images, [3, 3], [method])[method]
    found = explain(network, images, lambda output: output[:, 3], [method])[method]
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("method", OF_ATTENTION)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_other_precisions_give_float32_maps_that_are_near(method: str, dtype: Any) -> None:
    network, images = Network(vit()), noise(2, 3, 32, 32)
    expected = explain(network, images, [1, 2], [method])[method]
    network.module.to(dtype)
    found = explain(network, images.to(dtype), [1, 2], [method])[method]
    assert found.dtype == torch.float32
    near = 0.15 if dtype == torch.bfloat16 else 1e-4
    assert (found - expected).abs().max() < near * expected.abs().max()


def test_photos_that_are_not_square_have_their_own_grid() -> None:
    module = TRANSFORMERS["PyTorch's"]()
    for size in ((32, 24), (24, 32), (32, 32)):
        found = explain(Network(module), noise(2, 3, *size), [1, 2], OF_ATTENTION)
        for method in OF_ATTENTION:
            assert found[method].shape == (2, size[0] // 8, size[1] // 8)


def by_hooks(module: Any, images: Tensor, targets: list[int], rows: list[int]) -> dict[str, Tensor]:
    """Rollout, Chefer et al. and the product, over all tokens, from what timm's `attn_drop` gets
    where its attention is not fused: as people do it by hand."""
    met: list[Tensor] = []

    def hook(_: nn.Module, __: Any, out: Tensor) -> None:
        out.retain_grad()
        met.append(out)

    handles = [block.attn.attn_drop.register_forward_hook(hook) for block in module.blocks]
    module(images)[range(len(images)), targets].sum().backward()
    for handle in handles:
        handle.remove()
    eye = torch.eye(met[0].shape[-1])
    rolled = R = eye.expand(len(images), -1, -1)
    product = torch.zeros(len(images), len(eye))
    for A in met:
        weights, gradient = A.detach(), A.grad
        rolled = (weights.mean(1) + eye) / 2 @ rolled
        R = R + (weights * gradient).clamp(min=0).mean(1) @ R
        product += (weights * gradient.clamp(min=0)).mean((1, 2)) / len(met)
    return {
        "attention_rollout": rolled[:, rows].mean(1),
        "generic_attention": (R - eye)[:, rows].mean(1),
        "gradient_attention": product,
    }


@pytest.mark.parametrize(
    ("name", "prefix", "rows"),
    [("timm", 1, [0]), ("registers", 3, [0]), ("distilled", 2, [0, 1]), ("mean", 0, [*range(16)])],
)
def test_maps_are_those_of_hooks_on_timms_own_weights(
    name: str, prefix: int, rows: list[int]
) -> None:
    module, images, targets = TRANSFORMERS[name](), noise(2, 3, 32, 32), [1, 2]
    found = explain(Network(module), images, targets, OF_ATTENTION)
    for block in module.blocks:
        block.attn.fused_attn = False
    for method, tokens in by_hooks(module, images, targets, rows).items():
        expected = tokens[:, prefix:].reshape(2, 4, 4)
        torch.testing.assert_close(found[method], expected, rtol=1e-4, atol=1e-7)


def test_what_generic_attention_begins_with_is_not_on_the_patches_whose_mean_is_read() -> None:
    network, images = Network(TRANSFORMERS["mean"]()), noise(2, 3, 32, 32)
    (tiny,) = explain(
        network, images, lambda out: 1e-6 * out[[0, 1], [1, 2]], ["generic_attention"]
    ).maps.values()
    assert (tiny > 0).all()
    assert (tiny < 1e-4).all()  # the evidence of so small a score, and no haze of 1/16 below it


@pytest.mark.parametrize("method", OF_ATTENTION)
def test_a_score_that_depends_on_no_attention_is_refused(method: str) -> None:
    with pytest.raises(ExplainerError, match="last attention says: give a score that depends on"):
        explain(Network(vit()), noise(2, 3, 32, 32), lambda out: out[:, 1] * 0, [method])


HUGGING_FACE = {
    "ViT": lambda sizes: ViTForImageClassification(ViTConfig(num_labels=5, **sizes)),
    "DINOv2": lambda sizes: Dinov2ForImageClassification(Dinov2Config(num_labels=5, **sizes)),
    "CLIP": lambda sizes: CLIPVisionModelWithProjection(
        CLIPVisionConfig(projection_dim=5, **sizes)
    ),
}


@pytest.mark.parametrize("name", HUGGING_FACE)
def test_hugging_faces_networks_are_read_whichever_way_they_attend(name: str) -> None:
    images, found = noise(2, 3, 32, 32), {}
    sizes = {"hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2}
    sizes |= {"intermediate_size": 32, "image_size": 32, "patch_size": 8}
    for way in ("eager", "sdpa"):
        module = drawn(HUGGING_FACE[name]({"attn_implementation": way, **sizes}))
        read = {"scores": attrgetter("image_embeds")} if name == "CLIP" else {}
        found[way] = explain(Network(module, **read), images, [1, 2], OF_ATTENTION)
    for method in OF_ATTENTION:
        eager, sdpa = (found[way][method] for way in ("eager", "sdpa"))
        assert eager.shape == (2, 4, 4)
        assert eager.abs().max() > 0
        torch.testing.assert_close(eager, sdpa, rtol=1e-3, atol=1e-6)


class Einsums(OneHead):
    """The same block, whose products are einsums, in half precision with weights from float32."""

    def __init__(self, width: int, equation: str = "nij,njd->nid") -> None:
        super().__init__(width)
        self.equation = equation

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm1(x)
        logits = torch.einsum("nid,njd->nij", self.query(y), self.key(y))
        weights = logits.softmax(dim=-1, dtype=torch.float64).to(x.dtype)
        x = x + torch.einsum(self.equation, weights, self.value(y))
        return x + functional.gelu(self.rest(self.norm2(x)))


def test_einsums_are_met_as_products_are_and_refused_where_they_take_columns() -> None:
    images, module = noise(2, 3, 32, 32), TRANSFORMERS["one head"]()
    expected = explain(Network(module), images, [1, 2], OF_ATTENTION)
    for equation in ("nij,njd->nid", " n i j, n j d -> n i d"):
        twin = TRANSFORMERS["one head"]()
        twin.encoder.layers = nn.Sequential(*(Einsums(24, equation) for _ in range(2)))
        twin.load_state_dict(module.state_dict())
        found = explain(Network(twin.eval()), images, [1, 2], OF_ATTENTION)
        for method in OF_ATTENTION:
            torch.testing.assert_close(found[method], expected[method], rtol=1e-3, atol=1e-6)
    for block in twin.encoder.layers:
        block.equation = "nji,njd->nid"
    for method in OF_ATTENTION:
        with pytest.raises(ExplainerError, match="no attention that can be read"):
            explain(Network(twin), images, [1, 2], [method])


class Asking(nn.Module):
    """A transformer whose tokens are moved by a question before its first block."""

    def __init__(self) -> None:
        super().__init__()
        self.seen, self.words = vit(), nn.Embedding(4, 24)

    def forward(self, images: Tensor, words: Tensor) -> Tensor:
        own = self.seen
        x = own._process_input(images)
        x = torch.cat([own.class_token.expand(len(x), -1, -1), x], 1) + self.words(words)[:, None]
        return own.heads(own.encoder(x)[:, 0])


def ask(module: nn.Module, images: Tensor, words: Any) -> Tensor:
    return module(images, torch.tensor(words))


@pytest.mark.parametrize("method", OF_ATTENTION)
def test_each_image_is_asked_its_own_question(method: str) -> None:
    module, images, questions = drawn(Asking()), noise(5, 3, 32, 32), [0, 3, 1, 2, 3]
    network, targets = Network(module, call=ask), [1, 4, 2, 0, 3]
    alone = torch.cat([
        explain(network, images[n : n + 1], targets[n : n + 1], [method],
                context=questions[n : n + 1])[method]
        for n in range(5)
    ])  # fmt: skip
    for memory in (None, 1, 400_000):
        found = explain(network, images, targets, [method], context=questions, memory=memory)
        torch.testing.assert_close(found[method], alone, rtol=1e-4, atol=1e-7)
    other = explain(network, images, targets, [method], context=[1, 2, 3, 0, 0])[method]
    assert not torch.allclose(other, alone, rtol=1e-2)


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode, torch.enable_grad])
def test_all_of_the_callers_is_as_it_was(mode: Any) -> None:
    module, images = vit(), noise(2, 3, 32, 32)
    expected = explain(Network(module), images, [0, 1], OF_ATTENTION)
    before = {name: values.clone() for name, values in module.state_dict().items()}
    with mode():
        found = explain(Network(module), images, [0, 1], OF_ATTENTION)
        assert torch.is_grad_enabled() == (mode is torch.enable_grad)
    for method in OF_ATTENTION:
        assert torch.equal(found[method], expected[method])
        assert not found[method].requires_grad
    assert all(torch.equal(before[name], v) for name, v in module.state_dict().items())
    assert all(weights.grad is None for weights in module.parameters())
    assert not any(child._forward_hooks for child in module.modules())


def test_threads_with_one_network_do_not_disturb_each_other() -> None:
    network = Network(vit())
    batches = [(noise(2, 3, 32, 32, seed=seed), [seed % 5] * 2) for seed in range(4)]
    expected = [explain(network, *batch, OF_ATTENTION) for batch in batches]
    wrong: list[int] = []

    def run(number: int) -> None:
        for _ in range(3):
            found = explain(network, *batches[number], OF_ATTENTION)
            if any(not torch.equal(found[m], expected[number][m]) for m in OF_ATTENTION):
                wrong.append(number)

    at_once(4, run)
    assert wrong == []


@pytest.mark.parametrize("method", OF_ATTENTION)
def test_under_autocast_maps_are_near(method: str) -> None:
    network, images = Network(vit()), noise(2, 3, 32, 32)
    expected = explain(network, images, [1, 2], [method])[method]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = explain(network, images, [1, 2], [method])[method]
    assert found.dtype == torch.float32
    assert (found - expected).abs().max() < 0.15 * expected.abs().max()


class Named(nn.Module):
    """One attention in the open, whose product has named operands or not."""

    def __init__(self, *, named: bool) -> None:
        super().__init__()
        self.patches, self.named = nn.Conv2d(3, 8, 4, 4), named
        self.first, self.classes = nn.Linear(8, 24), nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.patches(x).flatten(2).transpose(1, 2)
        query, key, value = self.first(tokens).chunk(3, -1)
        weights = torch.softmax(query @ key.transpose(1, 2), -1)
        found = torch.bmm(input=weights, mat2=value) if self.named else weights @ value
        return self.classes((tokens + found).mean(1))


def test_a_product_of_named_operands_is_attention_as_any_other() -> None:
    images = noise(2, 3, 16, 16)
    named, other = (
        explain(Network(seeded(Named, named=named)), images, [1, 2], ["attention_rollout"])
        for named in (True, False)
    )
    torch.testing.assert_close(named["attention_rollout"], other["attention_rollout"])
