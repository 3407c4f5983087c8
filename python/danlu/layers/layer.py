"""The base class of layers: weights made once, inputs checked, then the formula.

A layer defines `build(input_shape)`, which makes its weights with `add_weight`, and
`call(inputs)`, its formula. `__call__` does the rest: it converts the inputs, builds on the first
call, checks shapes, carries `training` to the layers inside, and extends the graph of a functional
model when the inputs are symbolic.
"""

from __future__ import annotations

from typing import Any

from .. import _core, tree
from .._autograd import no_grad
from .._core import Tensor, Variable
from ..utils.arguments import standardize_shape
from ..utils.naming import auto_name, layer_name
from . import masking, signature
from .context import context
from .convert import is_plain_list, to_tensors
from .dtypes import FLOATS, DTypePolicy
from .input_spec import InputSpec
from .state import LayerState


class Layer(LayerState):
    """A formula with weights: `build` makes the weights, `call` is the formula.

    Calling the layer does the rest: arrays and lists become tensors, floating ones in compute_dtype
    (not with autocast=False); the first call builds; `input_spec` is checked; `training` reaches
    `call`, where it has that argument, and the layers inside.

    activity_regularizer is a function of the outputs whose value, divided by the batch size, is
    added to the loss. dtype names the policy, such as "float32" or "bfloat16". Further
    arguments are input_shape, of one sample, or input_dim, for the first layer of a `Sequential`.

    Raises TypeError for other arguments, RuntimeError when a constructor of yours does not call
    super().__init__(), NotImplementedError for a layer without `call`.

    >>> import danlu as dl
    >>> class Scale(dl.layers.Layer):
    ...     def build(self, input_shape):
    ...         self.scale = self.add_weight(input_shape[-1:], "ones", name="scale")
    ...
    ...     def call(self, inputs):
    ...         return inputs * self.scale
    >>> layer = Scale(name="gain")
    >>> layer([[1.0, 2.0]]).tolist()
    [[1.0, 2.0]]
    >>> [(v.path, v.shape) for v in layer.weights]
    [('gain/scale', (2,))]
    """

    _further_arguments = ("input_shape", "input_dim")  # in **kwargs
    # What `call` takes, found once for each class.
    _call_names: tuple[str, ...] = ()
    _training_index: int | None = None
    _computes_mask = False
    _compute_type: Any = None  # until `__init__`
    _shape_seen: Any = None  # of a tensor that fitted `input_spec` when the layer was built

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "build" in cls.__dict__:
            setattr(cls, "build", signature.wrap_build(cls.__dict__["build"]))  # noqa: B010
        if "call" in cls.__dict__:
            cls._call_names = signature.names(cls.__dict__["call"])[1:]
            cls._training_index = (
                cls._call_names.index("training") if "training" in cls._call_names else None
            )
        cls._computes_mask = cls.compute_mask is not Layer.compute_mask

    def __init__(
        self,
        *,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        autocast: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        input_shape = kwargs.pop("input_shape", None)
        input_dim = kwargs.pop("input_dim", None)
        if kwargs:
            from ..utils.suggest import check_arguments

            check_arguments(type(self), kwargs, Layer)
        self.name = layer_name(name, type(self).__name__)
        self.dtype_policy = DTypePolicy.get(dtype)
        self.autocast = autocast
        self.activity_regularizer = None
        if activity_regularizer is not None:
            from .. import regularizers

            self.activity_regularizer = regularizers.get(activity_regularizer)
        self.input_spec: Any = None
        self.supports_masking = self._computes_mask
        self.built = False
        self._trainable = trainable
        self._compute_type = getattr(_core, self.dtype_policy.compute_dtype)
        if input_dim is not None:
            input_shape = (input_dim,)
        if input_shape is not None:
            input_shape = standardize_shape(type(self).__name__, input_shape, "input_shape")
        self._input_shape_arg = input_shape

    # What a layer defines.

    def build(self, *args: Any, **kwargs: Any) -> None:
        """Make the weights for inputs of a shape. Runs once, at the first call or by hand.

        The shape has the batch axis, None where it is open. A layer of several inputs,
        `call(a, b)`, defines `build(a_shape, b_shape)`; one whose input is a list gets a list of
        shapes.

        >>> import danlu as dl
        >>> layer = dl.layers.Dense(3)
        >>> layer.build((None, 5))
        >>> [(v.name, v.shape) for v in layer.weights]
        [('kernel', (5, 3)), ('bias', (3,))]
        """
        shapes = args[0] if len(args) == 1 and not kwargs else None
        if type(self).call is not Layer.call and shapes is not None and self._layers:
            from .infer import build_by_calling

            build_by_calling(self, shapes)
        self.built = True

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Return the outputs for the inputs: the layer's formula.

        Defined by a subclass and run by `layer(inputs)`. An argument named `training` receives the
        mode, one named `mask` the mask of the inputs. Raises NotImplementedError where it is not
        defined.

        >>> import danlu as dl
        >>> class Halve(dl.layers.Layer):
        ...     def call(self, inputs):
        ...         return inputs / 2
        >>> Halve()([[1.0, 2.0]]).tolist()
        [[0.5, 1.0]]
        """
        raise NotImplementedError(
            f"{self.label()} has no formula: define call(self, inputs) in {type(self).__name__}"
        )

    def compute_output_shape(self, *args: Any, **kwargs: Any) -> Any:
        """Return the shape of the outputs for inputs of a shape, None where it is open.

        Where a subclass does not define it, the layer is built and `call` runs on zeros, twice,
        with two sizes for each open axis: what differs between the outputs is open.

        >>> import danlu as dl
        >>> dl.layers.Conv2D(6, 5).compute_output_shape((None, 28, 28, 1))
        (None, 24, 24, 6)
        """
        from .infer import output_shape_by_calling

        return output_shape_by_calling(self, *args, **kwargs)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return symbolic tensors with the outputs' shapes and dtypes for symbolic inputs.

        >>> import danlu as dl
        >>> spec = dl.layers.Dense(3).compute_output_spec(dl.Input((5,)))
        >>> spec.shape, spec.dtype
        ((None, 3), 'float32')
        """
        from .infer import layer_output_spec

        return layer_output_spec(self, args, kwargs)

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """Return the mask of the outputs: that of the inputs, if `supports_masking` is set.

        A layer that defines it makes a mask of its own, as `Embedding(mask_zero=True)` does.

        >>> import danlu as dl
        >>> dl.layers.Embedding(5, 2, mask_zero=True).compute_mask([[3, 0]]).tolist()
        [[True, False]]
        """
        return previous_mask

    def input_hint(self, shape: tuple) -> str:
        """Return the likely cause and remedy when inputs of this shape do not fit.

        It ends the message of the ValueError; "" adds nothing.

        >>> import danlu as dl
        >>> dl.layers.Dense(3).input_hint((5,))
        'the first axis is the batch: give a single sample as x[None]'
        """
        return ""

    def add_weight(
        self,
        shape: Any = None,
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        aggregation: str = "none",
        overwrite_with_gradient: bool = False,
        name: str | None = None,
    ) -> Variable:
        """Make a Variable that belongs to this layer, and return it.

        shape is a tuple or an int, () by default. initializer is a name, an initializer or
        `f(shape, dtype=...)`, by default "glorot_uniform" for floating dtypes and zeros for others;
        dtype is variable_dtype by default. The value of regularizer, a function of the weight, is
        added to the loss; constraint is applied to the weight after each update. autocast,
        aggregation and overwrite_with_gradient, which Keras has, change nothing.

        Raises ValueError when a size is None, TypeError when the shape is a string (Keras 2 took
        the name first), RuntimeError before super().__init__(), NotImplementedError for a floating
        weight and a mixed policy (unless autocast=False: then `call` casts it).

        >>> import danlu as dl
        >>> layer = dl.layers.Layer(name="mine")
        >>> weight = layer.add_weight((2, 3), initializer="ones", name="kernel")
        >>> weight.path, weight.shape, len(layer.weights)
        ('mine/kernel', (2, 3), 1)
        """
        from .. import initializers

        self._check_initialized()
        if isinstance(shape, str):
            raise TypeError(
                f"{self.label()} add_weight takes the shape first, got {shape!r}: write "
                f"add_weight(shape=..., initializer=..., name={shape!r})"
            )
        shape = () if shape is None else (shape,) if isinstance(shape, int) else tuple(shape)
        if any(size is None for size in shape):
            raise ValueError(
                f"{self.label()} cannot make weight {name!r} of shape {shape}: an axis of the "
                "inputs that weights depend on is open; give its size in Input or input_shape"
            )
        dtype = str(dtype or self.variable_dtype)
        if autocast and dtype in FLOATS:
            self.dtype_policy.check_weights(self.label())
        if initializer is None:
            initializer = "glorot_uniform" if dtype in FLOATS else "zeros"
        variable = Variable(
            initializers.get(initializer),
            shape=shape,
            dtype=dtype,
            trainable=trainable,
            name=name or auto_name("variable"),
        )
        scope = context.here.path() if context.here.stack else self.name
        variable.path = f"{scope}/{variable.name}"
        variable.regularizer = variable.constraint = None
        if regularizer is not None:
            from .. import regularizers

            variable.regularizer = regularizers.get(regularizer)
        if constraint is not None:
            from .. import constraints

            variable.constraint = constraints.get(constraint)
        self._track(variable)
        if not self._trainable:
            variable.trainable = False
        if context.here.abstract:
            context.here.made.append((variable, variable.version, variable.value))
        return variable

    # The call.

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        alone = len(args) == 1 and (not kwargs or (len(kwargs) == 1 and "training" in kwargs))
        plain = alone and type(args[0]) is Tensor and args[0].dtype is self._compute_type
        if plain:
            training, mask = kwargs.pop("training", None) if kwargs else None, args[0]._keras_mask
        elif alone and is_plain_list(args[0], self._compute_type):
            args = ([*args[0]],)  # a layer may change its list, but not the caller's
            training, mask = kwargs.pop("training", None), None
        else:
            args, kwargs, training, symbolic = self._prepare(args, kwargs)
            if symbolic:
                from .infer import symbolic_call

                return symbolic_call(self, args, kwargs, training)
            mask = self._find_mask(args, kwargs)
        if mask is not None and self._wants_mask(args):
            kwargs["mask"] = mask
        if not plain or args[0].shape != self._shape_seen:
            if self.input_spec is not None:
                self._check_inputs(_first(args, kwargs))
            if not self.built:
                self._build_for(args, kwargs)
            elif plain:
                self.__dict__["_shape_seen"] = args[0].shape

        here = context.here
        stack, before = here.stack, here.training
        depth = len(stack)
        if not depth and here.losses:
            self._forget_losses()
        try:  # from here on Ctrl-C leaves no trace
            if training is None:
                training = before
            else:
                here.training = training
            stack.append(self)
            if training is not None and self._training_index is not None:
                kwargs["training"] = training
            outputs = self.call(*args, **kwargs)
            if self.activity_regularizer is not None:
                self._regularize_activity(outputs)
            if mask is not None or self._computes_mask:
                masking.pass_on(self, _first(args, kwargs), outputs, mask)
        except Exception as error:
            self._explain(error, args)
            raise
        finally:
            del stack[depth:]
            here.training = before
        return outputs

    def _prepare(self, args, kwargs):
        """Inputs as tensors, `training` by itself, and whether any input is symbolic."""
        self._check_initialized()
        training = None
        if "training" in kwargs:
            kwargs = dict(kwargs)
            training = kwargs.pop("training")
        elif self._training_index is not None and len(args) > self._training_index:
            # What follows a positional `training` keeps its place by becoming a keyword.
            index, names = self._training_index, self._call_names
            training = args[index]
            kwargs = {**kwargs, **dict(zip(names[index + 1 :], args[index + 1 :], strict=False))}
            args = args[:index]
        symbolic = False
        if args:
            converted = []
            for value in args:
                value, found = self._convert(value)
                converted.append(value)
                symbolic = symbolic or found
            args = tuple(converted)
        if kwargs:
            kwargs = dict(kwargs)
            for name, value in kwargs.items():
                kwargs[name], found = self._convert(value)
                symbolic = symbolic or found
        return args, kwargs, training, symbolic

    def _wants_mask(self, args):
        """Whether `call` wants the mask of its one input."""
        return "mask" in self._call_names and len(args) <= 1

    def _find_mask(self, args, kwargs):
        """The mask that was passed, or the one that lies on the first input."""
        mask = kwargs.get("mask")
        return mask if mask is not None else masking.mask_of(_first(args, kwargs))

    def _convert(self, value):
        """A tensor in the compute dtype for arrays and floating tensors, in nested structures."""
        return to_tensors(value, self._compute_type if self.autocast else None, self.label)

    def _check_inputs(self, inputs):
        spec = self.input_spec
        if isinstance(spec, InputSpec):
            self._check_input(inputs, spec)
            return
        specs = tree.flatten(spec)
        tensors = tree.flatten(inputs)
        if len(specs) != len(tensors):
            raise ValueError(f"{self.label()} wants {len(specs)} input tensors, got {len(tensors)}")
        for tensor, one in zip(tensors, specs, strict=True):
            self._check_input(tensor, one)

    def _check_input(self, tensor, spec):
        if not hasattr(tensor, "shape"):
            if tensor is None and spec.optional:
                return
            raise ValueError(f"{self.label()} wants one input tensor, got {type(tensor).__name__}")
        shape = tuple(tensor.shape)
        wanted = spec.mismatch(shape, tensor.dtype)
        if wanted is not None:
            hint = self.input_hint(shape)
            raise ValueError(
                f"{self.label()} wants {wanted}, got shape {shape}{': ' if hint else ''}{hint}"
            )

    def _build_for(self, args, kwargs):
        """Build with the shapes of the first call."""
        shapes = signature.build_shapes(self, args, kwargs)
        self._shape_seen = None  # `build` may narrow `input_spec`
        if type(self).build is not Layer.build:
            with no_grad():
                self.build(*shapes)
        # Else the layers inside are built when they are called.
        self._build_shapes = (signature.names(type(self).build)[1:], signature.open_batch(shapes))
        self.built = True

    def _regularize_activity(self, outputs):
        for output in tree.flatten(outputs):
            value = self.activity_regularizer(output)
            self.add_loss(value / output.shape[0] if output.ndim and output.shape[0] else value)

    def _explain(self, error, args):
        """Note on an error in which layer it was raised, once, by the innermost."""
        if getattr(error, "danlu_layer", None) is None and hasattr(error, "add_note"):
            shapes = [tuple(x.shape) for x in tree.flatten(args) if hasattr(x, "shape")]
            error.danlu_layer = context.here.path()
            error.add_note(f"in layer {self.label()} ({context.here.path()}), inputs {shapes}")

    def add_loss(self, loss: Any) -> None:
        """Add scalars to the loss of the call that is running.

        loss is a scalar or a structure of them; it lies in `losses` until the next call, and `fit`
        adds it to the loss of the step. While shapes are inferred nothing is kept.

        >>> import danlu as dl
        >>> class Small(dl.layers.Layer):
        ...     def call(self, inputs):
        ...         self.add_loss(0.5 * dl.sum(inputs * inputs))
        ...         return inputs
        >>> layer = Small()
        >>> y = layer([[1.0, 3.0]])
        >>> [loss.item() for loss in layer.losses]
        [5.0]
        """
        if context.here.abstract:
            return
        for value in tree.flatten(loss):
            self._losses.append(value)
            context.here.losses.append((self, value))

    @property
    def losses(self) -> list:
        """The values that the last call added, and those of the weights' regularizers.

        Weights that are not trainable have none. Those of the layers inside are included.

        >>> import danlu as dl
        >>> penalty = dl.regularizers.L2(0.5)
        >>> layer = dl.layers.Dense(1, kernel_initializer="ones", kernel_regularizer=penalty)
        >>> layer.build((None, 3))
        >>> [loss.item() for loss in layer.losses]  # 0.5 * (1 + 1 + 1)
        [1.5]
        """
        return self._added_losses() + [
            v.regularizer(v) for v in self._regularized_weights() if v.trainable
        ]

    def _added_losses(self):
        """What the last call of this layer added, here and in the layers inside."""
        return [loss for layer in self._flatten_layers() for loss in layer._losses]

    def _regularized_weights(self):
        return [v for v in self.trainable_weights if getattr(v, "regularizer", None) is not None]

    def _forget_losses(self):
        """A call begins: what the one before it has added here is out of date."""
        mine = {id(layer) for layer in self._flatten_layers()}
        here = context.here
        for layer, _ in here.losses:
            if id(layer) in mine:
                layer._losses.clear()
        here.losses = [pair for pair in here.losses if id(pair[0]) not in mine]

    # Configuration.

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, from which `from_config` makes an equal layer.

        A layer whose constructor takes arguments beyond those of `Layer` either extends this dict
        or leaves it: what its constructor was given is then recorded if it can be written as JSON,
        and NotImplementedError raised if not. Weights are no part of it.

        >>> import danlu as dl
        >>> config = dl.layers.Dense(3, name="head").get_config()
        >>> config["name"], config["units"], config["use_bias"]
        ('head', 3, True)
        """
        self._check_initialized()
        config: dict[str, Any] = {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": self.dtype_policy.serialize(),
        }
        if self.activity_regularizer is not None:
            from .. import regularizers

            config["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        if type(self).get_config is Layer.get_config and type(self).__init__ is not Layer.__init__:
            config = signature.recorded_config(self, config)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Layer:
        """Return a layer with this configuration.

        It has the same name, and weights of its own. Raises TypeError when the constructor does not
        take what the configuration holds.

        >>> import danlu as dl
        >>> layer = dl.layers.Dense(3, activation="relu", name="head")
        >>> dl.layers.Dense.from_config(layer.get_config())
        <Dense name=head, built=False>
        """
        try:
            return cls(**config)
        except TypeError as error:
            raise TypeError(
                f"[{cls.__name__}] cannot be made from its configuration {config}: {error}. "
                "A layer whose constructor takes other arguments defines get_config, and "
                "from_config where they are not plain values"
            ) from error

    def get_build_config(self) -> dict[str, Any] | None:
        """Return the shapes that `build` was given.

        They lie under "input_shape", or for several arguments under "shapes_dict" by name, with
        None for the batch of a call; None before the layer is built.

        >>> import danlu as dl
        >>> layer = dl.layers.Dense(3)
        >>> y = layer(dl.ones((2, 5)))
        >>> layer.get_build_config()
        {'input_shape': (None, 5)}
        """
        if self._build_shapes is None:
            return None
        names, shapes = self._build_shapes
        if len(shapes) == 1:
            return {"input_shape": shapes[0]}
        return {"shapes_dict": dict(zip(names, shapes, strict=False))}

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Build with the shapes from `get_build_config`.

        A layer that is built stays as it is.

        >>> import danlu as dl
        >>> layer = dl.layers.Dense(3)
        >>> layer.build_from_config({"input_shape": (None, 5)})
        >>> layer.kernel.shape
        (5, 3)
        """
        shapes = [config["input_shape"]] if "input_shape" in config else None
        if shapes is None:
            shapes = list(config.get("shapes_dict", {}).values())
        if shapes and not self.built:
            self.build(*[signature.as_shapes(shape) for shape in shapes])

    # The graph of a functional model.

    @property
    def input(self) -> Any:
        """The symbolic inputs of the first use in a functional model.

        Raises AttributeError when there was none.

        >>> import danlu as dl
        >>> layer = dl.layers.Dense(3)
        >>> y = layer(dl.Input((5,)))
        >>> layer.input.shape
        (None, 5)
        """
        return self._first_node("input").input_structure()

    @property
    def output(self) -> Any:
        """The symbolic outputs of the first use in a functional model.

        Raises AttributeError when there was none.

        >>> import danlu as dl
        >>> layer = dl.layers.Dense(3)
        >>> y = layer(dl.Input((5,)))
        >>> layer.output is y
        True
        """
        return self._first_node("output").outputs

    def _first_node(self, what):
        if not self._inbound_nodes:
            raise AttributeError(
                f"{self.label()} has no {what} yet: it was never called on the symbolic tensors "
                "of a functional model (dl.Input)"
            )
        return self._inbound_nodes[0]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.__dict__.get('name')}, built={self.built}>"


def _first(args: tuple, kwargs: dict[str, Any]) -> Any:
    """The first input of a call."""
    return args[0] if args else next(iter(kwargs.values()), None)
