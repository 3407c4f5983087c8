"""What a layer expects of the shape of its input."""

from __future__ import annotations

from typing import Any


class InputSpec:
    """The rank, shape and dtype that a layer accepts, checked before every call.

    A layer sets it as `self.input_spec`, or a list of them for several inputs. shape is a tuple
    with the batch axis, None where any size will do; axes is {axis: size} for the axes that have
    one size only, such as `{-1: 8}`; allow_last_axis_squeeze lets a last axis of size 1 be missing
    or too much. What is not given is not checked. Inputs that do not fit raise ValueError in the
    call.

    >>> import danlu as dl
    >>> dl.layers.InputSpec(min_ndim=2, axes={-1: 8})
    InputSpec(min_ndim=2, axes={-1: 8})
    >>> layer = dl.layers.Identity(name="same")
    >>> layer.input_spec = dl.layers.InputSpec(ndim=2)
    >>> layer(dl.ones((2, 3, 4)))
    Traceback (most recent call last):
    ValueError: [Identity 'same'] wants inputs with 2 axes, got shape (2, 3, 4)
    """

    def __init__(
        self,
        dtype: Any = None,
        shape: tuple | None = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: dict[int, int | None] | None = None,
        allow_last_axis_squeeze: bool = False,
        name: str | None = None,
        optional: bool = False,
    ):
        self.dtype = str(dtype) if dtype is not None else None
        self.shape = tuple(shape) if shape is not None else None
        self.ndim = len(self.shape) if self.shape is not None else ndim
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        self.axes = {int(k): v for k, v in (axes or {}).items()}
        self.allow_last_axis_squeeze = allow_last_axis_squeeze
        self.name = name
        self.optional = optional

    def mismatch(self, shape: tuple, dtype: Any = None) -> str | None:
        """What the layer wants that a tensor of this shape is not, or None when it fits.

        >>> import danlu as dl
        >>> spec = dl.layers.InputSpec(ndim=2, axes={-1: 8})
        >>> spec.mismatch((32, 9))
        'inputs with last axis of size 8'
        >>> spec.mismatch((32, 8)) is None
        True
        """
        ndim = len(shape)
        if self.ndim is not None and ndim != self.ndim:
            if not (self.allow_last_axis_squeeze and self._squeezed(shape)):
                return f"inputs with {self.ndim} axes{self._pattern()}"
        if self.max_ndim is not None and ndim > self.max_ndim:
            return f"inputs with at most {self.max_ndim} axes"
        if self.min_ndim is not None and ndim < self.min_ndim:
            return f"inputs with at least {self.min_ndim} axes"
        for axis, size in self.axes.items():
            if size is not None and (not -ndim <= axis < ndim or shape[axis] not in (size, None)):
                where = "last axis" if axis == -1 else f"axis {axis}"
                return f"inputs with {where} of size {size}"
        if self.shape is not None:
            for size, wanted in zip(shape, self.shape, strict=False):  # but for the last axis of 1
                if size is not None and wanted is not None and size != wanted:
                    return f"inputs of shape {self.shape}"
        if self.dtype is not None and dtype is not None and str(dtype) != self.dtype:
            return f"inputs of dtype {self.dtype} (these are {dtype})"
        return None

    def _squeezed(self, shape: tuple) -> bool:
        """Whether a last axis of size 1 is all that is missing or too much."""
        ndim = self.ndim or 0
        if len(shape) == ndim + 1:
            return shape[-1] in (1, None)
        return len(shape) == ndim - 1 and self.shape is not None and self.shape[-1] in (1, None)

    def _pattern(self) -> str:
        return f", {self.shape}" if self.shape is not None else ""

    def __repr__(self) -> str:
        values = {k: v for k, v in vars(self).items() if v not in (None, False, {})}
        return f"InputSpec({', '.join(f'{k}={v!r}' for k, v in values.items())})"

    def get_config(self) -> dict:
        return dict(vars(self))

    @classmethod
    def from_config(cls, config: dict) -> InputSpec:
        return cls(**config)
