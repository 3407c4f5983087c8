"""The arguments that all optimizers take: their names, what they may be, how `help` shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

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


def check_unknown(owner: str, numbers: Sequence[str], unknown: dict[str, Any]) -> None:
    """Raise if an optimizer with these hyperparameters was given arguments that nobody takes."""
    for name in unknown:
        known = [*numbers, *SHARED, "learning_rate", "name"]
        raise ValueError(
            f"[{owner}] got an unknown argument {name!r}.{suggestion(name, known)} "
            f"The arguments are: {', '.join(known)}"
        )


def check_shared(
    owner: str,
    clips: Sequence[float | None],
    use_ema: bool,
    momentum: float,
    frequency: int | None,
    accumulate: int | None,
) -> None:
    """Raise unless the arguments that all optimizers take are what they may be."""
    if sum(clip is not None for clip in clips) > 1:
        raise ValueError(
            f"[{owner}] only one of clipnorm, clipvalue and global_clipnorm can be set, got "
            f"clipnorm={clips[0]}, clipvalue={clips[1]}, global_clipnorm={clips[2]}"
        )
    if use_ema and not 0 <= momentum <= 1:
        raise ValueError(f"[{owner}] ema_momentum must lie in [0, 1], got {momentum}")
    if use_ema and frequency and (not isinstance(frequency, int) or frequency < 1):
        raise ValueError(
            f"[{owner}] ema_overwrite_frequency must be an integer >= 1 or None, got {frequency}"
        )
    if accumulate and not accumulate >= 2:
        raise ValueError(
            f"[{owner}] gradient_accumulation_steps must be an integer >= 2, got {accumulate}"
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
