"""Where a functional model begins: `Input` and the layer behind it."""

from __future__ import annotations

from typing import Any

from .. import config as _config
from ..utils.arguments import standardize_shape
from ..utils.naming import with_article
from ..utils.suggest import suggests_arguments
from .dtypes import dtype_name
from .keras_tensor import KerasTensor, Node
from .layer import Layer


class InputLayer(Layer):
    """An input of a model, with the shape of a sample (`shape`) or of a batch (`batch_shape`).

    `Input` returns the symbolic tensor of one; the layer itself may begin a `Sequential`. It has no
    weights and is not called. Arguments and errors are those of `Input`.

    >>> import danlu as dl
    >>> dl.layers.InputLayer(shape=(28, 28)).output.shape
    (None, 28, 28)
    >>> model = dl.Sequential([dl.layers.InputLayer((8,)), dl.layers.Dense(3)])
    >>> model.output_shape
    (None, 3)
    """

    _further_arguments = ("input_shape", "batch_input_shape")

    def __init__(
        self,
        shape: Any = None,
        batch_size: int | None = None,
        dtype: Any = None,
        sparse: bool | None = None,
        ragged: bool | None = None,
        batch_shape: Any = None,
        input_tensor: Any = None,
        optional: bool = False,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if "input_shape" in kwargs:
            shape = kwargs.pop("input_shape")
        if "batch_input_shape" in kwargs:
            batch_shape = kwargs.pop("batch_input_shape")
        if sparse or ragged:
            raise ValueError("[Input] sparse and ragged inputs are not supported")
        super().__init__(name=name, **kwargs)
        if batch_size is not None and batch_shape is not None:
            raise ValueError(
                f"[Input] batch_shape={batch_shape!r} has the size of the batch: leave out "
                f"batch_size={batch_size!r}, or give shape and batch_size"
            )
        if input_tensor is not None and not isinstance(input_tensor, KerasTensor):
            raise ValueError(
                f"[Input] tensor is a symbolic one, of Input or of a layer called on one, got "
                f"{with_article(type(input_tensor).__name__)}: give the shape, such as Input((8,))"
            )
        if input_tensor is not None:
            batch_shape, dtype = input_tensor.shape, dtype or input_tensor.dtype
        elif (shape is None) == (batch_shape is None):
            raise ValueError(
                "[Input] wants the shape of one sample, such as Input(shape=(28, 28)), or "
                f"batch_shape=(None, 28, 28); got shape={shape!r} and batch_shape={batch_shape!r}"
            )
        if batch_shape is None:
            batch_shape = (batch_size, *standardize_shape("Input", shape, "shape"))
        self.batch_shape = standardize_shape("Input", batch_shape, "batch_shape")
        self._dtype = dtype_name("Input", dtype) if dtype is not None else _config.floatx()
        self.sparse = False
        self.ragged = False
        self.optional = optional
        self.built = True
        output = input_tensor
        if output is None:
            output = KerasTensor(self.batch_shape, self._dtype, name=self.name)
        Node(self, (), {}, output)

    def call(self) -> Any:
        """Not called: a model puts its inputs here."""
        raise NotImplementedError(f"{self.label()} is where inputs enter a model")

    @property
    def dtype(self) -> str:
        """The dtype that inputs are cast to.

        >>> import danlu as dl
        >>> dl.layers.InputLayer(shape=(4,), dtype="int32").dtype
        'int32'
        """
        return self._dtype

    def get_config(self) -> dict[str, Any]:
        return {
            "batch_shape": self.batch_shape,
            "dtype": self.dtype,
            "sparse": self.sparse,
            "ragged": self.ragged,
            "name": self.name,
            "optional": self.optional,
        }


@suggests_arguments
def Input(  # noqa: N802
    shape: Any = None,
    batch_size: int | None = None,
    dtype: Any = None,
    sparse: bool | None = None,
    ragged: bool | None = None,
    batch_shape: Any = None,
    name: str | None = None,
    tensor: Any = None,
    optional: bool = False,
) -> KerasTensor:
    """Return a symbolic tensor, from which a functional model is built.

    shape is that of one sample, without the batch axis; None where any size will do. batch_size
    fixes the batch axis, else open; batch_shape gives both together. dtype, by default
    `dl.config.floatx()`, is what the data is cast to. With `optional` the model takes None for this
    input; `tensor`, a symbolic one, is taken as it is.

    Raises ValueError unless one of shape and batch_shape is given, for sizes below 0, and for
    sparse and ragged inputs, which are not supported.

    >>> import danlu as dl
    >>> inputs = dl.Input(shape=(8,))
    >>> inputs.shape
    (None, 8)
    >>> dl.Model(inputs, dl.layers.Dense(3)(inputs)).output_shape
    (None, 3)
    """
    layer = InputLayer(
        shape=shape,
        batch_size=batch_size,
        dtype=dtype,
        sparse=sparse,
        ragged=ragged,
        batch_shape=batch_shape,
        name=name,
        input_tensor=tensor,
        optional=optional,
    )
    return layer.output
