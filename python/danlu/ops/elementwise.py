"""Elementwise functions composed of others, with the arguments of keras.ops and the array API."""

from __future__ import annotations

from .. import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__: list[str] = [
    "allclose",
    "angle",
    "conj",
    "deg2rad",
    "fmax",
    "fmin",
    "fmod",
    "heaviside",
    "imag",
    "isclose",
    "isneginf",
    "isposinf",
    "isreal",
    "ldexp",
    "logaddexp2",
    "nan_to_num",
    "positive",
    "rad2deg",
    "real",
    "round",
    "sinc",
]

_PI = 3.141592653589793
_LN2 = 0.6931471805599453


def _tensor(x: Any) -> Any:
    if isinstance(x, _core.Variable):
        return x.value
    return x if isinstance(x, _core.Tensor) else _core.asarray(x)


def _floating(x: Any) -> Any:
    x = _tensor(x)
    return x if _is_floating(x.dtype) else _core.astype(x, "float32")


def _wide(x: Any) -> Any:
    """In float32, what is floating or not: for sums that 16-bit floats cannot hold."""
    x = _floating(x)
    return x if x.dtype == "float64" else _core.astype(x, "float32")


def _is_floating(dtype: Any) -> bool:
    return dtype.name.startswith(("float", "bfloat"))


def _pair(x1: Any, x2: Any, whole: Any = "float32") -> tuple[Any, Any]:
    """Both in their common dtype, and in the dtype `whole` if it is not floating."""
    dtype = _core.result_type(x1, x2)
    dtype = dtype if _is_floating(dtype) else whole or dtype
    return _core.asarray(x1, dtype=dtype), _core.asarray(x2, dtype=dtype)


def positive(x: Any) -> Any:
    """+x: the tensor itself.

    Source: array API 2024.12.

    >>> import danlu as dl
    >>> dl.positive([1, -2]).tolist()
    [1, -2]
    """
    return _tensor(x)


def round(x: Any, decimals: int = 0) -> Any:
    """x rounded to so many decimals, halves to even; -1 rounds to tens.

    Integers stay integers. Source: array API 2024.12; `decimals`: keras.ops.

    >>> import danlu as dl
    >>> dl.round([0.5, 1.5, 2.6]).tolist(), dl.ops.round([124, 126], -1).tolist()
    ([0.0, 2.0, 3.0], [120, 130])
    """
    if decimals == 0:
        return _core.round(x)
    x = _tensor(x)
    factor = 10.0 ** abs(decimals)
    whole = "int" in x.dtype.name
    if whole and decimals > 0:
        return x
    wide = _core.astype(x, "float64") if whole else _wide(x)
    y = _core.round(wide * factor) / factor if decimals > 0 else _core.round(wide / factor) * factor
    return _core.astype(y, x.dtype if whole else _floating(x).dtype)


def rad2deg(x: Any) -> Any:
    """x * 180 / pi: radians to degrees. Integers give float32.

    Source: keras.ops.

    >>> import danlu as dl
    >>> round(dl.ops.rad2deg(dl.pi).item(), 3)
    180.0
    """
    return _floating(x) * (180.0 / _PI)


def deg2rad(x: Any) -> Any:
    """x * pi / 180: degrees to radians. Integers give float32.

    Source: keras.ops.

    >>> import danlu as dl
    >>> round(dl.ops.deg2rad(180).item(), 4)
    3.1416
    """
    return _floating(x) * (_PI / 180.0)


def sinc(x: Any) -> Any:
    """sin(pi x) / (pi x), 1 at zero. Integers give float32.

    Source: keras.ops.

    >>> import danlu as dl
    >>> [round(y, 4) for y in dl.ops.sinc([0.0, 0.5]).tolist()]
    [1.0, 0.6366]
    """
    dtype, x = _floating(x).dtype, _wide(x) * _PI
    near_zero = _core.abs(x) < 0.1  # there the series has all digits, in its derivatives, too
    safe = _core.where(near_zero, 1.0, x)
    square = _core.square(_core.where(near_zero, x, 0.0))
    series = 1.0 - square / 6 * (1.0 - square / 20 * (1.0 - square / 42 * (1.0 - square / 72)))
    return _core.astype(_core.where(near_zero, series, _core.sin(safe) / safe), dtype)


def logaddexp2(x1: Any, x2: Any) -> Any:
    """log2(2^x1 + 2^x2) without overflow. Integers give float32.

    Source: keras.ops.

    >>> import danlu as dl
    >>> round(dl.ops.logaddexp2(3.0, 3.0).item(), 4)
    4.0
    """
    x1, x2 = _pair(x1, x2)
    return _core.logaddexp(x1 * _LN2, x2 * _LN2) / _LN2


def ldexp(x1: Any, x2: Any) -> Any:
    """x1 * 2^x2, where 2^x2 itself may overflow. Integers x1 give float32.

    Raises TypeError unless x2 are integers. Source: keras.ops.

    >>> import danlu as dl
    >>> [round(y, 4) for y in dl.ops.ldexp([0.5, 3.0], [2, 1]).tolist()]
    [2.0, 6.0]
    """
    x2 = _tensor(x2)
    if "int" not in x2.dtype.name:
        raise TypeError(f"[ldexp] x2 are exponents, integers, got {x2.dtype}: use x1 * exp2(x2)")
    dtype, x = _floating(x1).dtype, _wide(x1)
    # In three parts, because 2^x2 may lie outside the dtype where the product does not; beyond the
    # limit every product is 0 or infinite.
    limit = 2100 if x.dtype == "float64" else 280
    x2 = _core.clip(x2, -limit, limit)
    third = x2 // 3
    for part in (third, third, x2 - 2 * third):
        x = x * _core.exp2(_core.astype(part, x.dtype))
    return _core.astype(x, dtype)


def heaviside(x1: Any, x2: Any) -> Any:
    """0 where x1 < 0, x2 where x1 is 0, 1 where x1 > 0; NaN stays NaN. Integers give float32.

    Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.heaviside([-1.0, 0.0, 2.0], 0.5).tolist()
    [0.0, 0.5, 1.0]
    """
    x1, x2 = _pair(x1, x2)
    step = _core.astype(x1 > 0.0, x1.dtype)
    return _core.where(_core.isnan(x1), x1, _core.where(x1 == 0.0, x2, step))


def fmax(x1: Any, x2: Any) -> Any:
    """The greater of both, and where one is NaN the other.

    Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.fmax([1.0, dl.nan], [3.0, 2.0]).tolist()
    [3.0, 2.0]
    """
    x1, x2 = _tensor(x1), _tensor(x2)
    return _core.where(_core.isnan(x1), x2, _core.where(_core.isnan(x2), x1, _core.maximum(x1, x2)))


def fmin(x1: Any, x2: Any) -> Any:
    """The less of both, and where one is NaN the other.

    Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.fmin([1.0, dl.nan], [3.0, 2.0]).tolist()
    [1.0, 2.0]
    """
    x1, x2 = _tensor(x1), _tensor(x2)
    return _core.where(_core.isnan(x1), x2, _core.where(_core.isnan(x2), x1, _core.minimum(x1, x2)))


def fmod(x1: Any, x2: Any) -> Any:
    """What is left of x1 / x2, with the sign of x1 as in C; `remainder` has that of x2.

    Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.fmod([7, -7], 3).tolist()
    [1, -1]
    """
    x1, x2 = _pair(x1, x2, whole=None)
    if not _is_floating(x1.dtype):
        rest = _core.remainder(x1, x2)  # with the sign of x2; |x1| of the least integer overflows
        other = _core.logical_and(rest != 0, _core.logical_xor(x1 < 0, x2 < 0))
        return _core.where(other, rest - x2, rest)
    # |x| as a product, whose slope at 0 is that of x.
    sign1, sign2 = _core.copysign(1.0, x1), _core.copysign(1.0, x2)
    return sign1 * _core.remainder(sign1 * x1, sign2 * x2)


def nan_to_num(x: Any, nan: float = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    """x with numbers in the place of NaN and infinities (by default 0 and the largest).

    Integers and bool stay as they are. Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.nan_to_num([dl.nan, dl.inf], posinf=9.0).tolist()
    [0.0, 9.0]
    """
    from .dtypes import finfo, isdtype

    x = _tensor(x)
    if not isdtype(x.dtype, "real floating"):
        return x
    limits = finfo(x.dtype)
    y = _core.where(_core.isnan(x), nan, x)
    y = _core.where(isposinf(x), limits.max if posinf is None else posinf, y)
    return _core.where(isneginf(x), limits.min if neginf is None else neginf, y)


def isclose(
    x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Any:
    """Whether |x1 - x2| <= atol + rtol |x2|, or both are the same infinity, or NaN (`equal_nan`).

    Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.isclose([1.0, 2.0], [1.000001, 2.1]).tolist()
    [True, False]
    """
    x1, x2 = _pair(x1, x2, whole="float64")
    finite = _core.logical_and(_core.isfinite(x1), _core.isfinite(x2))
    near = _core.abs(x1 - x2) <= atol + rtol * _core.abs(x2)
    close = _core.logical_or(_core.logical_and(finite, near), x1 == x2)
    if equal_nan:
        close = _core.logical_or(close, _core.logical_and(_core.isnan(x1), _core.isnan(x2)))
    return close


def allclose(
    x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Any:
    """Whether all elements are close: |x1 - x2| <= atol + rtol |x2|. A bool tensor without axes.

    Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.allclose([1.0, 2.0], [1.000001, 2.1]).item()
    False
    """
    return _core.all(isclose(x1, x2, rtol, atol, equal_nan))


def isposinf(x: Any) -> Any:
    """Whether x is plus infinity; bool.

    Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.isposinf([dl.inf, -dl.inf, 1.0]).tolist()
    [True, False, False]
    """
    return _tensor(x) == float("inf")


def isneginf(x: Any) -> Any:
    """Whether x is minus infinity; bool.

    Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.isneginf([dl.inf, -dl.inf, 1.0]).tolist()
    [False, True, False]
    """
    return _tensor(x) == float("-inf")


def real(x: Any) -> Any:
    """x: danlu has no complex numbers.

    Source: array API 2024.12.

    >>> import danlu as dl
    >>> dl.real([1.0, 2.0]).tolist()
    [1.0, 2.0]
    """
    return _tensor(x)


def imag(x: Any) -> Any:
    """Zeros in the shape and dtype of x: danlu has no complex numbers.

    Source: array API 2024.12.

    >>> import danlu as dl
    >>> dl.imag([1.0, 2.0]).tolist()
    [0.0, 0.0]
    """
    x = _tensor(x)
    return _core.full(x.shape, 0, dtype=x.dtype)


def conj(x: Any) -> Any:
    """x: danlu has no complex numbers.

    Source: array API 2024.12.

    >>> import danlu as dl
    >>> dl.conj([1.0, 2.0]).tolist()
    [1.0, 2.0]
    """
    return _tensor(x)


def isreal(x: Any) -> Any:
    """True everywhere: danlu has no complex numbers.

    Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.isreal([1.0, 2.0]).tolist()
    [True, True]
    """
    return _core.full(_tensor(x).shape, True, dtype="bool")


def angle(x: Any) -> Any:
    """0, and pi for negative numbers: the angle of x as a complex number. Integers give float32.

    Source: keras.ops.

    >>> import danlu as dl
    >>> [round(y, 4) for y in dl.ops.angle([1.0, -1.0]).tolist()]
    [0.0, 3.1416]
    """
    x = _floating(x)
    return _core.where(_core.isnan(x), x, _core.where(x < 0.0, _PI, 0.0 * _core.sign(x)))
