"""Arrays of labels and vectors in other forms."""

from __future__ import annotations

from typing import Any


def to_categorical(x: Any, num_classes: int | None = None) -> Any:
    """Return class numbers as one-hot rows: shape (...,) becomes (..., num_classes).

    A last axis of size 1 is dropped first. A tensor gives a float32 tensor, anything else a float64
    NumPy array. Without `num_classes` it is max(x) + 1.

    Raises ValueError for labels that are no whole numbers or not in 0 ... num_classes - 1,
    TypeError for text and other objects.

    >>> import danlu as dl
    >>> dl.utils.to_categorical([0, 2], num_classes=3).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    import numpy

    from .._core import Tensor

    labels = x.numpy() if isinstance(x, Tensor) else numpy.asarray(x)
    if (
        labels.dtype.kind == "f"
        and not (numpy.isfinite(labels) & (labels == numpy.floor(labels))).all()
    ):
        raise ValueError("[to_categorical] wants class numbers, got numbers with fractions or inf")
    if labels.dtype.kind not in "iufb":
        raise TypeError(f"[to_categorical] wants class numbers, got dtype {labels.dtype}")
    labels = labels.astype("int64")
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    if num_classes is None:
        num_classes = int(labels.max()) + 1 if labels.size else 0
    if labels.size and not (0 <= labels.min() and labels.max() < num_classes):
        raise ValueError(
            f"[to_categorical] labels run from {labels.min()} to {labels.max()}, with "
            f"num_classes={num_classes} they lie in 0 ... {num_classes - 1}"
        )
    out = numpy.zeros((labels.size, num_classes), "float32" if isinstance(x, Tensor) else "float64")
    out[numpy.arange(labels.size), labels.ravel()] = 1
    out = out.reshape((*labels.shape, num_classes))
    if isinstance(x, Tensor):
        from .. import ops

        return ops.convert_to_tensor(out)
    return out


def normalize(x: Any, axis: int = -1, order: int = 2) -> Any:
    """y = x / norm(x), the vectors along an axis; zero vectors stay.

    A tensor gives a tensor, through which gradients flow; anything else a NumPy array. The norm is
    (sum |x|^order)^(1/order), 2 for the Euclidean one, `np.inf` for the largest |x|. Raises
    IndexError for an axis that there is not (NumPy's AxisError is one).

    >>> import danlu as dl
    >>> dl.utils.normalize([[3.0, 4.0], [0.0, 0.0]]).tolist()
    [[0.6, 0.8], [0.0, 0.0]]
    >>> dl.utils.normalize([1.0, 3.0], order=1).tolist()
    [0.25, 0.75]
    """
    from .._core import Tensor, Variable

    if isinstance(x, (Tensor, Variable)):
        return _normalized_tensor(x, axis, order)
    import numpy

    x = numpy.atleast_1d(numpy.asarray(x))
    norms = numpy.linalg.norm(x, ord=order, axis=axis, keepdims=True)
    return x / numpy.where(norms == 0, 1, norms)


def _normalized_tensor(x: Any, axis: int, order: float) -> Any:
    from .. import ops

    x = ops.convert_to_tensor(x)
    if "float" not in str(x.dtype):
        x = ops.cast(x, "float32")
    largest = ops.max(ops.abs(x), axis=axis, keepdims=True)
    zero = largest == 0
    if order == float("inf"):
        return x / ops.where(zero, 1.0, largest)
    # Zero vectors are divided by 1, and the root is not differentiated at 0.
    safe = ops.where(zero, 1.0, x)
    powers = ops.square(safe) if order == 2 else ops.power(ops.abs(safe), order)
    norms = ops.power(ops.sum(powers, axis=axis, keepdims=True), 1.0 / order)
    return x / ops.where(zero, 1.0, norms)
