"""The base class: what all optimizers share is done here, the rule itself in the core."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from .. import _core
from ..utils.arguments import as_list
from ..utils.naming import auto_name
from ..utils.suggest import SuggestsArguments
from ..utils.warn import warn
from . import schedules
from .arguments import LIMITS, SHARED, check, check_clips, check_unknown, number, spell_out
from .state import OptimizerState


class Optimizer(OptimizerState, SuggestsArguments):
    """Updates variables by their gradients.

    Ours name a rule of the core, its numbers and its slots. For a rule of your own, define
    `update_step(gradient, variable, learning_rate)`, and create its slots in `build`.

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        weight_decay: each step first takes the fraction learning_rate * weight_decay off every
            weight.
        clipnorm: the greatest norm of a single gradient; a longer one is scaled down to it.
        clipvalue: the greatest size of an element of a gradient; others are set to it.
        global_clipnorm: the greatest norm of all gradients together, which are scaled alike
            (Pascanu, Mikolov and Bengio, 2012, arXiv:1211.5063).
        use_ema: keep a moving average of the weights and put it in their place every
            `ema_overwrite_frequency` steps, or at the end of training. In each step it becomes
            ema_momentum * average + (1 - ema_momentum) * weight.
        loss_scale_factor: what the loss was multiplied by; gradients are divided by it.
        gradient_accumulation_steps: apply the mean of so many gradients at a time.

    They can change between steps, but what needs slots of its own must be on from the start. Raises
    ValueError for an unknown argument, for a learning_rate that is None or a string, for more than
    one clip, and for a negative weight_decay or clip, an ema_momentum outside [0, 1], a
    loss_scale_factor of 0, an ema_overwrite_frequency below 1 or gradient_accumulation_steps below
    2.

    >>> import danlu as dl
    >>> class SignDescent(dl.optimizers.Optimizer):
    ...     def update_step(self, gradient, variable, learning_rate):
    ...         self.assign_sub(variable, learning_rate * dl.sign(gradient))
    >>> w = dl.Variable([1.0, 2.0])
    >>> SignDescent(learning_rate=0.5).apply([[3.0, -0.1]], [w])
    >>> w.tolist()
    [0.5, 2.5]
    """

    rule = ""  # the core's name of the update
    numbers: tuple[str, ...] = ()  # its hyperparameters
    limits = LIMITS  # what they may be
    _step: Any = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        if "__init__" in cls.__dict__:
            spell_out(cls.__dict__["__init__"], Optimizer.__init__)
        super().__init_subclass__(**kwargs)

    def __init__(
        self,
        learning_rate: Any,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **unknown: Any,
    ) -> None:
        owner = type(self).__name__
        check_unknown(owner, self.numbers, unknown)
        check_clips(owner, [clipnorm, clipvalue, global_clipnorm])
        self.name = name or auto_name(owner)
        self.weight_decay = weight_decay
        self.clipnorm = clipnorm
        self.clipvalue = clipvalue
        self.global_clipnorm = global_clipnorm
        self.use_ema = use_ema
        self.ema_momentum = ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self.built = False
        self._variables: list[Any] = []
        self._trainable_variables: list[Any] = []
        self._indices: dict[int, int] = {}
        self._constrained: list[Any] = []
        self._averages: list[Any] = []
        self._accumulators: list[Any] = []
        self._undecayed: tuple[tuple[Any, ...], tuple[str, ...]] = ((), ())
        self._iterations = self.add_variable((), dtype="int64", name="iteration")
        self._learning_rate: Any = None
        self._set_learning_rate(learning_rate)

    def build(self, variables: Iterable[Any]) -> None:
        """Create the state for the variables that this optimizer will update.

        `fit` and `apply(grads, variables)` call it; before `step` call it yourself. Once built, an
        optimizer keeps its variables: a second call does nothing. Raises ValueError when a variable
        is in the list twice, NotImplementedError for a subclass without a rule.

        >>> import danlu as dl
        >>> optimizer = dl.optimizers.Adam()
        >>> optimizer.build([dl.Variable([1.0, 2.0], name="kernel")])
        >>> [v.name for v in optimizer.variables]
        ['iteration', 'learning_rate', 'kernel_momentum', 'kernel_velocity']
        """
        if self.built:
            return
        variables = as_list(f"{type(self).__name__}.build", variables, "variables", "Variables")
        self._indices = {id(v): i for i, v in enumerate(variables)}
        if len(self._indices) != len(variables):
            raise ValueError(f"[{type(self).__name__}.build] a variable is in the list twice")
        if self.use_ema:
            self._averages = [self.add_variable_from_reference(v, "average") for v in variables]
        if self.gradient_accumulation_steps:
            self._accumulators = [
                self.add_variable_from_reference(v, "gradient_accumulator") for v in variables
            ]
        self._trainable_variables = variables
        self._constrained = [v for v in variables if getattr(v, "constraint", None) is not None]
        self._slots = self._create_slots(variables)
        self.built = True
        self._prepare()

    def _extra_state(self) -> Any:
        return None

    def _prepare(self) -> None:
        """Hand the variables and numbers to the core."""
        slots = [
            self._made(f"the slot {name!r}", self._slots.get(name, ()))
            for names in self.slot_names()
            for name in names
        ]
        averages = self._made("the moving average", self._averages) if self.use_ema else []
        accumulators: list[Any] = []
        if self.gradient_accumulation_steps:
            accumulators = self._made("the sum of gradients", self._accumulators)
        if type(self).update_step is not Optimizer.update_step:
            from .custom import PythonStep

            self._step = PythonStep(self)
            return
        if not self.rule:
            raise NotImplementedError(
                f"[{type(self).__name__}] define update_step(gradient, variable, learning_rate)"
            )
        options = {name: getattr(self, name) for name in (*self.numbers, *SHARED)}
        self._step = _core.OptimizerStep(
            self.rule,
            options,
            self._trainable_variables,
            [self._decays(v) for v in self._trainable_variables],
            slots,
            accumulators,
            averages,
            self._iterations,
            self._extra_state(),
        )

    def _made(self, what: str, state: Sequence[Any]) -> list[Any]:
        """The part of the state that `build` made, one Variable for each weight."""
        if len(state) != len(self._trainable_variables):
            raise ValueError(
                f"[{type(self).__name__}] {what} of each weight is made when the optimizer is "
                "built, and not later: set what needs it before, or make a new optimizer"
            )
        return list(state)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Update one variable: what a subclass with a rule of its own defines.

        `gradient` has the variable's shape and is clipped and unscaled already; `learning_rate` is
        that of this step. Slots lie at `self._get_variable_index(variable)` in the lists that
        `build` made.

        >>> import danlu as dl
        >>> class Momentum(dl.optimizers.Optimizer):
        ...     def build(self, variables):
        ...         super().build(variables)
        ...         self.m = self.add_optimizer_variables(variables, "m")
        ...
        ...     def update_step(self, gradient, variable, learning_rate):
        ...         m = self.m[self._get_variable_index(variable)]
        ...         self.assign(m, 0.5 * m - learning_rate * gradient)
        ...         self.assign_add(variable, m)
        >>> w = dl.Variable([0.0])
        >>> optimizer = Momentum(learning_rate=1.0)
        >>> for _ in range(2):
        ...     optimizer.apply([[1.0]], [w])
        >>> w.tolist()  # -1, then -1 - 0.5
        [-2.5]
        """
        raise NotImplementedError(f"[{type(self).__name__}] has no update_step")

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self.numbers and name not in SHARED:
            object.__setattr__(self, name, value)
            return
        check(type(self).__name__, name, value, self.limits)
        before = self.__dict__.get(name)
        object.__setattr__(self, name, value)
        if self._step is None:
            return
        try:  # what changes in the middle of training counts from the next step on
            self._prepare()
        except ValueError:
            object.__setattr__(self, name, before)
            raise

    # ---- learning rate ---------------------------------------------------------------------------

    @property
    def learning_rate(self) -> Any:
        """The learning rate of the next step.

        A number can be set at any time, a schedule can only give way to another schedule or a
        function: setting a number in its place raises TypeError.

        >>> import danlu as dl
        >>> optimizer = dl.optimizers.SGD(learning_rate=0.5)
        >>> optimizer.learning_rate = 0.25
        >>> optimizer.learning_rate.item()
        0.25
        """
        if isinstance(self._learning_rate, schedules.LearningRateSchedule):
            return self._learning_rate(self._iterations)
        if isinstance(self._learning_rate, _core.Variable):
            return self._learning_rate
        return self._learning_rate()

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        if isinstance(value, schedules.LearningRateSchedule) or _is_function(value):
            self._set_learning_rate(value)
        elif isinstance(self._learning_rate, schedules.LearningRateSchedule):
            raise TypeError(
                f"[{type(self).__name__}] the learning rate follows a schedule and cannot be set; "
                "give the optimizer a number as learning_rate to be able to"
            )
        elif isinstance(self._learning_rate, _core.Variable):
            self._learning_rate.assign(self._rate(value))
        else:
            self._set_learning_rate(value)

    def _set_learning_rate(self, value: Any) -> None:
        if isinstance(self._learning_rate, _core.Variable):
            self._variables = [v for v in self._variables if v is not self._learning_rate]
        if isinstance(value, schedules.LearningRateSchedule) or _is_function(value):
            self._learning_rate = value
            return
        from ..initializers import Constant

        rate = Constant(self._rate(value))
        self._learning_rate = self.add_variable((), rate, name="learning_rate")

    def _rate(self, value: Any) -> float:
        rate = number(value)
        if isinstance(value, bool) or rate != rate:
            raise ValueError(
                f"[{type(self).__name__}] learning_rate is a number, a schedule or a function "
                f"without arguments, got {value!r}"
            )
        return rate

    # ---- steps -----------------------------------------------------------------------------------

    def step(self) -> None:
        """Apply the gradients that `loss.backward()` left in the variables, and clear them.

        Raises ValueError before `build`, and when no variable has a gradient; warns of those
        without one.

        >>> import danlu as dl
        >>> w = dl.Variable([3.0])
        >>> optimizer = dl.optimizers.SGD(learning_rate=0.5)
        >>> optimizer.build([w])
        >>> loss = dl.sum(w * w)
        >>> loss.backward()
        >>> optimizer.step()
        >>> w.tolist(), w.grad is None
        ([0.0], True)
        """
        if self._step is None:
            raise ValueError(
                f"[{type(self).__name__}.step] the optimizer does not know its variables: call "
                "optimizer.build(model.trainable_variables) first"
            )
        missing = self._step.step(self.learning_rate)
        if missing:
            self._warn(self._trainable_variables[i] for i in missing)
        if self._constrained:
            self._constrain()

    def zero_grad(self) -> None:
        """Clear the gradients of the variables without applying them.

        A second `backward()` adds to those that are there; `step` clears them, too.

        >>> import danlu as dl
        >>> w, optimizer = dl.Variable([3.0]), dl.optimizers.SGD()
        >>> optimizer.build([w])
        >>> dl.sum(w * w).backward()
        >>> optimizer.zero_grad()
        >>> w.grad is None
        True
        """
        if self._step is not None:
            self._step.zero_grad()

    def apply(self, grads: Iterable[Any], trainable_variables: Iterable[Any] | None = None) -> None:
        """Update the variables by a list of gradients, one for each.

        They are in the order of `trainable_variables`, else of the variables that the optimizer was
        built with. None leaves a variable as it is, with a warning. Raises ValueError for another
        number of gradients, a gradient of another shape than its variable, a variable it was not
        built with, no variables at all before `build`, and when every gradient is None.

        >>> import danlu as dl
        >>> w = dl.Variable([3.0])
        >>> loss, grads = dl.value_and_grad(lambda variables: dl.sum(variables[0] ** 2))([w])
        >>> dl.optimizers.SGD(learning_rate=0.5).apply(grads, [w])
        >>> w.tolist()
        [0.0]
        """
        who = f"{type(self).__name__}.apply"
        grads = as_list(who, grads, "grads", "gradients, one for each variable")
        if not grads:
            return
        if trainable_variables is not None:
            variables = as_list(who, trainable_variables, "trainable_variables", "Variables")
            trainable_variables = variables
            if not self.built:
                self.build(trainable_variables)
            grads, missing = self._in_order(grads, trainable_variables)
        elif not self.built:
            raise ValueError(
                f"[{type(self).__name__}.apply] the optimizer does not know its variables: call "
                "optimizer.build(variables) first, or pass them as apply(grads, variables)"
            )
        else:
            if len(grads) != len(self._trainable_variables):
                raise ValueError(
                    f"[{type(self).__name__}.apply] got {len(grads)} gradients for the "
                    f"{len(self._trainable_variables)} variables the optimizer was built with"
                )
            pairs = zip(grads, self._trainable_variables, strict=True)
            missing = [v for g, v in pairs if g is None]
        self._step.apply(grads, self.learning_rate)
        if missing:
            self._warn(missing)
        if self._constrained:
            self._constrain()

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Any]]) -> Any:
        """Update variables by (gradient, variable) pairs; returns the number of steps made.

        Of no pairs it makes none, as in Keras. Raises what `apply` raises, and ValueError for what
        is no pair.

        >>> import danlu as dl
        >>> w = dl.Variable([3.0])
        >>> dl.optimizers.SGD(learning_rate=0.5).apply_gradients(zip([[6.0]], [w])).item()
        1
        """
        who = f"{type(self).__name__}.apply_gradients"
        pairs = as_list(who, grads_and_vars, "grads_and_vars", "(gradient, variable) pairs")
        for pair in pairs:
            if not isinstance(pair, (tuple, list)) or len(pair) != 2:
                raise ValueError(
                    f"[{type(self).__name__}.apply_gradients] expected (gradient, variable) pairs, "
                    f"got {pair!r}; apply(gradients, variables) takes two lists"
                )
        self.apply([grad for grad, _ in pairs], [variable for _, variable in pairs])
        return self._iterations

    def _in_order(self, grads: list[Any], variables: list[Any]) -> tuple[list[Any], list[Any]]:
        """The gradients in the order of the variables that the optimizer was built with."""
        who = f"[{type(self).__name__}.apply]"
        if len(grads) != len(variables):
            raise ValueError(f"{who} got {len(grads)} gradients for {len(variables)} variables")
        ordered: list[Any] = [None] * len(self._trainable_variables)
        for grad, variable in zip(grads, variables, strict=True):
            index = self._indices.get(id(variable))
            if index is None:
                raise ValueError(
                    f"{who} unknown variable {getattr(variable, 'path', variable)!r}: an optimizer "
                    "updates the variables it was built with; make a new one for others"
                )
            ordered[index] = grad
        return ordered, [v for g, v in zip(grads, variables, strict=True) if g is None]

    def _warn(self, missing: Iterable[Any]) -> None:
        paths = [v.path for v in missing if v.trainable]
        if paths:
            warn(
                f"Gradients do not exist for variables {paths} when minimizing the loss: it does "
                "not depend on them.",
            )

    def _constrain(self) -> None:
        for variable in self._constrained:
            variable.assign(variable.constraint(variable))

    def scale_loss(self, loss: Any) -> Any:
        """Return the loss times `loss_scale_factor`, for gradients that would underflow.

        >>> import danlu as dl
        >>> dl.optimizers.SGD(loss_scale_factor=1024.0).scale_loss(0.5)
        512.0
        """
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    def finalize_variable_values(self, var_list: Iterable[Any]) -> None:
        """Put the moving averages in the place of the weights, at the end of training.

        Without `use_ema` there are none, and nothing changes (Polyak and Juditsky, 1992). `fit`
        calls it.

        >>> import danlu as dl
        >>> w = dl.Variable([0.0])
        >>> optimizer = dl.optimizers.SGD(learning_rate=1.0, use_ema=True, ema_momentum=0.5)
        >>> for _ in range(2):
        ...     optimizer.apply([[-1.0]], [w])
        >>> optimizer.finalize_variable_values([w])
        >>> w.tolist()  # of 1, then 2
        [1.5]
        """
        if self.use_ema:
            for variable in var_list:
                if id(variable) in self._indices:
                    variable.assign(self._averages[self._indices[id(variable)]])

    # ---- weight decay ----------------------------------------------------------------------------

    def exclude_from_weight_decay(
        self, var_list: Iterable[Any] | None = None, var_names: Iterable[str] | None = None
    ) -> None:
        """Exempt variables from weight decay: these, and those whose name matches a pattern.

        `var_names` are regular expressions, found anywhere in the name. Raises ValueError once the
        optimizer is built.

        >>> import danlu as dl
        >>> kernel, bias = dl.Variable([1.0], name="kernel"), dl.Variable([1.0], name="bias")
        >>> optimizer = dl.optimizers.SGD(learning_rate=0.5, weight_decay=0.5)
        >>> optimizer.exclude_from_weight_decay(var_names=["bias"])
        >>> optimizer.apply([[0.0], [0.0]], [kernel, bias])
        >>> kernel.tolist(), bias.tolist()
        ([0.75], [1.0])
        """
        if self.built:
            raise ValueError(
                f"[{type(self).__name__}.exclude_from_weight_decay] must be called before the "
                "optimizer is built"
            )
        self._undecayed = (tuple(var_list or ()), tuple(var_names or ()))

    def _decays(self, variable: Any) -> bool:
        if self.weight_decay is None:
            return False
        variables, patterns = self._undecayed
        if any(variable is each for each in variables):
            return False
        if not patterns:
            return True
        import re

        return not any(re.search(pattern, variable.name) for pattern in patterns)

    # ---- saving ----------------------------------------------------------------------------------

    def __getstate__(self) -> dict[str, Any]:
        """Pickle, and copy, without what the core holds; it is made again from the rest."""
        return {**self.__dict__, "_step": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._indices = {id(v): i for i, v in enumerate(self._trainable_variables)}
        if self.built:
            self._prepare()

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, with the learning rate of now.

        >>> import danlu as dl
        >>> config = dl.optimizers.SGD(learning_rate=0.5, momentum=0.9).get_config()
        >>> config["learning_rate"], config["momentum"], config["clipnorm"]
        (0.5, 0.9, None)
        """
        if isinstance(self._learning_rate, schedules.LearningRateSchedule):
            rate = schedules.serialize(self._learning_rate)
        elif isinstance(self._learning_rate, _core.Variable):
            rate = float(self._learning_rate)
        else:
            from ..saving import serialize_keras_object

            rate = serialize_keras_object(self._learning_rate)
        shared = {name: getattr(self, name) for name in SHARED}
        own = {name: getattr(self, name) for name in self.numbers}
        return {"name": self.name, "learning_rate": rate, **shared, **own}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Return the optimizer that `get_config` described, without its state.

        Raises ValueError for an unknown argument.

        >>> import danlu as dl
        >>> config = dl.optimizers.SGD(learning_rate=0.5, momentum=0.9).get_config()
        >>> dl.optimizers.SGD.from_config(config).momentum
        0.9
        """
        rate = config.get("learning_rate")
        if isinstance(rate, dict):
            rate = schedules.deserialize(rate, custom_objects)
            config = {**config, "learning_rate": rate}
        return cls(**config)


def _is_function(value: Any) -> bool:
    return callable(value) and not isinstance(value, (_core.Tensor, _core.Variable))
