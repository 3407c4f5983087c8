"""The global switches: default dtype, fuzz factor, image layout, threads, memory, logging."""

from __future__ import annotations

from . import _core
from ._lazy import suggesting

_FLOATS = ("float16", "bfloat16", "float32", "float64")
_LAYOUTS = ("channels_last", "channels_first")

_floatx = "float32"
_epsilon = 1e-7
_image_data_format = "channels_last"
_interactive_logging = True


def floatx() -> str:
    """Return the floating dtype of weights, layers and new tensors that name none: "float32"."""
    return _floatx


def set_floatx(value: str) -> None:
    """Set the default floating dtype."""
    global _floatx
    if str(value) not in _FLOATS:
        raise ValueError(f"[config.set_floatx] value is one of {_FLOATS}, got {value!r}")
    _core._set_default_float(str(value))
    _floatx = str(value)


def dtype_policy() -> str:
    """Return the name of the dtype policy that layers take when they name none."""
    return _floatx


def set_dtype_policy(policy: str) -> None:
    """Set the dtype policy, which is the name of a floating dtype."""
    set_floatx(getattr(policy, "name", policy))


def epsilon() -> float:
    """Return the small number that keeps logarithms and quotients finite: 1e-7 by default."""
    return _epsilon


def set_epsilon(value: float) -> None:
    """Set the small number that keeps logarithms and quotients finite."""
    global _epsilon
    _epsilon = float(value)


def image_data_format() -> str:
    """Return the layout of images for layers that name none: `"channels_last"` by default."""
    return _image_data_format


def set_image_data_format(data_format: str) -> None:
    """Set the layout of images for layers that name none."""
    global _image_data_format
    _image_data_format = standardize_data_format(data_format)


def standardize_data_format(data_format: str | None) -> str:
    """Return the layout that an argument names, or the default one for None."""
    if data_format is None:
        return _image_data_format
    if not isinstance(data_format, str) or data_format.lower() not in _LAYOUTS:
        raise ValueError(f"[config] data_format is one of {_LAYOUTS} or None, got {data_format!r}")
    return data_format.lower()


def set_num_threads(count: int) -> None:
    """Set how many threads kernels may use; the results do not depend on it.

    0 stands for what OMP_NUM_THREADS and the machine say.
    """
    if not isinstance(count, int) or count < 0:
        raise ValueError(f"[config.set_num_threads] count is an integer >= 0, got {count!r}")
    _core.set_num_threads(count)


def num_threads() -> int:
    """Return how many threads kernels may use."""
    return _core.num_threads()


def conv_precision() -> str:
    """How convolutions are computed: `"fast"` or `"exact"`. See `set_conv_precision`."""
    return "exact" if _core._conv_exact() else "fast"


def set_conv_precision(precision: str) -> None:
    """Sets how float32 convolutions with 3x3 windows are computed from now on.

    `"fast"` (the default) may use Winograd's F(4x4, 3x3), whose error is below 2e-5 of the largest
    output; `"exact"` uses only algorithms that are as exact as the sum itself, F(2x2, 3x3) among
    them (Lavin and Gray, 2016). Both give the same bits on any number of threads.

    >>> set_conv_precision("exact")
    >>> conv_precision()
    'exact'
    >>> set_conv_precision("fast")

    Raises:
        ValueError: if `precision` is neither.
    """
    if precision not in ("fast", "exact"):
        raise ValueError(
            f"[config.set_conv_precision] precision is 'fast' or 'exact', got {precision!r}"
        )
    _core._set_conv_exact(precision == "exact")


def devices() -> list[str]:
    """Return what tensors can live on: `"cpu"`, then `"cuda:0"` and so on."""
    return _core.devices()


def memory_stats(device: str = "cpu") -> dict[str, int]:
    """Return the allocator's counters, in bytes: what is in use, cached, and the peak."""
    return _core.memory_stats(device)


def empty_cache() -> None:
    """Return the allocator's cached blocks to the operating system."""
    _core.empty_cache()


def enable_interactive_logging() -> None:
    """Show the progress of `fit` with a bar, where `verbose` is "auto"."""
    global _interactive_logging
    _interactive_logging = True


def disable_interactive_logging() -> None:
    """Show the progress of `fit` as a line an epoch, for log files, where `verbose` is "auto"."""
    global _interactive_logging
    _interactive_logging = False


def is_interactive_logging_enabled() -> bool:
    """Return whether progress is printed with a bar."""
    return _interactive_logging


def backend() -> str:
    """Return `"danlu"`, for programs that ask which backend Keras runs on."""
    return "danlu"


TYPE_CHECKING = False
if not TYPE_CHECKING:
    __getattr__ = suggesting(__name__)
