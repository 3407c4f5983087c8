"""Devices by name, and what a machine without a GPU answers."""

from __future__ import annotations

import pytest

import danlu as dl
from danlu import _core

has_gpu = len(dl.config.devices()) > 1


@pytest.mark.skipif(has_gpu, reason="this machine has a GPU")
@pytest.mark.parametrize("name", ["cuda", "cuda:0", "cuda:3"])
def test_without_a_gpu(name: str) -> None:
    why = "no CUDA device: ." if _core.build_info()["cuda"] else "this danlu was built without CUDA"
    with pytest.raises(RuntimeError, match=rf"\[to_device\] {why}"):
        dl.asarray([1.0]).to_device(name)
    with pytest.raises(RuntimeError, match=rf"\[asarray\] {why}"):
        dl.asarray([1.0], device=name)
    assert dl.config.devices() == ["cpu"]


@pytest.mark.parametrize("name", ["gpu", "cuda:", "cuda:x", "cuda:-1", "cpu:0", ""])
def test_device_names(name: str) -> None:
    with pytest.raises(ValueError, match=r"\[to_device\] a device is 'cpu', 'cuda' or 'cuda:0'"):
        dl.asarray([1.0]).to_device(name)


def test_the_cpu_is_a_device() -> None:
    x = dl.asarray([1.0, 2.0], device="cpu")
    assert x.device == "cpu"
    assert x.to_device("cpu").numpy().tolist() == [1.0, 2.0]
    assert dl.zeros_like(x, device="cpu").device == "cpu"
    assert dl.config.devices()[0] == "cpu"
