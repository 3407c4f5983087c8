"""The commonest mistakes: each raises a standard exception that says where, what came, what was
expected and how to put it right."""

import json
import struct
from contextlib import nullcontext

import numpy as np
import pytest

import danlu as dl

IMAGES = np.random.default_rng(0).random((12, 8, 8)).astype("float32")
LABELS = np.arange(12) % 10
ONE_HOT = np.eye(10, dtype="float32")[LABELS]


def dense_model(units=10, loss="sparse_categorical_crossentropy", flatten=True, **options):
    head = [dl.layers.Flatten()] if flatten else []
    model = dl.Sequential(
        [dl.Input((8, 8)), *head, dl.layers.Dense(units, activation="softmax", name="out")]
    )
    model.compile(optimizer="sgd", loss=loss, **options)
    return model


def says(exception, *parts):
    """Expect an exception whose message holds every part."""
    pattern = "".join(f"(?=[\\s\\S]*(?:{part}))" for part in parts)
    return pytest.raises(exception, match=pattern)


def fit(model, x=IMAGES, y=LABELS):
    model.fit(x, y, epochs=1, batch_size=4, verbose=0)


def test_fewer_units_than_classes():
    with says(ValueError, r"sparse_categorical_crossentropy", r"label", r"\b5\b", "units"):
        fit(dense_model(units=5), y=np.full(12, 9))


def test_fewer_units_than_one_hot_columns():
    with says(ValueError, r"\(4, 10\)", r"\(4, 5\)", "units=10"):
        fit(dense_model(units=5, loss="categorical_crossentropy"), y=ONE_HOT)


def test_units_that_do_not_fit_a_regression():
    with says(ValueError, "mean_squared_error", r"\(4, 1\)", r"\(4, 3\)", "units=1"):
        fit(dense_model(units=3, loss="mse"), y=LABELS[:, None].astype("float32"))


@pytest.mark.parametrize("loss", ["sparse_categorical_crossentropy", "categorical_crossentropy"])
def test_missing_flatten(loss):
    y = LABELS if "sparse" in loss else ONE_HOT
    with says(ValueError, loss, r"\(4, 8, 10\)", r"Flatten\(\)"):
        fit(dense_model(flatten=False, loss=loss), y=y)


def test_missing_flatten_in_a_regression():
    model = dl.Sequential([dl.Input((8, 8)), dl.layers.Dense(1)])
    model.compile(optimizer="sgd", loss="mse")
    with says(ValueError, "mean_squared_error", r"\(4, 8, 1\)", r"Flatten\(\)"):
        fit(model, y=LABELS[:, None].astype("float32"))


def test_wrong_width_at_call():
    model = dense_model()
    with says(ValueError, r"\[Dense 'out'\]", "64", r"\(2, 5\)", "built for 64"):
        model.layers[-1](np.zeros((2, 5), "float32"))


def test_unflattened_input_of_a_dense_layer():
    with says(ValueError, r"\[Dense 'out'\]", r"\(2, 8, 8\)", r"Flatten\(\)"):
        dense_model().layers[-1](np.zeros((2, 8, 8), "float32"))


def test_wrong_shape_at_the_call_of_a_model():
    with says(ValueError, r"\(2, 5\)", r"8, 8"):
        dense_model()(np.zeros((2, 5), "float32"))


@pytest.mark.parametrize("label", [10, -1])
def test_labels_out_of_range(label):
    y = LABELS.copy()
    y[7] = label
    with says(ValueError, "sparse_categorical_crossentropy", rf"{label}", r"\b(10|9)\b"):
        fit(dense_model(), y=y)


def test_labels_out_of_range_in_the_function():
    with says(ValueError, "sparse_categorical_crossentropy", r"\b7\b", r"\b3\b"):
        dl.losses.sparse_categorical_crossentropy([0, 7], [[0.2, 0.3, 0.5], [0.1, 0.1, 0.8]])


def test_labels_that_are_not_whole_numbers():
    y = LABELS + 0.5
    with says(ValueError, "sparse_categorical_crossentropy", r"\d\.5 at", "mean_squared_error"):
        fit(dense_model(), y=y.astype("float32"))


def test_whole_floats_are_labels():
    fit(dense_model(), y=LABELS.astype("float32"))


def test_one_hot_labels_with_the_sparse_loss():
    with says(ValueError, r"one-hot", r"\(4, 10\)", "'categorical_crossentropy'", "argmax"):
        fit(dense_model(), y=ONE_HOT)


@pytest.mark.parametrize("shape", [(12,), (12, 1)])
def test_sparse_labels_with_the_dense_loss(shape):
    parts = ("class numbers", "sparse_categorical_crossentropy", r"to_categorical\(y, 10\)")
    with says(ValueError, *parts):
        fit(dense_model(loss="categorical_crossentropy"), y=LABELS.reshape(shape))


def test_channels_first_images():
    layer = dl.layers.Conv2D(4, 3, name="conv")
    layer(np.zeros((2, 8, 8, 3), "float32"))
    parts = (r"\[Conv2D 'conv'\]", r"\(2, 3, 8, 8\)", "channels_first", r"transpose\(0, 2, 3, 1\)")
    with says(ValueError, *parts):
        layer(np.zeros((2, 3, 8, 8), "float32"))


def test_channels_first_images_to_a_model():
    model = dl.Sequential([dl.Input((8, 8, 3)), dl.layers.Conv2D(4, 3), dl.layers.Flatten()])
    with says(ValueError, r"\(2, 3, 8, 8\)", r"8, 8, 3"):
        model(np.zeros((2, 3, 8, 8), "float32"))


def test_images_without_channel_axis():
    layer = dl.layers.Conv2D(4, 3, name="conv")
    with says(ValueError, r"\[Conv2D 'conv'\]", r"\(12, 8, 8\)", r"x\[\.\.\., None\]"):
        layer(IMAGES)


def test_images_smaller_than_the_window():
    model = [dl.Input((4, 4, 1)), dl.layers.Conv2D(2, 5, name="conv")]
    with says(ValueError, "conv", "4 pixels", "padding='same'"):
        dl.Sequential(model)


def test_empty_data():
    with says(ValueError, "fit", "got (0|no) samples", r"\(0, 8, 8\)"):
        fit(dense_model(), IMAGES[:0], LABELS[:0])


def test_different_lengths():
    with says(ValueError, r"\b12\b", r"\b7\b"):
        fit(dense_model(), IMAGES, LABELS[:7])


def test_misspelt_optimizer():
    model = dl.Sequential([dl.layers.Dense(1)])
    with says(ValueError, "optimizer", "'adm'", "Did you mean 'adam'"):
        model.compile(optimizer="adm", loss="mse")


def test_the_learning_rate_by_its_old_name():
    with pytest.raises(ValueError, match=r"\[Adam\].*'lr'. Did you mean 'learning_rate'\?"):
        dl.optimizers.Adam(lr=0.1)


def test_misspelt_loss():
    model = dl.Sequential([dl.layers.Dense(1)])
    with says(ValueError, "loss", "'mean_square_error'", "Did you mean 'mean_squared_error'"):
        model.compile(optimizer="adam", loss="mean_square_error")


def test_misspelt_metric():
    with says(ValueError, "metric", "'acuracy'", "Did you mean 'accuracy'"):
        fit(dense_model(metrics=["acuracy"]))


def test_misspelt_activation():
    with says(ValueError, "activation", "'rellu'", "Did you mean 'relu'"):
        dl.layers.Dense(3, activation="rellu")


def test_misspelt_argument_of_a_method():
    model = dense_model()
    with says(TypeError, r"\[fit\]", "'epoch'", "Did you mean 'epochs'", "batch_size"):
        model.fit(IMAGES, LABELS, epoch=3)
    with says(TypeError, r"\[compile\]", "'optimiser'", "Did you mean 'optimizer'"):
        model.compile(optimiser="adam")
    with says(TypeError, r"\[evaluate\]", "'sample_weights'", "Did you mean 'sample_weight'"):
        model.evaluate(IMAGES, LABELS, sample_weights=LABELS)


def test_misspelt_layer_argument():
    with says(TypeError, r"\[Dense\]", "'activaton'", "Did you mean 'activation'"):
        dl.layers.Dense(3, activaton="relu")


def test_misspelt_required_argument():
    with says(TypeError, r"\[Dense\]", "'unit'", "Did you mean 'units'"):
        dl.layers.Dense(unit=3)


def test_misspelt_layer():
    with says(AttributeError, "danlu.layers", "'Dens'", "Did you mean 'Dense'"):
        _ = dl.layers.Dens


def test_metrics_in_the_place_of_loss_weights():
    with pytest.raises(ValueError, match=r"loss_weights are numbers.*write metrics=\['accuracy'\]"):
        dl.Sequential().compile("adam", "mse", ["accuracy"])


def test_weights_of_samples_for_losses_of_steps():
    loss = dl.losses.MeanSquaredError()
    y = np.ones((4, 6, 1), "float32")
    with pytest.raises(ValueError, match=r"sample_weight of shape \(4,\).*\(4, 1\) or \(4, 6\)"):
        loss(y, y, sample_weight=np.ones(4))
    masked = dl.asarray(y)
    masked._keras_mask = dl.ones((4, 6), dtype="bool")
    with pytest.raises(ValueError, match=r"sample_weight of shape \(4,\).*\(4, 1\) or \(4, 6\)"):
        loss(y, masked, sample_weight=np.ones(4))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 2.0}, r"epochs is an integer, got epochs=2\.0"),
        ({"epochs": -1}, "epochs counts from 0, got epochs=-1"),
        ({"initial_epoch": -1}, "initial_epoch counts from 0"),
        ({"batch_size": 0}, "batch_size is a positive integer, got batch_size=0"),
        ({"batch_size": "32"}, "batch_size is a positive integer, got batch_size='32'"),
        ({"steps_per_epoch": -1}, "steps_per_epoch is a positive integer"),
        ({"steps_per_epoch": 1.5}, "steps_per_epoch is a positive integer"),
        ({"validation_steps": 0}, "validation_steps is a positive integer"),
        (
            {"class_weight": [1.0, 2.0]},
            r"class_weight is a dict from class numbers.*\[1\.0, 2\.0\]",
        ),
        ({"class_weight": {"cat": 1.0}}, "class_weight is a dict from class numbers"),
        ({"verbose": "loud"}, "verbose is 'auto', 0, 1 or 2, got verbose='loud'"),
    ],
    ids=str,
)
def test_arguments_of_fit(options, message):
    model = dl.Sequential([dl.Input((4,)), dl.layers.Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(ValueError, match=rf"^\[fit\] {message}"):
        model.fit(np.ones((6, 4)), np.zeros(6, int), **options)


@pytest.mark.parametrize("loss", [lambda y, p: None, lambda y, p: 1.0, lambda y, p: p.numpy()])
def test_a_loss_that_returns_no_tensor(loss):
    model = dl.Sequential([dl.Input((4,)), dl.layers.Dense(3)])
    model.compile("sgd", loss)
    with pytest.raises(TypeError, match=r"\[lambda\] a loss returns a tensor, got"):
        model.fit(np.ones((6, 4)), np.zeros((6, 3)), verbose=0)


def test_a_model_that_returns_nothing():
    class Silent(dl.Model):
        def __init__(self):
            super().__init__()
            self.dense = dl.layers.Dense(3)

        def call(self, x):
            self.dense(x)

    model = Silent()
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match=r"\[Silent 'silent.* is its `return` missing"):
        model.fit(np.ones((6, 4)), np.zeros((6, 3)), verbose=0)
    with pytest.raises(ValueError, match=r"^\[predict\].* is its `return` missing"):
        model.predict(np.ones((6, 4)), verbose=0)


def test_a_loss_without_a_gradient():
    x, y = np.ones((6, 4)), np.zeros((6, 3))
    model = dl.Sequential([dl.Input((4,)), dl.layers.Dense(3)])
    model.compile("sgd", lambda y, p: dl.ops.cast(p > y, "float32"))
    with pytest.raises(
        ValueError, match=r"\[fit\] the loss does not depend on the trainable weights"
    ):
        model.fit(x, y, verbose=0)
    model.compile("sgd", "mse")
    model.trainable = False
    before = model.get_weights()[0]
    with pytest.warns(UserWarning, match="has no trainable weights, so nothing is learnt"):
        history = model.fit(x, y, verbose=0).history
    np.testing.assert_array_equal(model.get_weights()[0], before)
    assert history["loss"][0] == pytest.approx(model.evaluate(x, y, verbose=0))


@pytest.mark.parametrize(
    ("module", "wrong", "right"),
    [
        ("losses", "MeanSquaredEror", "MeanSquaredError"),
        ("metrics", "Acuracy", "Accuracy"),
        ("initializers", "HeNormall", "HeNormal"),
        ("regularizers", "L1L3", "L1L2"),
        ("constraints", "MaxNorms", "MaxNorm"),
        ("activations", "rellu", "relu"),
        ("random", "nromal", "normal"),
        ("config", "set_flaotx", "set_floatx"),
        ("optimizers", "Adm", "Adam"),
        ("callbacks", "EarlyStoping", "EarlyStopping"),
        ("utils", "to_categoricall", "to_categorical"),
        ("ops", "reluu", "relu"),
        ("keras", "Sequentail", "Sequential"),
    ],
)
def test_misspelt_names_of_modules(module, wrong, right):
    with pytest.raises(AttributeError, match=rf"{wrong}'\. Did you mean '{right}'\?"):
        getattr(getattr(dl, module), wrong)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: dl.layers.Dense(3)(5.0),
            ValueError,
            r"\[Dense .* wants one input tensor, got float",
        ),
        (lambda: dl.layers.Reshape(8), ValueError, r"\[Reshape\] target_shape is a tuple.*=8"),
        (lambda: dl.layers.Lambda(3), TypeError, r"\[Lambda\] wants a function"),
        (lambda: dl.Model(3), TypeError, r"\[Model\].*Model\(inputs, outputs\).*got 3"),
        (
            lambda: dl.callbacks.LearningRateScheduler(0.1),
            TypeError,
            r"\[LearningRateScheduler\] wants a function",
        ),
        (lambda: dl.Sequential().compile("sgd", 5), ValueError, "cannot make a loss of 5"),
        (
            lambda: dl.Sequential().compile("sgd", "mse", metrics=["acuracy"]),
            ValueError,
            "unknown metric 'acuracy'. Did you mean 'accuracy'",
        ),
    ],
)
def test_wrong_kinds_of_arguments(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    "metric", ["Accuracy", "BinaryAccuracy", "Precision", "Recall", "RootMeanSquaredError"]
)
def test_metrics_of_shapes_that_differ(metric):
    with pytest.raises(ValueError, match=r"targets have shape \(2, 3\), predictions .* \(3, 2\)"):
        getattr(dl.metrics, metric)()(np.ones((2, 3)), np.ones((3, 2)))


def test_steps_and_metrics_that_return_nothing():
    class Silent(dl.metrics.Metric):
        def update_state(self, y_true, y_pred, sample_weight=None):
            pass

        def result(self):
            pass

    class Step(dl.Model):
        def train_step(self, data):
            return 3.0

        def call(self, x):
            return x

    x = np.ones((4, 2))
    model = dl.Sequential([dl.Input((2,)), dl.layers.Dense(2)])
    model.compile("sgd", "mse", metrics=[Silent(name="silent")])
    with pytest.raises(TypeError, match="metric 'silent' is no number but None.*`return`"):
        model.fit(x, x, verbose=0)
    model = Step()
    model.compile("sgd", "mse")
    with pytest.raises(TypeError, match=r"return a dict of metrics by name, got 3\.0"):
        model.fit(x, x, verbose=0)
    model = dl.Sequential([dl.Input((2,)), dl.layers.Dense(2)])
    model.compile(None, "mse")
    with pytest.raises(ValueError, match="has no optimizer"):
        model.fit(x, x, verbose=0)


def test_an_optimizer_of_two_models():
    optimizer = dl.optimizers.Adam()
    for match in (None, "it has trained another model"):
        model = dl.Sequential([dl.Input((4,)), dl.layers.Dense(3)])
        model.compile(optimizer, "mse")
        with nullcontext() if match is None else pytest.raises(ValueError, match=match):
            model.fit(np.ones((6, 4)), np.zeros((6, 3)), verbose=0)


def test_incomplete_models():
    inputs = dl.Input((4,))
    for arguments in ({"inputs": inputs}, {"outputs": inputs}):
        with pytest.raises(ValueError, match=r"\[Model\] (in|out)puts are symbolic.*NoneType"):
            dl.Model(**arguments)
    with pytest.raises(ValueError, match="has two layers named 'same'"):
        dl.Model(inputs, dl.layers.Dense(2, name="same")(dl.layers.Dense(3, name="same")(inputs)))
    with pytest.raises(ValueError, match=r"\[Input\] shape is a tuple of sizes.*shape='28'"):
        dl.Input("28")
    with pytest.raises(ValueError, match=r"\[Dense\] input_shape is a tuple of sizes"):
        dl.layers.Dense(3, input_shape="8")
    with pytest.raises(ValueError, match=r"\[Dense\] .*: write input_shape=\(8,\)"):
        dl.layers.Dense(3, input_shape=8)
    with pytest.raises(ValueError, match=r"\[Input\] .*: write shape=\(784,\)"):
        dl.Input(784)


def test_values_one_by_one_that_belong_together():
    with pytest.raises(TypeError, match=r"\[Reshape\] .* got 2: write Reshape\(\(4, 2\)\)"):
        dl.layers.Reshape(4, 2)
    with pytest.raises(TypeError, match=r"\[Flatten\] .* got 2: .* input_shape=\(28, 28\)"):
        dl.layers.Flatten(28, 28)
    with pytest.raises(ValueError, match=r"\[Flatten\] data_format .* input_shape=\(28, 28\)"):
        dl.layers.Flatten((28, 28))
    flatten, dense = dl.layers.Flatten(), dl.layers.Dense(1)
    for given in ((flatten,), (flatten, dense), (dl.Input((8,)), dense)):
        with pytest.raises(TypeError, match=r"\[Sequential\] takes its layers in a list"):
            dl.Sequential(*given)
    with pytest.raises(TypeError, match=r"got 4: write Sequential\(\[\.\.\.\]\)"):
        dl.Sequential(flatten, dense, dense, dense)


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (
            lambda: dl.layers.Conv2D(1, 2, padding=(1, 2)),
            r"\[Conv2D\] .*: write padding=\(\(1, 1\), \(2, 2\)\)",
        ),
        (lambda: dl.layers.Conv2D(1, 2, padding=((1, 1),)), r"\[Conv2D\] padding is 'valid'"),
        (lambda: dl.layers.MaxPooling2D(padding=(1, 1)), r"\[MaxPooling2D\] padding is"),
        (
            lambda: dl.layers.Lambda(abs, output_shape=5),
            r"\[Lambda\] .*: write output_shape=\(5,\)",
        ),
        (lambda: dl.Input(tensor=dl.ones((1, 2))), r"\[Input\] tensor is a symbolic one"),
        (lambda: dl.Input(batch_shape=(2, 8), batch_size=4), r"\[Input\] .*leave out batch_size"),
        (lambda: dl.Input((3,), dtype="foo"), r"\[Input\] 'foo' is no dtype"),
        (lambda: dl.layers.GaussianDropout(1.0), r"\[GaussianDropout\] rate is below 1"),
        (lambda: dl.layers.PReLU(shared_axes="a"), r"\[PReLU\] shared_axes are axes"),
        (lambda: dl.layers.PReLU(shared_axes=[0]), r"\[PReLU\] shared_axes are axes"),
        (
            lambda: dl.layers.PReLU(shared_axes=[2])(dl.ones((2, 3))),
            r"have the axes 1 to 1 beside the batch, got shared_axes=\[2\]",
        ),
    ],
)
def test_arguments_of_layers(make, match):
    with pytest.raises(ValueError, match=match):
        make()


def test_prelu_keeps_its_features():
    layer = dl.layers.PReLU()
    layer(np.ones((2, 3)))
    with pytest.raises(ValueError, match="axis 1 of size 3, got shape"):
        layer(np.ones((2, 1)))


def test_what_is_no_file_or_no_tensor():
    model = dense_model()
    for call, name in (
        (lambda: dl.models.load_model(None), "load_model"),
        (lambda: model.save(None), "save"),
        (lambda: model.save_weights(3), "save_weights"),
        (lambda: model.load_weights(None), "load_weights"),
    ):
        with pytest.raises(TypeError, match=rf"\[{name}\] wants the name of a file"):
            call()
    for tensor in (lambda: dl.Variable(None), lambda: dl.asarray(None), lambda: dl.exp(None)):
        with pytest.raises(TypeError, match=r"\[asarray\] expected a tensor"):
            tensor()


def test_shapes_axis_by_axis():
    for create in (dl.zeros, dl.ones, dl.empty, dl.ops.zeros):
        name = create.__name__
        with pytest.raises(TypeError, match=rf"\[{name}\] .* one tuple: write {name}\(\(2, 3\)\)"):
            create(2, 3)
    with pytest.raises(TypeError, match=r"\[full\] .* one tuple: write full\(\(2, 3\), 1.0\)"):
        dl.full(2, 3, 1.0)
    with pytest.raises(TypeError, match=r"\[full\] .* one tuple: write full\(\(2, 3\), 4\)"):
        dl.full(2, 3, 4)
    with pytest.raises(TypeError, match=r"\[full\] .*: write full\(\(2, 3\), 4, 'float32'\)"):
        dl.full(2, 3, 4, "float32")
    with pytest.raises(TypeError, match=r"\[dtype\] True is no dtype"):
        dl.ones(2, True)


def test_fit_before_compile():
    model = dl.Sequential([dl.Input((8, 8)), dl.layers.Flatten(), dl.layers.Dense(10)])
    with says((RuntimeError, ValueError), "fit", "compile"):
        fit(model)


def test_strings():
    words = np.array([["a"] * 8] * 12)
    model = dl.Sequential([dl.layers.Dense(2)])
    model.compile(optimizer="sgd", loss="mse")
    with says((TypeError, ValueError), "<U1|str", "numbers"):
        model.fit(words, LABELS, verbose=0)
    with says((TypeError, ValueError), "<U1|str", "numbers"):
        model(words)


def test_weights_of_another_model(tmp_path):
    path = tmp_path / "other.weights.safetensors"
    dense_model(units=7).save_weights(path)
    with says(ValueError, r"\(64, 7\)|\(7,\)", r"\(64, 10\)|\(10,\)"):
        dense_model(units=10).load_weights(path)


def test_weights_of_a_deeper_model(tmp_path):
    path = tmp_path / "deeper.weights.safetensors"
    deeper = dl.Sequential([dl.Input((8, 8)), dl.layers.Flatten(), dl.layers.Dense(4)])
    deeper.add(dl.layers.Dense(10))
    deeper.save_weights(path)
    with pytest.raises(ValueError, match="deeper|missing|expected|not"):
        dense_model().load_weights(path)


def test_arrays_of_another_model():
    with says(ValueError, r"set_weights", r"\(64, 7\)", r"\(64, 10\)"):
        dense_model(units=10).set_weights(dense_model(units=7).get_weights())


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "model.weights.safetensors"
    dense_model().save_weights(path)
    return path


@pytest.mark.parametrize("keep", [0, 4, 20, -10], ids=["empty", "torn-size", "torn-header", "torn"])
def test_truncated_safetensors(saved, keep):
    saved.write_bytes(saved.read_bytes()[:keep])
    with says(ValueError, saved.name, "truncated|torn|too short|incomplete|ends"):
        dense_model().load_weights(saved)


def hostile(header, body=b"\0" * 16):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


HOSTILE = {
    "huge header": struct.pack("<Q", 2**62) + b"{}",
    "header is no JSON": hostile(b"{oops}"),
    "header is a list": hostile([1, 2]),
    "overlapping offsets": hostile(
        {
            "a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
            "b": {"dtype": "F32", "shape": [2], "data_offsets": [4, 12]},
        }
    ),
    "offsets past the end": hostile({"a": {"dtype": "F32", "shape": [9], "data_offsets": [0, 36]}}),
    "shape does not fill offsets": hostile(
        {"a": {"dtype": "F32", "shape": [3], "data_offsets": [0, 16]}}
    ),
    "negative size": hostile({"a": {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]}}),
    "sizes that overflow": hostile(
        {"a": {"dtype": "F32", "shape": [2**40, 2**40], "data_offsets": [0, 16]}}
    ),
    "unknown dtype": hostile({"a": {"dtype": "X99", "shape": [4], "data_offsets": [0, 16]}}),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_safetensors(saved, kind):
    saved.write_bytes(HOSTILE[kind])
    with says(ValueError, saved.name):
        dense_model().load_weights(saved)


@pytest.mark.parametrize("number", [7, -1])
def test_embedding_id_out_of_range(number):
    layer = dl.layers.Embedding(5, 3, name="words")
    with says((IndexError, ValueError), rf"{number}\b", r"\b[45]\b", "input_dim|words|Embedding"):
        layer(np.array([[0, 1], [2, number]]))


def test_weights_of_an_unbuilt_model():
    model = dl.Sequential([dl.layers.Dense(3)])
    with says(ValueError, "built|build", "Input|input_shape|call"):
        model.count_params()
    with says(ValueError, "built|build", "Input|input_shape|call"):
        model.set_weights([np.zeros((2, 3)), np.zeros(3)])
    with says(ValueError, "built|build", "Input|input_shape|call"):
        model.save_weights("never.weights.safetensors")


def test_a_failed_step_leaves_the_model_usable():
    model = dense_model()
    y = LABELS.copy()
    y[7] = 12
    with pytest.raises(ValueError, match="12"):
        fit(model, y=y)
    fit(model)
    assert np.isfinite(model.evaluate(IMAGES, LABELS, verbose=0))
