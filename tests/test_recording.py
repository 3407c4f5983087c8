"""Recordings: what they print, what they refuse, and whose they are."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from op_harness import recorded

import danlu as dl
from danlu import _core, ops


def record(f: Callable[[], Any]) -> Any:
    with recorded() as recording:
        f()
    return recording


def test_lines_have_the_attributes() -> None:
    x = dl.ones((2, 3))
    one = dl.asarray(1.0)
    lines = record(lambda: dl.sum(dl.reshape(x * one, (3, 2)), axis=0, keepdims=True)).lines()
    assert lines == [
        "%2 = multiply(%0, %1) (2, 3) float32",
        "%3 = reshape(%2, shape=(3, 2)) (3, 2) float32",
        "%4 = sum(%3, axis=(0,), keepdims=True) (1, 2) float32",
    ]
    assert record(lambda: dl.full((), 0.5)).lines() == [
        "%0 = full(shape=(), value=0.5, dtype='float32', device='cpu') () float32"
    ]


def test_every_parameter_is_printed() -> None:
    w = dl.Variable([[1.0, 2.0, 3.0]], name="w")
    w.path = "dense/w"
    optimizer = dl.optimizers.Adam(dl.optimizers.schedules.PiecewiseConstantDecay([5], [0.5, 0.25]))
    optimizer.build([w])

    def step() -> None:
        target = dl.asarray([[0.0, 0.0, 1.0]])
        dl.sum(ops.categorical_crossentropy(target, w, from_logits=True)).backward()
        optimizer.step()

    text = "\n".join(record(step).lines())
    assert "cross_entropy_grad(" in text and "needs_x=True, needs_target=False" in text
    assert "learning_rate(" in text and "boundaries=(5,), values=(0.5, 0.25))" in text
    assert "optimizer_update(" in text and "kind='adam', momentum=0, beta_1=0.9," in text
    assert "dense/w" in text and "decayed=(0,), has_gradient=(1,))" in text

    def normalize() -> None:
        x, gamma = dl.Variable(dl.ones((2, 3))), dl.Variable(dl.ones((3,)))
        dl.sum(ops.layer_normalization(x, gamma, epsilon=0.5)).backward()

    text = "\n".join(record(normalize).lines())
    assert "gamma=True, beta=False, epsilon=0.5)" in text
    assert "needs_x=True, centered=True)" in text
    draw = record(lambda: dl.random.uniform((2,), -1.0, 3.0, seed=1)).lines()[-1]
    assert "uniform(" in draw and "shape=(2,), dtype='float32', low=-1, high=3)" in draw


@pytest.mark.parametrize(
    "read",
    [
        float,
        int,
        bool,
        lambda x: x.item(),
        lambda x: x.tolist(),
        lambda x: x.numpy(),
        lambda x: dl.zeros(x.astype("int64")),
        lambda x: range(x.astype("int64")),
        lambda x: ops.slice(dl.ones((3,)), x.astype("int64")[None], (1,)),
        lambda x: ops.pad(dl.ones((3,)), x.astype("int64")),
    ],
)
def test_values_are_not_read_while_recording(read: Callable[[dl.Tensor], Any]) -> None:
    x, v = dl.asarray(1.0), dl.Variable(1.0)
    read(x)

    def refused() -> None:
        for value in (x, v.value, x * 2.0):
            with pytest.raises(ValueError, match=r"^\[\w+\] the values .* danlu.where"):
                read(value)

    record(refused)
    read(x * 2.0)


def test_lists_are_constants() -> None:
    x = dl.ones((2, 3))
    for call in (
        lambda: ops.slice(x, [0, 1], (1, 1)),
        lambda: ops.pad(x, [[1, 0], [0, 1]]),
        lambda: ops.repeat(x, [1, 2], axis=0),
        lambda: ops.segment_sum(x, [0, 1], num_segments=3),
        lambda: dl.where(x > 0, x, 0.0),
        lambda: repr(x),
    ):
        record(call)


def test_a_recording_that_another_thread_drops() -> None:
    """The thread that records stops by itself, and its memory stays whole."""
    held = [_core.Recording()]
    started, dropped = threading.Event(), threading.Event()
    lines = []

    def work() -> None:
        held[0].start()
        x = dl.ones((2,)) + 1.0
        started.set()
        dropped.wait()
        for _ in range(1000):
            x = x + 1.0
        assert float(x[0]) == 1002.0  # nothing is recorded any more
        lines.extend(record(lambda: dl.ones((3,))).lines())

    thread = threading.Thread(target=work)
    thread.start()
    started.wait()
    held.clear()
    dropped.set()
    thread.join()
    assert len(lines) == 1 and "full(" in lines[0]


def test_a_thread_that_ends_while_it_records() -> None:
    recording = _core.Recording()
    x = dl.ones((2,))

    def work() -> None:
        recording.start()
        _ = x * 2.0

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert len(recording) == 1 and "multiply" in recording.lines()[0]
    end = time.monotonic() + 20
    while True:  # Python joins a thread a moment before it is gone
        try:
            recording.replay()
            break
        except ValueError:
            assert time.monotonic() < end
    assert (x + 1.0).tolist() == [2.0, 2.0]  # this thread does not record


def test_one_recording_at_a_time() -> None:
    recording, other = _core.Recording(), _core.Recording()
    with pytest.raises(ValueError, match="not under way"):
        recording.stop()
    recording.start()
    try:
        for wrong in (recording.start, other.start, other.replay, recording.replay):
            with pytest.raises(ValueError, match="under way on this thread"):
                wrong()
        seen: list[str] = []

        def elsewhere() -> None:
            for wrong in (recording.start, recording.replay, recording.stop):
                try:
                    wrong()
                except ValueError as error:
                    seen.append(str(error))

        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        assert len(seen) == 3 and "another thread" in seen[0] and "another thread" in seen[1]
    finally:
        recording.stop()


def test_threads_record_each_their_own() -> None:
    results = []

    def work(i: int) -> None:
        x = dl.full((5,), float(i))
        y: list[Any] = []
        recording = record(lambda: y.append(x * x + 1.0))
        for _ in range(50):
            recording.replay()
        results.append((i, np.array(y[0]).tolist(), len(recording)))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [(i, [i * i + 1.0] * 5, 2) for i in range(4)]
