"""Normalization: by feature over the batch, by sample over its features, and to length one."""

from __future__ import annotations

from typing import Any

from .. import _core, config, constraints, initializers, ops, regularizers
from ..utils.arguments import standardize_axis
from ..utils.tensors import cast
from ..utils.windows import image_hint
from .input_spec import InputSpec
from .layer import Layer


class BatchNormalization(Layer):
    """y = gamma * (x - mean) / sqrt(variance + epsilon) + beta, for each entry of `axis`.

    In training mean and (biased) variance are those of the batch, and
    `moving = momentum * moving + (1 - momentum) * batch` is kept; at inference, and while the layer
    is not trainable, the moving ones are used.

    y has the shape of x; all four weights have the size of `axis`: gamma and moving_variance begin
    as ones, beta and moving_mean as zeros. A mask leaves steps out of the batch's mean and
    variance.

    Raises ValueError when x lacks the axis, its size is open or changes, and for `renorm` and
    `synchronized`, which are not supported.

    Source: Ioffe and Szegedy, 2015, arXiv:1502.03167; defaults of Keras 3.

    >>> import danlu as dl
    >>> layer = dl.layers.BatchNormalization(momentum=0.75, epsilon=0.0)
    >>> layer([[0.0], [2.0]], training=True).tolist()
    [[-1.0], [1.0]]
    >>> layer.moving_mean.numpy().tolist()  # 0.75 * 0 + 0.25 * 1
    [0.25]
    """

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        renorm_clipping: Any = None,
        renorm_momentum: float = 0.99,
        synchronized: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        for name, value in (("renorm", renorm), ("synchronized", synchronized)):
            if value:
                raise ValueError(
                    f"[BatchNormalization] {name}={value!r} is not supported: danlu normalizes by "
                    f"the batch of one machine. Leave {name} out"
                )
        self.axis = standardize_axis("BatchNormalization", axis)
        self.momentum = float(momentum)
        self.epsilon = float(epsilon)
        self.center = center
        self.scale = scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)
        self.renorm_clipping = renorm_clipping
        self.renorm_momentum = renorm_momentum
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        shape = (_size(self, input_shape, self.axis),)
        self.gamma, self.beta = _scale_and_offset(self, shape)
        self.moving_mean = self.add_weight(
            name="moving_mean",
            shape=shape,
            initializer=self.moving_mean_initializer,
            trainable=False,
        )
        self.moving_variance = self.add_weight(
            name="moving_variance",
            shape=shape,
            initializer=self.moving_variance_initializer,
            trainable=False,
        )
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: shape[0]})

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        inputs = cast(inputs, self._compute_type)
        if not (training and self.trainable):
            return self._normalize(inputs, self.moving_mean, self.moving_variance)
        if mask is None and self.axis in (-1, inputs.ndim - 1):
            outputs, mean, variance = _core.batch_norm_training(
                inputs, self.gamma, self.beta, self.epsilon
            )
        else:
            mean, variance = self._moments(inputs, mask)
            outputs = self._normalize(inputs, mean, variance)
        self._move(self.moving_mean, mean)
        self._move(self.moving_variance, variance)
        return outputs

    def _normalize(self, inputs: Any, mean: Any, variance: Any) -> Any:
        return ops.batch_normalization(
            inputs, mean, variance, self.axis, self.beta, self.gamma, self.epsilon
        )

    def _move(self, moving: Any, batch: Any) -> None:
        batch = ops.stop_gradient(batch)
        moving.assign(moving * self.momentum + batch * (1.0 - self.momentum))

    def _moments(self, inputs: Any, mask: Any) -> tuple[Any, Any]:
        """Return mean and variance over all axes but one, of what the mask keeps."""
        axis = self.axis % inputs.ndim
        axes = tuple(i for i in range(inputs.ndim) if i != axis)
        if mask is None:
            return ops.moments(inputs, axes)
        if mask.ndim != inputs.ndim - 1:
            raise ValueError(
                f"[BatchNormalization {self.name!r}] the mask has one axis less than the inputs, "
                f"got mask {tuple(mask.shape)} and inputs {tuple(inputs.shape)}"
            )
        kept = ops.broadcast_to(ops.cast(ops.expand_dims(mask, -1), inputs.dtype), inputs.shape)
        count = ops.sum(kept, axes, keepdims=True) + config.epsilon()
        mean = ops.sum(inputs * kept, axes, keepdims=True) / count
        variance = ops.sum(ops.square(inputs - mean) * kept, axes, keepdims=True) / count
        return ops.reshape(mean, (-1,)), ops.reshape(variance, (-1,))

    def compute_output_shape(self, input_shape: Any) -> Any:
        _size(self, input_shape, self.axis, may_be_open=True)
        return input_shape

    def input_hint(self, shape: tuple[Any, ...]) -> str:
        axes = self.input_spec.axes or {}
        if self.input_spec.ndim == 4 and self.axis in (-1, 3):
            return image_hint(shape, axes.get(self.axis), "channels_last")
        return f"the layer was built for {axes.get(self.axis)} entries on axis {self.axis}"

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "axis": self.axis,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            "beta_initializer": initializers.serialize(self.beta_initializer),
            "gamma_initializer": initializers.serialize(self.gamma_initializer),
            "moving_mean_initializer": initializers.serialize(self.moving_mean_initializer),
            "moving_variance_initializer": initializers.serialize(self.moving_variance_initializer),
            "beta_regularizer": regularizers.serialize(self.beta_regularizer),
            "gamma_regularizer": regularizers.serialize(self.gamma_regularizer),
            "beta_constraint": constraints.serialize(self.beta_constraint),
            "gamma_constraint": constraints.serialize(self.gamma_constraint),
            "synchronized": False,
            "renorm": False,
            "renorm_clipping": self.renorm_clipping,
            "renorm_momentum": self.renorm_momentum,
        }


class LayerNormalization(Layer):
    """y = gamma * (x - mean) / sqrt(variance + epsilon) + beta, over `axis` of each sample.

    y has the shape of x. mean and (biased) variance are those of the sample, in training as at
    inference; gamma, which begins as ones, and beta, as zeros, have the sizes of `axis`, one axis
    or a list. epsilon is 0.001, as in Keras 3.

    Raises TypeError when axis is not an int or a list, ValueError when x lacks an axis, or its size
    is open or not that of the weights, and for `rms_scaling`, deprecated in Keras.

    Source: Ba, Kiros and Hinton, 2016, arXiv:1607.06450.

    >>> import danlu as dl
    >>> dl.layers.LayerNormalization(epsilon=0.0)([[1.0, 3.0], [7.0, 5.0]]).tolist()
    [[-1.0, 1.0], [1.0, -1.0]]
    """

    def __init__(
        self,
        axis: Any = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        if kwargs.pop("rms_scaling", False):
            raise ValueError(
                "[LayerNormalization] rms_scaling is deprecated in Keras and divides by the "
                "variance: write x * rsqrt(mean(x * x) + epsilon) in a Layer"
            )
        super().__init__(**kwargs)
        self.axis: Any = standardize_axis("LayerNormalization", axis, several=True)
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        self.axis = [self.axis] if isinstance(self.axis, int) else sorted(self.axis)
        shape = tuple(_size(self, input_shape, axis) for axis in self.axis)
        self.gamma, self.beta = _scale_and_offset(self, shape)

    def call(self, inputs: Any) -> Any:
        inputs = cast(inputs, self._compute_type)
        return ops.layer_normalization(inputs, self.gamma, self.beta, self.axis, self.epsilon)

    def compute_output_shape(self, input_shape: Any) -> Any:
        for axis in [self.axis] if isinstance(self.axis, int) else self.axis:
            _size(self, input_shape, axis, may_be_open=True)
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "axis": self.axis,
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            "rms_scaling": False,
            "beta_initializer": initializers.serialize(self.beta_initializer),
            "gamma_initializer": initializers.serialize(self.gamma_initializer),
            "beta_regularizer": regularizers.serialize(self.beta_regularizer),
            "gamma_regularizer": regularizers.serialize(self.gamma_regularizer),
            "beta_constraint": constraints.serialize(self.beta_constraint),
            "gamma_constraint": constraints.serialize(self.gamma_constraint),
        }


class UnitNormalization(Layer):
    """y = x / |x|, the vectors along `axis` scaled to length one.

    |x| is the Euclidean norm, at least 1e-6, so that zeros stay zeros; with a list of axes it is
    taken over all of them. y has the shape of x.

    Raises TypeError when axis is not an int or a list of ints, IndexError when x lacks it.

    >>> import danlu as dl
    >>> y = dl.layers.UnitNormalization()([[3.0, 4.0]])
    >>> [round(v, 4) for v in y[0].tolist()]
    [0.6, 0.8]
    """

    def __init__(self, axis: Any = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = standardize_axis("UnitNormalization", axis, several=True)
        self.supports_masking = True
        self.built = True

    def call(self, inputs: Any) -> Any:
        axis = self.axis if isinstance(self.axis, int) else tuple(self.axis)
        squared = ops.sum(ops.square(inputs), axis=axis, keepdims=True)
        return inputs * ops.rsqrt(ops.maximum(squared, 1e-12))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis}


def _scale_and_offset(layer: Any, shape: tuple[int, ...]) -> tuple[Any, Any]:
    """Make gamma and beta; None stands for the one that is not wanted."""
    gamma = beta = None
    if layer.scale:
        gamma = layer.add_weight(
            name="gamma",
            shape=shape,
            initializer=layer.gamma_initializer,
            regularizer=layer.gamma_regularizer,
            constraint=layer.gamma_constraint,
        )
    if layer.center:
        beta = layer.add_weight(
            name="beta",
            shape=shape,
            initializer=layer.beta_initializer,
            regularizer=layer.beta_regularizer,
            constraint=layer.beta_constraint,
        )
    return gamma, beta


def _size(layer: Any, shape: Any, axis: int, may_be_open: bool = False) -> int:
    """Return the size of an axis that has weights."""
    where = f"[{type(layer).__name__} {layer.name!r}]"
    if not -len(shape) <= axis < len(shape):
        raise ValueError(f"{where} axis={layer.axis} is outside the input shape {tuple(shape)}")
    if shape[axis] is None and not may_be_open:
        raise ValueError(
            f"{where} axis {axis} of the input shape {tuple(shape)} is open, so the weights have "
            "no size: name it in Input"
        )
    return shape[axis]
