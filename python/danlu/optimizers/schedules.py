"""Learning rates that change from step to step: keras.optimizers.schedules.

The core computes them from the optimizer's `iterations`; a schedule of your own is a subclass of
`LearningRateSchedule` with a `__call__(step)`. A step is one batch, counted from 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any

from .. import _core
from .._lazy import suggesting
from ..utils.lookup import Lookup
from ..utils.suggest import SuggestsArguments
from . import arguments

__all__ = [
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "deserialize",
    "serialize",
]


class LearningRateSchedule(SuggestsArguments):
    """Base class: called with the step, it returns the learning rate.

    A subclass defines `__call__(step)`, with the number of steps made so far as a variable of
    int64, and `get_config()` with the constructor's arguments, for a model that is saved. The two
    raise NotImplementedError here.

    >>> import danlu as dl
    >>> class InverseRoot(dl.optimizers.schedules.LearningRateSchedule):
    ...     def __call__(self, step):
    ...         return 1.0 / (step + 1.0) ** 0.5
    >>> optimizer = dl.optimizers.SGD(InverseRoot())
    >>> w = dl.Variable([0.0])
    >>> for _ in range(3):
    ...     optimizer.apply([[1.0]], [w])
    >>> optimizer.learning_rate.item()
    0.5
    """

    def __call__(self, step: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not define __call__(step)")

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments.

        >>> import danlu as dl
        >>> config = dl.optimizers.schedules.CosineDecay(0.1, decay_steps=100).get_config()
        >>> config["initial_learning_rate"], config["decay_steps"]
        (0.1, 100)
        """
        raise NotImplementedError(f"{type(self).__name__} does not define get_config()")

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Return the schedule that `get_config` described.

        >>> import danlu as dl
        >>> config = dl.optimizers.schedules.CosineDecay(0.1, decay_steps=100).get_config()
        >>> dl.optimizers.schedules.CosineDecay.from_config(config).decay_steps
        100
        """
        return cls(**config)


_CORE_NAMES = {
    "initial_learning_rate": "initial",
    "decay_steps": "decay_steps",
    "first_decay_steps": "decay_steps",
    "decay_rate": "decay_rate",
    "end_learning_rate": "end",
    "power": "power",
    "alpha": "alpha",
    "warmup_target": "warmup_target",
    "warmup_steps": "warmup_steps",
    "t_mul": "period_factor",
    "m_mul": "height_factor",
    "staircase": "flag",
    "cycle": "flag",
}
_SOME_STEPS = arguments.Limit("be > 0", lambda x: 0 < x < inf)
_LIMITS = {
    "decay_steps": _SOME_STEPS,
    "first_decay_steps": _SOME_STEPS,
    "warmup_target": arguments.FINITE._replace(optional=True),
}


class _CoreSchedule(LearningRateSchedule):
    """A schedule that the core computes; its attributes are the constructor's arguments."""

    _rate: Any = None

    def __call__(self, step: Any) -> Any:
        return self._rate(step)

    def get_config(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if not name.startswith("_")}

    def __reduce__(self) -> Any:
        return type(self).from_config, (self.get_config(),)

    def _hand_over(self, formula: str, **more: Any) -> None:
        """Hand the attributes to the core, by its names for them."""
        numbers = {name: value for name, value in vars(self).items() if name in _CORE_NAMES}
        for name, value in numbers.items():
            arguments.check(type(self).__name__, name, value, _LIMITS)
        named = {_CORE_NAMES[name]: value for name, value in numbers.items()}
        self._rate = _core.LearningRate(formula, **{**named, **more})


class ExponentialDecay(_CoreSchedule):
    """initial_learning_rate * decay_rate ^ (step / decay_steps); staircase rounds down.

    What it rounds is the exponent: the rate then stays the same for `decay_steps` steps.

    Raises ValueError when decay_steps <= 0.

    >>> import danlu as dl
    >>> rate = dl.optimizers.schedules.ExponentialDecay(1.0, decay_steps=10, decay_rate=0.25)
    >>> [rate(step).item() for step in (0, 5, 10, 20)]
    [1.0, 0.5, 0.25, 0.0625]
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name
        self._hand_over("exponential")


class InverseTimeDecay(_CoreSchedule):
    """initial_learning_rate / (1 + decay_rate * step / decay_steps); staircase rounds down.

    What it rounds is step / decay_steps. Raises ValueError when decay_steps <= 0.

    >>> import danlu as dl
    >>> rate = dl.optimizers.schedules.InverseTimeDecay(1.0, decay_steps=10, decay_rate=1.0)
    >>> [rate(step).item() for step in (0, 10, 30)]
    [1.0, 0.5, 0.25]
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name
        self._hand_over("inverse_time")


class PiecewiseConstantDecay(_CoreSchedule):
    """values[0] up to and including step boundaries[0], then values[1], and so on.

    `boundaries` are steps in rising order. Raises ValueError unless there is one value more than
    boundaries.

    >>> import danlu as dl
    >>> rate = dl.optimizers.schedules.PiecewiseConstantDecay([10, 20], [1.0, 0.5, 0.25])
    >>> [rate(step).item() for step in (0, 10, 11, 20, 21)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """

    def __init__(
        self,
        boundaries: Sequence[float],
        values: Sequence[float],
        name: str = "PiecewiseConstant",
    ) -> None:
        if len(boundaries) != len(values) - 1:
            raise ValueError(
                f"[PiecewiseConstantDecay] needs one value more than boundaries, got "
                f"{len(boundaries)} boundaries and {len(values)} values"
            )
        self.boundaries = boundaries
        self.values = values
        self.name = name
        self._rate = _core.LearningRate(
            "piecewise",
            boundaries=[float(b) for b in boundaries],
            values=[float(v) for v in values],
        )


class PolynomialDecay(_CoreSchedule):
    """(initial - end) * (1 - step / decay_steps) ^ power + end; `cycle` starts again above 0.

    After `decay_steps` it stays at `end_learning_rate`. With `cycle` the steps of the formula
    become the next multiple of decay_steps then, decay_steps * ceil(step / decay_steps), so that
    the rate jumps up and comes down again and again.

    Raises ValueError when decay_steps <= 0.

    >>> import danlu as dl
    >>> rate = dl.optimizers.schedules.PolynomialDecay(1.0, decay_steps=10, end_learning_rate=0.5)
    >>> [rate(step).item() for step in (0, 5, 10, 20)]
    [1.0, 0.75, 0.5, 0.5]
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.end_learning_rate = end_learning_rate
        self.power = power
        self.cycle = cycle
        self.name = name
        self._hand_over("polynomial")


class CosineDecay(_CoreSchedule):
    """A line up to `warmup_target` in `warmup_steps`, then half a cosine down to alpha times it.

    Without a warm-up the cosine starts at `initial_learning_rate` (Loshchilov, Hutter 2016).

    After the warm-up, top * ((1 - alpha) * (1 + cos(pi * step / decay_steps)) / 2 + alpha), where
    step counts from its end; after `decay_steps` more it stays at alpha * top. `warmup_steps`
    counts only if there is a `warmup_target` (arXiv:1608.03983). Raises ValueError when decay_steps
    <= 0.

    >>> import danlu as dl
    >>> rate = dl.optimizers.schedules.CosineDecay(
    ...     0.0, decay_steps=10, alpha=0.5, warmup_target=1.0, warmup_steps=10
    ... )
    >>> [rate(step).item() for step in (0, 5, 10, 15, 20, 30)]
    [0.0, 0.5, 1.0, 0.75, 0.5, 0.5]
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: int = 0,
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.alpha = alpha
        self.name = name
        self.warmup_target = warmup_target
        self.warmup_steps = warmup_steps
        if warmup_target is None:
            self._hand_over("cosine", warmup_target=0.0, warmup_steps=0)
        else:
            self._hand_over("cosine", flag=True)


class CosineDecayRestarts(_CoreSchedule):
    """Half cosines one after the other, each t_mul times as long and m_mul times as high.

    The first takes `first_decay_steps`. In the i-th, from 0, whose fraction f in [0, 1) is over,
    the rate is initial * ((1 - alpha) * m_mul^i * (1 + cos(pi * f)) / 2 + alpha) (SGDR: Loshchilov
    and Hutter, 2016, arXiv:1608.03983). With t_mul < 1 all of them together take
    first_decay_steps / (1 - t_mul) steps; from there on the rate is NaN, as in Keras.

    Raises ValueError when first_decay_steps <= 0.

    >>> import danlu as dl
    >>> rate = dl.optimizers.schedules.CosineDecayRestarts(1.0, first_decay_steps=10, m_mul=0.5)
    >>> [round(rate(step).item(), 3) for step in (0, 5, 10, 20, 30)]  # restarts at 10 and 30
    [1.0, 0.5, 0.5, 0.25, 0.25]
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: int,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.first_decay_steps = first_decay_steps
        self.t_mul = t_mul
        self.m_mul = m_mul
        self.alpha = alpha
        self.name = name
        self._hand_over("cosine_restarts")


_lookup = Lookup(
    "schedule",
    "optimizers.schedules",
    aliases={
        cls.__name__: cls
        for cls in (
            CosineDecay,
            CosineDecayRestarts,
            ExponentialDecay,
            InverseTimeDecay,
            PiecewiseConstantDecay,
            PolynomialDecay,
        )
    },
)
serialize = _lookup.serialize
deserialize = _lookup.deserialize


TYPE_CHECKING = False
if not TYPE_CHECKING:
    __getattr__ = suggesting(__name__)
