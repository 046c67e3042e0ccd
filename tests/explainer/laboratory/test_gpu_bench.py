"""`bench/gpu.py` runs without a card too, against the processor's float64."""

import pytest
import torch

from bench import gpu


def test_every_method_of_a_recurrent_network_is_compared_and_within_its_tolerance(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    images = torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    monkeypatch.setattr(gpu, "METHODS", {name: gpu.METHODS[name] for name in (
        "grad_cam", "gradient", "smooth_grad", "group_cam", "other_image")})  # fmt: skip
    assert gpu.compare("recurrent", torch.device("cpu"), images)
    told = capsys.readouterr().out
    assert "smooth_grad" in told
    assert "left out: other_image has no other image" in told
    monkeypatch.setattr(gpu, "LARGEST", -1.0)
    assert not gpu.compare("recurrent", torch.device("cpu"), images)
