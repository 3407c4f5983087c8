"""The step of an optimizer whose rule is Python: a subclass with `update_step`.

It does what the core does around a rule of its own: unscale, accumulate, clip, decay, average.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .._autograd import no_grad


class PythonStep:
    """Has the methods of the core's `OptimizerStep`."""

    def __init__(self, optimizer: Any) -> None:
        self.optimizer = optimizer

    def step(self, learning_rate: Any) -> list[int]:
        """Update the variables by their `.grad` and clear it; return who had none, by number."""
        missing = self.apply([v.grad for v in self.optimizer._trainable_variables], learning_rate)
        self.zero_grad()
        return missing

    def zero_grad(self) -> None:
        """Clear the gradients of all variables."""
        for variable in self.optimizer._trainable_variables:
            variable.grad = None

    def apply(self, gradients: Sequence[Any], learning_rate: Any) -> list[int]:
        """Update the variables by a gradient or None each; return who had none, by number."""
        optimizer = self.optimizer
        pairs = [(i, g) for i, g in enumerate(gradients) if g is not None]
        if not pairs:
            raise ValueError(
                f"[{type(optimizer).__name__}] no gradients provided for any variable: call "
                "loss.backward() first"
            )
        with no_grad():
            grads = [self._accumulated(i, g) for i, g in pairs]
            if self._updates():
                self._update([i for i, _ in pairs], _clipped(optimizer, grads), learning_rate)
            self._average()
            optimizer._iterations.assign_add(1)
        return [i for i, g in enumerate(gradients) if g is None]

    def _updates(self) -> bool:
        """Whether this call is the last of those whose gradients are gathered."""
        every = self.optimizer.gradient_accumulation_steps
        return not every or (int(self.optimizer._iterations) + 1) % every == 0

    def _accumulated(self, i: int, gradient: Any) -> Any:
        optimizer = self.optimizer
        if optimizer.loss_scale_factor is not None:
            gradient = gradient / optimizer.loss_scale_factor
        every = optimizer.gradient_accumulation_steps
        if not every:
            return gradient
        total = optimizer._accumulators[i]
        if not self._updates():
            total.assign_add(gradient)
            return gradient
        mean = (gradient + total) / every
        total.assign(0.0)
        return mean

    def _update(self, indices: list[int], gradients: list[Any], learning_rate: Any) -> None:
        optimizer = self.optimizer
        variables = [optimizer._trainable_variables[i] for i in indices]
        for variable in variables:
            if optimizer._decays(variable):
                variable.assign_sub(variable * (optimizer.weight_decay * learning_rate))
        for gradient, variable in zip(gradients, variables, strict=True):
            optimizer.update_step(gradient, variable, learning_rate)

    def _average(self) -> None:
        optimizer = self.optimizer
        if not optimizer.use_ema:
            return
        step = int(optimizer.iterations)
        momentum = optimizer.ema_momentum if step else 0.0
        every = optimizer.ema_overwrite_frequency
        for variable, mean in zip(optimizer._trainable_variables, optimizer._averages, strict=True):
            mean.assign(momentum * mean + (1.0 - momentum) * variable)
            if every and (step + 1) % every == 0:
                variable.assign(mean)


def _norm(gradients: list[Any]) -> Any:
    from .. import ops

    return ops.sqrt(sum(ops.sum(ops.square(g)) for g in gradients))


def _clipped(optimizer: Any, gradients: list[Any]) -> list[Any]:
    """The gradients within the limits that the optimizer sets."""
    from .. import ops

    if optimizer.clipnorm:
        limit = optimizer.clipnorm
        return [g * (limit / ops.maximum(_norm([g]), limit)) for g in gradients]
    if optimizer.global_clipnorm:
        limit = optimizer.global_clipnorm
        factor = limit / ops.maximum(_norm(gradients), limit)
        return [g * factor for g in gradients]
    if optimizer.clipvalue:
        return [ops.clip(g, -optimizer.clipvalue, optimizer.clipvalue) for g in gradients]
    return gradients
