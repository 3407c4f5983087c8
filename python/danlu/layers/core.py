"""The layers that every model has: dense, embedding, and functions as layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .. import _core, activations, constraints, initializers, ops, regularizers
from ..utils.arguments import positive_int, standardize_shape
from ..utils.tensors import cast
from ..utils.windows import product
from .input_spec import InputSpec
from .layer import Layer


class Dense(Layer):
    """y = activation(x @ kernel + bias), with x of shape (..., inputs) and y of shape (..., units).

    kernel (inputs, units) begins as "glorot_uniform", uniform within +-sqrt(6 / (inputs + units));
    bias (units,) as zeros. x has at least 2 axes, the batch first.

    Raises ValueError when units is not a positive integer, when the last axis of x is open (None)
    or not the one that the layer was built with, and for a single sample without a batch axis.

    Source: Keras 3; the initializer is that of Glorot and Bengio, 2010.

    >>> import danlu as dl
    >>> layer = dl.layers.Dense(3, activation="relu")
    >>> layer(dl.ones((2, 5))).shape
    (2, 3)
    >>> dl.layers.Dense(2, kernel_initializer="ones")([[1.0, 2.0, 3.0]]).tolist()
    [[6.0, 6.0]]
    """

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **_plain(kwargs))
        self.units = positive_int("Dense", units, "units")
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = InputSpec(min_ndim=2)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        inputs = input_shape[-1]
        if inputs is None:
            raise ValueError(
                f"[Dense {self.name!r}] the last axis of the input shape {tuple(input_shape)} is "
                "open, so the kernel has no size: name it, for example Input((8,))"
            )
        self.kernel = self.add_weight(
            name="kernel",
            shape=(inputs, self.units),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(self.units,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        self.input_spec = InputSpec(min_ndim=2, axes={-1: inputs})

    def call(self, inputs: Any, training: Any = None) -> Any:
        inputs = cast(inputs, self._compute_type)
        relu = self.activation is activations.relu  # in the same pass as the bias
        outputs = _core._dense(inputs, self.kernel, self.bias, relu)
        return outputs if relu else self.activation(outputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape[:-1], self.units)

    def input_hint(self, shape: tuple[Any, ...]) -> str:
        if len(shape) < 2:
            return "the first axis is the batch: give a single sample as x[None]"
        inputs = self.kernel.shape[0]
        if product(shape[1:]) == inputs:
            return f"a sample of {shape[1:]} has {inputs} values: is a Flatten() missing before?"
        return (
            f"the layer was built for {inputs} values a sample (its kernel is "
            f"{tuple(self.kernel.shape)}): give inputs of that width, or make a new layer"
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "units": self.units,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
            "quantization_config": None,
        }


class Embedding(Layer):
    """y = embeddings[x]: integers of shape (...) become vectors of shape (..., output_dim).

    embeddings (input_dim, output_dim) begins uniform in [-0.05, 0.05); x holds 0 ... input_dim - 1,
    in floats, too. With `mask_zero` the id 0 stands for padding: the outputs carry a
    mask, True where x is not 0, that layers and losses behind it heed. `weights` gives the table.

    Raises ValueError when a size is not a positive integer, `weights` has another shape or an id is
    no whole number, IndexError for an id outside the table.

    Source: Bengio et al., 2003, "A neural probabilistic language model".

    >>> import danlu as dl
    >>> table = dl.asarray([[0.0, 0.0], [1.0, 2.0], [3.0, 4.0]])
    >>> layer = dl.layers.Embedding(3, 2, weights=table, mask_zero=True)
    >>> layer([[2, 0]]).tolist()
    [[[3.0, 4.0], [0.0, 0.0]]]
    >>> layer.compute_mask([[2, 0]]).tolist()
    [[True, False]]
    """

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        weights: Any = None,
        **kwargs: Any,
    ) -> None:
        input_length = kwargs.pop("input_length", None)  # the name in Keras 2
        if input_length is not None and "input_shape" not in kwargs:
            kwargs["input_shape"] = (input_length,)
        super().__init__(**_plain(kwargs))
        self.input_dim = positive_int("Embedding", input_dim, "input_dim")
        self.output_dim = positive_int("Embedding", output_dim, "output_dim")
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        self.embeddings_constraint = constraints.get(embeddings_constraint)
        self.mask_zero = mask_zero
        self.supports_masking = mask_zero
        self.autocast = False
        if weights is not None:
            self.build((None,))
            self.set_weights(weights if isinstance(weights, list) else [weights])

    def build(self, input_shape: Any = None) -> None:
        if self.built:
            return
        self.embeddings = self.add_weight(
            name="embeddings",
            shape=(self.input_dim, self.output_dim),
            initializer=self.embeddings_initializer,
            regularizer=self.embeddings_regularizer,
            constraint=self.embeddings_constraint,
        )
        self.built = True

    def call(self, inputs: Any) -> Any:
        return cast(ops.embedding(self.embeddings, inputs), self.compute_dtype)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return ops.not_equal(inputs, 0) if self.mask_zero else None

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape, self.output_dim)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "input_dim": self.input_dim,
            "output_dim": self.output_dim,
            "embeddings_initializer": initializers.serialize(self.embeddings_initializer),
            "embeddings_regularizer": regularizers.serialize(self.embeddings_regularizer),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "embeddings_constraint": constraints.serialize(self.embeddings_constraint),
            "mask_zero": self.mask_zero,
            "quantization_config": None,
        }


class Identity(Layer):
    """y = x.

    It stands where a layer is optional; masks pass through.

    >>> import danlu as dl
    >>> dl.layers.Identity()([[1.0, 2.0]]).tolist()
    [[1.0, 2.0]]
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self.built = True

    def call(self, inputs: Any) -> Any:
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape


class Lambda(Layer):
    """y = function(x, **arguments), for a named function when the model is to be saved.

    A function with an argument `training` or `mask` receives it. The shape of y is found by running
    the function on zeros; `output_shape`, of a sample or a function of the input shape, gives it
    instead. `mask` is the mask of y or a function of (x, mask). A formula with weights is a
    `Layer`.

    Raises TypeError when function is not callable; saving a Python lambda raises ValueError: it has
    no name, and files hold no code.

    >>> import danlu as dl
    >>> def times(x, factor):
    ...     return x * factor
    >>> dl.layers.Lambda(times, arguments={"factor": 3.0})([[1.0, 2.0]]).tolist()
    [[3.0, 6.0]]
    """

    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Any = None,
        mask: Any = None,
        arguments: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        if not callable(function):
            raise TypeError(f"[Lambda] wants a function of a tensor, got {function!r:.60}")
        super().__init__(**kwargs)
        if output_shape is not None and not callable(output_shape):
            output_shape = standardize_shape("Lambda", output_shape, "output_shape")
        self.function = function
        self.arguments = dict(arguments or {})
        self.mask = mask
        self.supports_masking = mask is not None
        self._output_shape = output_shape
        code = getattr(function, "__code__", None)
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount] if code else ()
        self._takes_training = "training" in names
        self._takes_mask = "mask" in names

    def call(self, inputs: Any, mask: Any = None, training: Any = None) -> Any:
        kwargs = dict(self.arguments)
        if self._takes_training:
            kwargs["training"] = training
        if self._takes_mask:
            kwargs["mask"] = mask
        return self.function(inputs, **kwargs)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return self.mask(inputs, mask) if callable(self.mask) else self.mask

    def compute_output_shape(self, input_shape: Any) -> Any:
        if self._output_shape is None:
            return super().compute_output_shape(input_shape)
        if callable(self._output_shape):
            return self._output_shape(input_shape)
        return (input_shape[0], *self._output_shape)

    def get_config(self) -> dict[str, Any]:
        from ..saving import serialize_keras_object

        if getattr(self.function, "__name__", "") == "<lambda>":
            raise ValueError(
                f"[Lambda {self.name!r}] a Python lambda has no name to save it by: define it "
                "with def and register it with saving.register_keras_serializable(), or write a "
                "Layer"
            )
        config = {
            **super().get_config(),
            "function": serialize_keras_object(self.function),
            "arguments": dict(self.arguments),
        }
        if self._output_shape is not None:
            shape = self._output_shape
            config["output_shape"] = serialize_keras_object(shape) if callable(shape) else shape
        if self.mask is not None:
            config["mask"] = serialize_keras_object(self.mask)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Layer:
        from ..saving import deserialize_keras_object

        config = dict(config)
        for key in ("function", "output_shape", "mask"):
            if isinstance(config.get(key), dict):
                config[key] = deserialize_keras_object(config[key])
        return cls(**config)


def _plain(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Drop Keras's arguments for adapters and quantization when they ask for neither."""
    for name in ("lora_rank", "lora_alpha", "quantization_config"):
        if name in kwargs and kwargs[name] is None:
            kwargs = {k: v for k, v in kwargs.items() if k != name}
    return kwargs
