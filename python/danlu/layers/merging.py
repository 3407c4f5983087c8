"""Layers of several inputs: a list of tensors becomes one."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..utils.arguments import standardize_axis
from .layer import Layer
from .masking import mask_of


class Merge(Layer):
    """What merging layers share; a subclass defines `_merge(inputs)` for inputs of one rank.

    Inputs of fewer axes get axes of size 1 after the batch. The mask of the result keeps the steps
    that any input keeps; it has none when an input has none.

    Raises ValueError when it is not called on a list of tensors, or their shapes do not broadcast
    or their batch sizes differ.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        self.compute_output_shape(input_shape)

    def call(self, inputs: Any) -> Any:
        self._check_list(inputs)
        ndim = max(x.ndim for x in inputs)
        if any(x.ndim != ndim for x in inputs):
            inputs = [_with_ndim(x, ndim) for x in inputs]
        return self._merge(inputs)

    def _merge(self, inputs: Any) -> Any:
        raise NotImplementedError(f"[{type(self).__name__}] a merging layer defines _merge(inputs)")

    def _check_list(self, inputs: Any) -> None:
        if not isinstance(inputs, (list, tuple)) or not inputs:
            raise ValueError(
                f"[{type(self).__name__} {self.name!r}] wants a list of tensors, got "
                f"{type(inputs).__name__}: call it as layer([a, b])"
            )

    def compute_output_shape(self, input_shape: Any) -> Any:
        shapes = _shapes(self, input_shape)
        ndim = max(map(len, shapes))
        full = [(s[0], *(1,) * (ndim - len(s)), *s[1:]) for s in shapes]
        merged = list(full[0])
        for shape in full[1:]:
            for axis, (a, b) in enumerate(zip(merged, shape, strict=True)):
                if a is not None and b is not None and a != b and (axis == 0 or 1 not in (a, b)):
                    what = "the same batch size" if axis == 0 else "shapes that broadcast"
                    raise ValueError(
                        f"[{type(self).__name__} {self.name!r}] wants inputs of {what}, got "
                        f"{' and '.join(map(str, shapes))}, which differ on axis {axis}"
                    )
                if axis == 0:
                    merged[axis] = a if a is not None else b
                else:
                    merged[axis] = b if a == 1 else a if b == 1 else (a and b)
        return tuple(merged)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        if mask is None or any(m is None for m in mask):
            return None
        merged = mask[0]
        for m in mask[1:]:
            merged = ops.logical_or(merged, m)
        return merged


class Add(Merge):
    """y = a + b + ...

    The inputs, a list of one or more tensors, broadcast to the shape of y; their batch sizes are
    equal. x + f(x) is the connection of residual networks.

    Raises ValueError for anything but a list, and for shapes that do not broadcast.

    Source: the residual connection is that of He, Zhang, Ren and Sun, 2015, arXiv:1512.03385.

    >>> import danlu as dl
    >>> a, b = dl.asarray([[1.0, 2.0]]), dl.asarray([[3.0, 5.0]])
    >>> dl.layers.Add()([a, b]).tolist()
    [[4.0, 7.0]]
    """

    def _merge(self, inputs: Any) -> Any:
        return _fold(ops.add, inputs)


class Subtract(Merge):
    """y = a - b.

    a and b broadcast to the shape of y; their batch sizes are equal.

    Raises ValueError for anything but a list of two tensors, and for shapes that do not broadcast.

    >>> import danlu as dl
    >>> a, b = dl.asarray([[1.0, 2.0]]), dl.asarray([[3.0, 5.0]])
    >>> dl.layers.Subtract()([a, b]).tolist()
    [[-2.0, -3.0]]
    """

    def build(self, input_shape: Any) -> None:
        _exactly_two(self, _shapes(self, input_shape))
        super().build(input_shape)

    def _merge(self, inputs: Any) -> Any:
        _exactly_two(self, inputs)
        return inputs[0] - inputs[1]


class Multiply(Merge):
    """y = a * b * ...; a step that a mask leaves out counts as 1.

    The inputs, a list of one or more tensors, broadcast to the shape of y; their batch sizes are
    equal. Steps that no mask keeps are 0, when all inputs have masks.

    Raises ValueError for anything but a list, and for shapes that do not broadcast.

    >>> import danlu as dl
    >>> a, b = dl.asarray([[1.0, 2.0]]), dl.asarray([[3.0, 5.0]])
    >>> dl.layers.Multiply()([a, b]).tolist()
    [[3.0, 10.0]]
    """

    def _merge(self, inputs: Any) -> Any:
        masks = [_full_mask(x) for x in inputs]
        kept = [
            x if mask is None else ops.where(mask, x, 1)
            for x, mask in zip(inputs, masks, strict=True)
        ]
        product = _fold(ops.multiply, kept)
        if any(mask is None for mask in masks):
            return product
        return ops.where(_fold(ops.logical_or, masks), product, 0)


class Average(Merge):
    """y = (a + b + ...) / their number.

    The inputs, a list of one or more tensors, broadcast to the shape of y; their batch sizes are
    equal. Masked steps count like others.

    Raises ValueError for anything but a list, and for shapes that do not broadcast.

    >>> import danlu as dl
    >>> a, b = dl.asarray([[1.0, 2.0]]), dl.asarray([[3.0, 5.0]])
    >>> dl.layers.Average()([a, b]).tolist()
    [[2.0, 3.5]]
    """

    def _merge(self, inputs: Any) -> Any:
        return _fold(ops.add, inputs) / len(inputs)


class Maximum(Merge):
    """y = max(a, b, ...), of the steps that masks keep.

    The inputs, a list of one or more tensors, broadcast to the shape of y; their batch sizes are
    equal.

    Raises ValueError for anything but a list, and for shapes that do not broadcast.

    >>> import danlu as dl
    >>> a, b = dl.asarray([[1.0, 7.0]]), dl.asarray([[3.0, 5.0]])
    >>> dl.layers.Maximum()([a, b]).tolist()
    [[3.0, 7.0]]
    """

    def _merge(self, inputs: Any) -> Any:
        return _fold_kept(ops.maximum, inputs)


class Minimum(Merge):
    """y = min(a, b, ...), of the steps that masks keep.

    The inputs, a list of one or more tensors, broadcast to the shape of y; their batch sizes are
    equal.

    Raises ValueError for anything but a list, and for shapes that do not broadcast.

    >>> import danlu as dl
    >>> a, b = dl.asarray([[1.0, 7.0]]), dl.asarray([[3.0, 5.0]])
    >>> dl.layers.Minimum()([a, b]).tolist()
    [[1.0, 5.0]]
    """

    def _merge(self, inputs: Any) -> Any:
        return _fold_kept(ops.minimum, inputs)


class Concatenate(Merge):
    """Put tensors one after the other along an axis; all other axes are equal.

    The axis is counted with the batch as 0; -1, the last, by default. An input without a mask
    counts as kept when another one has a mask.

    Raises ValueError for anything but a list, for an axis that the inputs lack, and when their
    other axes differ.

    >>> import danlu as dl
    >>> a, b = dl.asarray([[1.0, 2.0]]), dl.asarray([[3.0]])
    >>> dl.layers.Concatenate()([a, b]).tolist()
    [[1.0, 2.0, 3.0]]
    """

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = standardize_axis("Concatenate", axis)

    def call(self, inputs: Any) -> Any:
        self._check_list(inputs)
        return ops.concatenate(inputs, axis=self.axis)

    def compute_output_shape(self, input_shape: Any) -> Any:
        shapes = _shapes(self, input_shape)
        ndim = len(shapes[0])
        axis = self.axis % ndim if -ndim <= self.axis < ndim else None
        fits = axis is not None and all(
            len(s) == ndim
            and all(
                i == axis or a is None or b is None or a == b
                for i, (a, b) in enumerate(zip(s, shapes[0], strict=True))
            )
            for s in shapes
        )
        if axis is None or not fits:
            raise ValueError(
                f"[Concatenate {self.name!r}] wants inputs of equal shape but for axis "
                f"{self.axis}, got {' and '.join(map(str, shapes))}"
            )
        merged = list(shapes[0])
        for shape in shapes[1:]:
            merged = [a if a is not None else b for a, b in zip(merged, shape, strict=True)]
        sizes = [s[axis] for s in shapes]
        merged[axis] = None if None in sizes else sum(sizes)
        return tuple(merged)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        if mask is None or all(m is None for m in mask):
            return None
        masks = []
        for x, m in zip(inputs, mask, strict=True):
            full = ops.ones_like(x, dtype="bool")
            if m is None:
                masks.append(full)
            else:
                masks.append(
                    ops.logical_and(ops.expand_dims(m, -1), full) if m.ndim < x.ndim else m
                )
        return ops.any(ops.concatenate(masks, axis=self.axis), axis=-1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis}


def _shapes(layer: Any, input_shape: Any) -> list[tuple[Any, ...]]:
    """Return the shapes of the inputs, checked to be a list of shapes."""
    if (
        not isinstance(input_shape, (list, tuple))
        or not input_shape
        or not all(isinstance(s, (list, tuple)) and len(s) for s in input_shape)
    ):
        raise ValueError(
            f"[{type(layer).__name__} {layer.name!r}] wants a list of tensors, got one of shape "
            f"{input_shape}: call it as layer([a, b])"
        )
    return [tuple(s) for s in input_shape]


def _exactly_two(layer: Any, inputs: Any) -> None:
    if len(inputs) != 2:
        raise ValueError(
            f"[{type(layer).__name__} {layer.name!r}] wants two inputs, got {len(inputs)}"
        )


def _fold(fn: Any, inputs: Any) -> Any:
    merged = inputs[0]
    for x in inputs[1:]:
        merged = fn(merged, x)
    return merged


def _fold_kept(fn: Any, inputs: Any) -> Any:
    """Fold; where a mask leaves out one of two steps, the other one stands for both."""
    merged, kept = inputs[0], _full_mask(inputs[0])
    for x in inputs[1:]:
        mask = _full_mask(x)
        if mask is not None:
            x = ops.where(mask, x, merged)
        if kept is not None:
            merged = ops.where(kept, merged, x)
        kept = None if kept is None or mask is None else ops.logical_or(kept, mask)
        merged = fn(merged, x)
    return merged


def _full_mask(x: Any) -> Any:
    """The mask of a tensor in the tensor's shape, or None."""
    mask = mask_of(x)
    return None if mask is None else ops.broadcast_to(ops.expand_dims(mask, -1), x.shape)


def _with_ndim(x: Any, ndim: int) -> Any:
    for _ in range(ndim - x.ndim):
        x = ops.expand_dims(x, 1)
    return x


def add(inputs: Any, **kwargs: Any) -> Any:
    """Return `Add(**kwargs)(inputs)`.

    >>> import danlu as dl
    >>> dl.layers.add([dl.asarray([[1.0, 2.0]]), dl.asarray([[3.0, 5.0]])]).tolist()
    [[4.0, 7.0]]
    """
    return Add(**kwargs)(inputs)


def subtract(inputs: Any, **kwargs: Any) -> Any:
    """Return `Subtract(**kwargs)(inputs)`.

    >>> import danlu as dl
    >>> dl.layers.subtract([dl.asarray([[1.0, 2.0]]), dl.asarray([[3.0, 5.0]])]).tolist()
    [[-2.0, -3.0]]
    """
    return Subtract(**kwargs)(inputs)


def multiply(inputs: Any, **kwargs: Any) -> Any:
    """Return `Multiply(**kwargs)(inputs)`.

    >>> import danlu as dl
    >>> dl.layers.multiply([dl.asarray([[1.0, 2.0]]), dl.asarray([[3.0, 5.0]])]).tolist()
    [[3.0, 10.0]]
    """
    return Multiply(**kwargs)(inputs)


def average(inputs: Any, **kwargs: Any) -> Any:
    """Return `Average(**kwargs)(inputs)`.

    >>> import danlu as dl
    >>> dl.layers.average([dl.asarray([[1.0, 2.0]]), dl.asarray([[3.0, 5.0]])]).tolist()
    [[2.0, 3.5]]
    """
    return Average(**kwargs)(inputs)


def maximum(inputs: Any, **kwargs: Any) -> Any:
    """Return `Maximum(**kwargs)(inputs)`.

    >>> import danlu as dl
    >>> dl.layers.maximum([dl.asarray([[1.0, 7.0]]), dl.asarray([[3.0, 5.0]])]).tolist()
    [[3.0, 7.0]]
    """
    return Maximum(**kwargs)(inputs)


def minimum(inputs: Any, **kwargs: Any) -> Any:
    """Return `Minimum(**kwargs)(inputs)`.

    >>> import danlu as dl
    >>> dl.layers.minimum([dl.asarray([[1.0, 7.0]]), dl.asarray([[3.0, 5.0]])]).tolist()
    [[1.0, 5.0]]
    """
    return Minimum(**kwargs)(inputs)


def concatenate(inputs: Any, axis: int = -1, **kwargs: Any) -> Any:
    """Return `Concatenate(axis, **kwargs)(inputs)`.

    >>> import danlu as dl
    >>> dl.layers.concatenate([dl.ones((2, 3, 4)), dl.ones((2, 5, 4))], axis=1).shape
    (2, 8, 4)
    """
    return Concatenate(axis=axis, **kwargs)(inputs)
