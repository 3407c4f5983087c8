"""Convolutions that Winograd's algorithm computes: fast and exact, against float64."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest
from op_harness import recorded

import danlu as dl
from danlu import _core, ops

# The largest error, as a part of the largest output.
TOLERANCE = {"fast": 2e-5, "exact": 2e-6}

# Batch, height, width, channels, filters, padding before and after; the tiles of the first fit,
# those of the others are cut off, and neither channels nor filters fill whole vectors.
SHAPES = [
    (4, 16, 16, 32, 32, (1, 1)),
    (3, 13, 18, 37, 50, (1, 1)),
    (2, 15, 11, 64, 129, (0, 0)),
    (2, 12, 14, 40, 24, (2, 0)),
    (3, 6, 6, 200, 150, (1, 2)),
    (1, 8, 9, 530, 48, (1, 1)),
]


@pytest.fixture(autouse=True)
def keep_settings() -> Iterator[None]:
    yield
    dl.config.set_conv_precision("fast")
    dl.config.set_num_threads(0)


def conv_and_gradients(shape: tuple, dtype: str) -> list[np.ndarray]:
    n, height, width, channels, filters, (before, after) = shape
    rng = np.random.default_rng(0)
    x, w, b = (
        dl.asarray(rng.normal(size=size), dtype=dtype)
        for size in [(n, height, width, channels), (3, 3, channels, filters), (filters,)]
    )
    padded = height + before + after - 2, width + before + after - 2
    dy = dl.asarray(rng.normal(size=(n, *padded, filters)), dtype=dtype)

    def loss(x: dl.Tensor, w: dl.Tensor, b: dl.Tensor) -> dl.Tensor:
        pads = [(0, 0), (before, after), (before, after), (0, 0)]
        same = before == after == 1
        y = ops.conv(x, w, padding="same") if same else ops.conv(ops.pad(x, pads), w)
        return dl.sum((y + b) * dy)

    y = ops.conv(x, w, padding="same" if before == after == 1 else "valid")
    gradients = dl.grad(loss, argnums=(0, 1, 2))(x, w, b)
    return [part.numpy() for part in (y, *gradients)]


def largest_error(got: np.ndarray, wanted: np.ndarray) -> float:
    return float(np.abs(got - wanted).max() / np.abs(wanted).max())


@pytest.mark.parametrize("precision", ["fast", "exact"])
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: "x".join(map(str, shape[:5])))
def test_agrees_with_float64(shape: tuple, precision: str) -> None:
    wanted = conv_and_gradients(shape, "float64")
    dl.config.set_conv_precision(precision)
    got = conv_and_gradients(shape, "float32")
    errors = [largest_error(a, b) for a, b in zip(got, wanted, strict=True)]
    assert max(errors) < TOLERANCE[precision], errors


def test_the_two_differ() -> None:
    fast = conv_and_gradients(SHAPES[0], "float32")
    dl.config.set_conv_precision("exact")
    exact = conv_and_gradients(SHAPES[0], "float32")
    for a, b in zip(fast[:3], exact[:3], strict=True):
        assert not np.array_equal(a, b)


@pytest.mark.parametrize("precision", ["fast", "exact"])
def test_the_same_bits_for_any_number_of_threads(precision: str) -> None:
    dl.config.set_conv_precision(precision)
    results = []
    for threads in (1, 2, 3, 4):
        dl.config.set_num_threads(threads)
        results.append(conv_and_gradients((9, 16, 16, 48, 40, (1, 1)), "float32"))
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_bias_and_relu_are_part_of_it() -> None:
    layer = dl.layers.Conv2D(32, 3, padding="same", activation="relu", bias_initializer="ones")
    x = dl.random.normal((2, 9, 10, 32), seed=0)
    got = layer(x).numpy()
    plain = ops.conv(x.astype("float64"), layer.kernel.value.astype("float64"), padding="same")
    assert largest_error(got, np.maximum(plain.numpy() + 1, 0)) < TOLERANCE["fast"]
    assert (got == 0).any()


def test_an_unknown_precision_is_explained() -> None:
    with pytest.raises(ValueError, match=r"precision is 'fast' or 'exact', got 'high'"):
        dl.config.set_conv_precision("high")
    assert dl.config.conv_precision() == "fast"


def remembering_layer() -> tuple[dl.layers.Layer, dl.Tensor]:
    layer = dl.layers.Conv2D(64, 3, padding="same", use_bias=False, kernel_initializer="ones")
    x = dl.random.normal((2, 9, 10, 64), seed=0)
    layer.build(x.shape)
    return layer, x


def in_use() -> int:
    return dl.config.memory_stats()["in_use"]


def test_a_transformed_kernel_is_remembered_until_the_kernel_changes() -> None:
    layer, x = remembering_layer()
    before = in_use()
    first = layer(x).numpy()
    assert in_use() == before  # who trains uses each value once
    second = layer(x).numpy()
    remembered = in_use() - before
    assert remembered >= layer.kernel.value.nbytes * 16 / 9  # F(2x2): 16 numbers for 9, F(4x4): 36
    third = layer(x).numpy()
    assert in_use() - before == remembered
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first, third)
    layer.kernel.assign(layer.kernel * 2)
    assert in_use() == before
    for _ in range(3):
        np.testing.assert_array_equal(layer(x).numpy(), 2 * first)


@pytest.mark.parametrize("shape", [(2, 28, 28, 300, 70), (1, 13, 11, 150, 1030)], ids=str)
def test_a_packed_kernel_is_remembered_too(shape: tuple) -> None:
    *image, channels, filters = shape
    layer = dl.layers.Conv2D(filters, 1, activation="relu", bias_initializer="random_normal")
    x = dl.random.normal((*image, channels), seed=0)
    layer.build(x.shape)
    kernel = dl.asarray(layer.kernel, copy=True).numpy()[0, 0]  # the layer's own is not handed out
    wanted = x.numpy().astype("float64") @ kernel + layer.bias.numpy()
    before = in_use()
    first = layer(x).numpy()
    for _ in range(2):
        np.testing.assert_array_equal(layer(x).numpy(), first)
    assert largest_error(first, np.maximum(wanted, 0)) < TOLERANCE["exact"]
    assert (in_use() > before) == (_core.build_info()["isa"] == "amx")
    layer.kernel.assign(layer.kernel * 2)
    layer.bias.assign(layer.bias * 2)
    assert in_use() == before
    for _ in range(3):
        np.testing.assert_array_equal(layer(x).numpy(), 2 * first)


def test_training_between_two_predictions_is_seen() -> None:
    layer, x = remembering_layer()
    optimizer = dl.optimizers.SGD(0.01)
    optimizer.build(layer.trainable_variables)
    for _ in range(3):
        copy = dl.asarray(layer.kernel.numpy())
        for _ in range(3):
            np.testing.assert_array_equal(
                layer(x).numpy(), ops.conv(x, copy, padding="same").numpy()
            )
        layer(x).mean().backward()
        optimizer.step()


def test_gradients_with_a_remembered_kernel_keep_their_bits() -> None:
    layer, x = remembering_layer()

    def gradients() -> list[np.ndarray]:
        loss = lambda x: dl.sum(layer(x) ** 2)  # noqa: E731
        return [dl.grad(loss)(x).numpy(), *map(np.asarray, dl.grad(lambda k: loss(x))(k))]

    k = layer.trainable_variables
    first = gradients()
    for _ in range(3):
        for a, b in zip(first, gradients(), strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_kernel_that_others_may_write_is_not_remembered() -> None:
    torch = pytest.importorskip("torch")
    layer, x = remembering_layer()
    layer(x), layer(x)
    alias = torch.from_dlpack(layer.kernel.value)
    before = layer(x).numpy()
    alias.mul_(2)
    np.testing.assert_array_equal(layer(x).numpy(), 2 * before)


def test_a_recorded_prediction_reads_the_kernel_of_the_day() -> None:
    layer, x = remembering_layer()
    layer(x), layer(x), layer(x)
    with recorded() as recording:
        y = layer(x)
    before = y.numpy()
    layer.kernel.assign(layer.kernel * 2)
    recording.replay()
    np.testing.assert_array_equal(y.numpy(), 2 * before)


def test_a_kernel_written_while_others_predict_is_not_remembered_by_halves() -> None:
    values = [dl.ones((3, 3, 64, 64)), dl.full((3, 3, 64, 64), 2.0)]
    kernel = dl.Variable(values[0])
    x = dl.random.normal((1, 9, 10, 64), seed=0)
    wanted = [ops.conv(x, value, padding="same").numpy() for value in values]
    stop = threading.Event()

    def predict() -> None:
        while not stop.is_set():
            ops.conv(x, kernel, padding="same")

    threads = [threading.Thread(target=predict) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for i in range(200):
            kernel.assign(values[i % 2])
            for _ in range(3):
                got = ops.conv(x, kernel, padding="same").numpy()
                np.testing.assert_array_equal(got, wanted[i % 2])
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_scratch_is_no_multiple_of_the_images() -> None:
    x, kernel = dl.ones((2000, 1, 1, 16)), dl.ones((9, 9, 16, 3))
    _core.reset_peak_memory("cpu")
    before = in_use()
    ops.conv(x, kernel, padding="same")
    assert dl.config.memory_stats()["peak"] - before < 20 * x.nbytes


@pytest.mark.parametrize("precision", ["fast", "exact"])
def test_a_kernel_serves_batches_of_every_size(precision: str) -> None:
    """What is remembered of a kernel is made for a plan, and the plan depends on the images."""
    dl.config.set_conv_precision(precision)
    rng = np.random.default_rng(0)
    x = dl.asarray(rng.normal(size=(8, 10, 10, 32)), dtype="float32")
    value = dl.asarray(rng.normal(size=(3, 3, 32, 32)), dtype="float32")
    kernel, wide = dl.Variable(value), value.astype("float64")
    for batch in (1, 1, 8, 8, 1, 2, 1, 8, 3):
        part = x[:batch]
        grad, grad64 = (
            dl.grad(lambda t, w=w: dl.sum(ops.conv(t, w, padding="same") ** 2))(t)
            for t, w in ((part, kernel), (part.astype("float64"), wide))
        )
        y = ops.conv(part, kernel, padding="same").numpy()
        y64 = ops.conv(part.astype("float64"), wide, padding="same").numpy()
        assert largest_error(y, y64) < TOLERANCE[precision]
        assert largest_error(grad.numpy(), grad64.numpy()) < 2 * TOLERANCE[precision]


# Batch, size, channels, kernel, filters, strides, padding, dilation: what the tile unit reads in
# place, with zeros on one side or both, phases of strides, taps that skip, and edges everywhere.
IN_PLACE = [
    (1, (14, 14), 96, (3, 3), 128, 1, "same", 1),
    (1, (7, 7), 160, (3, 3), 200, 1, "same", 1),
    (2, (28, 27), 64, (3, 3), 70, 2, "same", 1),
    (2, (29, 30), 40, (5, 5), 64, 1, ((2, 1), (0, 3)), 1),
    (3, (13, 21), 33, (5, 4), 64, (3, 2), ((4, 0), (1, 5)), 1),
    (2, (33, 30), 64, (3, 3), 64, 1, "same", (2, 3)),
    (1, (14, 14), 256, (1, 1), 1056, 1, "valid", 1),
    (2, (15, 16), 256, (1, 1), 512, 2, "valid", 1),
    (1, (30, 30), 64, (2, 2), 96, 3, "valid", 1),
    (40, (9, 9), 64, (3, 3), 48, 2, "same", 1),
    (37, (40, 40), 64, (3, 3), 64, 2, "same", 1),  # some images at a time
    (8, (1034,), 32, (11,), 12, 1, "valid", 1),  # neighbouring outputs are joined
    (8, (68, 68), 32, (5, 5), 8, 1, "valid", 1),
    (3, (200,), 64, (7,), 128, 2, "same", 1),
    (2, (6, 9, 10), 64, (3, 3, 2), 96, (1, 2, 1), "same", 1),
    (4, (32, 32), 96, (5, 5), 20, 1, "same", 1),  # few filters
]


def convolution_of(case: tuple, dtype: str) -> tuple:
    """Return x, kernel and options of `case`, exact from here on, and where numbers come from."""
    n, size, channels, taps, filters, strides, padding, dilation = case
    rng = np.random.default_rng(0)
    x = dl.asarray(rng.normal(size=(n, *size, channels)), dtype=dtype)
    w = dl.asarray(rng.normal(size=(*taps, channels, filters)), dtype=dtype)
    dl.config.set_conv_precision("exact")
    return x, w, {"strides": strides, "padding": padding, "dilation_rate": dilation}, rng


def check_in_place(results: list[np.ndarray], want: np.ndarray, dtype: str) -> None:
    tolerance = TOLERANCE["exact"] if dtype == "float32" else 2**-7
    assert largest_error(results[0], want) < tolerance
    for other in results[1:]:
        np.testing.assert_array_equal(results[0], other)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("case", IN_PLACE, ids=str)
def test_images_read_in_place_agree_with_float64(case: tuple, dtype: str) -> None:
    x, w, options, rng = convolution_of(case, dtype)
    want = ops.conv(x.astype("float64"), w.astype("float64"), **options).numpy()
    bias, addend = rng.normal(size=want.shape[-1]), rng.normal(size=want.shape)
    want = np.maximum(want + bias + addend, 0)
    more = {"bias": bias, "addend": addend, "activation": "relu"}
    more = {k: dl.asarray(v, dtype=dtype) if k != "activation" else v for k, v in more.items()}
    results = []
    for threads in (1, 2, 3):
        dl.config.set_num_threads(threads)
        for kernel in (w, dl.Variable(w)):
            y = ops.conv(x, kernel, **options, **more)
            results.append(y.astype("float64").numpy())
    check_in_place(results, want, dtype)


# The same, of the gradient by x, which reads dy so: of stride 1, also for few channels of x.
GRADIENT_IN_PLACE = [
    *(case for case in IN_PLACE if case[5] == 1),
    (4, (32, 32), 20, (5, 5), 96, 1, "same", 1),
    (2, (41, 30), 33, (5, 4), 64, 1, ((7, 0), (1, 5)), 1),
    (2, (30, 33), 64, (5, 3), 40, 1, ((0, 4), (3, 0)), (1, 3)),
    (3, (20, 20), 48, (7, 7), 70, 1, "valid", 1),
]


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("case", GRADIENT_IN_PLACE, ids=str)
def test_gradients_read_in_place_agree_with_float64(case: tuple, dtype: str) -> None:
    x, w, options, rng = convolution_of(case, dtype)
    dy = rng.normal(size=ops.conv(x, w, **options).shape)

    def gradient(as_dtype: str) -> np.ndarray:
        kernel, weights = w.astype(as_dtype), dl.asarray(dy, dtype=dtype).astype(as_dtype)
        dx = dl.grad(lambda t: dl.sum(ops.conv(t, kernel, **options) * weights))
        return dx(x.astype(as_dtype)).astype("float64").numpy()

    want = gradient("float64")
    results = []
    for threads in (1, 2, 3):
        dl.config.set_num_threads(threads)
        results.append(gradient(dtype))
    check_in_place(results, want, dtype)


def test_zeros_between_far_taps_are_not_stored() -> None:
    far = 1 << 40
    x, w = np.ones((64, 1, 1, 512), "float32"), np.ones((2, 1, 512, 512), "float32")
    y = ops.conv(x, w, padding=((far, 0), (0, 0)), dilation_rate=(far, 1))
    assert y.shape == (64, 1, 1, 512)
    assert float(dl.min(y)) == float(dl.max(y)) == 512.0


def test_far_taps_have_gradients() -> None:
    far = 2**60
    x, w = np.ones((1, 1, 64, 16), "float32"), np.ones((1, 2, 16, 8), "float32")
    options = {"padding": ((0, 0), (0, far - 59)), "dilation_rate": (1, far)}
    dx = dl.grad(lambda t: dl.sum(ops.conv(t, w, **options)))(dl.asarray(x)).numpy()
    seen = ops.conv(x, w, **options).shape[2]
    assert dx[0, 0, :, 0].tolist() == [8.0] * seen + [0.0] * (64 - seen)


def test_strides_beyond_the_image() -> None:
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(2, 8, 256, 128)), rng.normal(size=(6, 3, 128, 64))
    pads = ((2**62 + 5, 2**61), (1, 1))
    got = ops.conv(x.astype("f"), w.astype("f"), strides=(2**62, 1), padding=pads).numpy()
    want = ops.conv(x, w, strides=(2**62, 1), padding=pads).numpy()
    assert largest_error(got, want) < TOLERANCE["fast"]


def test_an_infinity_stays_where_the_window_sees_it() -> None:
    dl.config.set_conv_precision("exact")
    x = np.ones((1, 14, 14, 96), "float32")
    x[0, 5, 13, 40] = np.inf
    y = ops.conv(x, np.ones((5, 5, 96, 64), "float32"), padding="same").numpy()
    seen = np.isinf(y).any(-1)[0]
    assert seen[3:8, 11:].all()
    assert seen.sum() == 5 * 3
    assert np.isfinite(y[0][~seen]).all()
