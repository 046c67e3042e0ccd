"""The steps of a training: the same from wherever they go on, and to the optimum that is known."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from explainer import ExplainerError
from explainer.training.features import Features
from explainer.training.fitting import Pace, Scale, fit, loss_of

PHOTOS, WIDTH, CLASSES = 40, 6, 3


def features(folder: Path) -> tuple[Features, Tensor]:
    folder.mkdir(exist_ok=True)
    chance = np.random.default_rng(0)
    answers = chance.integers(0, CLASSES, PHOTOS)
    values = 5 + 3 * chance.normal(size=(PHOTOS, WIDTH)) + answers[:, None]
    files = [folder / f"{n}.npy" for n in range(PHOTOS)]
    for file, row in zip(files, values, strict=True):
        np.save(file, row.astype(np.float32))
    return Features(files), torch.from_numpy(np.eye(CLASSES, dtype=np.int64)[answers])


def layers() -> nn.Module:
    """With what is drawn at each step, and statistics that must stay."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return nn.Sequential(
            nn.Linear(WIDTH, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, CLASSES)
        )


PACE = Pace(epochs=4, batch=16, rate=0.01, l2=0.01, seed=3)


def fitted(folder: Path, stop: int | None = None) -> nn.Module:
    rest = layers()
    found, answers = features(folder)
    how = {"probabilities": "softmax", "checkpoint": folder / "checkpoint.pth", "every": 0.0}
    for done, _ in fit(rest, found, answers, PACE, **how):
        if done == stop:
            break
    return rest


def test_a_training_goes_on_from_any_step_to_the_same_bits(tmp_path: Path) -> None:
    whole = fitted(tmp_path / "whole").state_dict()
    for stop in (1, 5, 11):
        folder = tmp_path / str(stop)
        assert not fitted(folder, stop).state_dict()["0.weight"].equal(whole["0.weight"])
        again = fitted(folder).state_dict()
        assert all(again[key].equal(values) for key, values in whole.items())
    assert whole["1.running_mean"].eq(0).all()


def test_a_damaged_checkpoint_is_refused(tmp_path: Path) -> None:
    fitted(tmp_path, 2)
    (tmp_path / "checkpoint.pth").write_bytes(b"half")
    with pytest.raises(ExplainerError, match="can't be read as a checkpoint: remove"):
        fitted(tmp_path)


def test_a_head_reaches_the_optimum_of_its_penalised_loss(tmp_path: Path) -> None:
    """Of a convex loss there is one: Newton's method from SciPy's finds the same."""
    from scipy.optimize import minimize

    found, answers = features(tmp_path)
    raw = found.kept.clone()
    scale = Scale(found)
    values, wanted = found.kept.double().numpy(), answers.numpy()

    def penalised(flat: np.ndarray) -> float:
        W, b = flat[: CLASSES * WIDTH].reshape(CLASSES, WIDTH), flat[CLASSES * WIDTH :]
        scores = values @ W.T + b
        logarithms = scores - np.log(np.exp(scores).sum(1, keepdims=True))
        return -(logarithms * wanted).sum(1).mean() + 0.05 * (W**2).sum()

    best = minimize(penalised, np.zeros(CLASSES * (WIDTH + 1)), tol=1e-12)
    head = nn.Linear(WIDTH, CLASSES)
    nn.init.zeros_(head.weight), nn.init.zeros_(head.bias)
    pace = Pace(epochs=400, batch=PHOTOS, rate=0.05, l2=0.1, seed=0)
    how = {"probabilities": "softmax", "checkpoint": tmp_path / "checkpoint.pth", "every": 1e9}
    assert [done for done, _ in fit(head, found, answers, pace, **how)][-1] == 400
    W = best.x[: CLASSES * WIDTH].reshape(CLASSES, WIDTH)
    np.testing.assert_allclose(head.weight.detach(), W, atol=2e-3)
    scores = head(found.kept)
    scale.folded_into(head)
    torch.testing.assert_close(head(raw), scores, atol=1e-4, rtol=1e-4)


def test_what_is_not_judged_has_no_part_in_the_loss() -> None:
    scores = torch.tensor([[2.0, -1.0], [0.5, 3.0]])
    answers = torch.tensor([[1, -1], [0, 1]])
    p = scores.sigmoid()
    expected = -(p[0, 0].log() + (1 - p[1, 0]).log() + p[1, 1].log()) / 3
    torch.testing.assert_close(loss_of(scores, answers, "sigmoid"), expected)


def test_each_epoch_takes_every_photo_once_in_an_order_of_its_own() -> None:
    epochs = [torch.cat([PACE.taken(3 * epoch + n, 40) for n in range(3)]) for epoch in (0, 1)]
    assert [sorted(order.tolist()) for order in epochs] == [list(range(40))] * 2
    assert not epochs[0].equal(epochs[1])
    with pytest.raises(ExplainerError, match="epochs=0: use a whole number above 0"):
        Pace(0, 8, 0.1, 0, 0)
