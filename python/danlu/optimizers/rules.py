"""The optimizers: their numbers and slots. The updates themselves are in the core's `optim.cpp`.

Arguments and defaults are Keras's. `*shared, **named` are the arguments that all optimizers take,
from `weight_decay` on, in the order in which `Optimizer` lists them. In the formulas g is the
gradient of a weight w, and all is done element by element.
"""

from __future__ import annotations

from typing import Any

from .arguments import LIMITS, UNIT, Limit
from .optimizer import Optimizer


class SGD(Optimizer):
    """w -= learning_rate * g; with momentum, m = momentum * m - learning_rate * g and w += m.

    `nesterov` looks ahead: w += momentum * m - learning_rate * g with the new m (Polyak, 1964;
    Nesterov, 1983; in this form Sutskever et al., 2013). Without momentum there is no slot.

    Raises ValueError for a momentum outside [0, 1], and whatever `Optimizer` raises.

    >>> import danlu as dl
    >>> w = dl.Variable([1.0])
    >>> optimizer = dl.optimizers.SGD(learning_rate=0.5, momentum=0.5)
    >>> optimizer.apply([[4.0]], [w])  # m = -2
    >>> optimizer.apply([[4.0]], [w])  # m = -3
    >>> w.tolist()
    [-4.0]
    """

    rule = "sgd"
    numbers = ("momentum", "nesterov")
    limits = {**LIMITS, "momentum": UNIT}

    def __init__(
        self,
        learning_rate: Any = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        *shared: Any,
        **named: Any,
    ) -> None:
        super().__init__(learning_rate, *shared, **named)
        self.momentum = momentum
        self.nesterov = nesterov

    def slot_names(self) -> list[tuple[str, ...]]:
        return [("momentum",)] if self.momentum else []


class RMSprop(Optimizer):
    """w -= learning_rate * g / sqrt(v + epsilon) with v a moving average of g^2.

    v = rho * v + (1 - rho) * g^2, from 0. With `centered` v - mean(g)^2 takes the place of v, with
    the same average of g (Graves, 2013, arXiv:1308.0850). With momentum, m = momentum * m + that
    step and w -= m (Tieleman and Hinton, 2012).

    >>> import danlu as dl
    >>> w = dl.Variable([1.0])
    >>> dl.optimizers.RMSprop(learning_rate=0.25, rho=0.75).apply([[4.0]], [w])  # v = 4
    >>> [round(x, 4) for x in w.tolist()]
    [0.5]
    """

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
    """w -= learning_rate * g / sqrt(a + epsilon) with a the sum of g^2.

    a starts from `initial_accumulator_value`. Weights that rarely have a gradient keep a long step
    (Duchi, Hazan and Singer, 2011).

    >>> import danlu as dl
    >>> w = dl.Variable([1.0])
    >>> optimizer = dl.optimizers.Adagrad(learning_rate=0.5, initial_accumulator_value=9.0)
    >>> optimizer.apply([[4.0]], [w])  # a = 25
    >>> [round(x, 4) for x in w.tolist()]
    [0.6]
    """

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
    """w -= learning_rate * sqrt(d + epsilon) / sqrt(v + epsilon) * g, d and v moving averages.

    v = rho * v + (1 - rho) * g^2, then the step s = sqrt(d + epsilon) / sqrt(v + epsilon) * g, then
    d = rho * d + (1 - rho) * s^2, both from 0. The paper has learning_rate = 1; Keras's default of
    0.001 makes very small steps (Zeiler, 2012, arXiv:1212.5701).

    >>> import danlu as dl
    >>> w = dl.Variable([0.0])
    >>> optimizer = dl.optimizers.Adadelta(learning_rate=1.0, rho=0.75, epsilon=1.0)
    >>> optimizer.apply([[2.0]], [w])  # v = 1, s = 2 / sqrt(2)
    >>> [round(x, 4) for x in w.tolist()]
    [-1.4142]
    """

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

    m = beta_1 * m + (1 - beta_1) * g and v = beta_2 * v + (1 - beta_2) * g^2, both from 0, in step
    t = 1, 2, ... The first step is of size learning_rate whatever the gradient's. epsilon is the
    paper's "epsilon hat" (arXiv:1412.6980, section 2). `amsgrad` takes the largest v so far (Reddi,
    Kale and Kumar, 2018, arXiv:1904.09237).

    >>> import danlu as dl
    >>> w = dl.Variable([1.0, 1.0])
    >>> dl.optimizers.Adam(learning_rate=0.5).apply([[4.0, -0.25]], [w])
    >>> [round(x, 3) for x in w.tolist()]
    [0.5, 1.5]
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
    """Adam with weight decay that does not pass through the moving averages.

    w -= learning_rate * weight_decay * w, then Adam's step (Loshchilov and Hutter, 2017,
    arXiv:1711.05101). Every optimizer takes `weight_decay`; this is Adam with 0.004 as its default.

    Raises ValueError when weight_decay is None.

    >>> import danlu as dl
    >>> w = dl.Variable([1.0])
    >>> dl.optimizers.AdamW(learning_rate=0.5, weight_decay=0.5).apply([[4.0]], [w])
    >>> [round(x, 3) for x in w.tolist()]  # 1 - 0.25 - 0.5
    [0.25]
    """

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
    """Adam with the largest gradient, u = max(beta_2 * u, |g|), in the place of sqrt(v).

    w -= learning_rate / (1 - beta_1^t) * m / (u + epsilon), with Adam's m (Kingma and Ba, 2014,
    arXiv:1412.6980, section 7.1).

    >>> import danlu as dl
    >>> w = dl.Variable([1.0])
    >>> dl.optimizers.Adamax(learning_rate=0.5).apply([[4.0]], [w])
    >>> [round(x, 3) for x in w.tolist()]
    [0.5]
    """

    rule = "adamax"

    def slot_names(self) -> list[tuple[str, ...]]:
        return [("momentum", "norm")]


class Nadam(_Moments):
    """Adam that looks ahead as Nesterov's momentum does (Dozat 2016).

    With Adam's m and v, u_t = beta_1 * (1 - 0.96^t / 2) and p_t = u_1 * ... * u_t: m' = u_{t+1} * m
    / (1 - p_{t+1}) + (1 - u_t) * g / (1 - p_t), v' = v / (1 - beta_2^t), and w -= learning_rate *
    m' / (sqrt(v') + epsilon).

    >>> import danlu as dl
    >>> w = dl.Variable([1.0])
    >>> dl.optimizers.Nadam(learning_rate=0.5).apply([[4.0]], [w])
    >>> [round(x, 3) for x in w.tolist()]
    [0.469]
    """

    rule = "nadam"
    _u_product: Any = None  # the product of the momenta so far

    def _extra_state(self) -> Any:
        if self._u_product is None:
            dtype = self._trainable_variables[0].dtype if self._trainable_variables else None
            self._u_product = self.add_variable((), "ones", dtype)
        return self._u_product


class Lion(Optimizer):
    """w -= learning_rate * sign(beta_1 * m + (1 - beta_1) * g) (Chen et al. 2023).

    Then m = beta_2 * m + (1 - beta_2) * g, from 0. Every weight moves by learning_rate exactly, so
    this wants one that is three to ten times smaller than Adam's, and as many times the weight
    decay (arXiv:2302.06675).

    Raises ValueError for a beta_1 outside (0, 1].

    >>> import danlu as dl
    >>> w = dl.Variable([1.0, 1.0])
    >>> dl.optimizers.Lion(learning_rate=0.5).apply([[4.0, -0.25]], [w])
    >>> w.tolist()
    [0.5, 1.5]
    """

    rule = "lion"
    numbers = ("beta_1", "beta_2")
    limits = {**LIMITS, "beta_1": Limit("lie in (0, 1]", lambda x: 0 < x <= 1)}

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
        *shared: Any,
        **named: Any,
    ) -> None:
        super().__init__(learning_rate, *shared, **named)
        self.beta_1 = beta_1
        self.beta_2 = beta_2

    def slot_names(self) -> list[tuple[str, ...]]:
        return [("momentum",)]
