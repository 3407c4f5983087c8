"""The arguments that all optimizers take: their names, what they may be, how `help` shows them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import inf, nan
from typing import Any, NamedTuple

from ..utils.suggest import suggestion

# Arguments that every optimizer takes and hands to the core.
SHARED = (
    "weight_decay",
    "clipnorm",
    "global_clipnorm",
    "clipvalue",
    "use_ema",
    "ema_momentum",
    "ema_overwrite_frequency",
    "loss_scale_factor",
    "gradient_accumulation_steps",
)
CLIPS = ("clipnorm", "clipvalue", "global_clipnorm")


class Limit(NamedTuple):
    """What a hyperparameter may be: in words, and as a test of a number that NaN fails."""

    words: str
    allows: Callable[[float], bool]
    whole: bool = False
    optional: bool = False


UNIT = Limit("lie in [0, 1]", lambda x: 0 <= x <= 1)
FINITE = Limit("be a finite number", lambda x: -inf < x < inf)
_NO_LIMIT_AT_0 = Limit(
    "be a finite number > 0 (0: no limit)", lambda x: 0 <= x < inf, optional=True
)
LIMITS = {
    "weight_decay": Limit("be a finite number >= 0", lambda x: 0 <= x < inf, optional=True),
    **dict.fromkeys(CLIPS, _NO_LIMIT_AT_0),
    "ema_momentum": UNIT,
    "ema_overwrite_frequency": Limit("be an integer >= 1", lambda n: n >= 0, True, True),
    "loss_scale_factor": Limit("be a finite number > 0", lambda x: 0 < x < inf, optional=True),
    "gradient_accumulation_steps": Limit(
        "be an integer >= 2", lambda n: n == 0 or n >= 2, whole=True, optional=True
    ),
}  # steps of 0 are none, as in Keras


def number(value: Any) -> float:
    """Return a number as a float, anything else as NaN."""
    try:
        return nan if isinstance(value, str) else float(value)
    except (TypeError, ValueError):
        return nan


def check(owner: str, name: str, value: Any, limits: Mapping[str, Limit]) -> None:
    """Raise unless a hyperparameter may have this value; by default any finite number will do."""
    limit = limits.get(name, FINITE)
    if value is None and limit.optional:
        return
    if not limit.allows(number(value)) or (limit.whole and not hasattr(value, "__index__")):
        raise ValueError(
            f"[{owner}] {name} must {limit.words}{' or None' * limit.optional}, got {value!r}"
        )


def check_unknown(owner: str, numbers: Sequence[str], unknown: dict[str, Any]) -> None:
    """Raise if an optimizer with these hyperparameters was given arguments that nobody takes."""
    for name in unknown:
        known = [*numbers, *SHARED, "learning_rate", "name"]
        raise ValueError(
            f"[{owner}] got an unknown argument {name!r}.{suggestion(name, known)} "
            f"The arguments are: {', '.join(known)}"
        )


def check_clips(owner: str, clips: Sequence[float | None]) -> None:
    """Raise when there is more than one of CLIPS."""
    if sum(clip is not None for clip in clips) > 1:
        got = ", ".join(f"{name}={clip}" for name, clip in zip(CLIPS, clips, strict=True))
        raise ValueError(
            f"[{owner}] only one of clipnorm, clipvalue and global_clipnorm can be set, got {got}"
        )


def spell_out(constructor: Any, base: Any) -> None:
    """Let `help` and `inspect` show the arguments of `base` that `*shared, **named` stand for."""
    import inspect

    own = inspect.signature(constructor).parameters
    if "shared" not in own:
        return
    shared = inspect.signature(base).parameters
    parameters = [p for name, p in own.items() if name not in ("shared", "named")]
    parameters += [p for name, p in shared.items() if name not in own]
    constructor.__signature__ = inspect.Signature(parameters, return_annotation=None)
