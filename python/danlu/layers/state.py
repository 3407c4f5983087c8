"""The state of a layer: its own Variables, those of the layers inside, and what it tracks."""

from __future__ import annotations

import sys
from typing import Any

from .. import tree
from .._core import Variable
from ..utils.arguments import as_list
from ..utils.suggest import SuggestsArguments
from .tracking import TrackedDict, TrackedList

_LISTS = (
    "_trainable_variables",
    "_non_trainable_variables",
    "_layers",
    "_metrics",
    "_seed_generators",
)


def _add(items, value):
    if not any(item is value for item in items):
        items.append(value)


def _unique(items):
    return list({id(x): x for x in items}.values())


class LayerState(SuggestsArguments):
    """Finds Variables, layers, metrics and seed generators in the attributes of an object.

    Lists of weights are in Keras's order: own trainable variables in the order of their creation,
    own others, then the same of each layer inside.
    """

    name: str
    _trainable: bool
    _trainable_variables: list[Variable]
    _non_trainable_variables: list[Variable]
    _layers: list[Any]
    _metrics: list[Any]
    _seed_generators: list[Any]
    _losses: list[Any]
    _inbound_nodes: list[Any]
    _build_shapes: Any
    built = False

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        self = super().__new__(cls, *args, **kwargs)
        values = self.__dict__
        values.update({name: [] for name in _LISTS})
        values.update(
            _losses=[], _inbound_nodes=[], _build_shapes=None, _init_arguments=(args, kwargs)
        )
        return self

    def _check_initialized(self) -> None:
        if "dtype_policy" not in self.__dict__:
            cls = type(self).__name__
            raise RuntimeError(
                f"[{cls}] its constructor did not call super().__init__(): call it first in "
                f"{cls}.__init__"
            )

    def label(self) -> str:
        """Return how error messages name this layer: `[Dense 'dense_1']`.

        >>> import danlu as dl
        >>> dl.layers.Dense(3, name="head").label()
        "[Dense 'head']"
        """
        return f"[{type(self).__name__} {self.name!r}]"

    # Tracking.

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self.__dict__ and not name.startswith("_init"):
            old = self.__dict__[name]
            if old is not value and name not in _LISTS:
                self._untrack(old)
        cls_attribute = getattr(type(self), name, None)
        if isinstance(cls_attribute, property):
            object.__setattr__(self, name, value)
            return
        if name not in _LISTS and not name.startswith(("_init", "_inbound", "_losses")):
            try:
                value = self._track(value)
            except RecursionError:
                raise ValueError(
                    f"[{type(self).__name__}] attribute {name!r} is a list or dict that holds "
                    "itself, or is nested too deeply"
                ) from None
        self.__dict__[name] = value
        if name in ("input_spec", "built"):
            self.__dict__["_shape_seen"] = None

    def __delattr__(self, name: str) -> None:
        if name in self.__dict__:
            self._untrack(self.__dict__[name])
        object.__delattr__(self, name)

    def _list_for(self, value: Any) -> list | None:
        """Where a value that holds state belongs."""
        if isinstance(value, Variable):
            mine = self._trainable_variables
            if any(v is value for v in mine) or any(
                v is value for v in self._non_trainable_variables
            ):
                return None
            return mine if value.trainable else self._non_trainable_variables
        if isinstance(value, LayerState):
            return self._layers
        # A module that was never loaded has no instances.
        for module, cls, items in (
            ("danlu.metrics.metric", "Metric", self._metrics),
            ("danlu.random", "SeedGenerator", self._seed_generators),
        ):
            if module in sys.modules and isinstance(value, getattr(sys.modules[module], cls)):
                return items
        return None

    def _track(self, value: Any) -> Any:
        """Add what holds state to the lists; return the value, lists and dicts as tracked ones."""
        cls = type(value)
        if value is None or cls in (int, float, str, bool):
            return value
        if cls is list:
            return TrackedList(value, self._track, self._untrack)
        if cls is dict:
            return TrackedDict(value, self._track, self._untrack)
        if isinstance(value, tuple):
            tree.map_structure(self._track, value)
            return value
        items = self._list_for(value)
        if items is not None:
            _add(items, value)
        return value

    def _untrack(self, value: Any) -> None:
        for leaf in tree.flatten(value):
            if leaf is None or isinstance(leaf, (int, float, str)):
                continue
            for name in _LISTS:
                items = self.__dict__[name]
                items[:] = [item for item in items if item is not leaf]

    # Lists of weights.

    def _flatten_layers(self, include_self: bool = True) -> list[Any]:
        """This layer and all inside it, each once, outer before inner."""
        out = [self] if include_self else []
        for layer in self._layers:
            out += layer._flatten_layers() if layer._layers else (layer,)
        return _unique(out)

    @property
    def variables(self) -> list[Variable]:
        """All Variables, the states of seed generators included.

        >>> import danlu as dl
        >>> layer = dl.layers.Dropout(0.5)
        >>> [v.name for v in layer.variables], layer.weights
        (['seed_generator_state'], [])
        """
        own = self._trainable_variables + self._non_trainable_variables
        own = own + [generator.state for generator in self._seed_generators]
        return _unique(own + [v for layer in self._layers for v in layer.variables])

    @property
    def weights(self) -> list[Variable]:
        """All Variables but the states of seed generators and metrics.

        In Keras's order: first the layer's own, trainable before others, then those of the layers
        inside.

        >>> import danlu as dl
        >>> layer = dl.layers.BatchNormalization()
        >>> layer.build((None, 3))
        >>> [v.name for v in layer.weights]
        ['gamma', 'beta', 'moving_mean', 'moving_variance']
        """
        own = self._trainable_variables + self._non_trainable_variables
        if not self._layers:
            return own
        return _unique(own + [v for layer in self._layers for v in layer.weights])

    @property
    def trainable_variables(self) -> list[Variable]:
        """The Variables that training changes.

        Empty while `trainable` is False. `optimizer.build` and `dl.value_and_grad` take this list.

        >>> import danlu as dl
        >>> model = dl.Sequential([dl.Input((5,)), dl.layers.Dense(3), dl.layers.Dropout(0.5)])
        >>> [v.shape for v in model.trainable_variables]
        [(5, 3), (3,)]
        """
        return [v for v in self.variables if v.trainable] if self.trainable else []

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """The Variables that training leaves or that layers update themselves.

        All of them while `trainable` is False.

        >>> import danlu as dl
        >>> model = dl.Sequential([dl.Input((5,)), dl.layers.Dense(3), dl.layers.Dropout(0.5)])
        >>> [v.name for v in model.non_trainable_variables]
        ['seed_generator_state']
        """
        return [v for v in self.variables if not v.trainable] if self.trainable else self.variables

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that training changes.

        Empty while `trainable` is False.

        >>> import danlu as dl
        >>> layer = dl.layers.BatchNormalization()
        >>> layer.build((None, 3))
        >>> [v.name for v in layer.trainable_weights]
        ['gamma', 'beta']
        """
        return [v for v in self.weights if v.trainable] if self.trainable else []

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that training leaves or that layers update themselves.

        All of them while `trainable` is False.

        >>> import danlu as dl
        >>> layer = dl.layers.BatchNormalization()
        >>> layer.build((None, 3))
        >>> [v.name for v in layer.non_trainable_weights]
        ['moving_mean', 'moving_variance']
        """
        return [v for v in self.weights if not v.trainable] if self.trainable else self.weights

    @property
    def metrics(self) -> list[Any]:
        """The metrics in attributes of this layer and of those inside.

        >>> import danlu as dl
        >>> layer = dl.layers.Identity()
        >>> layer.seen = dl.metrics.Mean(name="seen")
        >>> [metric.name for metric in layer.metrics]
        ['seen']
        """
        return _unique(self._metrics + [m for layer in self._layers for m in layer.metrics])

    @property
    def metrics_variables(self) -> list[Variable]:
        """The Variables of all metrics.

        >>> import danlu as dl
        >>> layer = dl.layers.Identity()
        >>> layer.seen = dl.metrics.Mean(name="seen")
        >>> [v.name for v in layer.metrics_variables]
        ['total', 'count']
        """
        return [v for metric in self.metrics for v in metric.variables]

    @property
    def trainable(self) -> bool:
        """Whether training changes the weights; setting it sets the layers inside too.

        A BatchNormalization that is not trainable also uses its moving statistics in training.

        >>> import danlu as dl
        >>> model = dl.Sequential([dl.Input((5,)), dl.layers.Dense(3)])
        >>> model.trainable = False
        >>> len(model.trainable_weights), len(model.non_trainable_weights)
        (0, 2)
        >>> model.layers[0].trainable
        False
        """
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        for variable in self._trainable_variables:
            variable.trainable = self._trainable
        for layer in self._layers:
            layer.trainable = self._trainable

    # Values.

    def get_weights(self) -> list[Any]:
        """Return the weights' values as NumPy arrays, in the order of `weights`.

        They are copies; the list is empty before the layer is built.

        >>> import danlu as dl
        >>> layer = dl.layers.Dense(2, kernel_initializer="ones")
        >>> layer.build((None, 1))
        >>> [w.tolist() for w in layer.get_weights()]
        [[[1.0, 1.0]], [0.0, 0.0]]
        """
        return [v.numpy() for v in self.weights]

    def set_weights(self, weights: Any) -> None:
        """Set the weights from arrays in the order of `weights`.

        Raises ValueError when the layer is not built, or the number of arrays or a shape is
        another; nothing is set then.

        >>> import danlu as dl
        >>> layer = dl.layers.Dense(2)
        >>> layer.build((None, 1))
        >>> layer.set_weights([[[1.0, 2.0]], [0.5, 0.5]])
        >>> layer([[3.0]]).tolist()
        [[3.5, 6.5]]
        """
        mine = self.weights
        who = f"{type(self).__name__} {self.name!r}"
        values = as_list(who, weights, "weights", "arrays, as get_weights returns it")
        if not self.built and not mine:
            raise ValueError(
                f"{self.label()} set_weights: it is not built, so it has no weights yet: call it "
                "on data, or begin the model with dl.Input(shape=...), first"
            )
        if len(mine) != len(values):
            raise ValueError(
                f"{self.label()} set_weights: it has {len(mine)} weights, got {len(values)}: the "
                "arrays come from get_weights of a layer or model of the same architecture"
            )
        # Nothing is set unless all fit.
        values = [_tensor(v, value) for v, value in zip(mine, values, strict=True)]
        for variable, value in zip(mine, values, strict=True):
            shape = tuple(value.shape)
            if shape != tuple(variable.shape):
                raise ValueError(
                    f"{self.label()} set_weights: {variable.path} has shape "
                    f"{tuple(variable.shape)}, got {shape}: the arrays come from get_weights of a "
                    "layer or model of the same architecture"
                )
        for variable, value in zip(mine, values, strict=True):
            variable.assign(value)

    def save_own_variables(self, store: Any) -> None:
        """Put the weights of this layer, not of those inside, into a mapping: "0", "1", ...

        A layer that defines this or `load_own_variables` decides what files hold of it: arrays by
        keys of its choice. Seeds are saved beside them.

        >>> import danlu as dl
        >>> layer, store = dl.layers.Dense(2), {}
        >>> layer.build((None, 1))
        >>> layer.save_own_variables(store)
        >>> {key: value.shape for key, value in store.items()}
        {'0': (1, 2), '1': (2,)}
        """
        for i, variable in enumerate(self._trainable_variables + self._non_trainable_variables):
            store[str(i)] = variable.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Set the weights of this layer from what `save_own_variables` put into a mapping.

        Raises ValueError for another number of arrays.

        >>> import danlu as dl
        >>> layer = dl.layers.Dense(2, use_bias=False)
        >>> layer.build((None, 1))
        >>> layer.load_own_variables({"0": [[3.0, 5.0]]})
        >>> layer.kernel.tolist()
        [[3.0, 5.0]]
        """
        mine = self._trainable_variables + self._non_trainable_variables
        if sorted(store.keys()) != sorted(map(str, range(len(mine)))):
            raise ValueError(
                f"{self.label()} load_own_variables: it has {len(mine)} weights "
                f"{[v.name for v in mine]}, named '0', '1', ...; got {sorted(store.keys())}"
                + ("" if self.built else ": it is not built, define build_from_config")
            )
        for i, variable in enumerate(mine):
            variable.assign(store[str(i)])

    def count_params(self) -> int:
        """Return how many numbers the weights hold.

        Raises ValueError when the layer is not built.

        >>> import danlu as dl
        >>> layer = dl.layers.Dense(3)
        >>> layer.build((None, 5))
        >>> layer.count_params()  # 5 * 3 and 3
        18
        """
        if not self.built and not self.weights:
            raise ValueError(
                f"{self.label()} is not built, so its weights are not known yet: call it on data, "
                "call build(input_shape), or begin the model with dl.Input(shape=...)"
            )
        total = 0
        for variable in self.weights:
            size = 1
            for length in variable.shape:
                size *= length
            total += size
        return total

    # Dtypes.

    @property
    def dtype(self) -> str:
        """The dtype of the weights.

        >>> import danlu as dl
        >>> dl.layers.Dense(3, dtype="float64").dtype
        'float64'
        """
        return self.variable_dtype

    @property
    def variable_dtype(self) -> str:
        """The dtype of the weights.

        >>> import danlu as dl
        >>> dl.layers.Dense(3, dtype="mixed_bfloat16").variable_dtype
        'float32'
        """
        return self.dtype_policy.variable_dtype  # type: ignore[attr-defined]

    @property
    def compute_dtype(self) -> str:
        """The dtype of the computation: floating inputs are cast to it.

        >>> import danlu as dl
        >>> dl.layers.Dense(3, dtype="mixed_bfloat16").compute_dtype
        'bfloat16'
        """
        return self.dtype_policy.compute_dtype  # type: ignore[attr-defined]

    @property
    def input_dtype(self) -> str:
        """The dtype that inputs are cast to.

        >>> import danlu as dl
        >>> dl.layers.Dense(3, dtype="float16").input_dtype
        'float16'
        """
        return self.compute_dtype

    @property
    def path(self) -> str | None:
        """Where the layer lies in its model, such as `sequential/dense`; None until it is built.

        >>> import danlu as dl
        >>> layer = dl.layers.Dense(3, name="head")
        >>> model = dl.Sequential([dl.Input((5,)), layer], name="net")
        >>> layer.path
        'net/head'
        """
        own = self._trainable_variables + self._non_trainable_variables
        return own[0].path.rpartition("/")[0] if own else (self.name if self.built else None)


def _tensor(variable, value):
    from .. import ops

    return ops.convert_to_tensor(value, dtype=variable.dtype)
