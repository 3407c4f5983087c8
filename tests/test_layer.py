"""The base class of layers: state, calls, names, configuration."""

import threading

import numpy as np
import pytest

import danlu as dl
from danlu import layers, ops


class Scale(layers.Layer):
    """y = x * scale, with a count of its calls."""

    def __init__(self, factor=1.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def build(self, input_shape):
        self.scale = self.add_weight(
            shape=input_shape[-1:], initializer=dl.initializers.Constant(self.factor), name="scale"
        )
        self.calls = self.add_weight(
            shape=(), dtype="int64", initializer="zeros", trainable=False, name="calls"
        )

    def call(self, inputs):
        self.calls.assign_add(1)
        return inputs * self.scale


class Pair(layers.Layer):
    """Two scales; the layers inside are built when they are called."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.first = Scale(2.0)
        self.second = Scale(3.0)

    def call(self, inputs):
        return self.second(self.first(inputs))


class Mode(layers.Layer):
    """Adds what it is told of training."""

    def call(self, inputs, training=None):
        return inputs + {None: 0.0, False: 1.0, True: 2.0}[training]


class Outer(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.mode = Mode()

    def call(self, inputs):
        return self.mode(inputs)


def x(*shape):
    return np.ones(shape or (2, 3), "float32")


def test_build_makes_the_weights_once():
    layer = Scale(4.0)
    assert not layer.built and layer.weights == []
    np.testing.assert_array_equal(layer(x()).numpy(), np.full((2, 3), 4.0))
    assert layer.built
    scale = layer.scale
    layer(x())
    assert layer.scale is scale
    assert [v.name for v in layer.weights] == ["scale", "calls"]
    assert [v.path.split("/")[1] for v in layer.weights] == ["scale", "calls"]
    assert int(layer.calls) == 2
    assert layer.count_params() == 4


def test_build_by_hand():
    layer = Scale()
    layer.build((None, 5))
    assert layer.built and tuple(layer.scale.shape) == (5,)
    assert layer.get_build_config() == {"input_shape": (None, 5)}


def test_own_weights_come_before_those_of_layers_inside():
    class Both(layers.Layer):
        def __init__(self):
            super().__init__()
            self.inner = Scale()

        def build(self, input_shape):
            self.late = self.add_weight(shape=(), trainable=False, name="late")
            self.inner.build(input_shape)
            self.own = self.add_weight(shape=(2,), name="own")

        def call(self, inputs):
            return self.inner(inputs)

    layer = Both()
    layer(x())
    assert [v.name for v in layer.weights] == ["own", "late", "scale", "calls"]
    assert [v.name for v in layer.trainable_weights] == ["own", "scale"]
    assert [v.name for v in layer.non_trainable_weights] == ["late", "calls"]


def test_paths_name_the_layers_around():
    layer = Pair(name="pair")
    layer(x())
    first, second = layer.first.name, layer.second.name
    assert [v.path for v in layer.trainable_weights] == [
        f"pair/{first}/scale",
        f"pair/{second}/scale",
    ]


def test_automatic_names_count_as_in_keras():
    dl.utils.clear_session()
    names = [layers.Dense(1).name, layers.Dense(1).name, layers.Conv2D(1, 1).name, Scale().name]
    assert names == ["dense", "dense_1", "conv2d", "scale"]
    assert layers.ReLU().name == "re_lu"
    assert layers.MaxPooling2D().name == "max_pooling2d"


def test_layers_in_lists_and_dicts_are_found():
    class Stack(layers.Layer):
        def __init__(self):
            super().__init__()
            self.blocks = []
            self.named = {}
            self.fixed = (Scale(),)
            for _ in range(2):
                self.blocks.append(Scale())
            self.named["last"] = Scale()

        def call(self, inputs):
            for layer in [*self.fixed, *self.blocks, self.named["last"]]:
                inputs = layer(inputs)
            return inputs

    stack = Stack()
    stack(x())
    assert len(stack.trainable_weights) == 4
    removed = stack.blocks.pop()
    assert len(stack.trainable_weights) == 3
    assert all(v is not removed.scale for v in stack.weights)
    del stack.named["last"]
    assert len(stack.trainable_weights) == 2
    stack.blocks = []
    assert len(stack.trainable_weights) == 1


def test_replacing_a_layer_forgets_its_weights():
    layer = Pair()
    layer(x())
    layer.second = Scale(5.0)
    layer(x())
    assert len(layer.trainable_weights) == 2
    assert layer.trainable_weights[1] is layer.second.scale


def test_training_reaches_the_layers_inside():
    layer = Outer()
    zeros = np.zeros((1, 1), "float32")
    assert float(layer(zeros)[0, 0]) == 0
    assert float(layer(zeros, training=True)[0, 0]) == 2
    assert float(layer(zeros, training=False)[0, 0]) == 1
    assert float(layer(zeros)[0, 0]) == 0
    mode = Mode()
    assert float(mode(zeros, True)[0, 0]) == 2
    assert float(mode(zeros, training=False)[0, 0]) == 1


def test_training_is_forgotten_after_an_error():
    class Fails(layers.Layer):
        def call(self, inputs):
            raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        Fails()(x(), training=True)
    assert float(Mode()(np.zeros((1, 1), "float32"))[0, 0]) == 0


def test_threads_have_their_own_training():
    inside = threading.Event()
    leave = threading.Event()

    class Waits(layers.Layer):
        def call(self, inputs):
            inside.set()
            assert leave.wait(10)
            return inputs

    thread = threading.Thread(target=lambda: Waits()(x(), training=True))
    thread.start()
    assert inside.wait(10)
    value = float(Outer()(np.zeros((1, 1), "float32"))[0, 0])
    leave.set()
    thread.join()
    assert value == 0


@pytest.mark.parametrize(
    "value",
    [[[1.0, 2.0]], ((1, 2),), np.array([[1.0, 2.0]]), np.array([[1, 2]], "int32")],
    ids=["list", "tuple", "float64", "int32"],
)
def test_arrays_and_lists_become_tensors(value):
    seen = []

    class Look(layers.Layer):
        def call(self, inputs):
            seen.append(inputs)
            return inputs

    Look()(value)
    assert isinstance(seen[0], dl.Tensor) and seen[0].shape == (1, 2)
    if getattr(value, "dtype", None) == "float64":
        assert seen[0].dtype == "float32"
    if getattr(value, "dtype", None) == "int32":
        assert seen[0].dtype == "int32"


def test_trainable_is_passed_on():
    layer = Pair()
    layer(x())
    layer.trainable = False
    assert layer.trainable_weights == [] and len(layer.non_trainable_weights) == 4
    assert not layer.first.scale.trainable
    layer.trainable = True
    layer.first.trainable = False
    assert [v.path for v in layer.trainable_weights] == [layer.second.scale.path]
    assert not layer.first.calls.trainable and not layer.second.calls.trainable


def test_frozen_before_it_is_built():
    layer = Scale(trainable=False)
    layer(x())
    assert layer.trainable_weights == [] and not layer.scale.trainable
    layer.trainable = True
    assert [v.name for v in layer.trainable_weights] == ["scale"]


def test_get_and_set_weights():
    layer = Pair()
    layer(x())
    values = layer.get_weights()
    assert [v.shape for v in values] == [(3,), (), (3,), ()]
    values[0] = np.arange(3.0)
    layer.set_weights(values)
    np.testing.assert_array_equal(layer.first.scale.numpy(), [0, 1, 2])
    with pytest.raises(ValueError, match=r"has 4 weights, got 3"):
        layer.set_weights(values[:3])
    values[2] = np.zeros(4)
    with pytest.raises(ValueError, match=r"shape \(3,\), got \(4,\)"):
        layer.set_weights(values)
    with pytest.raises(TypeError, match="'no'"):
        layer.set_weights([np.ones(3), 1.0, ["no"] * 3, 1.0])
    np.testing.assert_array_equal(layer.first.scale.numpy(), [0, 1, 2])
    with pytest.raises(ValueError, match="no weights yet"):
        Scale().set_weights(values)


def test_regularizers_of_lists():
    x = [[3.0, 3.0], [4.0, -4.0]]
    for made in (dl.regularizers.L1L2(0.5, 0.5), dl.regularizers.OrthogonalRegularizer()):
        assert made(x).item() == made(dl.asarray(x)).item() > 0
        v = dl.Variable(x)
        made(v).backward()
        assert v.grad.shape == (2, 2)


def test_losses_of_calls_and_regularizers():
    class Adds(layers.Layer):
        def build(self, input_shape):
            self.w = self.add_weight(
                shape=(2,), initializer="ones", regularizer=dl.regularizers.L2(0.5)
            )

        def call(self, inputs):
            self.add_loss(ops.sum(inputs))
            return inputs * self.w[0]

    layer = Adds(activity_regularizer=dl.regularizers.L1(1.0))
    layer(x(2, 3))
    # 6 added by the call, 6 / 2 samples by the outputs, 0.5 * 2 by the weight
    assert [float(v) for v in layer.losses] == [6.0, 3.0, 1.0]
    layer(x(1, 3))
    assert [float(v) for v in layer.losses] == [3.0, 3.0, 1.0]
    other = Adds()
    other(x(1, 3))  # a call forgets what its own layers have added, not what others have
    assert [float(v) for v in layer.losses] == [3.0, 3.0, 1.0]
    assert [float(v) for v in other.losses] == [3.0, 1.0]


def test_config_of_the_constructor():
    layer = Scale(3.0, name="s")
    config = layer.get_config()
    assert config["factor"] == 3.0 and config["name"] == "s" and config["trainable"] is True
    copy = Scale.from_config(config)
    assert copy.factor == 3.0 and copy.name == "s"


def test_config_of_what_json_cannot_hold():
    class Odd(layers.Layer):
        def __init__(self, thing, **kwargs):
            super().__init__(**kwargs)
            self.thing = thing

    with pytest.raises(NotImplementedError, match=r"'thing'.*define get_config"):
        Odd(object()).get_config()


def test_weights_with_the_name_first():
    with pytest.raises(TypeError, match=r"\[Dense 'd'\] add_weight takes the shape.*name='kernel'"):
        layers.Dense(1, name="d").add_weight("kernel", (3, 4), "zeros")


def test_forgotten_super_init():
    class Forgets(layers.Layer):
        def __init__(self):
            self.units = 3

        def call(self, inputs):
            return inputs

    with pytest.raises(RuntimeError, match=r"super\(\).__init__"):
        Forgets()(x())


def test_layer_without_call():
    with pytest.raises(NotImplementedError, match="define call"):
        layers.Layer()(x())


@pytest.mark.parametrize(
    ("spec", "shape", "message"),
    [
        ({"ndim": 4}, (2, 3), "4 axes"),
        ({"min_ndim": 3}, (2, 3), "at least 3 axes"),
        ({"max_ndim": 2}, (2, 3, 4), "at most 2 axes"),
        ({"axes": {-1: 5}}, (2, 3), "last axis of size 5"),
        ({"axes": {1: 5}}, (2, 3), "axis 1 of size 5"),
        ({"shape": (None, 7)}, (2, 3), r"shape \(None, 7\)"),
        (
            {"shape": (None, 3), "allow_last_axis_squeeze": True},
            (2, 4, 1),
            r"shape \(None, 3\)",
        ),
    ],
)
def test_input_spec(spec, shape, message):
    class Checked(layers.Layer):
        def __init__(self):
            super().__init__(name="checked")
            self.input_spec = layers.InputSpec(**spec)

        def call(self, inputs):
            return inputs

    with pytest.raises(ValueError, match=rf"\[Checked 'checked'\] wants .*{message}.* got shape"):
        Checked()(x(*shape))


def test_a_spec_that_becomes_narrower():
    class Narrows(layers.Layer):
        def __init__(self):
            super().__init__()
            self.input_spec = layers.InputSpec(min_ndim=2)

        def build(self, input_shape):
            self.input_spec = layers.InputSpec(axes={-1: 5})

        def call(self, inputs):
            return inputs

    layer = Narrows()
    layer(x(2, 3))
    with pytest.raises(ValueError, match="last axis of size 5"):
        layer(x(2, 3))
    layer(x(2, 5))
    layer.input_spec = layers.InputSpec(ndim=3)
    with pytest.raises(ValueError, match="3 axes"):
        layer(x(2, 5))


def test_errors_name_the_layer_they_come_from():
    class Broken(layers.Layer):
        def call(self, inputs):
            return ops.matmul(inputs, np.ones((7, 1), "float32"))

    class Around(layers.Layer):
        def __init__(self):
            super().__init__(name="around")
            self.inner = Broken(name="inner")

        def call(self, inputs):
            return self.inner(inputs)

    with pytest.raises(ValueError) as caught:
        Around()(x())
    notes = getattr(caught.value, "__notes__", ["[Broken 'inner'] (around/inner)"])
    assert len(notes) == 1 and "[Broken 'inner'] (around/inner)" in notes[0]


def test_compute_output_shape_by_running():
    class Rows(layers.Layer):
        def call(self, inputs):
            return ops.reshape(inputs, (-1, 2)), ops.sum(inputs, axis=1)

    assert Rows().compute_output_shape((None, 6)) == ((None, 2), (None,))
    assert Rows().compute_output_shape((4, 6)) == ((12, 2), (4,))
    assert Pair().compute_output_shape((None, None, 3)) == (None, None, 3)


def test_inferring_a_shape_keeps_no_state():
    layer = Scale()
    inputs = dl.Input(shape=(3,))
    layer(inputs)
    assert int(layer.calls) == 0


def test_masks_are_passed_on():
    ids = np.array([[1, 2, 0], [3, 0, 0]])
    x = layers.Embedding(5, 4, mask_zero=True)(ids)
    assert x._keras_mask.tolist() == (ids != 0).tolist()
    for layer in (layers.Dense(3), layers.Activation("tanh"), layers.Dropout(0.5)):
        x = layer(x, training=True) if isinstance(layer, layers.Dropout) else layer(x)
        assert x._keras_mask.tolist() == (ids != 0).tolist()
    half = layers.Dense(2, dtype="float16")(x)  # the inputs are cast
    assert half._keras_mask.tolist() == (ids != 0).tolist()
    assert layers.Embedding(5, 4)(ids)._keras_mask is None
    with pytest.warns(UserWarning, match=r"\[Flatten 'flatten.*drops the mask"):
        assert layers.Flatten()(x)._keras_mask is None


def test_a_layer_that_changes_its_list_leaves_the_callers_alone():
    class Last(layers.Layer):
        def call(self, inputs):
            return inputs.pop() + inputs[0]

    tensors = [dl.ones(2), dl.full(2, 2.0), dl.full(2, 3.0)]
    layer = Last()
    for _ in range(2):
        assert layer(tensors).tolist() == [4.0, 4.0]
        assert len(tensors) == 3


def test_masks_of_a_list_are_passed_on():
    ids = dl.asarray([[3, 1, 0]])
    embedded = layers.Embedding(5, 4, mask_zero=True)(ids)
    assert layers.Add()([embedded, embedded])._keras_mask.tolist() == [[True, True, False]]
    assert layers.Add()([embedded, embedded * 1.0])._keras_mask is None


def test_a_layer_asks_for_the_mask():
    class Count(layers.Layer):
        def call(self, x, mask=None):
            return dl.sum(ops.cast(mask, "int32"), axis=1)

        def compute_mask(self, x, mask=None):
            return None

    x = dl.ones((2, 3, 1))
    x._keras_mask = dl.asarray([[True, True, False], [True, False, False]])
    assert Count().supports_masking and not layers.Flatten().supports_masking
    assert Count()(x).tolist() == [2, 1]
    assert Count()(x, mask=dl.ones((2, 3), dtype="bool")).tolist() == [3, 3]
    with pytest.raises(TypeError, match="a mask is another tensor or None"):
        x._keras_mask = [True]


def test_mixed_dtype_policy():
    policy = layers.Layer(dtype="mixed_bfloat16")
    assert (policy.dtype, policy.compute_dtype) == ("float32", "bfloat16")
    assert layers.Layer(dtype=dl.float64).dtype == "float64"
    assert (
        layers.Layer(dtype=layers.Layer(dtype="float16").get_config()["dtype"]).dtype == "float16"
    )
    with pytest.raises(ValueError, match="float31"):
        layers.Layer(dtype="float31")


def test_mixed_precision_is_refused_where_it_would_not_happen():
    message = r"\[Dense 'head'\] has the dtype policy 'mixed_bfloat16'.*Give dtype='float32'"
    with pytest.raises(NotImplementedError, match=message):
        layers.Dense(1, dtype="mixed_bfloat16", name="head")(np.ones((2, 3)))
    assert layers.ReLU(dtype="mixed_bfloat16")(np.ones((2, 3))).dtype == "bfloat16"
    assert layers.Dense(1, dtype="bfloat16")(np.ones((2, 3))).dtype == "bfloat16"


def test_a_configuration_of_no_layer():
    config = dl.layers.serialize(dl.layers.Dense(3, name="head"))
    assert dl.layers.deserialize(config).name == "head"
    assert config == dl.saving.serialize_keras_object(dl.layers.Dense(3, name="head"))
    for other in (None, "Dense", dl.losses.serialize(dl.losses.Huber())):
        with pytest.raises(ValueError, match=r"\[layers.deserialize\] wants the configuration of"):
            dl.layers.deserialize(other)
