"""The allocator: alignment, statistics, what goes back to the system; and running out of it."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import danlu as dl

HUGE_PAGE = 2 << 20


def address(x: dl.Tensor) -> int:
    return np.asarray(x).__array_interface__["data"][0]


def run(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_tensors_begin_at_a_cache_line() -> None:
    kept = []
    for n in (1, 2, 3, 5, 17, 100, 1000, 1008, 1009, 1023, 1025, 5000, 65_537, 300_007, 600_001):
        for dtype in ("uint8", "float16", "float32", "float64"):
            kept += [dl.empty(n, dtype=dtype), dl.ones(n, dtype=dtype), dl.asarray(np.ones(n))]
    assert [x.shape for x in kept if address(x) % 64] == []
    fresh = {address(x) for x in kept}
    assert len(fresh) == len(kept)


@pytest.mark.parametrize("mebibytes", [2, 3, 5, 16, 33])
def test_large_tensors_begin_at_a_huge_page(mebibytes: int) -> None:
    kept = [dl.empty(mebibytes << 20, dtype="uint8") for _ in range(3)]
    assert [address(x) % HUGE_PAGE for x in kept] == [0, 0, 0]


def test_statistics_follow_a_tensor() -> None:
    dl.config.empty_cache()
    before = dl.config.memory_stats()
    assert set(before) == {"in_use", "peak", "cached", "allocations", "requests"}
    assert before["cached"] == 0
    x = dl.empty(5 * HUGE_PAGE, dtype="uint8")
    during = dl.config.memory_stats()
    assert during["in_use"] == before["in_use"] + 5 * HUGE_PAGE
    assert during["peak"] >= during["in_use"]
    assert during["allocations"] == before["allocations"] + 1
    assert during["requests"] == before["requests"] + 1
    del x
    freed = dl.config.memory_stats()
    assert freed["in_use"] == before["in_use"] and freed["cached"] == 5 * HUGE_PAGE
    x = dl.empty(5 * HUGE_PAGE - 100, dtype="uint8")  # of the same size class: served again
    again = dl.config.memory_stats()
    assert again["allocations"] == during["allocations"] and again["cached"] == 0
    assert x.shape == (5 * HUGE_PAGE - 100,)


def test_training_steps_ask_the_system_for_nothing() -> None:
    model = dl.Sequential([dl.Input((50,)), dl.layers.Dense(200, "relu"), dl.layers.Dense(3)])
    model.compile("adam", "mse")
    x, y = np.ones((400, 50), "float32"), np.ones((400, 3), "float32")
    model.fit(x, y, verbose=0)
    allocations = dl.config.memory_stats()["allocations"]
    model.fit(x, y, epochs=5, verbose=0)
    assert dl.config.memory_stats()["allocations"] == allocations


def test_empty_cache_gives_memory_back() -> None:
    out = run("""
        import danlu as dl

        def resident():
            with open("/proc/self/statm") as file:
                return int(file.read().split()[1]) * 4096

        kept = dl.ones(1000)
        before = resident()
        x = [dl.ones(25_000_000), dl.ones(2_000_000), dl.ones((100, 50_000))]
        x += [dl.ones(100_000) for _ in range(100)] + [dl.ones(1030) for _ in range(10_000)]
        full = resident()
        del x
        cached = resident()
        dl.config.empty_cache()
        print(full - before, cached - before, resident() - before)
        print(dl.config.memory_stats()["cached"], float(dl.sum(kept)))
    """)
    first, second = out.splitlines()
    full, cached, after = map(int, first.split())
    assert full > 205e6 and cached > 205e6 and after < 10e6
    assert second == "0 1000.0"


def test_a_tensor_too_many_is_refused_at_once() -> None:
    """What this machine cannot hold is a MemoryError, though the system would promise it."""
    in_use = dl.config.memory_stats()["in_use"]
    physical = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    with pytest.raises(MemoryError, match=r"\[allocate\] out of memory on cpu: .* MiB more"):
        dl.empty(physical + 1, dtype="uint8")
    assert dl.config.memory_stats()["in_use"] == in_use


def test_running_out_in_the_middle_of_fit_leaves_the_model_as_it_was() -> None:
    """From no room at all to enough of it: some op of the step fails, and the step is undone."""
    out = run("""
        import resource, traceback
        import numpy as np
        import danlu as dl

        FREE = resource.getrlimit(resource.RLIMIT_AS)
        dl.config.set_num_threads(1)
        dl.utils.set_random_seed(0)
        layers = dl.layers
        model = dl.Sequential([
            dl.Input((28, 28, 1)), layers.Conv2D(8, 3, activation="relu"),
            layers.BatchNormalization(), layers.Dropout(0.2), layers.Flatten(),
            layers.Dense(256, activation="relu"), layers.Dense(10, activation="softmax"),
        ])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        rng = np.random.default_rng(0)
        x, y = rng.normal(size=(512, 28, 28, 1)).astype("float32"), np.arange(512) % 10
        model.fit(x[:8], y[:8], batch_size=8, verbose=0)

        def state():
            values = model.trainable_variables + model.optimizer.variables
            return [v.numpy().tobytes() for v in values], [v.grad for v in model.variables]

        def mapped():
            with open("/proc/self/statm") as file:
                return int(file.read().split()[0]) * resource.getpagesize()

        class Tight(dl.callbacks.Callback):
            def on_train_batch_begin(self, batch, logs=None):
                if batch == 1:
                    self.before = state()
                    dl.config.empty_cache()
                    resource.setrlimit(resource.RLIMIT_AS, (mapped() + self.room, FREE[1]))

        places = set()
        for mebibytes in range(0, 64, 4):
            tight = Tight()
            tight.room = mebibytes << 20
            try:
                model.fit(x, y, batch_size=256, verbose=0, callbacks=[tight])
                break
            except MemoryError as error:
                resource.setrlimit(resource.RLIMIT_AS, FREE)
                places.add(traceback.extract_tb(error.__traceback__)[-1].line)
                assert state() == tight.before, mebibytes
                model.fit(x, y, batch_size=256, verbose=0)
        resource.setrlimit(resource.RLIMIT_AS, FREE)
        print(mebibytes, len(places), np.isfinite(model.evaluate(x, y, verbose=0)).all())
    """)
    enough, places, finite = out.split()
    assert 0 < int(enough) < 60 and int(places) >= 3 and finite == "True"
