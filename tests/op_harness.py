"""One row a function: what `tests/test_ops.py` runs in every mode.

A row gives the function, a NumPy reference in float64 and the shapes of its tensor arguments:

    Case("softmax", dl.ops.softmax, ref=np_softmax, shapes=[(3, 5)], domain=(-4, 4))

Its modes: forward and gradient in every floating dtype, gradient and second gradient against
central differences in float64, integers and booleans, NumPy arrays, non-contiguous inputs, empty
and size-1 shapes, replay of the recorded calls, large inputs with the same bits on 1 to 4 threads,
bad input, and PyTorch where a row names its function. A mode that cannot apply to a row is not run,
and the row says why.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import danlu as dl
from danlu import _core


@contextmanager
def recorded() -> Iterator[Any]:
    """What the core does in the block, as a recording that can be replayed."""
    recording = _core.Recording()
    recording.start()
    try:
        yield recording
    finally:
        recording.stop()


# One table of tolerances, relative to the largest value of the result.
TOLERANCE = {"float64": 1e-12, "float32": 2e-6, "float16": 2e-3, "bfloat16": 1.6e-2}
GRADIENT_TOLERANCE = 1e-7
FLOATS = tuple(TOLERANCE)
INTEGERS = tuple(f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64))


@dataclass(frozen=True)
class Bad:
    """A call that must raise `error` with a message matching `match`."""

    call: Callable[[], Any]
    error: type[Exception]
    match: str


@dataclass(frozen=True)
class Case:
    name: str
    function: Callable[..., Any]
    # The same function of NumPy arrays in float64; None: `torch` is the reference.
    ref: Callable[..., Any] | None = None
    # The shapes of the tensor arguments, or a list of such lists, tried in turn.
    shapes: Sequence[Any] = ((2, 3, 5),)
    # Where floating values are drawn from: one (low, high), or one for each argument.
    domain: Any = (-2.0, 2.0)
    # Replaces the random draw: inputs(rng, shapes) -> list of arrays (for indices, labels, masks).
    inputs: Callable[[np.random.Generator, Sequence[tuple[int, ...]]], list[np.ndarray]] | None = (
        None
    )
    kwargs: dict[str, Any] = field(default_factory=dict)
    dtypes: Sequence[str] = FLOATS
    # What may stand for the floating arguments: "all", "numbers" (no booleans) or "floating"; other
    # dtypes must raise TypeError. A longer str says why the row is not called with integers.
    takes: str = "all"
    # Which arguments have gradients; () for none; None: all floating ones.
    differentiable: Sequence[int] | None = None
    # The shape of the result depends on values: it runs eagerly only, a recording refuses it.
    eager_only: bool = False
    # Arguments of an empty and of a size-1 call; a str says why there is none.
    empty: Any = None
    size1: Any = None
    # Larger than a thread's grain: compared bit by bit for 1 to 4 threads. A str says why not.
    large: Any = None
    # The same function in PyTorch: torch_reference(torch, *tensors).
    torch: Callable[..., Any] | None = None
    bad: Sequence[Bad] = ()

    def __post_init__(self) -> None:
        if self.ref is None and self.torch is None:
            raise ValueError(f"{self.name}: a row needs a reference, of NumPy or of PyTorch")
        for mode in ("empty", "size1", "large"):
            if getattr(self, mode) is None:
                raise ValueError(f"{self.name}: give the shapes of a call for {mode!r}, or why not")

    def has(self, mode: str) -> bool:
        """Whether the row has a call for "empty", "size1" or "large"."""
        return not isinstance(getattr(self, mode), str)

    def variants(self) -> list[list[tuple[int, ...]]]:
        first = self.shapes[0] if self.shapes else ()
        nested = bool(first) and isinstance(first[0], (tuple, list))
        return [list(v) for v in self.shapes] if nested else [list(self.shapes)]

    def arrays(self, shapes: Sequence[tuple[int, ...]], seed: int = 0) -> list[np.ndarray]:
        """The arguments in float64 (and whatever dtype `inputs` gives to indices)."""
        rng = np.random.default_rng([seed, *self.name.encode()])
        if self.inputs is not None:
            return [np.asarray(a) for a in self.inputs(rng, shapes)]
        several = isinstance(self.domain, list)
        ranges = self.domain if several else [self.domain] * len(shapes)
        return [
            np.asarray(rng.uniform(low, high, shape))
            for shape, (low, high) in zip(shapes, ranges, strict=True)
        ]

    def call(self, *arguments: Any) -> list[Any]:
        result = self.function(*arguments, **self.kwargs)
        return list(result) if isinstance(result, (list, tuple)) else [result]

    def reference(self, *arrays: np.ndarray) -> list[np.ndarray]:
        if self.ref is not None:
            with np.errstate(all="ignore"), warnings.catch_warnings():  # log 0, the mean of nothing
                warnings.simplefilter("ignore", RuntimeWarning)
                result = self.ref(*arrays, **self.kwargs)
        else:
            import torch

            assert self.torch is not None
            result = self.torch(torch, *(torch.tensor(a) for a in arrays))
        results = list(result) if isinstance(result, (list, tuple)) else [result]
        return [np.asarray(r) for r in results]

    def floating(self) -> list[int]:
        """The positions of the floating arguments."""
        return [i for i, a in enumerate(self.arrays(self.variants()[0])) if a.dtype.kind == "f"]

    def differentiated(self) -> list[int]:
        """The positions of the arguments that have gradients."""
        floating = self.floating()
        if self.differentiable is None:
            return floating
        return [i for i in self.differentiable if i in floating]


def elementwise(
    name: str, function: Callable[..., Any], ref: Callable[..., Any] | None, **options: Any
) -> Case:
    """A function of one tensor, element by element."""
    defaults: dict[str, Any] = {
        "shapes": [[(2, 3, 5)], [()], [(7,)]],
        "empty": [(0, 3)],
        "size1": [(1, 1)],
        "large": [(3, 45007)],
    }
    return Case(name, function, ref, **{**defaults, **options})


def binary(
    name: str, function: Callable[..., Any], ref: Callable[..., Any], **options: Any
) -> Case:
    """A function of two tensors, element by element, with broadcasting."""
    misfit = Bad(
        lambda: function(dl.ones((2, 3), dtype="int32"), dl.ones((4,), dtype="int32")),
        ValueError,
        r"\[.*(\(2, 3\).*\(4,\)|\(4,\).*\(2, 3\))",
    )
    defaults: dict[str, Any] = {
        "shapes": [
            [(2, 3, 5), (2, 3, 5)],
            [(2, 3, 5), (5,)],
            [(3, 1), (2, 1, 5)],
            [(), (3,)],
        ],
        "empty": [(0, 3), (3,)],
        "size1": [(1,), (1, 1)],
        "large": [(3, 45007), (45007,)],
    }
    bad = [misfit, *options.pop("bad", ())]
    return Case(name, function, ref, bad=bad, **{**defaults, **options})
