"""Batches for `fit`, `evaluate` and `predict`, from arrays, datasets, generators and iterables.

Every kind has `steps`, the number of batches in an epoch or None, `epoch()`, which yields
(x, y, sample_weight) with tensors in the structure that the data came in, and `pack`, which makes
of these the `data` that a `train_step` gets in Keras.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from .. import _core, config, ops, tree
from .._core import Tensor, Variable
from ..layers.convert import _all_numbers, to_tensor
from ..layers.dtypes import FLOATS
from ..utils.arguments import positive_int
from ..utils.data import pack_x_y_sample_weight

Batch = tuple[Any, Any, Any]


def make_batches(
    who: str,
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    batch_size: int | None = None,
    shuffle: bool = False,
    class_weight: dict[int, float] | None = None,
    seed_generator: Callable[[], Any] | None = None,
) -> ArrayBatches | DatasetBatches | StreamBatches:
    """Return the batches of whatever `who` ("fit") was given.

    Args:
        seed_generator: gives the state that shuffling draws from, when it is needed.
    """
    if class_weight is not None and sample_weight is not None:
        raise ValueError(f"[{who}] takes class_weight or sample_weight, not both")
    if x is None:
        raise ValueError(f"[{who}] got no data: x is None")
    if isinstance(x, (str, bytes)):
        raise TypeError(f"[{who}] wants numbers, got text: {x[:40]!r}")
    try:
        arrays = is_data(x)
    except RecursionError:
        raise ValueError(f"[{who}] x is a list that holds itself, or nested too deeply") from None
    if isinstance(x, dict) and not arrays:
        name, value = next((k, v) for k, v in x.items() if not is_data(v))
        raise TypeError(
            f"[{who}] x is a dict of arrays by the names of inputs, and x[{name!r}] is "
            f"{value!r:.60} ({type(value).__name__}): give arrays whose first axis counts samples"
        )
    if arrays:
        size = 32 if batch_size is None else positive_int(who, batch_size, "batch_size")
        return ArrayBatches(who, x, y, sample_weight, size, shuffle, class_weight, seed_generator)
    for name, value in (("y", y), ("sample_weight", sample_weight)):
        if value is not None:
            raise ValueError(
                f"[{who}] x is a {type(x).__name__}, which yields whole batches, so {name} must be "
                "part of what it yields: (inputs, targets) or (inputs, targets, sample_weights)"
            )
    if hasattr(x, "__getitem__") and hasattr(x, "__len__"):
        return DatasetBatches(who, x, shuffle, class_weight, seed_generator)
    if isinstance(x, Iterable):
        return StreamBatches(who, x, class_weight)
    raise TypeError(
        f"[{who}] cannot read data from a {type(x).__name__}: give arrays, tensors, a generator or "
        "an iterable of batches"
    )


def is_array(value: Any) -> bool:
    """Whether a value is a tensor, or an array that becomes one."""
    return isinstance(value, (Tensor, Variable)) or (
        hasattr(value, "shape") and (hasattr(value, "__array__") or hasattr(value, "__dlpack__"))
    )


def is_data(value: Any) -> bool:
    """Whether a value is an array, a list of numbers, or a structure of arrays."""
    if isinstance(value, dict):
        return all(is_data(v) for v in value.values())
    if isinstance(value, (list, tuple)):
        return not value or _all_numbers(value) or all(is_data(v) for v in value)
    return is_array(value)


def as_tensor(value: Any, who: str, what: str) -> Tensor:
    """Return an array as a tensor, sharing its memory where that is possible."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, Variable):
        return value.value
    dtype = getattr(value, "dtype", None)
    writeable = getattr(getattr(value, "flags", None), "writeable", False)
    if getattr(dtype, "kind", None) in ("f", "i", "u") and writeable:
        try:
            return ops.from_dlpack(value)
        except (BufferError, TypeError, ValueError, RuntimeError):
            pass  # a layout or dtype that cannot be shared is copied
    return to_tensor(value, lambda: f"[{who}] {what}")


def to_floatx(tensor: Tensor) -> Tensor:
    """Return a floating tensor in the default dtype, any other as it is."""
    return tensor.astype(config.floatx()) if _is_other_float(tensor) else tensor


def _is_other_float(tensor):
    return str(tensor.dtype) in FLOATS and tensor.dtype != config.floatx()


def leaves(structure: Any, who: str, what: str) -> tuple[Any, list[Tensor]]:
    """Return the structure of the data, None for one array, and its arrays as tensors."""
    if isinstance(structure, (list, tuple)) and _all_numbers(structure):
        return None, [to_tensor(structure, lambda: f"[{who}] {what}")]
    if not tree.is_nested(structure):
        return None, [as_tensor(structure, who, what)]
    collapsed = _collapse(structure)
    return collapsed, [as_tensor(value, who, what) for value in _flat(collapsed)]


class _Leaf:
    """An array inside a structure, so that a list of numbers counts as one."""

    def __init__(self, value: Any) -> None:
        self.value = value


def _collapse(structure):
    if isinstance(structure, dict):
        return {k: _collapse(v) for k, v in structure.items()}
    if isinstance(structure, (list, tuple)) and not _all_numbers(structure):
        items = [_collapse(v) for v in structure]
        return tuple(items) if isinstance(structure, tuple) else items
    return _Leaf(structure)


def _flat(collapsed):
    return [leaf.value for leaf in tree.flatten(collapsed)]


class ArrayBatches:
    """Batches of arrays in memory, gathered by index in a new random order each epoch."""

    def __init__(
        self,
        who: str,
        x: Any,
        y: Any,
        sample_weight: Any,
        batch_size: int,
        shuffle: bool,
        class_weight: dict[int, float] | None,
        seed_generator: Callable[[], Any] | None,
    ) -> None:
        self.tensors: list[Tensor] = []
        self.parts: list[tuple[Any, int, int] | None] = []  # structure, first and last tensor
        for what, value in (("x", x), ("y", y), ("sample_weight", sample_weight)):
            if value is None:
                self.parts.append(None)
                continue
            structure, tensors = leaves(value, who, what)
            start = len(self.tensors)
            self.tensors += tensors
            self.parts.append((structure, start, len(self.tensors)))
        self.samples = self._count(who)
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.class_weight = ClassWeight(class_weight) if class_weight else None
        self.seed_generator = seed_generator
        self.steps = -(-self.samples // self.batch_size)
        self.one_shot = False
        self.pack = pack_x_y_sample_weight

    def _count(self, who):
        names = ("x", "y", "sample_weight")
        counts = []
        for name, part in zip(names, self.parts, strict=True):
            for tensor in self.tensors[part[1] : part[2]] if part else ():
                if not tensor.shape:
                    raise ValueError(
                        f"[{who}] {name} is a single number: the first axis counts the samples"
                    )
                counts.append((tensor.shape[0], name))
        if not counts:
            raise ValueError(f"[{who}] got no data: x is empty")
        samples = counts[0][0]
        for count, name in counts:
            if count != samples:
                raise ValueError(
                    f"[{who}] x has {samples} samples and {name} has {count}: each sample in x "
                    f"needs one entry in {name}. The first axis counts the samples; shapes are "
                    f"{[tuple(t.shape) for t in self.tensors]}"
                )
        if samples == 0:
            raise ValueError(
                f"[{who}] got 0 samples: x has shape {tuple(self.tensors[0].shape)}. Check the "
                "selection or file that it comes from"
            )
        return samples

    def epoch(self) -> Iterator[Batch]:
        """Yield the batches of one epoch."""
        order = None
        if self.shuffle and self.seed_generator is not None:
            from .. import random

            order = random.shuffle(ops.arange(self.samples), seed=self.seed_generator())
        size, tensors, take = self.batch_size, self.tensors, _core.take
        to_cast = [i for i, tensor in enumerate(tensors) if _is_other_float(tensor)]
        simple = len(tensors) <= 2 and all(p is None or p[0] is None for p in self.parts)
        simple = simple and self.parts[2] is None and self.class_weight is None
        for start in range(0, self.samples, size):
            if order is None:
                rows = [tensor[start : start + size] for tensor in tensors]
            else:
                index = order[start : start + size]
                rows = [take(tensor, index, axis=0) for tensor in tensors]
            for i in to_cast:
                rows[i] = to_floatx(rows[i])
            if simple:
                yield rows[0], rows[1] if len(rows) == 2 else None, None
            else:
                yield self._assemble(rows)

    def _assemble(self, rows):
        x, y, weight = (
            None
            if part is None
            else rows[part[1]]
            if part[0] is None
            else tree.pack_sequence_as(part[0], rows[part[1] : part[2]])
            for part in self.parts
        )
        if self.class_weight is not None:
            weight = self.class_weight(y)
        return x, y, weight


class DatasetBatches:
    """Batches from an object with `__len__` and `__getitem__`, such as a `utils.PyDataset`."""

    def __init__(
        self,
        who: str,
        dataset: Any,
        shuffle: bool,
        class_weight: dict[int, float] | None,
        seed_generator: Callable[[], Any] | None,
    ) -> None:
        self.who = who
        self.dataset = dataset
        self.shuffle = shuffle
        self.class_weight = ClassWeight(class_weight) if class_weight else None
        self.seed_generator = seed_generator
        self.steps = len(dataset)
        self.one_shot = False
        self.pack = _as_tuple
        if self.steps == 0:
            raise ValueError(f"[{who}] got no batches: the {type(dataset).__name__} has length 0")

    def epoch(self) -> Iterator[Batch]:
        """Yield the batches of one epoch."""
        self.steps = len(self.dataset)
        order: Iterable[int] = range(self.steps)
        if self.shuffle and self.seed_generator is not None:
            from .. import random

            order = random.shuffle(ops.arange(self.steps), seed=self.seed_generator()).tolist()
        for step in order:
            yield unpack(self.dataset[step], self.who, self.class_weight)
        if hasattr(self.dataset, "on_epoch_end"):
            self.dataset.on_epoch_end()


class StreamBatches:
    """Batches from a generator, which runs once, or from an iterable, which starts anew."""

    def __init__(self, who: str, source: Any, class_weight: dict[int, float] | None) -> None:
        self.who = who
        self.source = source
        self.class_weight = ClassWeight(class_weight) if class_weight else None
        self.one_shot = isinstance(source, Iterator)
        self.pack = _as_tuple
        self.steps = len(source) if hasattr(source, "__len__") else None

    def epoch(self) -> Iterator[Batch]:
        """Yield the batches that are left, or those of one epoch."""
        for item in self.source:
            yield unpack(item, self.who, self.class_weight)


def _as_tuple(x: Any, y: Any, sample_weight: Any) -> tuple:
    """The batch as a generator yields it."""
    parts = (x, y, sample_weight)
    return parts if sample_weight is not None else parts[: 1 if y is None else 2]


def unpack(item: Any, who: str, class_weight: ClassWeight | None = None) -> Batch:
    """Return (x, y, sample_weight) with tensors of a batch as a generator yields it."""
    parts = tuple(item) if isinstance(item, (tuple, list)) else (item,)
    if not 1 <= len(parts) <= 3:
        raise ValueError(
            f"[{who}] a batch is x, (x, y) or (x, y, sample_weight), got a tuple of {len(parts)}"
        )
    values: list[Any] = [None, None, None]
    for i, (part, what) in enumerate(zip(parts, ("x", "y", "sample_weight"), strict=False)):
        if part is None:
            continue
        structure, tensors = leaves(part, who, what)
        tensors = [to_floatx(tensor) for tensor in tensors]
        values[i] = tensors[0] if structure is None else tree.pack_sequence_as(structure, tensors)
    if class_weight is not None:
        values[2] = class_weight(values[1])
    return tuple(values)


class ClassWeight:
    """Sample weights from `{class: weight}`; a class that is not named weighs 1."""

    def __init__(self, weights: dict[int, float]) -> None:
        numbers = isinstance(weights, dict) and all(hasattr(key, "__index__") for key in weights)
        if not numbers or any(key < 0 for key in weights):
            raise ValueError(
                "[fit] class_weight is a dict from class numbers to weights, such as {0: 1.0, 1: "
                f"3.0}}, got {weights!r:.80}"
            )
        self.size = max(map(int, weights), default=-1) + 1
        table = [float(weights.get(i, 1.0)) for i in range(self.size)] + [1.0]
        self.table = ops.convert_to_tensor(table, dtype=config.floatx())

    def __call__(self, y: Any) -> Any:
        """Return the weight of each label, class numbers or one-hot."""
        if tree.is_nested(y) or y is None:
            raise ValueError("[fit] class_weight needs a model with one output, and its labels")
        if y.ndim > 1:
            y = ops.argmax(y, axis=-1) if y.shape[-1] > 1 else ops.squeeze(y, axis=-1)
        if str(y.dtype) in FLOATS:
            y = ops.round(y)
        return ops.take(self.table, ops.minimum(ops.cast(y, "int64"), self.size), axis=0)


def split(who: str, fraction: float, x: Any, y: Any, sample_weight: Any) -> tuple[tuple, tuple]:
    """Return all but the last `fraction` of samples, and those; None stays None."""
    if not 0 < fraction < 1:
        raise ValueError(f"[{who}] validation_split is between 0 and 1, got {fraction}")
    if not is_data(x):
        raise ValueError(
            f"[{who}] validation_split needs arrays, got a {type(x).__name__}: pass validation_data"
        )
    # Making batches checks that the lengths agree.
    samples = ArrayBatches(who, x, y, sample_weight, 1, False, None, None).samples
    at = int(samples * (1 - fraction))
    if at in (0, samples):
        raise ValueError(
            f"[{who}] validation_split={fraction} of {samples} samples leaves "
            f"{at} for training and {samples - at} for validation"
        )

    def part(structure, start, stop):
        if structure is None:
            return None
        kind, tensors = leaves(structure, who, "x")
        cut = [tensor[start:stop] for tensor in tensors]
        return cut[0] if kind is None else tree.pack_sequence_as(kind, cut)

    data = (x, y, sample_weight)
    return tuple(part(d, 0, at) for d in data), tuple(part(d, at, samples) for d in data)
