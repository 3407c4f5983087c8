"""Sizes beyond every memory: an error that says so, never a wrapped number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import danlu as dl
from danlu import ops

HUGE = 2**62
IMAGE = dl.ones((1, 4, 4, 1))
KERNEL = dl.ones((2, 2, 1, 1))
THREE = dl.ones((3, 3, 1, 1))


@pytest.mark.parametrize(
    "call",
    [
        lambda: dl.zeros((2**40, 2**40)),
        lambda: dl.zeros(HUGE),
        lambda: dl.zeros(2**61 - 1),
        lambda: dl.empty(2**63 - 1, dtype="uint8"),
        lambda: dl.asarray(np.broadcast_to(np.float32(1), (2**61 - 1,))),
        lambda: dl.full((2**31, 2**31), 1.0),
        lambda: dl.arange(HUGE),
        lambda: dl.linspace(0, 1, HUGE),
        lambda: dl.eye(2**33),
        lambda: ops.one_hot(dl.zeros(2**20, dtype="int32"), 2**45),
        lambda: dl.matmul(dl.broadcast_to(1.0, (2**40, 1)), dl.broadcast_to(1.0, (1, 2**40))),
        lambda: dl.cumulative_sum(dl.broadcast_to(1.0, (2**50,)), axis=0),
    ],
)
def test_no_memory_is_that_large(call: Callable[[], Any]) -> None:
    with pytest.raises(MemoryError, match="out of memory on cpu"):
        call()


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("tile", lambda: dl.tile(dl.ones(2**20), 2**45)),
        ("repeat", lambda: dl.repeat(dl.ones(2), HUGE)),
        ("concat", lambda: dl.concat([dl.broadcast_to(1.0, (HUGE,))] * 3)),
        ("pad", lambda: ops.pad(dl.ones(2), HUGE)),
        ("conv", lambda: ops.conv(IMAGE, THREE, dilation_rate=HUGE)),
        ("conv", lambda: ops.conv(IMAGE, KERNEL, padding=((HUGE, HUGE), (0, 0)))),
        ("shape", lambda: dl.zeros(2**70)),
    ],
)
def test_no_tensor_has_that_size(name: str, call: Callable[[], Any]) -> None:
    with pytest.raises(ValueError, match=rf"\[{name}\] .*(no tensor has a size of|beyond every)"):
        call()


def test_no_size_is_negative() -> None:
    for shape in [(-1,), (-50_000_000,), (2, -3)]:
        with pytest.raises(ValueError, match=r"\[broadcast_to\] negative size"):
            dl.broadcast_to(1.0, shape)
    with pytest.raises(ValueError, match="negative"):
        dl.initializers.Constant(1.0)((-2, 3))


def test_large_steps_are_no_large_sizes() -> None:
    assert ops.conv(IMAGE, KERNEL, strides=2**63 - 1, padding="same").shape == (1, 1, 1, 1)
    assert ops.max_pool(IMAGE, 2**62, padding="same").shape == (1, 1, 1, 1)
    assert dl.roll(dl.arange(5), -(2**63)).tolist() == [3, 4, 0, 1, 2]
    assert dl.arange(5)[:: 2**63 - 1].tolist() == [0]
    assert dl.arange(5)[:: -(2**63)].tolist() == [4]
