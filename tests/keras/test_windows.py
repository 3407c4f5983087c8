"""Convolution and pooling functions against Keras 3: every combination of window and padding."""

from itertools import product

import keras
import numpy as np
import pytest

import danlu as dl

X = np.random.default_rng(0).standard_normal((2, 8, 9, 4)).astype("float32")


def assert_same(name, *arguments, **options):
    arrays = [a for a in arguments if isinstance(a, np.ndarray)]
    rest = arguments[len(arrays) :]
    want = np.asarray(getattr(keras.ops, name)(*arrays, *rest, **options))
    got = getattr(dl.ops, name)(*map(dl.asarray, arrays), *rest, **options).numpy()
    what = f"{name} {[a.shape for a in arrays]} {rest} {options}"
    assert got.shape == want.shape, what
    np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-4, err_msg=what)


def kernel(*shape):
    return np.random.default_rng(1).standard_normal(shape).astype("float32")


# Keras has no convolution with both strides and dilation.
@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (2, 1), (3, 1), (1, 2)])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_conv(stride, dilation, padding):
    for size in (1, 2, 3, 4):
        options = {"strides": stride, "padding": padding, "dilation_rate": dilation}
        assert_same("conv", X, kernel(size, size, 2, 6), **options)
        assert_same("depthwise_conv", X, kernel(size, size, 4, 2), **options)
        pointwise = kernel(1, 1, 8, 3)
        assert_same("separable_conv", X, kernel(size, size, 4, 2), pointwise, **options)


@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (2, 1), (3, 1), (1, 2)])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_conv_transpose(stride, dilation, padding):
    for size, extra in product((1, 2, 3, 4, 5), (None, 0, 1)):
        if extra is None or extra < stride:
            assert_same(
                "conv_transpose",
                X,
                kernel(size, size, 2, 4),
                stride,
                padding,
                extra,
                dilation_rate=dilation,
            )


@pytest.mark.parametrize("name", ["max_pool", "average_pool"])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_pool(name, padding):
    for size, stride in product((1, 2, 3), (1, 2, 3)):
        assert_same(name, X, size, stride, padding)
