"""The state of an optimizer: its Variables, the slots of each weight, saving and loading them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from .. import _core
from ..utils.arguments import as_list
from ..utils.warn import warn


class OptimizerState:
    """Holds `iterations` and the slots, in Keras's order, in which state is saved."""

    name: str
    built: bool
    gradient_accumulation_steps: int | None
    _variables: list[Any]
    _indices: dict[int, int]
    _iterations: Any

    def slot_names(self) -> list[tuple[str, ...]]:
        """Return the rule's slots for each variable; those of one tuple are created in turn.

        The optimizers of the core define it; the order is Keras's, in which state is saved.
        """
        return []

    def initial_slot(self, name: str) -> float:
        """Return the number that a slot starts from."""
        return 0.0

    def add_variable(
        self,
        shape: Any,
        initializer: Any = "zeros",
        dtype: Any = None,
        name: str | None = None,
    ) -> Any:
        """Create a variable of the optimizer's state.

        It is part of `variables`, so it is saved, and not trained. `dtype` is by default
        `dl.config.floatx()`.

        >>> import danlu as dl
        >>> optimizer = dl.optimizers.SGD(name="sgd")
        >>> optimizer.add_variable((2,), "ones", name="scale").path
        'sgd/scale'
        """
        from .. import config, initializers

        variable = _core.Variable(
            initializers.get(initializer),
            shape=tuple(shape),
            dtype=dtype or config.floatx(),
            trainable=False,
            name=name or "variable",
        )
        variable.path = f"{self.name}/{variable.name}"
        self._variables.append(variable)
        return variable

    def add_variable_from_reference(
        self, reference_variable: Any, name: str | None = None, initializer: Any = "zeros"
    ) -> Any:
        """Create a slot: a variable with the shape and dtype of a weight, named after it.

        >>> import danlu as dl
        >>> kernel = dl.Variable([1.0, 2.0], name="kernel")
        >>> slot = dl.optimizers.SGD(name="sgd").add_variable_from_reference(kernel, "m")
        >>> slot.path, slot.shape
        ('sgd/kernel_m', (2,))
        """
        path = reference_variable.path.replace("/", "_")
        return self.add_variable(
            reference_variable.shape,
            initializer,
            reference_variable.dtype,
            f"{path}_{name or 'var'}",
        )

    def add_optimizer_variables(
        self, trainable_variables: Iterable[Any], name: Any, initializer: Any = "zeros"
    ) -> Any:
        """Create a slot for each variable; for a list of names, a list of slots each.

        >>> import danlu as dl
        >>> weights = [dl.Variable([1.0], name="kernel"), dl.Variable([0.0], name="bias")]
        >>> m, v = dl.optimizers.SGD().add_optimizer_variables(weights, ["m", "v"])
        >>> [slot.name for slot in m]
        ['kernel_m', 'bias_m']
        """
        names = [name] if isinstance(name, str) else list(name)
        several = isinstance(initializer, (list, tuple))
        first = list(initializer) if several else [initializer] * len(names)
        made: list[list[Any]] = [[] for _ in names]
        for variable in trainable_variables:
            for slots, slot_name, start in zip(made, names, first, strict=True):
                slots.append(self.add_variable_from_reference(variable, slot_name, start))
        return made[0] if isinstance(name, str) else tuple(made)

    def _create_slots(self, variables: list[Any]) -> dict[str, list[Any]]:
        from ..initializers import Constant

        slots: dict[str, list[Any]] = {}
        for names in self.slot_names():
            first = [Constant(self.initial_slot(name)) for name in names]
            made = self.add_optimizer_variables(variables, names, first)
            slots.update(zip(names, made, strict=True))
        return slots

    def _get_variable_index(self, variable: Any) -> int:
        return self._indices[id(variable)]

    def assign(self, variable: Any, value: Any) -> None:
        """Set a variable; for `update_step`."""
        variable.assign(value)

    def assign_add(self, variable: Any, value: Any) -> None:
        """Add to a variable; for `update_step`."""
        variable.assign_add(value)

    def assign_sub(self, variable: Any, value: Any) -> None:
        """Subtract from a variable; for `update_step`."""
        variable.assign_sub(value)

    @property
    def variables(self) -> list[Any]:
        """The state: iterations, learning rate, slots.

        A learning rate that is a schedule or a function is not among them.

        >>> import danlu as dl
        >>> [v.name for v in dl.optimizers.SGD().variables]
        ['iteration', 'learning_rate']
        """
        return self._variables[:]

    @property
    def iterations(self) -> Any:
        """How many steps were made.

        With `gradient_accumulation_steps` it counts those that changed the weights.

        >>> import danlu as dl
        >>> optimizer, w = dl.optimizers.SGD(gradient_accumulation_steps=2), dl.Variable([0.0])
        >>> for _ in range(5):
        ...     optimizer.apply([[1.0]], [w])
        >>> optimizer.iterations.item()
        2
        """
        if self.gradient_accumulation_steps:
            return self._iterations // self.gradient_accumulation_steps
        return self._iterations

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Set the state from a list of arrays in the order of `variables`.

        Raises ValueError before `build`, for another number of arrays and for an array of another
        shape; the state is then as it was.

        >>> import danlu as dl
        >>> optimizer = dl.optimizers.SGD()
        >>> optimizer.build([dl.Variable([1.0])])
        >>> optimizer.set_weights([dl.asarray(3), dl.asarray(0.5)])  # iteration, learning rate
        >>> optimizer.iterations.item(), optimizer.learning_rate.item()
        (3, 0.5)
        """
        if not self.built:
            raise ValueError(
                f"[{type(self).__name__}.set_weights] call optimizer.build(variables) first"
            )
        who = f"{type(self).__name__}.set_weights"
        weights = as_list(who, weights, "weights", "arrays, one for each of `variables`")
        if len(weights) != len(self._variables):
            raise ValueError(
                f"[{type(self).__name__}.set_weights] got {len(weights)} arrays for "
                f"{len(self._variables)} variables"
            )
        for variable, weight in zip(self._variables, weights, strict=True):
            if tuple(variable.shape) != tuple(getattr(weight, "shape", ())):
                raise ValueError(
                    f"[{type(self).__name__}.set_weights] {variable.path} has shape "
                    f"{tuple(variable.shape)}, got {getattr(weight, 'shape', weight)}"
                )
        for variable, weight in zip(self._variables, weights, strict=True):
            variable.assign(weight)

    def save_own_variables(self, store: Any) -> None:
        """Put the state into a mapping: arrays by the number in `variables`, "0", "1", ..."""
        for i, variable in enumerate(self._variables):
            store[str(i)] = variable.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Set the state from such a mapping; one of another size is passed over with a warning.

        >>> import danlu as dl
        >>> store, optimizer = {}, dl.optimizers.SGD()
        >>> dl.optimizers.SGD(learning_rate=0.5).save_own_variables(store)
        >>> optimizer.load_own_variables(store)
        >>> optimizer.learning_rate.item()
        0.5
        """
        if len(store.keys()) != len(self._variables):
            warn(
                f"Skipping variable loading for optimizer {self.name!r}: it has "
                f"{len(self._variables)} variables, the saved one {len(store.keys())}.",
            )
            return
        for i, variable in enumerate(self._variables):
            variable.assign(store[str(i)])
