"""Layers that apply an activation function."""

from __future__ import annotations

from typing import Any

from .. import activations, constraints, initializers, ops, regularizers
from ..utils.arguments import standardize_axis
from .input_spec import InputSpec
from .layer import Layer


class Activation(Layer):
    """y = activation(x), for an activation by name or any function of a tensor.

    The shape of y is that of x, of any rank. None is the identity.

    Raises ValueError for a name that `dl.activations` does not have.

    >>> import danlu as dl
    >>> dl.layers.Activation("relu")([[-1.0, 2.0]]).tolist()
    [[0.0, 2.0]]
    >>> dl.layers.Activation(lambda x: x * x)([[-3.0, 2.0]]).tolist()
    [[9.0, 4.0]]
    """

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self.activation = activations.get(activation)
        self.built = True

    def call(self, inputs: Any) -> Any:
        return self.activation(inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "activation": activations.serialize(self.activation)}


class ReLU(Layer):
    """y = min(x, max_value) where x > threshold, else `negative_slope * (x - threshold)`.

    By default max(x, 0), without a maximum; the shape of y is that of x. `max_value=6` is the ReLU6
    of small networks.

    Raises ValueError when max_value, negative_slope or threshold is below 0.

    Source: Nair and Hinton, 2010, "Rectified linear units improve restricted Boltzmann machines".

    >>> import danlu as dl
    >>> dl.layers.ReLU(max_value=6.0)([[-1.0, 3.0, 9.0]]).tolist()
    [[0.0, 3.0, 6.0]]
    >>> dl.layers.ReLU(negative_slope=0.5, threshold=1.0)([[-1.0, 1.0, 3.0]]).tolist()
    [[-1.0, 0.0, 3.0]]
    """

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _not_negative("ReLU", max_value=0 if max_value is None else max_value)
        _not_negative("ReLU", negative_slope=negative_slope, threshold=threshold)
        self.max_value = max_value
        self.negative_slope = negative_slope
        self.threshold = threshold
        self.supports_masking = True
        self.built = True

    def call(self, inputs: Any) -> Any:
        return activations.relu(inputs, self.negative_slope, self.max_value, self.threshold)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "max_value": self.max_value,
            "negative_slope": self.negative_slope,
            "threshold": self.threshold,
        }


class LeakyReLU(Layer):
    """y = x where x > 0, else `negative_slope * x`.

    The slope is 0.3 by default here, as in Keras 3, and 0.2 in the function
    `dl.activations.leaky_relu`; Keras 2's name `alpha` is taken too. The shape of y is that of x.

    Raises ValueError when negative_slope is None or below 0.

    Source: Maas, Hannun and Ng, 2013, "Rectifier nonlinearities improve neural network acoustic
    models".

    >>> import danlu as dl
    >>> dl.layers.LeakyReLU(negative_slope=0.25)([[-4.0, 2.0]]).tolist()
    [[-1.0, 2.0]]
    """

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        negative_slope = kwargs.pop("alpha", negative_slope)  # the name in Keras 2
        super().__init__(**kwargs)
        _not_negative("LeakyReLU", negative_slope=negative_slope)
        self.negative_slope = negative_slope
        self.supports_masking = True
        self.built = True

    def call(self, inputs: Any) -> Any:
        return activations.leaky_relu(inputs, self.negative_slope)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "negative_slope": self.negative_slope}


class ELU(Layer):
    """y = x where x > 0, else `alpha * (exp(x) - 1)`.

    Large negative x give -alpha, so the mean of the outputs is nearer to 0 than that of ReLU. The
    shape of y is that of x.

    Source: Clevert, Unterthiner and Hochreiter, 2015, arXiv:1511.07289.

    >>> import danlu as dl
    >>> y = dl.layers.ELU()([[-1.0, 2.0]])
    >>> [round(v, 4) for v in y[0].tolist()]
    [-0.6321, 2.0]
    """

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = alpha
        self.supports_masking = True
        self.built = True

    def call(self, inputs: Any) -> Any:
        return activations.elu(inputs, alpha=self.alpha)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "alpha": self.alpha}


class PReLU(Layer):
    """y = x where x > 0, else `alpha * x`, with a learned alpha for each feature.

    x (batch, ...) -> y of the same shape; alpha has the shape of a sample, with size 1 on the axes
    in `shared_axes` (counted with the batch as axis 0): `shared_axes=[1, 2]` gives one alpha for
    each channel of images. alpha begins as zeros, that is as ReLU.

    Raises ValueError for shared axes that the sample does not have, when an axis that is not shared
    is open (None), and when its size is another than at first.

    Source: He, Zhang, Ren and Sun, 2015, arXiv:1502.01852.

    >>> import danlu as dl
    >>> layer = dl.layers.PReLU(alpha_initializer=dl.initializers.Constant(0.25))
    >>> layer([[-4.0, 2.0]]).tolist()
    [[-1.0, 2.0]]
    """

    def __init__(
        self,
        alpha_initializer: Any = "Zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        if shared_axes is not None and not isinstance(shared_axes, (list, tuple)):
            shared_axes = [shared_axes]
        if not all(hasattr(axis, "__index__") and axis >= 1 for axis in shared_axes or ()):
            raise ValueError(
                "[PReLU] shared_axes are axes of the sample, from 1 on, got "
                f"shared_axes={shared_axes!r}"
            )
        self.shared_axes = None if shared_axes is None else list(map(int, shared_axes))

    def build(self, input_shape: Any) -> None:
        shared = self.shared_axes or []
        if max(shared, default=0) >= len(input_shape):
            raise ValueError(
                f"{self.label()} inputs of shape {tuple(input_shape)} have the axes 1 to "
                f"{len(input_shape) - 1} beside the batch, got shared_axes={shared}"
            )
        shape = [1 if i in shared else n for i, n in enumerate(input_shape) if i]
        self.alpha = self.add_weight(
            name="alpha",
            shape=shape,
            initializer=self.alpha_initializer,
            regularizer=self.alpha_regularizer,
            constraint=self.alpha_constraint,
        )
        axes = {i: n for i, n in enumerate(input_shape) if i and i not in shared}
        self.input_spec = InputSpec(ndim=len(input_shape), axes=axes)

    def call(self, inputs: Any) -> Any:
        return ops.relu(inputs) - self.alpha * ops.relu(-inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "alpha_initializer": initializers.serialize(self.alpha_initializer),
            "alpha_regularizer": regularizers.serialize(self.alpha_regularizer),
            "alpha_constraint": constraints.serialize(self.alpha_constraint),
            "shared_axes": self.shared_axes,
        }


class Softmax(Layer):
    """y = exp(x) / sum(exp(x)) along an axis or several; where a mask is False, y is 0.

    The shape of y is that of x; the mask, boolean, broadcasts to it. Along the axis y sums to 1, or
    to 0 where the mask leaves nothing.

    Raises IndexError when x lacks the axis.

    Source: Bridle, 1990, "Probabilistic interpretation of feedforward classification network
    outputs".

    >>> import danlu as dl
    >>> layer = dl.layers.Softmax()
    >>> layer([[7.0, 7.0, 7.0, 7.0]]).tolist()
    [[0.25, 0.25, 0.25, 0.25]]
    >>> layer([[7.0, 7.0, 7.0]], mask=[[True, True, False]]).tolist()
    [[0.5, 0.5, 0.0]]
    """

    def __init__(self, axis: Any = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = None if axis is None else standardize_axis("Softmax", axis, several=True)
        self.supports_masking = True
        self.built = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        if mask is not None:
            mask = ops.cast(mask, "bool")
            inputs = ops.where(mask, inputs, -3e4 if inputs.dtype == "float16" else -1e9)
        axis = tuple(self.axis) if isinstance(self.axis, list) else self.axis
        outputs = ops.softmax(inputs, axis=axis)
        return outputs if mask is None else ops.where(mask, outputs, 0.0)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis}


def _not_negative(owner: str, **values: Any) -> None:
    for name, value in values.items():
        if value is None or value < 0:
            raise ValueError(f"[{owner}] {name} is a number >= 0, got {name}={value!r}")
