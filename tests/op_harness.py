"""One row a function: what `tests/test_ops.py` runs in every mode.

A row gives the function, a NumPy reference in float64 and the shapes of its tensor arguments:

    Case("softmax", dl.ops.softmax, ref=np_softmax, shapes=[(3, 5)], domain=(-4, 4))

Its modes: forward in every dtype, gradient and second gradient against central differences in
float64, non-contiguous inputs, empty and size-1 shapes, replay of the recorded calls, the same bits
on 1 to 4 threads, bad input, and PyTorch where a row names its function.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

# One table of tolerances, relative to the largest value of the result.
TOLERANCE = {"float64": 1e-12, "float32": 2e-6, "float16": 2e-3, "bfloat16": 1.6e-2}
GRADIENT_TOLERANCE = 1e-7


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
    dtypes: Sequence[str] = ("float32", "float64")
    # Which arguments have gradients; () for none; None: all floating ones.
    differentiable: Sequence[int] | None = None
    second: bool = True
    # Arguments of an empty and of a size-1 call; a str says why there is none.
    empty: Any = None
    size1: Any = None
    # Larger than a thread's grain: compared bit by bit for 1 to 4 threads. A str says why not.
    large: Any = None
    # The same function in PyTorch: torch_reference(torch, *tensors).
    torch: Callable[..., Any] | None = None
    bad: Sequence[Bad] = ()
    # Factor on the tolerance table, with its reason.
    tolerance: float = 1.0
    why: str = ""

    def __post_init__(self) -> None:
        if self.tolerance != 1.0 and not self.why:
            raise ValueError(f"{self.name}: a looser tolerance needs its reason in `why`")

    def variants(self) -> list[list[tuple[int, ...]]]:
        first = self.shapes[0] if self.shapes else ()
        nested = bool(first) and isinstance(first[0], (tuple, list))
        return [list(v) for v in self.shapes] if nested else [list(self.shapes)]

    def arrays(self, shapes: Sequence[tuple[int, ...]], seed: int = 0) -> list[np.ndarray]:
        """The arguments in float64 (and whatever dtype `inputs` gives to indices)."""
        rng = np.random.default_rng([seed, *self.name.encode()])
        if self.inputs is not None:
            return self.inputs(rng, shapes)
        several = isinstance(self.domain, list)
        ranges = self.domain if several else [self.domain] * len(shapes)
        return [
            rng.uniform(low, high, shape) for shape, (low, high) in zip(shapes, ranges, strict=True)
        ]

    def call(self, *arguments: Any) -> list[Any]:
        result = self.function(*arguments, **self.kwargs)
        return list(result) if isinstance(result, (list, tuple)) else [result]

    def reference(self, *arrays: np.ndarray) -> list[np.ndarray]:
        assert self.ref is not None
        result = self.ref(*arrays, **self.kwargs)
        results = list(result) if isinstance(result, (list, tuple)) else [result]
        return [np.asarray(r) for r in results]

    def differentiated(self, arrays: Sequence[np.ndarray]) -> list[int]:
        floating = [i for i, a in enumerate(arrays) if a.dtype.kind == "f"]
        if self.differentiable is None:
            return floating
        return [i for i in self.differentiable if i in floating]


def elementwise(
    name: str, function: Callable[..., Any], ref: Callable[..., Any], **options: Any
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
    return Case(name, function, ref, **{**defaults, **options})
