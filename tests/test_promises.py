"""Promises of processes and threads: replay, fork, several threads, other runtimes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from op_harness import recorded

import danlu as dl


def mlp(seed: int = 0) -> tuple[dl.Model, np.ndarray, np.ndarray]:
    dl.utils.set_random_seed(seed)
    model = dl.Sequential(
        [
            dl.layers.Input((20,)),
            dl.layers.Dense(32, activation="relu"),
            dl.layers.Dropout(0.25),
            dl.layers.Dense(5, activation="softmax"),
        ]
    )
    rng = np.random.default_rng(seed)
    return model, rng.normal(size=(64, 20)).astype("float32"), rng.integers(0, 5, 64)


def step(model: dl.Model, optimizer: object, x: dl.Tensor, y: dl.Tensor) -> dl.Tensor:
    loss = dl.losses.sparse_categorical_crossentropy(y, model(x, training=True)).mean()
    loss.backward()
    optimizer.step()
    return loss


def test_a_recorded_training_step_replays_to_the_same_bits() -> None:
    """Five steps, and one recorded step replayed four times: the same weights, slots, loss."""
    states = []
    for replayed in (False, True):
        model, x, y = mlp()
        x, y = dl.asarray(x), dl.asarray(y)
        optimizer = dl.optimizers.Adam(1e-2)
        optimizer.build(model.trainable_variables)
        if replayed:
            with recorded() as recording:
                loss = step(model, optimizer, x, y)
            assert len(recording) > 10
            assert any("matmul" in line or "dense" in line for line in recording.lines())
            for _ in range(4):
                recording.replay()
        else:
            for _ in range(5):
                loss = step(model, optimizer, x, y)
        variables = model.variables + optimizer.variables
        states.append([v.numpy().tobytes() for v in variables] + [loss.numpy().tobytes()])
    assert states[0] == states[1]


def image_net(seed: int) -> tuple[dl.Model, np.ndarray, np.ndarray]:
    """Every kind of kernel, each with more work than one thread takes."""
    dl.utils.set_random_seed(seed)
    layers = dl.layers
    model = dl.Sequential(
        [
            layers.Input((16, 16, 3)),
            layers.Conv2D(16, 5, padding="same", activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.Conv2D(32, 3, padding="same", activation="relu"),  # by Winograd's algorithm
            layers.AveragePooling2D(2),
            layers.LayerNormalization(),
            layers.Dropout(0.25),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(5, activation="softmax"),
        ]
    )
    rng = np.random.default_rng(seed)
    return model, rng.normal(size=(70, 16, 16, 3)).astype("float32"), rng.integers(0, 5, 70)


def fit_bits(optimizer: str, threads: int) -> bytes:
    dl.config.set_num_threads(threads)
    try:
        model, x, y = image_net(3)
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(x, y, epochs=2, batch_size=40, verbose=0)
        state = model.variables + model.optimizer.variables
        return b"".join(v.numpy().tobytes() for v in state)
    finally:
        dl.config.set_num_threads(0)


@pytest.mark.parametrize("precision", ["fast", "exact"])
@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop"])
def test_the_same_bits_for_any_number_of_threads(optimizer: str, precision: str) -> None:
    dl.config.set_conv_precision(precision)
    try:
        bits = {fit_bits(optimizer, threads) for threads in (1, 2, 3, 4)}
    finally:
        dl.config.set_conv_precision("fast")
    assert len(bits) == 1


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="no /proc on this system")
def test_helpers_start_for_these_nets() -> None:
    """What the tests around this one say of threads is empty unless threads start."""
    code = """
import os
from test_promises import fit_bits, image_net, train
threads = lambda: len(os.listdir("/proc/self/task"))
fit_bits("adam", 1)
alone = threads()
{run}
print(threads() - alone)
"""
    for run, helpers in (("fit_bits('adam', 4)", 3), ("train(image_net(1), 4)", 3)):
        done = subprocess.run(
            [sys.executable, "-c", code.format(run=run)],
            capture_output=True, text=True, timeout=120, cwd=os.path.dirname(__file__),
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert int(done.stdout) >= helpers


def train(made: tuple[dl.Model, np.ndarray, np.ndarray], threads: int = 0) -> bytes:
    dl.config.set_num_threads(threads)
    model, x, y = made
    optimizer = dl.optimizers.SGD(0.01)
    optimizer.build(model.trainable_variables)
    for _ in range(10):
        step(model, optimizer, x, y)
    return b"".join(w.tobytes() for w in model.get_weights())


def test_two_python_threads_train_two_models() -> None:
    """One has the helpers, the other works alone, in turns that nobody fixes."""
    dl.config.set_num_threads(4)
    try:
        alone = [train(image_net(seed), 4) for seed in (1, 2)]
        made = [image_net(seed) for seed in (1, 2)]  # seeds are global: made before the threads
        with ThreadPoolExecutor(2) as pool:
            assert list(pool.map(train, made, (4, 4))) == alone
    finally:
        dl.config.set_num_threads(0)


def large_backward() -> None:
    dl.sum(dl.matmul(w := dl.Variable(dl.ones((512, 512))), w)).backward()


LARGE, SQUARE = dl.ones((2048, 2048)), dl.ones((512, 512))


@pytest.mark.parametrize(
    "work",
    [
        lambda: dl.matmul(SQUARE, SQUARE),
        lambda: dl.exp(LARGE),
        lambda: LARGE + LARGE,
        lambda: dl.sort(LARGE),
        lambda: dl.asarray(LARGE, copy=True),
        lambda: dl.random.normal((2048, 2048), seed=1),
        large_backward,
        lambda: dl.zeros((2048, 2048)),
        lambda: dl.ones_like(LARGE),
        lambda: dl.full((2048, 2048), 7),
        lambda: dl.arange(2**22),
        lambda: dl.arange(0.0, 2.0**22),
        lambda: dl.linspace(0, 1, 2**22),
        lambda: dl.eye(2048),
    ],
    ids="""matmul exp add sort copy normal backward zeros ones_like full arange arange_floats
        linspace eye""".split(),
)
def test_python_runs_while_a_kernel_does(work: Callable[[], Any]) -> None:
    """Threads are never made to give the GIL up here, so it is the kernel that gave it to us."""
    begun, seen = threading.Event(), threading.Event()
    rounds = []

    def compute() -> None:
        begun.set()
        while not seen.is_set() and len(rounds) < 2000:
            work()
            rounds.append(1)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    try:
        worker = threading.Thread(target=compute)
        worker.start()
        begun.wait()
        got_in = worker.is_alive() and len(rounds) < 2000
        seen.set()
        worker.join()
    finally:
        sys.setswitchinterval(interval)
    assert got_in


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_child_computes() -> None:
    code = """
import os, sys
import danlu as dl
x = dl.ones((600, 600))
want = float(dl.sum(x @ x))
pid = os.fork()
if pid == 0:
    os._exit(0 if float(dl.sum(x @ x)) == want and dl.config.num_threads() == 1 else 3)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""
    environment = {**os.environ, "OMP_NUM_THREADS": "2"}
    done = subprocess.run([sys.executable, "-c", code], timeout=60, env=environment)
    assert done.returncode == 0


def test_a_fork_waits_for_our_locks() -> None:
    """A child of a program whose other thread is naming a layer can name one too."""
    code = """
import os, sys, threading
from danlu.utils import naming
held, forked = threading.Event(), threading.Event()
def hold():
    with naming._lock:
        held.set()
        forked.wait(0.2)
threading.Thread(target=hold).start()
held.wait()
pid = os.fork()
if pid == 0:
    naming.auto_name("Dense")
    os._exit(0)
forked.set()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


def test_importing_leaves_no_mark_in_the_environment() -> None:
    code = """
import os
before = dict(os.environ)
import danlu as dl
assert dict(os.environ) == before
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_beside_pytorch_in_one_process() -> None:
    torch = pytest.importorskip("torch")
    a = np.random.default_rng(0).normal(size=(200, 200)).astype("float32")
    x, t = dl.asarray(a), torch.tensor(a)
    for _ in range(20):
        ours, theirs = (x @ x).numpy(), (t @ t).numpy()
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)


def test_interrupt_stops_fit_and_leaves_the_model_usable() -> None:
    model, x, y = mlp()
    model.compile("adam", "sparse_categorical_crossentropy")

    class Stop(dl.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: object = None) -> None:
            if batch == 3:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model.fit(x, y, batch_size=4, epochs=100, verbose=0, callbacks=[Stop()])
    assert np.isfinite(model.evaluate(x, y, verbose=0))
    model.fit(x, y, batch_size=4, epochs=1, verbose=0)
