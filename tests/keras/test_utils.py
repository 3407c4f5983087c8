"""Functions of `keras.utils`: the same arrays where Keras takes the input, errors where it errs."""

import keras
import numpy as np
import pytest

import danlu as dl


@pytest.mark.parametrize(
    ("x", "num_classes"),
    [
        ([0, 2, 1], 3),
        ([0, 2, 1], 5),
        ([0, 2, 1], None),
        ([[0], [2]], None),
        ([[[0], [2]]], 4),
        ([[1, 2, 0], [0, 0, 3]], None),
        (2, None),
        ([], 3),
        ([True, False], None),
        (np.array([3, 0], "uint8"), None),
        (np.array([1.0, 0.0]), 2),
        (np.zeros((0, 4), "int64"), 3),
    ],
    ids=str,
)
def test_to_categorical(x, num_classes):
    got = dl.utils.to_categorical(x, num_classes)
    want = keras.utils.to_categorical(x, num_classes)
    assert type(got) is np.ndarray and got.dtype == want.dtype
    np.testing.assert_array_equal(got, want)


def test_to_categorical_of_a_tensor():
    got = dl.utils.to_categorical(dl.asarray([[1], [0]]), 3)
    want = keras.utils.to_categorical(keras.ops.convert_to_tensor([[1], [0]]), 3)
    assert isinstance(got, dl.Tensor) and str(got.dtype) == str(want.dtype)
    np.testing.assert_array_equal(got.numpy(), np.asarray(want))


@pytest.mark.parametrize(
    ("x", "num_classes", "error", "match"),
    [
        ([3], 3, ValueError, r"\[to_categorical\] labels run from 3 to 3, .*0 \.\.\. 2"),
        ([1, -1], 3, ValueError, r"labels run from -1 to 1"),  # Keras takes -1 for the last
        ([1.5], 3, ValueError, "fractions"),
        ([np.nan], 3, ValueError, "fractions"),
        ([np.inf], 3, ValueError, "fractions or inf"),
        (["cat"], None, TypeError, "class numbers, got dtype"),
        (None, 3, TypeError, "class numbers, got dtype object"),
    ],
)
def test_to_categorical_refuses(x, num_classes, error, match):
    with pytest.raises(error, match=match):
        dl.utils.to_categorical(x, num_classes)
