"""Whole programs: the one in README.md from files, LeNet-5 in every style and every loop."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_datasets import idx

import danlu as dl
from danlu import layers

ROOT = Path(__file__).parents[1]


def bars(n: int, seed: int, light: int = 100) -> tuple[np.ndarray, np.ndarray]:
    """Images that a net can learn: class k is a bright bar in columns 2k + 4 and 2k + 5."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 10, n)
    images = rng.integers(0, light // 5, (n, 28, 28))
    for image, label in zip(images, labels, strict=True):
        image[4:24, 2 * label + 4 : 2 * label + 6] += light
    return images.astype("uint8"), labels


@pytest.mark.parametrize("scaled", [True, False], ids=["scaled", "raw"])
def test_the_program_of_the_readme(scaled: bool, tmp_path: Path, monkeypatch: Any) -> None:
    """As written, and without the line that divides by 255: `fit` takes uint8 images."""
    folder = tmp_path / "mnist"
    folder.mkdir()
    for prefix, n in (("train", 2000), ("t10k", 500)):
        images, labels = bars(n, len(prefix), light=200 if scaled else 30)
        (folder / f"{prefix}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images)))
        (folder / f"{prefix}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(labels)))
    monkeypatch.setenv("DANLU_HOME", str(tmp_path))
    program = re.search(r"^## A program\n+```python\n(.*?)^```", read(), re.DOTALL | re.MULTILINE)
    assert program is not None
    lines = program[1].splitlines()
    kept = [line for line in lines if scaled or "/ 255.0" not in line]
    assert len(kept) == len(lines) - (not scaled)
    dl.utils.set_random_seed(0)
    names: dict[str, Any] = {}
    exec("\n".join(kept), names)
    assert names["x_train"].dtype == ("float64" if scaled else "uint8")
    loss, accuracy = names["model"].evaluate(names["x_test"], names["y_test"], verbose=0)
    assert accuracy > 0.98 and np.isfinite(loss)


def read() -> str:
    return (ROOT / "README.md").read_text()


# ---- LeNet-5 -------------------------------------------------------------------------------------


def parts() -> list[Any]:
    return [
        layers.Rescaling(1 / 255),
        layers.Conv2D(6, 5, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(16, 5, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(120, activation="relu"),
        layers.Dense(84, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ]


def sequential() -> dl.Model:
    return dl.Sequential([dl.Input((28, 28, 1)), *parts()])


def functional() -> dl.Model:
    x = inputs = dl.Input((28, 28, 1))
    for layer in parts():
        x = layer(x)
    return dl.Model(inputs, x)


class Subclass(dl.Model):
    def __init__(self) -> None:
        super().__init__()
        self.parts = parts()

    def call(self, x: Any) -> Any:
        for layer in self.parts:
            x = layer(x)
        return x


loss_of = dl.losses.SparseCategoricalCrossentropy()
EPOCHS, BATCH = 3, 32


def by_fit(model: dl.Model, x: np.ndarray, y: np.ndarray) -> None:
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(x, y, batch_size=BATCH, epochs=EPOCHS, shuffle=False, verbose=0)


def by_backward(model: dl.Model, x: np.ndarray, y: np.ndarray) -> None:
    optimizer = dl.optimizers.Adam()
    optimizer.build(model.trainable_variables)
    for i in [*range(0, len(x), BATCH)] * EPOCHS:
        loss_of(y[i : i + BATCH], model(x[i : i + BATCH], training=True)).backward()
        optimizer.step()


def by_value_and_grad(model: dl.Model, x: np.ndarray, y: np.ndarray) -> None:
    def loss_fn(variables: Any, x: np.ndarray, y: np.ndarray) -> dl.Tensor:
        return loss_of(y, model(x, training=True))

    optimizer = dl.optimizers.Adam()
    for i in [*range(0, len(x), BATCH)] * EPOCHS:
        variables = model.trainable_variables
        _, grads = dl.value_and_grad(loss_fn)(variables, x[i : i + BATCH], y[i : i + BATCH])
        optimizer.apply(grads, variables)


STYLES: list[Callable[[], dl.Model]] = [sequential, functional, Subclass]
LOOPS = [by_fit, by_backward, by_value_and_grad]


def test_lenet5_is_the_same_net_in_every_style_and_loop() -> None:
    images, y = bars(300, 0)
    x = images[..., None]
    dl.utils.set_random_seed(0)
    first = sequential()
    initial = first.get_weights()
    assert sum(w.size for w in initial) == 61_706  # LeCun et al., 1998, with all maps connected
    results = set()
    for make in STYLES:
        for train in LOOPS:
            model = make()
            model(x[:1])  # builds the subclass
            model.set_weights(initial)
            train(model, x, y)
            results.add(b"".join(w.tobytes() for w in model.get_weights()))
    assert len(results) == 1
    assert float(loss_of(y, model(x))) < float(loss_of(y, first(x))) / 2
