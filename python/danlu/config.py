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
    """Return the floating dtype of weights, layers and new tensors that name none: "float32".

    >>> import danlu as dl
    >>> dl.config.floatx()
    'float32'
    """
    return _floatx


def set_floatx(value: str) -> None:
    """Set the default floating dtype, for what is made from now on.

    Raises ValueError unless it is "float16", "bfloat16", "float32" or "float64".

    >>> import danlu as dl
    >>> dl.config.set_floatx("float64")
    >>> dl.ones(2).dtype == "float64", dl.layers.Dense(1).compute_dtype
    (True, 'float64')
    >>> dl.config.set_floatx("float32")
    """
    global _floatx
    if str(value) not in _FLOATS:
        from .utils.suggest import suggestion

        raise ValueError(
            f"[config.set_floatx] value is one of {_FLOATS}, got {value!r}."
            f"{suggestion(value, _FLOATS)}"
        )
    _core._set_default_float(str(value))
    _floatx = str(value)


def dtype_policy() -> str:
    """Return the name of the dtype policy that layers take when they name none: `floatx()`.

    >>> import danlu as dl
    >>> dl.config.dtype_policy()
    'float32'
    """
    return _floatx


def set_dtype_policy(policy: str) -> None:
    """Set the dtype policy, which is the name of a floating dtype: the same as `set_floatx`.

    Raises ValueError for any other name, mixed policies among them, which danlu does not have yet.

    >>> import danlu as dl
    >>> dl.config.set_dtype_policy("float64")
    >>> dl.config.floatx()
    'float64'
    >>> dl.config.set_dtype_policy("float32")
    """
    name = str(getattr(policy, "name", policy))
    if name not in _FLOATS:
        from .utils.suggest import suggestion

        mixed = ("mixed_float16", "mixed_bfloat16")
        why = (
            " Layers do not compute in another dtype than that of their weights yet."
            if name in mixed
            else suggestion(name, (*_FLOATS, *mixed))
        )
        raise ValueError(
            f"[config.set_dtype_policy] policy is one of {_FLOATS}, got {policy!r}.{why}"
        )
    set_floatx(name)


def epsilon() -> float:
    """Return the small number that keeps logarithms and quotients finite: 1e-7 by default.

    Losses, some metrics and constraints use it; layers and optimizers have an `epsilon` of their
    own.

    >>> import danlu as dl
    >>> dl.config.epsilon()
    1e-07
    """
    return _epsilon


def set_epsilon(value: float) -> None:
    """Set the small number that keeps logarithms and quotients finite.

    A probability of 0 costs -log(epsilon) in a cross-entropy, for example. Raises ValueError unless
    it is a number > 0.

    >>> import danlu as dl
    >>> dl.config.set_epsilon(0.5)
    >>> round(dl.losses.categorical_crossentropy([1.0, 0.0], [0.0, 1.0]).item(), 3)  # -log(0.5)
    0.693
    >>> dl.config.set_epsilon(1e-7)
    """
    global _epsilon
    if isinstance(value, (bool, str)) or not 0.0 < float(value) < float("inf"):
        raise ValueError(f"[config.set_epsilon] value is a number > 0, got {value!r}")
    _epsilon = float(value)


def image_data_format() -> str:
    """Return the layout of images for layers that name none: `"channels_last"` by default.

    >>> import danlu as dl
    >>> dl.config.image_data_format()
    'channels_last'
    """
    return _image_data_format


def set_image_data_format(data_format: str) -> None:
    """Set the layout of images for layers that name none, and are made from now on.

    "channels_last" is (batch, height, width, channels), "channels_first" is (batch, channels,
    height, width), which is converted at the border. Raises ValueError for anything else.

    >>> import danlu as dl
    >>> dl.config.set_image_data_format("channels_first")
    >>> dl.layers.Conv2D(4, 3, padding="same")(dl.ones((1, 3, 8, 8))).shape
    (1, 4, 8, 8)
    >>> dl.config.set_image_data_format("channels_last")
    """
    global _image_data_format
    _image_data_format = standardize_data_format(data_format)


def standardize_data_format(data_format: str | None, owner: str = "config") -> str:
    """Return the layout that an argument names, or the default one for None.

    Capitals do not matter. Raises ValueError for what is no layout; `owner` begins its message.

    >>> import danlu as dl
    >>> dl.config.standardize_data_format(None)
    'channels_last'
    """
    if data_format is None:
        return _image_data_format
    if not isinstance(data_format, str) or data_format.lower() not in _LAYOUTS:
        from .utils.suggest import suggestion

        raise ValueError(
            f"[{owner}] data_format is one of {_LAYOUTS} or None, got {data_format!r}"
            + (
                f": the shape of a sample is input_shape={data_format!r}"
                if isinstance(data_format, (tuple, list, int))
                else f".{suggestion(data_format, _LAYOUTS)}"
            )
        )
    return data_format.lower()


def set_num_threads(count: int) -> None:
    """Set how many threads kernels may use; the results do not depend on it.

    0, the default, stands for what OMP_NUM_THREADS and the machine say, its container's limits and
    the process's affinity included. Raises ValueError unless it is an integer >= 0.

    >>> import danlu as dl
    >>> dl.config.set_num_threads(1)
    >>> dl.config.num_threads()
    1
    >>> dl.config.set_num_threads(0)
    """
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise ValueError(f"[config.set_num_threads] count is an integer >= 0, got {count!r}")
    _core.set_num_threads(count)


def num_threads() -> int:
    """Return how many threads kernels may use.

    It is 1 in a process that was forked after kernels ran: threads do not survive a fork.

    >>> import danlu as dl
    >>> dl.config.num_threads() >= 1
    True
    """
    return _core.num_threads()


def conv_precision() -> str:
    """How convolutions are computed: `"fast"` or `"exact"`. See `set_conv_precision`.

    >>> import danlu as dl
    >>> dl.config.conv_precision()
    'fast'
    """
    return "exact" if _core._conv_exact() else "fast"


def set_conv_precision(precision: str) -> None:
    """Sets how float32 convolutions with 3x3 windows are computed from now on.

    `"fast"` (the default) may use Winograd's F(4x4, 3x3), whose error is below 2e-5 of the largest
    output; `"exact"` uses only algorithms that are as exact as the sum itself, F(2x2, 3x3) among
    them (Lavin and Gray, 2016). Both give the same bits on any number of threads. The algorithm
    computes neighbouring outputs (a tile of 2x2 or 4x4) from common sums: where one of them is not
    finite, the others of its tile may not be either.

    >>> import danlu as dl
    >>> dl.config.set_conv_precision("exact")
    >>> dl.config.conv_precision()
    'exact'
    >>> dl.config.set_conv_precision("fast")

    Raises:
        ValueError: if `precision` is neither.
    """
    if precision not in ("fast", "exact"):
        raise ValueError(
            f"[config.set_conv_precision] precision is 'fast' or 'exact', got {precision!r}"
        )
    _core._set_conv_exact(precision == "exact")


def devices() -> list[str]:
    """Return what tensors can live on: `"cpu"`, then `"cuda:0"` and so on.

    >>> import danlu as dl
    >>> dl.config.devices()[0]
    'cpu'
    """
    return _core.devices()


def memory_stats(device: str = "cpu") -> dict[str, int]:
    """Return the allocator's counters, in bytes: what is in use, cached, and the peak.

    "requests" counts all requests for memory so far, "allocations" those that no cached block could
    serve. Raises ValueError for a device whose name is wrong, RuntimeError for a CUDA device where
    danlu was built without CUDA.

    >>> import danlu as dl
    >>> sorted(dl.config.memory_stats())
    ['allocations', 'cached', 'in_use', 'peak', 'requests']
    """
    return _core.memory_stats(device)


def empty_cache() -> None:
    """Return the allocator's cached blocks to the operating system.

    >>> import danlu as dl
    >>> dl.config.empty_cache()
    >>> dl.config.memory_stats()["cached"]
    0
    """
    _core.empty_cache()


def enable_interactive_logging() -> None:
    """Show the progress of `fit` with a bar, where `verbose` is "auto": the default.

    >>> import danlu as dl
    >>> dl.config.enable_interactive_logging()
    >>> dl.config.is_interactive_logging_enabled()
    True
    """
    global _interactive_logging
    _interactive_logging = True


def disable_interactive_logging() -> None:
    """Show the progress of `fit` as a line an epoch, for log files, where `verbose` is "auto".

    >>> import danlu as dl
    >>> dl.config.disable_interactive_logging()
    >>> dl.config.is_interactive_logging_enabled()
    False
    >>> dl.config.enable_interactive_logging()
    """
    global _interactive_logging
    _interactive_logging = False


def is_interactive_logging_enabled() -> bool:
    """Return whether progress is printed with a bar, where `verbose` is "auto".

    >>> import danlu as dl
    >>> dl.config.enable_interactive_logging()
    >>> dl.config.is_interactive_logging_enabled()
    True
    """
    return _interactive_logging


def backend() -> str:
    """Return `"danlu"`, for programs that ask which backend Keras runs on.

    >>> import danlu as dl
    >>> dl.config.backend()
    'danlu'
    """
    return "danlu"


TYPE_CHECKING = False
if not TYPE_CHECKING:
    __getattr__ = suggesting(__name__)
