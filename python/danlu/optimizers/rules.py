"""The optimizers: their numbers and slots. The updates themselves are in the core's `optim.cpp`.

Arguments and defaults are Keras's. `*shared, **named` are the arguments that all optimizers take,
from `weight_decay` on, in the order in which `Optimizer` lists them.
"""

from __future__ import annotations

from typing import Any

from .optimizer import Optimizer


class SGD(Optimizer):
    """w -= learning_rate * g; with momentum, m = momentum * m - learning_rate * g and w += m."""

    rule = "sgd"
    numbers = ("momentum", "nesterov")

    def __init__(
        self,
        learning_rate: Any = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        *shared: Any,
        **named: Any,
    ) -> None:
        super().__init__(learning_rate, *shared, **named)
        if not 0 <= momentum <= 1:
            raise ValueError(f"[SGD] momentum must lie in [0, 1], got {momentum}")
        self.momentum = momentum
        self.nesterov = nesterov

    def slot_names(self) -> list[tuple[str, ...]]:
        return [("momentum",)] if self.momentum else []


class RMSprop(Optimizer):
    """w -= learning_rate * g / sqrt(v + epsilon) with v a moving average of g^2."""

    rule = "rmsprop"
    numbers = ("rho", "momentum", "epsilon", "centered")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        *shared: Any,
        **named: Any,
    ) -> None:
        super().__init__(learning_rate, *shared, **named)
        self.rho = rho
        self.momentum = momentum
        self.epsilon = epsilon
        self.centered = centered

    def slot_names(self) -> list[tuple[str, ...]]:
        names: list[tuple[str, ...]] = [("velocity",)]
        if self.momentum > 0:
            names.append(("momentum",))
        if self.centered:
            names.append(("average_gradient",))
        return names


class Adagrad(Optimizer):
    """w -= learning_rate * g / sqrt(a + epsilon) with a the sum of g^2."""

    rule = "adagrad"
    numbers = ("epsilon",)

    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        *shared: Any,
        **named: Any,
    ) -> None:
        super().__init__(learning_rate, *shared, **named)
        self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = epsilon

    def slot_names(self) -> list[tuple[str, ...]]:
        return [("accumulator",)]

    def initial_slot(self, name: str) -> float:
        return self.initial_accumulator_value

    def get_config(self) -> dict[str, Any]:
        first = self.initial_accumulator_value
        return {**super().get_config(), "initial_accumulator_value": first}


class Adadelta(Optimizer):
    """w -= learning_rate * sqrt(d + epsilon) / sqrt(v + epsilon) * g, d and v moving averages."""

    rule = "adadelta"
    numbers = ("rho", "epsilon")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.95,
        epsilon: float = 1e-7,
        *shared: Any,
        **named: Any,
    ) -> None:
        super().__init__(learning_rate, *shared, **named)
        self.rho = rho
        self.epsilon = epsilon

    def slot_names(self) -> list[tuple[str, ...]]:
        return [("accumulated_grad", "accumulated_delta_var")]


class _Moments(Optimizer):
    """What the optimizers with two moving averages share."""

    numbers: tuple[str, ...] = ("beta_1", "beta_2", "epsilon")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        *shared: Any,
        **named: Any,
    ) -> None:
        super().__init__(learning_rate, *shared, **named)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def slot_names(self) -> list[tuple[str, ...]]:
        return [("momentum", "velocity")]


class Adam(_Moments):
    """w -= a * m / (sqrt(v) + epsilon): m and v are moving averages of g and g^2, and
    a = learning_rate * sqrt(1 - beta_2^t) / (1 - beta_1^t) corrects their start (Kingma, Ba 2014).
    """

    rule = "adam"
    numbers = (*_Moments.numbers, "amsgrad")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        *shared: Any,
        **named: Any,
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon, *shared, **named)
        self.amsgrad = amsgrad

    def slot_names(self) -> list[tuple[str, ...]]:
        return [*super().slot_names(), ("velocity_hat",)] if self.amsgrad else super().slot_names()


class AdamW(Adam):
    """Adam with weight decay that does not pass through the moving averages."""

    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        *shared: Any,
        **named: Any,
    ) -> None:
        if weight_decay is None:
            raise ValueError("[AdamW] weight_decay must be a number, got None")
        super().__init__(
            learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay, *shared, **named
        )


class Adamax(_Moments):
    """Adam with the largest gradient, u = max(beta_2 * u, |g|), in the place of sqrt(v)."""

    rule = "adamax"

    def slot_names(self) -> list[tuple[str, ...]]:
        return [("momentum", "norm")]


class Nadam(_Moments):
    """Adam that looks ahead as Nesterov's momentum does (Dozat 2016)."""

    rule = "nadam"
    _u_product: Any = None  # the product of the momenta so far

    def _extra_state(self) -> Any:
        if self._u_product is None:
            dtype = self._trainable_variables[0].dtype if self._trainable_variables else None
            self._u_product = self.add_variable((), "ones", dtype)
        return self._u_product


class Lion(Optimizer):
    """w -= learning_rate * sign(beta_1 * m + (1 - beta_1) * g) (Chen et al. 2023)."""

    rule = "lion"
    numbers = ("beta_1", "beta_2")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
        *shared: Any,
        **named: Any,
    ) -> None:
        super().__init__(learning_rate, *shared, **named)
        if not 0 < beta_1 <= 1:
            raise ValueError(f"[Lion] beta_1 must lie in (0, 1], got {beta_1}")
        self.beta_1 = beta_1
        self.beta_2 = beta_2

    def slot_names(self) -> list[tuple[str, ...]]:
        return [("momentum",)]
