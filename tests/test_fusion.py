"""Layers that run as one at inference: the same numbers, and nothing else changes."""

from __future__ import annotations

import copy
import ctypes
import threading
from typing import Any

import numpy as np
import pytest
from op_harness import recorded

import danlu as dl
from danlu import layers as L


def residual_net(bias: bool = True, dtype: str | None = None, last: Any = "relu") -> dl.Model:
    dl.utils.set_random_seed(3)
    with_dtype = {"dtype": dtype}
    inputs = L.Input((14, 13, 8), dtype=dtype)
    x = L.ZeroPadding2D(((1, 2), (0, 1)), **with_dtype)(inputs)
    x = L.Conv2D(16, 3, strides=2, use_bias=bias, **with_dtype)(x)
    x = shortcut = L.ReLU(**with_dtype)(L.BatchNormalization(**with_dtype)(x))
    x = L.Conv2D(16, 3, padding="same", use_bias=bias, **with_dtype)(x)
    x = L.Activation("relu", **with_dtype)(L.BatchNormalization(scale=False, **with_dtype)(x))
    x = L.Conv2D(16, 1, use_bias=not bias, **with_dtype)(x)
    x = L.BatchNormalization(center=False, epsilon=0.1, **with_dtype)(x)
    x = L.ReLU(**with_dtype)(L.Add(**with_dtype)([x, shortcut]))
    x = L.Conv2D(24, 5, activation=last, **with_dtype)(x)
    return dl.Model(inputs, x)


def shake(model: dl.Model, seed: int = 0) -> None:
    """Give all weights, moving statistics too, values that none has at the start."""
    rng = np.random.default_rng(seed)
    for variable in model.variables:
        if variable.shape:
            low = 0.5 if "variance" in variable.name else -0.5
            variable.assign(rng.uniform(low, 1.5, variable.shape))


def images(dtype: str = "float32") -> dl.Tensor:
    return dl.asarray(np.random.default_rng(1).normal(size=(3, 14, 13, 8)), dtype=dtype)


def at_inference(model: Any, x: Any) -> dl.Tensor:
    with dl.no_grad():
        return model(x, training=False)


def names_of(f: Any) -> list[str]:
    with recorded() as recording:
        f()
    return [line.split(" = ")[1].split("(")[0] for line in recording.lines()]


def fused_calls(model: dl.Model) -> int:
    """How many convolutions of the graph are prepared to run with other layers."""
    from danlu.models.fusion import FusedNode, fuse

    return sum(type(n) is FusedNode for n in fuse(model._graph._calls(), model.outputs))


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-6), ("float64", 1e-14)])
@pytest.mark.parametrize("bias", [True, False])
def test_the_numbers_are_those_of_the_layers(bias: bool, dtype: str, tolerance: float) -> None:
    model = residual_net(bias, dtype)
    assert fused_calls(model) == 3
    x = images(dtype)
    for seed in range(2):
        shake(model, seed)
        one_by_one = model(x).numpy()  # gradients are wanted, so the layers run
        got = at_inference(model, x).numpy()
        assert got.dtype == dtype
        assert np.abs(got - one_by_one).max() <= tolerance * np.abs(one_by_one).max()
        if dtype == "float32":  # `predict` casts float64
            np.testing.assert_array_equal(model.predict(x, verbose=0), got)


def test_no_pass_is_left_for_the_layers(monkeypatch: Any) -> None:
    model = residual_net()
    x = images()
    at_inference(model, x)
    for layer in (L.BatchNormalization, L.ReLU, L.Activation, L.Add, L.ZeroPadding2D):
        monkeypatch.setattr(layer, "call", None)
    at_inference(model, x)
    with pytest.raises(TypeError):
        model(x)


def test_weights_of_any_layer_may_change() -> None:
    model = residual_net()
    shake(model)
    x = images()
    before = at_inference(model, x).numpy()
    for variable in model.variables:
        if not variable.shape:
            continue
        variable.assign(variable * 0.5 + 0.25)
        after = at_inference(model, x).numpy()
        assert not np.array_equal(before, after), variable.path
        want = model(x).numpy()
        assert np.abs(after - want).max() <= 1e-6 * np.abs(want).max(), variable.path
        before = after


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        (L.Activation, "activation", dl.activations.tanh),
        (L.ReLU, "max_value", 0.5),
        (L.BatchNormalization, "epsilon", 0.5),
        (L.Conv2D, "activation", dl.activations.sigmoid),
        (L.ZeroPadding2D, "padding", ((2, 1), (1, 0))),
        (L.Add, "call", lambda inputs: inputs[0] - inputs[1]),
    ],
)
def test_settings_of_any_layer_may_change(kind: type, name: str, value: Any) -> None:
    model = residual_net()
    shake(model)
    x = images()
    before = at_inference(model, x).numpy()
    setattr(next(layer for layer in model.layers if type(layer) is kind), name, value)
    got, want = at_inference(model, x).numpy(), model(x).numpy()
    assert not np.array_equal(got, before)
    assert np.abs(got - want).max() <= 1e-6 * np.abs(want).max()


def test_bytes_that_others_may_write() -> None:
    model = residual_net()
    shake(model)
    x = images()
    at_inference(model, x)
    gamma = next(v for v in model.variables if v.name == "gamma")
    theirs = np.from_dlpack(gamma.value)
    before = at_inference(model, x).numpy()
    ctypes.memset(theirs.ctypes.data, 0, theirs.nbytes)
    got, want = at_inference(model, x).numpy(), model(x).numpy()
    assert not np.array_equal(got, before)
    assert np.abs(got - want).max() <= 1e-6 * np.abs(want).max()


def test_two_threads_predict_while_a_third_trains() -> None:
    model = residual_net(last=None)
    model.compile(dl.optimizers.SGD(1e-3), "mse")
    x, y = images(), dl.zeros((3, 4, 2, 24))
    failures: list[BaseException] = []

    def repeat(f: Any) -> None:
        try:
            for _ in range(30):
                f()
        except BaseException as error:
            failures.append(error)

    jobs = [lambda: at_inference(model, x)] * 2 + [lambda: model.train_on_batch(x, y)]
    threads = [threading.Thread(target=repeat, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    got, want = at_inference(model, x).numpy(), model(x).numpy()
    assert np.abs(got - want).max() <= 1e-6 * np.abs(want).max()


def test_training_uses_and_changes_the_layers() -> None:
    losses = []
    for look in (False, True):  # inference in between changes nothing
        model = residual_net(last=None)
        model.compile(dl.optimizers.SGD(0.01), "mse")
        x, y = images(), dl.zeros((3, 4, 2, 24))
        for _ in range(3):
            losses.append(model.train_on_batch(x, y))
            if look:
                model.predict_on_batch(x)
        statistics = [v.numpy() for v in model.variables if "moving" in v.name]
        assert all(not np.array_equal(s, np.ones_like(s)) for s in statistics)
    assert losses[:3] == losses[3:]


def test_its_weights_go_when_training_goes_on() -> None:
    model = residual_net()
    x = images()
    model(x, training=True)
    at_inference(model, x)
    model(x, training=True)
    before = dl.config.memory_stats()["in_use"]
    at_inference(model, x)
    assert dl.config.memory_stats()["in_use"] > before
    model(x, training=True)
    assert dl.config.memory_stats()["in_use"] == before


def test_a_recording_reads_the_variables() -> None:
    model = residual_net()
    with dl.no_grad():
        at_inference(model, images())
        assert "scale_shift" in names_of(lambda: model(images(), training=False))


def test_what_others_use_is_still_computed() -> None:
    inputs = L.Input((5, 5, 3))
    conv = L.Conv2D(4, 3)(inputs)
    normal = L.BatchNormalization()(conv)
    active = L.ReLU()(normal)
    for outputs, count in [
        ([active], 1), ([normal, active], 1), ([conv, active], 0), ([active, conv + 1], 0),
    ]:  # fmt: skip
        model = dl.Model(inputs, outputs)
        shake(model)
        assert fused_calls(model) == count
        x = dl.random.normal((2, 5, 5, 3), seed=0)
        for got, want in zip(at_inference(model, x), model(x), strict=True):
            np.testing.assert_allclose(got.numpy(), want.numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "second",
    [
        lambda: L.BatchNormalization(axis=1),
        lambda: L.Activation("tanh"),
        lambda: L.ReLU(negative_slope=0.1),
        lambda: type("Mine", (L.BatchNormalization,), {})(),
    ],
)
@pytest.mark.parametrize(
    "first", [lambda: L.Conv2D(4, 3), lambda: L.Conv2D(4, 3, activation="relu")]
)
def test_what_is_unusual_goes_layer_by_layer(first: Any, second: Any) -> None:
    model = dl.Sequential([L.Input((5, 6, 3)), first(), second()])
    shake(model)
    x = dl.random.normal((2, 5, 6, 3), seed=0)
    np.testing.assert_array_equal(at_inference(model, x).numpy(), model(x).numpy())


def test_an_activity_regularizer_still_adds_its_loss() -> None:
    conv = L.Conv2D(4, 3, activity_regularizer="l2")
    model = dl.Sequential([L.Input((5, 5, 3)), conv, L.ReLU()])
    at_inference(model, dl.ones((1, 5, 5, 3)))
    assert len(model.losses) == 1


def test_errors_name_the_layer() -> None:
    inputs = L.Input((None, None, 3))
    model = dl.Model(inputs, L.ReLU()(L.Conv2D(2, 5, name="wide")(inputs)))
    at_inference(model, dl.ones((1, 5, 5, 3)))
    with pytest.raises(ValueError, match="does not fit") as failed:
        at_inference(model, dl.ones((1, 3, 3, 3)))
    assert "in layer [Conv2D 'wide']" in "".join(failed.value.__notes__)


def test_half_precision_is_not_rounded_twice() -> None:
    model = residual_net(dtype="bfloat16")
    x = images("bfloat16")
    np.testing.assert_array_equal(
        at_inference(model, x).astype("float32").numpy(), model(x).astype("float32").numpy()
    )


def both_ways(model: dl.Model, x: Any) -> None:
    shake(model)
    got, want = at_inference(model, x).numpy(), model(x).numpy()
    assert np.abs(got - want).max() <= 1e-6 * np.abs(want).max()


def test_calls_of_other_forms() -> None:
    inputs = L.Input((6, 6, 3), batch_size=2)
    x = dl.random.normal((2, 6, 6, 3), seed=0)
    first = L.Conv2D(4, 3)(inputs=inputs)
    other = L.Conv2D(4, 3)(inputs)
    constant = dl.ones((2, 4, 4, 4))
    for outputs in (
        L.ReLU()(first),
        L.Add()((other, first)),
        L.Add()([other, first, constant]),
        L.Add()([first, constant]),
        L.Add()([L.BatchNormalization()(other), L.BatchNormalization()(first)]),
        L.Add()([other, other]),
    ):
        model = dl.Model(inputs, outputs)
        both_ways(model, x)
        with pytest.raises(ValueError, match="wants"):
            at_inference(model, x[..., :2])


def test_a_layer_used_twice_and_a_model_inside() -> None:
    conv, normal = L.Conv2D(3, 3, padding="same"), L.BatchNormalization()
    inner = dl.Sequential([L.Input((5, 5, 3)), L.Conv2D(3, 1), L.BatchNormalization(), L.ReLU()])
    inputs = L.Input((5, 5, 3))
    x = normal(conv(inputs))
    model = dl.Model(inputs, L.ReLU()(normal(conv(inner(x)))))
    x = dl.random.normal((2, 5, 5, 3), seed=0)
    both_ways(model, x)
    twin = copy.deepcopy(model)
    before = at_inference(model, x).numpy()
    np.testing.assert_array_equal(at_inference(twin, x).numpy(), before)
    twin.layers[1].kernel.assign(twin.layers[1].kernel * 2)
    assert not np.array_equal(at_inference(twin, x).numpy(), before)
    np.testing.assert_array_equal(at_inference(model, x).numpy(), before)


def test_channels_that_do_not_fit_are_no_groups() -> None:
    class Widen(L.Layer):
        def call(self, inputs: Any) -> Any:
            return dl.concat([inputs, inputs], axis=-1)

        def compute_output_shape(self, shape: Any) -> Any:
            return shape  # a lie

    inputs = L.Input((5, 5, 3))
    model = dl.Model(inputs, L.ReLU()(L.Conv2D(4, 3)(Widen()(inputs))))
    with pytest.raises(ValueError, match="Conv2D"):
        at_inference(model, dl.ones((1, 5, 5, 3)))
