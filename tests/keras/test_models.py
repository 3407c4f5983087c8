"""Models against Keras 3: names, order, configuration, summaries, and what `fit` reports."""

import inspect
import re

import keras
import numpy as np
import pytest

import danlu as dl

BOTH = {"keras": keras, "danlu": dl}


def reset():
    keras.backend.clear_session()
    dl.utils.clear_session()


def mnist_mlp(k):
    return k.models.Sequential(
        [
            k.layers.Input(shape=(28, 28)),
            k.layers.Flatten(),
            k.layers.Dense(16, activation="relu"),
            k.layers.Dropout(0.2),
            k.layers.Dense(10, activation="softmax"),
        ]
    )


def lenet(k):
    x = inputs = k.Input(shape=(12, 12, 1))
    x = k.layers.Conv2D(4, 5, padding="same", activation="tanh")(x)
    x = k.layers.AveragePooling2D(2)(x)
    x = k.layers.BatchNormalization()(x)
    x = k.layers.Conv2D(8, 3, activation="tanh")(x)
    x = k.layers.MaxPooling2D(2)(x)
    x = k.layers.Flatten()(x)
    x = k.layers.Dense(12, activation="tanh")(x)
    return k.Model(inputs, k.layers.Dense(10, activation="softmax")(x))


def branches(k):
    a = k.Input(shape=(6,), name="a")
    b = k.Input(shape=(4,), name="b")
    shared = k.layers.Dense(5, name="shared")
    narrow = k.layers.Dense(6, activation="tanh")(b)
    left, right = shared(a), shared(narrow)
    merged = k.layers.Concatenate()([left, right, a])
    deep = k.layers.Dense(3)(k.layers.LayerNormalization()(merged))
    return k.Model([a, b], [deep, k.layers.Dense(1, name="last")(left)], name="branches")


def nested(k):
    inner = k.models.Sequential([k.Input(shape=(6,)), k.layers.Dense(4)], name="inner")
    x = inputs = k.Input(shape=(6,))
    for _ in range(2):
        x = k.layers.Dense(6, use_bias=False)(inner(x))
    return k.Model(inputs, x)


MODELS = {"mlp": mnist_mlp, "lenet": lenet, "branches": branches, "nested": nested}


@pytest.fixture(params=MODELS)
def pair(request):
    """The same model of Keras and of danlu, with the same weights."""
    reset()
    theirs, ours = MODELS[request.param](keras), MODELS[request.param](dl)
    ours.set_weights(theirs.get_weights())
    return theirs, ours


def inputs_of(model, samples=12):
    rng = np.random.default_rng(0)
    return [rng.random((samples, *t.shape[1:])).astype("float32") for t in model.inputs]


def test_names_shapes_and_order(pair):
    theirs, ours = pair
    assert ours.name == theirs.name
    assert [layer.name for layer in ours.layers] == [layer.name for layer in theirs.layers]
    for which in ("weights", "trainable_weights", "non_trainable_weights"):
        mine, reference = getattr(ours, which), getattr(theirs, which)
        assert [v.path for v in mine] == [v.path for v in reference], which
        assert [tuple(v.shape) for v in mine] == [tuple(v.shape) for v in reference]
    assert len(ours.variables) == len(theirs.variables)
    assert ours.count_params() == theirs.count_params()
    assert ours.input_shape == theirs.input_shape and ours.output_shape == theirs.output_shape


def test_outputs(pair):
    theirs, ours = pair
    x = inputs_of(theirs)
    x = x if len(x) > 1 else x[0]
    mine, reference = ours.predict(x, verbose=0), theirs.predict(x, verbose=0)
    for a, b in zip(dl.tree.flatten(mine), dl.tree.flatten(reference), strict=True):
        assert type(a) is np.ndarray and a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6)


def summary(model):
    lines = []
    model.summary(print_fn=lines.append, line_length=76)
    return re.sub(r"[ \t]+", " ", "\n".join(map(str, lines))).strip()


def test_summary(pair):
    theirs, ours = pair
    assert summary(ours) == summary(theirs)


def test_configuration_reads_both_ways(pair):
    theirs, ours = pair
    x = inputs_of(theirs)
    x = x if len(x) > 1 else x[0]
    weights = theirs.get_weights()
    in_keras = keras.models.model_from_json(ours.to_json())
    in_danlu = dl.models.model_from_json(theirs.to_json())
    for model in (in_keras, in_danlu):
        model.set_weights(weights)
        out, reference = model.predict(x, verbose=0), theirs.predict(x, verbose=0)
        for a, b in zip(dl.tree.flatten(out), dl.tree.flatten(reference), strict=True):
            np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6)
    assert [layer.name for layer in in_danlu.layers] == [layer.name for layer in theirs.layers]


def small(k, activation="softmax", units=3):
    return k.models.Sequential(
        [
            k.Input(shape=(5,)),
            k.layers.Dense(8, activation="relu"),
            k.layers.Dense(units, activation),
        ]
    )


RNG = np.random.default_rng(1)
X = RNG.standard_normal((50, 5)).astype("float32")
LABELS = RNG.integers(0, 3, 50)
COMPILED = {
    "sparse": (small, "sparse_categorical_crossentropy", ["accuracy"], LABELS),
    "sparse column": (small, "sparse_categorical_crossentropy", ["acc"], LABELS[:, None]),
    "one-hot": (small, "categorical_crossentropy", ["accuracy", "mse"], np.eye(3)[LABELS]),
    "binary": (
        lambda k: small(k, "sigmoid", 1), "binary_crossentropy", ["accuracy"], LABELS[:, None] % 2
    ),
    "regression": (lambda k: small(k, None, 2), "mse", ["mae"], X[:, :2]),
}  # fmt: skip


@pytest.mark.parametrize("name", COMPILED)
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_history(name, optimizer):
    make, loss, metrics, y = COMPILED[name]
    reset()
    models = {key: make(k) for key, k in BOTH.items()}
    models["danlu"].set_weights(models["keras"].get_weights())
    histories, results = {}, {}
    for key, model in models.items():
        model.compile(optimizer=optimizer, loss=loss, metrics=metrics)
        run = model.fit(
            X, y, epochs=3, batch_size=16, shuffle=False, verbose=0, validation_split=0.2
        )
        histories[key] = run.history
        results[key] = model.evaluate(X, y, batch_size=16, verbose=0)
    assert list(histories["danlu"]) == list(histories["keras"])
    for metric, values in histories["keras"].items():
        np.testing.assert_allclose(histories["danlu"][metric], values, rtol=2e-4, atol=1e-6)
    np.testing.assert_allclose(results["danlu"], results["keras"], rtol=2e-4, atol=1e-6)
    for a, b in zip(models["danlu"].get_weights(), models["keras"].get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=2e-5)


def weighted(k):
    model = small(k)
    model.compile(
        k.optimizers.SGD(0.1), "sparse_categorical_crossentropy", weighted_metrics=["accuracy"]
    )
    return model


@pytest.mark.parametrize(
    "weights",
    [{"sample_weight": np.linspace(0, 2, 50)}, {"class_weight": {0: 1.0, 1: 0.25, 2: 4.0}}],
    ids=["sample", "class"],
)
def test_weighted_history(weights):
    reset()
    models = {key: weighted(k) for key, k in BOTH.items()}
    models["danlu"].set_weights(models["keras"].get_weights())
    histories = {}
    for key, model in models.items():
        run = model.fit(X, LABELS, epochs=2, batch_size=16, shuffle=False, verbose=0, **weights)
        histories[key] = run.history
    for metric, values in histories["keras"].items():
        np.testing.assert_allclose(histories["danlu"][metric], values, rtol=2e-4)


def test_history_of_several_outputs():
    reset()
    models = {key: branches(k) for key, k in BOTH.items()}
    models["danlu"].set_weights(models["keras"].get_weights())
    x = inputs_of(models["keras"], 20)
    y = [x[0][:, :3], x[1][:, :1]]
    histories, results = {}, {}
    for key, model in models.items():
        model.compile(
            "sgd", loss=["mse", "mae"], loss_weights=[1.0, 0.3], metrics=[["mae"], ["mse"]]
        )
        run = model.fit(x, y, epochs=2, batch_size=8, shuffle=False, verbose=0)
        histories[key] = run.history
        results[key] = model.evaluate(x, y, verbose=0)
    assert list(histories["danlu"]) == list(histories["keras"])
    for metric, values in histories["keras"].items():
        np.testing.assert_allclose(histories["danlu"][metric], values, rtol=2e-4)
    np.testing.assert_allclose(results["danlu"], results["keras"], rtol=2e-4)


def test_history_with_regularizers_and_moving_statistics():
    reset()
    models, histories = {}, {}
    for key, k in BOTH.items():
        models[key] = k.models.Sequential(
            [
                k.Input(shape=(5,)),
                k.layers.Dense(6, kernel_regularizer=k.regularizers.L2(0.05)),
                k.layers.BatchNormalization(),
                k.layers.ReLU(activity_regularizer=k.regularizers.L1(0.01)),
                k.layers.Dense(3),
            ]
        )
    models["danlu"].set_weights(models["keras"].get_weights())
    for key, k in BOTH.items():
        loss = k.losses.SparseCategoricalCrossentropy(from_logits=True)
        models[key].compile("sgd", loss)
        run = models[key].fit(X, LABELS, epochs=3, batch_size=16, shuffle=False, verbose=0)
        histories[key] = run.history["loss"]
    np.testing.assert_allclose(histories["danlu"], histories["keras"], rtol=2e-4)
    for a, b in zip(models["danlu"].get_weights(), models["keras"].get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=2e-5)


def mean_of_kept(k):
    class MeanOfKept(k.layers.Layer):
        def __init__(self):
            super().__init__()
            self.supports_masking = True

        def call(self, x, mask=None):
            kept = k.ops.expand_dims(k.ops.cast(mask, x.dtype), -1)
            return k.ops.sum(x * kept, axis=1) / (k.ops.sum(kept, axis=1) + 1e-6)

        def compute_mask(self, x, mask=None):
            return None

    return MeanOfKept()


def embedded(k, x):
    return k.layers.Embedding(7, 4, mask_zero=True)(x)


def two(k, x):
    """Two embeddings; the second one pads at other places."""
    return [embedded(k, x), embedded(k, k.ops.maximum(x - 2, 0))]


# What follows an embedding that masks zeros; whether the labels have steps.
MASKED = {
    "every step": (
        lambda k, x: k.layers.Dropout(0.0)(k.layers.LayerNormalization()(embedded(k, x))), True
    ),
    "mask argument": (lambda k, x: mean_of_kept(k)(embedded(k, x)), False),
    "statistics": (lambda k, x: k.layers.BatchNormalization()(embedded(k, x)), True),
    "add": (lambda k, x: k.layers.Add()(two(k, x)), True),
    "concatenate": (lambda k, x: k.layers.Concatenate()(two(k, x)), True),
    "multiply": (lambda k, x: k.layers.Multiply()(two(k, x)), True),
    "maximum": (lambda k, x: k.layers.Maximum()(two(k, x)), True),
    "minimum": (lambda k, x: k.layers.Minimum()([embedded(k, x), *two(k, x)]), True),
    "inner model": (
        lambda k, x: k.Sequential([k.Input((6, 4)), k.layers.Dense(3)])(embedded(k, x)), True
    ),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:Layer .* does not support masking")  # Keras, of inner models
@pytest.mark.parametrize("name", MASKED)
def test_masks_reach_losses_and_metrics(name):
    body, steps = MASKED[name]
    rng = np.random.default_rng(0)
    x = rng.integers(1, 7, (12, 6))
    x[:, 4:] = 0
    x[3:6, 1:] = 0
    y = rng.random((12, 6, 1) if steps else (12, 1)).astype("float32")
    reset()
    models, results = {}, {}
    for key, k in BOTH.items():
        inputs = k.Input((6,), dtype="int32")
        models[key] = k.Model(inputs, k.layers.Dense(1)(body(k, inputs)))
    models["danlu"].set_weights(models["keras"].get_weights())
    for key, model in models.items():
        model.compile("sgd", "mse", metrics=["mae"])
        loss = model.fit(x, y, epochs=2, batch_size=5, shuffle=False, verbose=0).history["loss"]
        results[key] = [*loss, *model.evaluate(x, y, verbose=0)]
    np.testing.assert_allclose(results["danlu"], results["keras"], rtol=2e-4)
    for a, b in zip(models["danlu"].get_weights(), models["keras"].get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=2e-5)


def test_results_of_single_batches():
    reset()
    models = {key: weighted(k) for key, k in BOTH.items()}
    models["danlu"].set_weights(models["keras"].get_weights())
    results = {}
    for key, model in models.items():
        results[key] = [
            model.train_on_batch(X, LABELS, class_weight={0: 3.0, 1: 1.0, 2: 1.0}),
            model.train_on_batch(X[:20], LABELS[:20]),
            model.test_on_batch(X[:30], LABELS[:30], sample_weight=np.linspace(0, 2, 30)),
            model.test_on_batch(X, LABELS),
        ]
    np.testing.assert_allclose(results["danlu"], results["keras"], rtol=2e-4)


def test_results_of_dict_outputs_are_in_the_order_of_the_losses():
    reset()
    models, results = {}, {}
    for key, k in BOTH.items():
        x = k.Input((5,))
        z = k.layers.Dense(2, name="z")(x)
        a = k.layers.Dense(3, activation="softmax", name="a")(x)
        models[key] = k.Model(x, {"z": z, "a": a})
    models["danlu"].set_weights(models["keras"].get_weights())
    for key, model in models.items():
        loss = {"z": "mse", "a": "sparse_categorical_crossentropy"}
        model.compile("sgd", loss, metrics={"a": ["accuracy"], "z": ["mae"]})
        results[key] = model.evaluate(X, {"z": X[:, :2], "a": LABELS}, verbose=0)
    np.testing.assert_allclose(results["danlu"], results["keras"], rtol=2e-4)


def test_summary_of_functions():
    def make(k):
        x = inputs = k.Input((4, 4, 2))
        left, right = k.ops.mean(x * 2.0 + 1.0, axis=[1, 2]), x[:, 0, :, 0]
        x = k.ops.concatenate([left, right], axis=-1)
        x = k.ops.relu(x) - k.ops.abs(x) / 2
        return k.Model(inputs, k.ops.expand_dims(x, -1))

    reset()
    assert summary(make(dl)) == summary(make(keras))


def test_subclasses_have_the_same_paths():
    def make(k):
        class Net(k.Model):
            def __init__(self):
                super().__init__()
                self.blocks = [k.layers.Dense(4), k.layers.Dense(3)]
                self.out = k.layers.Dense(2)

            def call(self, x):
                for block in self.blocks:
                    x = block(x)
                return self.out(x)

        return Net()

    reset()
    theirs, ours = make(keras), make(dl)
    theirs(X), ours(X)
    assert [v.path for v in ours.weights] == [v.path for v in theirs.weights]
    assert [layer.name for layer in ours.layers] == [layer.name for layer in theirs.layers]


def methods(module, cls):
    """The names of what both classes define, the constructor among them."""
    ours, theirs = (getattr(getattr(k, module), cls) for k in (dl, keras))
    public = [n for n in dir(theirs) if n[0] != "_" and inspect.isroutine(getattr(ours, n, None))]
    return ["__init__", *public]


CALLBACKS = [n for n in dir(dl.callbacks) if inspect.isclass(getattr(keras.callbacks, n, None))]
ARGUMENTS = [
    *(("models", cls, name) for cls in ("Model", "Sequential") for name in methods("models", cls)),
    *(("callbacks", cls, name) for cls in CALLBACKS for name in methods("callbacks", cls)),
    ("layers", "Layer", "add_weight"),
    ("layers", "Layer", "set_weights"),
    ("layers", "Layer", "compute_mask"),
    ("layers", "InputLayer", "__init__"),
]
OTHERWISE = {
    "train_step": "Keras on JAX hands the state through: (state, data)",
    "test_step": "Keras on JAX hands the state through: (state, data)",
    "predict_step": "Keras on JAX hands the state through: (state, data)",
    "build": "the base class takes the shapes of several inputs, too",
    "from_config": "takes custom_objects, too",
}


def same_arguments(ours, theirs):
    mine, named = (
        {n: p.default for n, p in inspect.signature(inspect.unwrap(f)).parameters.items()}
        for f in (ours, theirs)
    )
    for both in (mine, named):
        for name in ("args", "kwargs", "params"):
            both.pop(name, None)
    assert mine == named


@pytest.mark.parametrize(("module", "cls", "method"), ARGUMENTS)
def test_arguments(module, cls, method):
    if method in OTHERWISE:
        pytest.skip(OTHERWISE[method])
    ours, theirs = (getattr(getattr(getattr(k, module), cls), method) for k in (dl, keras))
    same_arguments(ours, theirs)


@pytest.mark.parametrize("name", ["clone_model", "load_model", "model_from_json", "save_model"])
def test_arguments_of_functions(name):
    same_arguments(getattr(dl.models, name), getattr(keras.models, name))


def test_every_callback_is_compared():
    public = {n for n in dir(dl.callbacks) if inspect.isclass(getattr(dl.callbacks, n))}
    assert public == set(CALLBACKS)


def with_activation(k):
    def call(layer, *args, **kwargs):
        y = layer(*args, **kwargs)
        return k.layers.Activation("tanh")(y) if isinstance(layer, k.layers.Dense) else y

    return call


def test_clone_model():
    """Functions for copies and calls, and models inside cloned as well or by configuration."""
    reset()
    names = {}
    for key, k in BOTH.items():
        inner = k.Sequential([k.Input((3,)), k.layers.Dense(3, name="in")], name="inner")
        shared = k.layers.Dense(3, name="shared")
        inputs = k.Input((3,))
        model = k.Model(inputs, shared(inner(shared(inputs))))

        def renamed(layer, k=k):
            config = layer.get_config()
            return type(layer).from_config({**config, "name": "new_" + config["name"]})

        copies = [
            k.models.clone_model(model),
            k.models.clone_model(model, clone_function=renamed),
            k.models.clone_model(model, clone_function=renamed, recursive=True),
            k.models.clone_model(model, call_function=with_activation(k)),
        ]
        names[key] = [[(x.name, type(x).__name__) for x in c.layers[1:]] for c in copies]
        names[key] += [[x.name for x in c.layers if x.name.endswith("inner")] for c in copies]
        names[key] += [x.name for x in copies[2].get_layer("inner").layers]
        with pytest.raises(ValueError, match="call_function"):
            k.models.clone_model(inner, call_function=with_activation(k))
    assert names["danlu"] == names["keras"]
    assert copies[0].get_layer("shared") is not shared
