"""Questions about dtypes: the functions of the array API standard."""

from __future__ import annotations

from .. import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__: list[str] = [
    "__array_namespace_info__",
    "can_cast",
    "finfo",
    "iinfo",
    "isdtype",
    "result_type",
    "saturate_cast",
]

_KINDS = {
    "bool": ("bool",),
    "signed integer": ("int8", "int16", "int32", "int64"),
    "unsigned integer": ("uint8", "uint16", "uint32", "uint64"),
    "real floating": ("float16", "bfloat16", "float32", "float64"),
    "complex floating": (),
}
_KINDS["integral"] = _KINDS["signed integer"] + _KINDS["unsigned integer"]
_KINDS["numeric"] = _KINDS["integral"] + _KINDS["real floating"]

# bits of the fraction, largest and smallest exponents
_FLOATS = {
    "float16": (10, 15, -14),
    "bfloat16": (7, 127, -126),
    "float32": (23, 127, -126),
    "float64": (52, 1023, -1022),
}


def _name(dtype: Any) -> str:
    """The name of a dtype, or of that of an array."""
    return str(_core.result_type(dtype))


def isdtype(dtype: Any, kind: Any) -> bool:
    """Whether the dtype is this one, of this kind ("integral"), or one of a tuple of these.

    The kinds: "bool", "signed integer", "unsigned integer", "integral", "real floating", "complex
    floating" (none) and "numeric". Raises ValueError for another. Source: array API 2024.12.

    >>> import danlu as dl
    >>> dl.isdtype(dl.int32, "integral"), dl.isdtype(dl.int32, ("bool", dl.float32))
    (True, False)
    """
    if isinstance(kind, tuple):
        return any(isdtype(dtype, one) for one in kind)
    if isinstance(kind, str) and kind in _KINDS:
        return _name(dtype) in _KINDS[kind]
    if isinstance(kind, str) and kind not in _KINDS["numeric"]:
        raise ValueError(f"[isdtype] unknown kind {kind!r}: the kinds are {', '.join(_KINDS)}")
    return bool(dtype == kind)


def result_type(*arrays_and_dtypes: Any) -> Any:
    """The dtype of arithmetic on these arrays, dtypes and numbers (numbers are weak).

    An integer with a floating type gives the floating type. Raises TypeError without any argument.
    Source: array API 2024.12.

    >>> import danlu as dl
    >>> dl.result_type(dl.int8, dl.uint8) == "int16", dl.result_type(dl.float16, 2) == "float16"
    (True, True)
    """
    return _core.result_type(*arrays_and_dtypes)


def can_cast(from_: Any, to: Any) -> bool:
    """Whether promotion turns the first dtype (or that of an array) into the second.

    Source: array API 2024.12.

    >>> import danlu as dl
    >>> dl.can_cast("int8", "int16"), dl.can_cast("int16", "int8")
    (True, False)
    """
    return bool(_core.result_type(from_, to) == to)


class finfo:
    """Limits of a floating-point dtype: bits, eps, max, min, smallest_normal, dtype.

    `eps` is the distance from 1 to the next number. Raises ValueError for another dtype. Source:
    array API 2024.12.

    >>> import danlu as dl
    >>> dl.finfo("float16").max, dl.finfo("float32").eps == 2.0**-23
    (65504.0, True)
    """

    def __init__(self, dtype: Any) -> None:
        name = _name(dtype)
        if name not in _FLOATS:
            raise ValueError(f"[finfo] {name} is no floating-point dtype: see iinfo")
        fraction, high, low = _FLOATS[name]
        self.dtype = getattr(_core, name)
        self.bits = self.dtype.itemsize * 8
        self.eps = 2.0**-fraction
        self.max = (2.0 - self.eps) * 2.0**high
        self.min = -self.max
        self.smallest_normal = 2.0**low

    def __repr__(self) -> str:
        return f"finfo({self.dtype}, eps={self.eps}, max={self.max})"


class iinfo:
    """Limits of an integer dtype: bits, max, min, dtype.

    Raises ValueError for another dtype. Source: array API 2024.12.

    >>> import danlu as dl
    >>> dl.iinfo("int8").min, dl.iinfo("int8").max
    (-128, 127)
    """

    def __init__(self, dtype: Any) -> None:
        name = _name(dtype)
        if name not in _KINDS["integral"]:
            raise ValueError(f"[iinfo] {name} is no integer dtype: see finfo")
        self.dtype = getattr(_core, name)
        self.bits = self.dtype.itemsize * 8
        unsigned = name.startswith("u")
        self.max = 2 ** (self.bits - (not unsigned)) - 1
        self.min = 0 if unsigned else -self.max - 1

    def __repr__(self) -> str:
        return f"iinfo({self.dtype}, min={self.min}, max={self.max})"


def saturate_cast(x: Any, dtype: Any) -> Any:
    """x converted to the dtype; what does not fit becomes the nearest number that does.

    Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.saturate_cast([300, -5], "uint8").tolist()
    [255, 0]
    """
    x = _core.asarray(x)
    if isdtype(dtype, "bool"):
        return _core.astype(x, dtype)
    limits = finfo(dtype) if isdtype(dtype, "real floating") else iinfo(dtype)
    own: finfo | iinfo | None = finfo(x.dtype) if isdtype(x.dtype, "real floating") else None
    if own is None and not isdtype(x.dtype, "bool"):
        own = iinfo(x.dtype)
    if own is None or (limits.min <= own.min and own.max <= limits.max):
        return _core.astype(x, dtype)
    return _core.astype(_core.clip(x, max(limits.min, own.min), min(limits.max, own.max)), dtype)


class _NamespaceInfo:
    """What the library can do: capabilities, devices, dtypes."""

    def capabilities(self) -> dict[str, Any]:
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 8}

    def default_device(self) -> str:
        return "cpu"

    def devices(self) -> list[str]:
        return _core.devices()

    def default_dtypes(self, *, device: Any = None) -> dict[str, Any]:
        return {
            "real floating": _core.zeros(()).dtype,
            "complex floating": None,
            "integral": _core.int64,
            "indexing": _core.int64,
        }

    def dtypes(self, *, device: Any = None, kind: Any = None) -> dict[str, Any]:
        beyond = ("float16", "bfloat16")  # the standard does not know them
        names = ["bool", *(n for n in _KINDS["numeric"] if n not in beyond)]
        return {n: getattr(_core, n) for n in names if kind is None or isdtype(n, kind)}


def __array_namespace_info__() -> Any:  # noqa: N807
    """Return an object that says which devices and dtypes there are.

    Its methods are `capabilities`, `default_device`, `default_dtypes`, `devices` and `dtypes`.
    Source: array API 2024.12.

    >>> import danlu as dl
    >>> dl.__array_namespace_info__().capabilities()["max dimensions"]
    8
    """
    return _NamespaceInfo()
