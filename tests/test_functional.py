"""Functional models: graphs of symbolic tensors."""

import numpy as np
import pytest

import danlu as dl
from danlu import layers, ops


def data(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


def test_symbolic_tensors_have_shapes():
    inputs = dl.Input(shape=(8, 3), name="x")
    assert inputs.shape == (None, 8, 3) and inputs.dtype == "float32" and inputs.name == "x"
    assert dl.Input(shape=(2,), batch_size=5, dtype="int32").shape == (5, 2)
    hidden = layers.Dense(4)(inputs)
    assert hidden.shape == (None, 8, 4) and isinstance(hidden, dl.KerasTensor)
    for use in (bool, float, iter, np.asarray):
        with pytest.raises(TypeError, match="symbolic and has no values"):
            use(inputs)


def test_input_wants_a_shape():
    with pytest.raises(ValueError, match=r"\[Input\] wants the shape of one sample"):
        dl.Input()


def test_chain():
    inputs = dl.Input(shape=(5,))
    dense = layers.Dense(3, activation="relu")
    model = dl.Model(inputs, layers.Dense(2)(dense(inputs)))
    assert type(model).__name__ == "Functional"
    assert [type(layer).__name__ for layer in model.layers] == ["InputLayer", "Dense", "Dense"]
    assert model.input_shape == (None, 5) and model.output_shape == (None, 2)
    assert model.count_params() == 5 * 3 + 3 + 3 * 2 + 2
    x = data(4, 5)
    w1, b1, w2, b2 = model.get_weights()
    np.testing.assert_allclose(model(x).numpy(), np.maximum(x @ w1 + b1, 0) @ w2 + b2, rtol=1e-5)


def test_several_inputs_and_outputs():
    a, b = dl.Input(shape=(3,), name="a"), dl.Input(shape=(4,), name="b")
    joined = layers.Concatenate()([a, b])
    model = dl.Model([a, b], [layers.Dense(2, name="p")(joined), layers.Dense(1, name="q")(joined)])
    xa, xb = data(6, 3), data(6, 4)
    p, q = model([xa, xb])
    assert p.shape == (6, 2) and q.shape == (6, 1)
    by_name = model({"b": xb, "a": xa})
    np.testing.assert_array_equal(p.numpy(), by_name[0].numpy())
    assert model.output_names == ["p", "q"] and model.input_names == ["a", "b"]
    with pytest.raises(ValueError, match="2 input tensors"):
        model([xa])
    with pytest.raises(ValueError, match=r"\['b'\] are missing"):
        model({"a": xa})


def test_a_dict_for_one_input_has_its_name():
    x = dl.Input(shape=(3,), name="pixels")
    for model in (dl.Model(x, layers.Dense(2)(x)), dl.Sequential([x, layers.Dense(2)])):
        assert model.predict({"pixels": data(6, 3)}, verbose=0).shape == (6, 2)
        with pytest.raises(ValueError, match=r"inputs named \['pixels'\], got \['wrong'\]"):
            model.predict({"wrong": data(6, 3)}, verbose=0)


def test_one_tensor_in_a_list_stands_for_itself():
    x = dl.Input(shape=(3,))
    model = dl.Model([x], [layers.Dense(2)(x)])
    assert (model.input_shape, model.output_shape) == ((None, 3), (None, 2))
    assert model([data(4, 3)]).shape == (4, 2)
    assert model.predict(data(4, 3), verbose=0).shape == (4, 2)
    again = dl.Model.from_config(model.get_config())
    assert again.output_shape == (None, 2)


def test_values_are_dropped_after_their_last_use():
    x = inputs = dl.Input(shape=(1000,))
    for _ in range(50):
        x = layers.Add()([x, layers.ReLU()(x)])
    model = dl.Model(inputs, x)
    value = dl.ones((100, 1000))
    with dl.no_grad():
        model(value)
        dl.config.empty_cache()
        before = dl.config.memory_stats()
        model(value)
        after = dl.config.memory_stats()
    grown = sum(after[k] - before[k] for k in ("in_use", "cached"))
    assert grown < 6 * value.nbytes, grown / value.nbytes


def test_dict_inputs_and_outputs():
    inputs = {"u": dl.Input(shape=(3,), name="u"), "v": dl.Input(shape=(3,), name="v")}
    model = dl.Model(
        inputs, {"sum": inputs["u"] + inputs["v"], "difference": inputs["u"] - inputs["v"]}
    )
    out = model({"u": data(2, 3), "v": data(2, 3, seed=1)})
    np.testing.assert_allclose(out["sum"].numpy(), data(2, 3) + data(2, 3, seed=1))
    np.testing.assert_allclose(out["difference"].numpy(), data(2, 3) - data(2, 3, seed=1))


def test_shared_layer():
    dense = layers.Dense(2)
    a, b = dl.Input(shape=(3,)), dl.Input(shape=(3,))
    model = dl.Model([a, b], layers.Add()([dense(a), dense(b)]))
    assert len(model.weights) == 2
    x = data(2, 3)
    expected = 2 * dense(x).numpy()
    np.testing.assert_allclose(model([x, x]).numpy(), expected, rtol=1e-6)


def test_nested_model():
    inputs = dl.Input(shape=(4,))
    inner = dl.Model(inputs, layers.Dense(3)(inputs), name="inner")
    outer_inputs = dl.Input(shape=(4,))
    outer = dl.Model(outer_inputs, layers.Dense(1)(inner(outer_inputs)))
    assert [layer.name for layer in outer.layers][1] == "inner"
    assert len(outer.weights) == 4 and outer.weights[0] is inner.weights[0]
    assert outer(data(2, 4)).shape == (2, 1)


def test_residual_connection_and_functions():
    inputs = dl.Input(shape=(4,))
    hidden = layers.Dense(4)(inputs)
    out = ops.relu(inputs + 2.0 * hidden - 1.0)
    out = ops.mean(out[:, 1:], axis=-1, keepdims=True) / 2.0
    model = dl.Model(inputs, out)
    assert model.output_shape == (None, 1)
    x = data(5, 4)
    w, b = model.get_weights()
    expected = np.maximum(x + 2 * (x @ w + b) - 1, 0)[:, 1:].mean(-1, keepdims=True) / 2
    np.testing.assert_allclose(model(x).numpy(), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("symbolic", "array"),
    [
        (lambda x: x @ np.ones((3, 2), "float32"), lambda x: x @ np.ones((3, 2))),
        (lambda x: 1.0 - x, lambda x: 1 - x),
        (lambda x: 2.0 / (x * x + 1.0), lambda x: 2 / (x * x + 1)),
        (lambda x: -x, lambda x: -x),
        (lambda x: abs(x) ** 2.0, lambda x: abs(x) ** 2),
        (lambda x: ops.where(x > 0.0, x, 0.1 * x), lambda x: np.where(x > 0, x, 0.1 * x)),
        (lambda x: ops.concatenate([x, x], axis=-1), lambda x: np.concatenate([x, x], -1)),
        (lambda x: ops.reshape(x, (-1, 1, 3)), lambda x: x.reshape(-1, 1, 3)),
        (lambda x: x[..., None], lambda x: x[..., None]),
    ],
)
def test_functions_of_symbolic_tensors(symbolic, array):
    inputs = dl.Input(shape=(3,))
    model = dl.Model(inputs, symbolic(inputs))
    x = data(4, 3)
    expected = array(x)
    assert model.output_shape == (None, *expected.shape[1:])
    np.testing.assert_allclose(model(x).numpy(), expected, rtol=1e-5, atol=1e-6)
    copy = dl.Model.from_config(model.get_config())
    np.testing.assert_array_equal(copy(x).numpy(), model(x).numpy())


def test_open_axes():
    inputs = dl.Input(shape=(None, 3))
    out = layers.Dense(2)(inputs)
    assert out.shape == (None, None, 2)
    model = dl.Model(inputs, ops.sum(out, axis=1))
    assert model.output_shape == (None, 2)
    assert model(data(2, 5, 3)).shape == (2, 2)
    assert model(data(2, 9, 3)).shape == (2, 2)


def test_features_of_an_inner_layer():
    inputs = dl.Input(shape=(4,))
    hidden = layers.Dense(3, name="hidden")(inputs)
    model = dl.Model(inputs, layers.Dense(1, name="out")(hidden))
    features = dl.Model(model.input, model.get_layer("hidden").output)
    x = data(2, 4)
    np.testing.assert_array_equal(features(x).numpy(), model.get_layer("hidden")(x).numpy())
    head = dl.Model(model.get_layer("hidden").output, model.output)
    np.testing.assert_allclose(head(features(x)).numpy(), model(x).numpy(), rtol=1e-6)


def test_weights_are_ordered_by_depth():
    # The branch that is two layers deep comes before the shallow one that is made first.
    a = dl.Input(shape=(3,))
    shallow = layers.Dense(2, name="shallow")(a)
    deep = layers.Dense(2, name="deep_2")(layers.Dense(2, name="deep_1")(a))
    model = dl.Model(a, layers.Add()([shallow, deep]))
    assert [v.path for v in model.weights[::2]] == [
        "deep_1/kernel",
        "shallow/kernel",
        "deep_2/kernel",
    ]


def test_inputs_are_cast_and_their_rank_adjusted():
    inputs = dl.Input(shape=(2, 2, 1))
    model = dl.Model(inputs, layers.Flatten()(inputs))
    images = np.arange(12, dtype="uint8").reshape(3, 2, 2)
    out = model(images)
    assert out.dtype == "float32" and out.shape == (3, 4)
    np.testing.assert_array_equal(out.numpy(), images.reshape(3, 4))


@pytest.mark.parametrize(
    ("shape", "remedy"),
    [
        ((2, 3, 8, 8), "moveaxis"),
        ((8, 8, 3), "without the batch axis"),
        ((2, 8, 8, 4), "the first axis counts samples"),
        ((2, 192), "the first axis counts samples"),
    ],
)
def test_wrong_input_shapes(shape, remedy):
    inputs = dl.Input(shape=(8, 8, 3), name="image")
    model = dl.Model(inputs, layers.Flatten()(inputs), name="net")
    message = rf"\[Functional 'net'\] wants inputs of shape \(None, 8, 8, 3\) \('image'\).*{remedy}"
    with pytest.raises(ValueError, match=message):
        model(data(*shape))


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("nonzero", ops.nonzero),
        ("argwhere", ops.argwhere),
        ("getitem", lambda k: k[k > 0]),
        ("unique_values", lambda k: ops.unique_values(k)),
        ("unique_all", lambda k: ops.unique_all(k)),
        ("bincount", lambda k: ops.bincount(ops.cast(k, "int32"), minlength=3)),
        ("segment_sum", lambda k: ops.segment_sum(k, ops.cast(k[:, 0], "int32"))),
        ("repeat", lambda k: ops.repeat(k, ops.cast(k, "int32"))),
        ("nonzero", layers.Lambda(lambda x: ops.nonzero(x)[0])),
    ],
)
def test_shapes_that_depend_on_values(name, call):
    message = rf"^\[{name}\] the shape of the result depends on the values .* symbolic"
    with pytest.raises(ValueError, match=message):
        call(dl.Input((4,)))
    assert len(ops.nonzero(dl.ones((2,)))[0]) == 2  # eagerly again


def test_a_layer_may_use_a_mask_eagerly():
    class Positive(layers.Layer):
        def call(self, x):
            return dl.sum(x[x > 0])

    assert Positive()(dl.asarray([1.0, -2.0, 3.0])).item() == 4.0


def test_outputs_of_other_inputs():
    a, b = dl.Input(shape=(3,), name="a"), dl.Input(shape=(3,), name="b")
    with pytest.raises(ValueError, match=r"depend on input 'b'.*not among the inputs: \['a'\]"):
        dl.Model(a, a + b)
    with pytest.raises(ValueError, match="symbolic tensors"):
        dl.Model(a, np.ones(3))


def test_input_that_no_output_needs():
    a, b = dl.Input(shape=(3,)), dl.Input(shape=(2,))
    model = dl.Model([a, b], a * 2.0)
    np.testing.assert_array_equal(model([np.ones((1, 3)), np.ones((1, 2))]).numpy(), [[2, 2, 2]])


def test_subclass_that_is_a_graph():
    class Net(dl.Model):
        def __init__(self, units):
            inputs = dl.Input(shape=(3,))
            super().__init__(inputs, layers.Dense(units)(inputs))
            self.units = units

    net = Net(4)
    assert net(data(2, 3)).shape == (2, 4) and len(net.weights) == 2
    assert isinstance(net, Net) and net.output_shape == (None, 4)


def test_graph_config_rebuilds_the_model():
    a, b = dl.Input(shape=(3,), name="a"), dl.Input(shape=(3,), name="b")
    shared = layers.Dense(2, name="shared")
    x = layers.Concatenate(name="join")([shared(a), shared(b)])
    model = dl.Model({"a": a, "b": b}, [layers.Dense(1, name="p")(x), ops.tanh(x)], name="net")
    copy = dl.Model.from_config(model.get_config())
    copy.set_weights(model.get_weights())
    inputs = {"a": data(2, 3), "b": data(2, 3, seed=1)}
    for left, right in zip(model(inputs), copy(inputs), strict=True):
        np.testing.assert_array_equal(left.numpy(), right.numpy())
    assert [layer.name for layer in copy.layers] == [layer.name for layer in model.layers]
    again = dl.models.model_from_json(model.to_json())
    assert again.count_params() == model.count_params()


def test_clone_model():
    inputs = dl.Input(shape=(3,))
    model = dl.Model(inputs, layers.Dense(2, kernel_initializer="ones")(inputs))
    model.layers[1].kernel.assign(np.zeros((3, 2)))
    copy = dl.models.clone_model(model)
    assert copy.layers[1] is not model.layers[1]
    np.testing.assert_array_equal(copy.layers[1].kernel.numpy(), np.ones((3, 2)))


def test_a_clone_is_compiled_as_the_model_is():
    def error(y, y_pred):
        return dl.mean((y - y_pred) ** 2)

    x = dl.Input((2,))
    for model in (dl.Sequential([x, layers.Dense(1)]), dl.Model(x, layers.Dense(1)(x))):
        metric = dl.metrics.MeanAbsoluteError(name="far")
        model.compile(dl.optimizers.SGD(0.5), error, metrics=[metric, "mae"])
        copy = dl.models.clone_model(model)
        assert copy.loss is error and copy.optimizer is not model.optimizer
        copy.fit(np.ones((4, 2)), np.ones((4, 1)), verbose=0)
        assert copy.optimizer.learning_rate.item() == 0.5 and copy.optimizer.iterations.item() == 1
        assert copy.metrics_names == ["loss", "far", "mae"] and not model.optimizer.built
        assert metric.count.item() == 0
    assert not dl.models.clone_model(dl.Model(x, layers.Dense(1)(x))).compiled


def test_a_clone_with_a_compile_of_its_own():
    class Own(dl.Model):
        def compile(self, rate):
            super().compile(dl.optimizers.SGD(rate))

    class Whole(Own):
        def get_compile_config(self):
            return {"rate": 0.25}

        def compile_from_config(self, config):
            self.compile(config["rate"])

    model = Own()
    model.compile(0.5)
    with pytest.warns(UserWarning, match="define get_compile_config and compile_from_config"):
        assert not dl.models.clone_model(model).compiled  # as in Keras
    model = Whole()
    model.compile(0.5)
    assert dl.models.clone_model(model).optimizer.learning_rate.item() == 0.25


class Weighted(dl.losses.Loss):
    def __init__(self, weight):
        super().__init__()
        self.weight = weight


@pytest.mark.parametrize(
    "arguments, why",
    [
        ({"loss": Weighted(2.0)}, r"Weighted, .*'name'.*: define get_config in Weighted"),
        (
            {"metrics": [dl.metrics.MeanMetricWrapper(lambda y, p: y - p)]},
            "MeanMetricWrapper, .*lambda.* def, .*: clone",
        ),
    ],
)
def test_a_clone_compiled_with_what_cannot_be_copied(arguments, why):
    model = dl.Sequential([dl.Input((2,)), layers.Dense(1)])
    model.compile(**{"loss": "mse", **arguments})
    with pytest.raises(ValueError, match=rf"^\[clone_model\] .*sequential.* with {why}.*compiling"):
        dl.models.clone_model(model)


def test_clone_model_with_functions():
    inner = dl.Sequential([dl.Input((3,)), layers.Dense(3)], name="inner")
    inputs = dl.Input(shape=(3,), optional=True)
    shared = layers.Dense(3)
    model = dl.Model(inputs, shared(inner(shared(inputs))))
    copied = []

    def copy(layer):
        copied.append(type(layer).__name__)
        return type(layer).from_config(layer.get_config())

    def call(layer, *args):
        y = layer(*args)
        return layers.ReLU()(y) if isinstance(layer, layers.Dense) else y

    clone = dl.models.clone_model(model, clone_function=copy, call_function=call)
    kinds = [type(layer).__name__ for layer in clone.layers]
    assert kinds == ["InputLayer", "Dense", "ReLU", "Sequential", "ReLU"]
    assert copied == ["Dense", "Sequential"] and clone.layers[0].optional
    copied.clear()
    clone = dl.models.clone_model(model, clone_function=copy, recursive=True)
    assert copied == ["Dense", "Dense"] and clone.layers[2].layers[0] is not inner.layers[0]
    with pytest.raises(ValueError, match=r"\[clone_model\] call_function is for functional"):
        dl.models.clone_model(inner, call_function=call)

    class Net(dl.Model):
        def call(self, x):
            return x

    with pytest.raises(ValueError, match=r"\[clone_model\] clone_function is for .*'net'"):
        dl.models.clone_model(Net(name="net"), clone_function=copy)


def test_deep_graph():
    x = inputs = dl.Input(shape=(2,))
    for _ in range(1500):
        x = layers.Activation("relu")(x)
    model = dl.Model(inputs, x)
    np.testing.assert_array_equal(model(np.array([[-1.0, 2.0]])).numpy(), [[0, 2]])


def test_training_reaches_layers_of_the_graph():
    inputs = dl.Input(shape=(100,))
    model = dl.Model(inputs, layers.Dropout(0.5)(inputs))
    x = np.ones((1, 100), "float32")
    assert (model(x).numpy() == 1).all() and (model(x, training=False).numpy() == 1).all()
    assert (model(x, training=True).numpy() == 0).any()
    always = dl.Model(inputs, layers.Dropout(0.5)(inputs, training=True))
    assert (always(x).numpy() == 0).any()
