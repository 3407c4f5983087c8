"""compile, fit, evaluate, predict: what they compute, accept and report."""

import threading
import warnings

import numpy as np
import pytest

import danlu as dl
from danlu import layers, ops


def blobs(samples=96, classes=3, features=4, seed=0):
    """Points around `classes` centres, far enough apart to be told from each other."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((classes, features)) * 4
    y = rng.integers(0, classes, samples)
    x = centres[y] + rng.standard_normal((samples, features)) * 0.3
    return x.astype("float32"), y


def classifier(seed=0, dropout=0.0, **options):
    dl.utils.set_random_seed(seed)
    model = dl.Sequential(
        [
            dl.Input(shape=(4,)),
            layers.Dense(8, activation="relu"),
            layers.Dropout(dropout),
            layers.Dense(3, activation="softmax"),
        ]
    )
    options = {"optimizer": dl.optimizers.Adam(0.05), "metrics": ["accuracy"], **options}
    model.compile(loss="sparse_categorical_crossentropy", **options)
    return model


def same(a, b):
    return all(np.array_equal(x, y) for x, y in zip(a.get_weights(), b.get_weights(), strict=True))


def test_fit_learns():
    x, y = blobs()
    model = classifier()
    history = model.fit(x, y, epochs=10, batch_size=16, verbose=0)
    assert history is model.history and history.epoch == list(range(10))
    assert sorted(history.history) == ["accuracy", "loss"]
    assert history.history["accuracy"][-1] == 1.0 and history.history["loss"][-1] < 0.05
    loss, accuracy = model.evaluate(x, y, verbose=0)
    assert accuracy == 1.0 and loss < 0.05
    assert (model.predict(x, verbose=0).argmax(-1) == y).all()


def test_fit_is_the_loop_that_a_user_writes():
    x, y = blobs(40)
    fitted, by_hand, functional = classifier(), classifier(), classifier()
    fitted.fit(x, y, epochs=3, batch_size=16, shuffle=False, verbose=0)
    loss_of = dl.losses.SparseCategoricalCrossentropy()
    optimizer = dl.optimizers.Adam(0.05)
    optimizer.build(by_hand.trainable_variables)
    for _ in range(3):
        for i in range(0, len(x), 16):
            loss = loss_of(y[i : i + 16], by_hand(x[i : i + 16], training=True))
            loss.backward()
            optimizer.step()
    assert same(fitted, by_hand)

    def loss_fn(variables, x, y):
        return loss_of(y, functional(x, training=True))

    optimizer = dl.optimizers.Adam(0.05)
    for _ in range(3):
        for i in range(0, len(x), 16):
            variables = functional.trainable_variables
            _, grads = dl.value_and_grad(loss_fn)(variables, x[i : i + 16], y[i : i + 16])
            optimizer.apply(grads, variables)
    assert same(fitted, functional)


def test_same_seed_same_bits():
    x, y = blobs()
    runs = []
    for seed in (1, 1, 2):
        model = classifier(seed, dropout=0.3)
        model.fit(x, y, epochs=3, batch_size=16, verbose=0)
        runs.append(model)
    assert same(runs[0], runs[1]) and not same(runs[0], runs[2])


def test_each_epoch_has_an_order_of_its_own():
    seen = []

    class Spy(dl.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1)

        def call(self, x):
            seen.extend(np.asarray(x)[:, 0].tolist())
            return self.dense(x)

    x = np.arange(10, dtype="float32")[:, None]
    model = Spy()
    model.compile("sgd", "mse")
    dl.utils.set_random_seed(3)
    model.fit(x, x, epochs=2, batch_size=4, verbose=0)
    first, second = seen[:10], seen[10:]
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second and first != list(range(10))
    seen.clear()
    model.fit(x, x, batch_size=4, shuffle=False, verbose=0)
    assert seen == list(range(10))


def epoch_loss(x, y, model, weights=None):
    """The mean loss of the untrained model, computed with NumPy."""
    p = model.predict(x, verbose=0)
    losses = -np.log(p[np.arange(len(y)), y])
    return np.mean(losses if weights is None else losses * weights)


def test_evaluate_is_the_mean_over_samples():
    x, y = blobs(50)
    model = classifier()
    result = model.evaluate(x, y, batch_size=16, verbose=0, return_dict=True)
    assert list(result) == ["accuracy", "loss"]
    assert result["loss"] == pytest.approx(epoch_loss(x, y, model), rel=1e-5)
    predicted = model.predict(x, verbose=0).argmax(-1)
    assert result["accuracy"] == pytest.approx((predicted == y).mean())


def test_sample_and_class_weights():
    x, y = blobs(32)
    weights = np.linspace(0, 2, 32).astype("float32")
    model = classifier(weighted_metrics=["accuracy"], metrics=None)
    loss, accuracy = model.evaluate(x, y, sample_weight=weights, batch_size=8, verbose=0)
    right = model.predict(x, verbose=0).argmax(-1) == y
    assert loss == pytest.approx(epoch_loss(x, y, model, weights), rel=1e-5)
    assert accuracy == pytest.approx((right * weights).sum() / weights.sum(), rel=1e-5)
    classes = {0: 0.5, 2: 3.0}
    a, b, c = classifier(), classifier(), classifier()
    a.fit(x, y, class_weight=classes, shuffle=False, verbose=0, batch_size=8)
    per_sample = np.array([0.5, 1.0, 3.0])[y]
    b.fit(x, y, sample_weight=per_sample, shuffle=False, verbose=0, batch_size=8)
    c.fit(x, y, shuffle=False, verbose=0, batch_size=8)
    assert same(a, b) and not same(a, c)
    with pytest.raises(ValueError, match="not both"):
        a.fit(x, y, class_weight=classes, sample_weight=per_sample)


def test_class_weight_of_one_hot_labels():
    x, y = blobs(32)
    models = []
    for labels in (y[:, None], np.eye(3, dtype="float32")[y]):
        model = classifier()
        sparse = labels.shape[1] == 1
        model.compile(
            "sgd", "sparse_categorical_crossentropy" if sparse else "categorical_crossentropy"
        )
        model.fit(x, labels, class_weight={1: 2.0}, shuffle=False, verbose=0)
        models.append(model)
    for a, b in zip(models[0].get_weights(), models[1].get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_validation():
    x, y = blobs(60)
    model = classifier()
    history = model.fit(
        x, y, epochs=4, validation_split=0.25, validation_freq=2, verbose=0, batch_size=16
    )
    assert len(history.history["val_loss"]) == 2 and len(history.history["loss"]) == 4
    model = classifier()
    history = model.fit(x[:45], y[:45], validation_data=(x[45:], y[45:]), verbose=0)
    loss, accuracy = model.evaluate(x[45:], y[45:], verbose=0)
    assert history.history["val_loss"] == [loss] and history.history["val_accuracy"] == [accuracy]
    weights = np.ones(15) * 2
    history = model.fit(x[:45], y[:45], validation_data=(x[45:], y[45:], weights), verbose=0)
    assert history.history["val_loss"][0] == pytest.approx(
        2 * model.evaluate(x[45:], y[45:], verbose=0)[0], rel=1e-5
    )
    with pytest.raises(ValueError, match="validation_split"):
        model.fit(x, y, validation_split=1.5)


def test_split_takes_the_last_samples_before_shuffling():
    x, y = blobs(40)
    a, b = classifier(), classifier()
    dl.utils.set_random_seed(1)
    a.fit(x, y, validation_split=0.25, batch_size=8, verbose=0)
    dl.utils.set_random_seed(1)
    b.fit(x[:30], y[:30], batch_size=8, verbose=0)
    assert same(a, b)


@pytest.mark.parametrize(
    "kind", ["tensor", "float64", "uint8", "list", "generator", "dataset", "iterable"]
)
def test_kinds_of_data(kind):
    x = np.random.default_rng(0).integers(0, 9, (32, 4)).astype("float32")
    y = np.arange(32) % 3
    expected, model = classifier(), classifier()
    expected.fit(x, y, batch_size=8, shuffle=False, verbose=0)
    pairs = [(x[i : i + 8], y[i : i + 8]) for i in range(0, 32, 8)]

    class Batches(dl.utils.PyDataset):
        def __len__(self):
            return 4

        def __getitem__(self, index):
            return pairs[index]

    class Restarts:
        def __iter__(self):
            return iter(pairs)

    data = {
        "tensor": (dl.asarray(x), dl.asarray(y)),
        "float64": (x.astype("float64"), y.astype("int32")),
        "uint8": (x.astype("uint8"), y.astype("uint8")),
        "list": (x.tolist(), y.tolist()),
        "generator": ((pair for pair in pairs), None),
        "dataset": (Batches(), None),
        "iterable": (Restarts(), None),
    }[kind]
    history = model.fit(*data, batch_size=8, shuffle=False, verbose=0)
    assert same(model, expected)
    assert len(history.history["loss"]) == 1


def test_generators_and_steps():
    x, y = blobs(32)

    def forever():
        while True:
            yield x[:8], y[:8]

    model = classifier()
    history = model.fit(forever(), steps_per_epoch=3, epochs=2, verbose=0)
    assert len(history.epoch) == 2 and int(model.optimizer.iterations) == 6
    assert model.predict(((x[:8],) for _ in range(2)), verbose=0).shape == (16, 3)
    assert len(model.evaluate(forever(), steps=2, verbose=0)) == 2
    with pytest.warns(UserWarning, match="ran out in epoch 2"):
        model.fit(iter([(x[:8], y[:8])] * 3), steps_per_epoch=2, epochs=3, verbose=0)
    model.fit(x, y, batch_size=8, steps_per_epoch=2, epochs=3, verbose=0)
    assert int(model.optimizer.iterations) == 6 + 3 + 6
    with pytest.raises(ValueError, match="whole batches, so y must be"):
        model.fit(forever(), y)


class Passes:
    """An iterable that starts anew, of unknown length."""

    def __iter__(self):
        return iter([blobs(8)] * 3)


@pytest.mark.parametrize("data", [blobs(24), (Passes(), None)], ids=["arrays", "iterable"])
@pytest.mark.parametrize(
    ("steps", "batches", "short"),
    [(2, [2, 1, 2, 1], 2), (3, [3, 3, 3, 3], 0), (1, [1, 1, 1, 1], 0), (5, [3, 3, 3, 3], 4)],
)
def test_steps_per_epoch_beyond_the_data(data, steps, batches, short):
    class Count(dl.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            counts.append(0)

        def on_train_batch_end(self, batch, logs=None):
            counts[-1] += 1

    counts: list[int] = []
    options = {"batch_size": 8, "epochs": 4, "verbose": 0, "callbacks": [Count()]}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        classifier().fit(*data, steps_per_epoch=steps, **options)
    assert counts == batches  # as in Keras
    assert sum(f"fewer than steps_per_epoch={steps}" in str(w.message) for w in caught) == short


def test_torch_tensors_and_loaders():
    torch = pytest.importorskip("torch")
    x, y = blobs(32)
    expected, a, b = classifier(), classifier(), classifier()
    expected.fit(x, y, batch_size=8, shuffle=False, verbose=0)
    tx, ty = torch.from_numpy(x), torch.from_numpy(y)
    a.fit(tx, ty, batch_size=8, shuffle=False, verbose=0)
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(tx, ty), batch_size=8)
    b.fit(loader, verbose=0)
    assert same(expected, a) and same(expected, b)


@pytest.mark.parametrize(
    ("loss", "labels", "metric"),
    [
        ("sparse_categorical_crossentropy", lambda y: y, "SparseCategoricalAccuracy"),
        ("sparse_categorical_crossentropy", lambda y: y[:, None], "SparseCategoricalAccuracy"),
        ("categorical_crossentropy", lambda y: np.eye(3)[y], "CategoricalAccuracy"),
    ],
)
def test_accuracy_fits_itself_to_the_labels(loss, labels, metric):
    x, y = blobs(20)
    model = classifier()
    model.compile("sgd", loss, metrics=["accuracy"])
    result = model.evaluate(x, labels(y), verbose=0, return_dict=True)
    assert type(model.metrics[1]).__name__ == metric
    assert result["accuracy"] == pytest.approx((model.predict(x, verbose=0).argmax(-1) == y).mean())


def test_binary_accuracy():
    model = dl.Sequential([dl.Input(shape=(2,)), layers.Dense(1, activation="sigmoid")])
    model.compile("sgd", "binary_crossentropy", metrics=["acc"])
    x = np.array([[-1.0, 0.0], [1.0, 2.0], [0.5, 1.0], [2.0, -3.0]])
    y = np.array([0, 1, 1, 0])
    result = model.evaluate(x, y, verbose=0, return_dict=True)
    assert type(model.metrics[1]).__name__ == "BinaryAccuracy"
    predicted = model.predict(x, verbose=0)[:, 0] > 0.5
    assert result["acc"] == pytest.approx((predicted == y).mean())


def two_heads(**options):
    dl.utils.set_random_seed(0)
    inputs = dl.Input(shape=(4,), name="x")
    hidden = layers.Dense(5, activation="tanh")(inputs)
    model = dl.Model(inputs, [layers.Dense(1, name="p")(hidden), layers.Dense(3, name="q")(hidden)])
    model.compile(dl.optimizers.SGD(0.01), **options)
    return model


@pytest.mark.parametrize(
    ("loss", "weights", "labels"),
    [
        (["mse", "mae"], [1.0, 0.5], list),
        ({"p": "mse", "q": "mae"}, {"p": 1.0, "q": 0.5}, list),
        ({"p": "mse", "q": "mae"}, {"p": 1.0, "q": 0.5}, lambda y: {"p": y[0], "q": y[1]}),
    ],
)
def test_several_outputs(loss, weights, labels):
    rng = np.random.default_rng(0)
    x, yp, yq = (rng.standard_normal(s).astype("float32") for s in ((20, 4), (20, 1), (20, 3)))
    model = two_heads(loss=loss, loss_weights=weights, metrics={"q": ["mse"]})
    result = model.evaluate(x, labels([yp, yq]), batch_size=8, verbose=0, return_dict=True)
    assert sorted(result) == ["loss", "p_loss", "q_loss", "q_mse"]
    p, q = model.predict(x, verbose=0)
    assert result["p_loss"] == pytest.approx(np.mean((p - yp) ** 2), rel=1e-5)
    assert result["q_loss"] == pytest.approx(np.mean(abs(q - yq)), rel=1e-5)
    assert result["loss"] == pytest.approx(result["p_loss"] + 0.5 * result["q_loss"], rel=1e-5)
    assert result["q_mse"] == pytest.approx(np.mean((q - yq) ** 2), rel=1e-5)
    before = model.get_weights()
    model.fit(x, labels([yp, yq]), verbose=0)
    assert all((a != b).any() for a, b in zip(before, model.get_weights(), strict=True))


def test_one_of_two_outputs_has_a_loss():
    x, y = np.ones((6, 4), "float32"), np.ones((6, 1), "float32")
    model = two_heads(loss={"p": "mse"})
    result = model.evaluate(x, [y], verbose=0)
    assert result == pytest.approx(np.mean((model.predict(x, verbose=0)[0] - y) ** 2), rel=1e-5)


def test_wrong_names_of_outputs():
    x = np.ones((2, 4), "float32")
    with pytest.raises(ValueError, match=r"'pp'.*Did you mean 'p'"):
        two_heads(loss={"pp": "mse"}).fit(x, [x[:, :1], x[:, :3]], verbose=0)
    with pytest.raises(ValueError, match="2 outputs"):
        two_heads(loss=["mse"] * 3).fit(x, [x[:, :1], x[:, :3]], verbose=0)
    with pytest.raises(ValueError, match=r"2 outputs \(p, q\), y has 1"):
        two_heads(loss="mse").fit(x, [x[:, :1]], verbose=0)
    with pytest.raises(ValueError, match=r"\[fit\] y has an entry 'z'"):
        two_heads(loss="mse").fit(x, {"p": x[:, :1], "z": x[:, :3]}, verbose=0)


def test_dict_inputs_and_outputs_in_fit():
    a, b = dl.Input(shape=(2,), name="a"), dl.Input(shape=(2,), name="b")
    outputs = {"s": layers.Dense(1)(a), "t": layers.Dense(1)(b)}
    model = dl.Model({"a": a, "b": b}, outputs)
    model.compile("sgd", "mse")
    x = {"b": np.ones((8, 2)), "a": np.zeros((8, 2))}
    model.fit(x, {"s": np.zeros((8, 1)), "t": np.ones((8, 1))}, verbose=0)
    out = model.predict(x, verbose=0)
    assert out["s"].shape == (8, 1) and (out["s"] == 0).all()


def test_losses_that_layers_and_regularizers_add():
    class Adds(layers.Layer):
        def call(self, x):
            self.add_loss(ops.mean(x) * 10.0)
            return x

    x = np.ones((8, 4), "float32")
    dense = layers.Dense(1, kernel_initializer="ones", kernel_regularizer=dl.regularizers.L2(0.5))
    model = dl.Sequential([dl.Input(shape=(4,)), Adds(), dense])
    model.compile("sgd", "mse")
    # (4 - 4)^2 + 10 + 0.5 * 4
    assert model.evaluate(x, np.full((8, 1), 4.0), verbose=0) == pytest.approx(12.0)
    before = dense.kernel.numpy()
    model.fit(x, np.full((8, 1), 4.0), verbose=0)
    assert (dense.kernel.numpy() < before).all()
    deferred = dl.Sequential([Adds(), layers.Dense(1, kernel_regularizer="l2")])
    deferred.compile("sgd", "mse")
    deferred.fit(x, np.ones((8, 1)), verbose=0)
    only_added = dl.Sequential([dl.Input(shape=(4,)), Adds()])
    only_added.compile("sgd")
    assert only_added.evaluate(x, verbose=0) == pytest.approx(10.0)


def test_train_test_and_predict_on_batch():
    x, y = blobs(16)
    model = classifier()
    expected = model.evaluate(x, y, verbose=0)
    model.test_on_batch(x[:3], y[:3])  # each call reports its own batch
    assert model.test_on_batch(x, y) == pytest.approx(expected)
    loss, _ = model.train_on_batch(x, y)
    assert loss == pytest.approx(expected[0])
    assert sorted(model.train_on_batch(x, y, return_dict=True)) == ["accuracy", "loss"]
    assert model.predict_on_batch(x).shape == (16, 3)


def test_subclass_model():
    class Net(dl.Model):
        def __init__(self):
            super().__init__()
            self.hidden = layers.Dense(8, activation="relu")
            self.out = layers.Dense(3, activation="softmax")

        def call(self, x, training=None):
            return self.out(self.hidden(x))

    x, y = blobs()
    model = Net()
    model.compile(dl.optimizers.Adam(0.05), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=10, batch_size=16, verbose=0)
    assert model.evaluate(x, y, verbose=0)[1] == 1.0
    assert [layer.name for layer in model.layers] == [model.hidden.name, model.out.name]
    assert model.count_params() == 4 * 8 + 8 + 8 * 3 + 3


def test_frozen_layers_do_not_move():
    x, y = blobs()
    model = classifier()
    model.layers[0].trainable = False
    model.compile("sgd", "sparse_categorical_crossentropy")
    before = model.get_weights()
    model.fit(x, y, verbose=0)
    moved = [(a != b).any() for a, b in zip(before, model.get_weights(), strict=True)]
    assert moved == [False, False, True, True]


def test_initial_epoch_and_stop_training():
    x, y = blobs()
    model = classifier()
    history = model.fit(x, y, epochs=5, initial_epoch=3, verbose=0)
    assert history.epoch == [3, 4]

    class Stop(dl.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 1:
                self.model.stop_training = True

    model.fit(x, y, batch_size=8, epochs=5, callbacks=[Stop()], verbose=0)
    assert model.history.epoch == [0] and int(model.optimizer.iterations) == 2 * 3 + 2


def test_verbose(capsys):
    x, y = blobs()
    model = classifier()
    model.fit(x, y, epochs=2, batch_size=32, validation_data=(x, y))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Epoch 1/2" and lines[2] == "Epoch 2/2"
    assert lines[1].startswith("3/3 ━━━━━━━━━━━━━━━━━━━━ 0s ")
    assert "/step - accuracy: " in lines[1]
    names = [part.split(":")[0] for part in lines[3].split(" - ")[1:]]
    assert names == ["accuracy", "loss", "val_accuracy", "val_loss"]
    model.fit(x, y, epochs=2, verbose=2)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Epoch 1/2" and lines[1].startswith("3/3 - 0s - ")
    model.evaluate(x, y, verbose=1)
    model.predict(x, verbose=1)
    first, second = capsys.readouterr().out.splitlines()
    assert "accuracy" in first and second.startswith("3/3 ━") and " - " not in second
    model.fit(x, y, verbose=0)
    model.evaluate(x, y, verbose=0)
    assert capsys.readouterr().out == ""


def test_compile_checks_names_at_once():
    model = dl.Sequential([layers.Dense(1)])
    with pytest.raises(ValueError, match="metrics is a list or a dict.*metrics=\\['accuracy'\\]"):
        model.compile("sgd", "mse", metrics="accuracy")
    with pytest.raises(ValueError, match="not compiled.*model.compile"):
        model.fit(np.ones((2, 2)), np.ones((2, 1)))
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="needs labels"):
        model.fit(np.ones((2, 2)), verbose=0)
    model.compile("sgd")
    with pytest.raises(ValueError, match="nothing to minimise"):
        model.fit(np.ones((2, 2)), np.ones((2, 1)), verbose=0)


def test_two_threads_train_two_models():
    x, y = blobs()
    alone = [classifier(seed, dropout=0.3) for seed in (1, 2)]
    for model in alone:
        model.fit(x, y, epochs=5, batch_size=8, verbose=0, shuffle=False)
    together = [classifier(seed, dropout=0.3) for seed in (1, 2)]
    errors = []

    def train(model):
        try:
            model.fit(x, y, epochs=5, batch_size=8, verbose=0, shuffle=False)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=train, args=(model,)) for model in together]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert same(alone[0], together[0]) and same(alone[1], together[1])


def test_steps_read_no_metrics(monkeypatch):
    """Without a callback that asks, the metrics are read once an epoch."""
    reads = []
    model = classifier()
    read = type(model)._read_metrics
    monkeypatch.setattr(type(model), "_read_metrics", lambda self: reads.append(1) or read(self))
    x, y = blobs()
    model.fit(x, y, batch_size=2, epochs=2, verbose=0)
    assert len(reads) == 2


def test_weights_that_the_optimizer_does_not_know():
    x, y = blobs()
    model = classifier()
    model.layers[0].trainable = False
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(x, y, verbose=0)
    model.layers[0].trainable = True
    with pytest.raises(ValueError, match="unfrozen after compile.*call compile again"):
        model.fit(x, y, verbose=0)
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(x, y, verbose=0)
    model.layers[0].trainable = False  # without compile: it keeps its weights
    before = model.get_weights()
    model.fit(x, y, verbose=0)
    moved = [(a != b).any() for a, b in zip(before, model.get_weights(), strict=True)]
    assert moved == [False, False, True, True]


def test_moving_averages_of_weights_end_in_the_model():
    x, y = blobs()
    ours, plain = classifier(), classifier()
    ours.compile(dl.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5), ours.loss)
    plain.compile(dl.optimizers.SGD(0.1), plain.loss)
    steps = []

    class Look(dl.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            steps.append(self.model.get_weights()[0])

    plain.fit(x, y, batch_size=32, shuffle=False, callbacks=[Look()], verbose=0)
    ours.fit(x, y, batch_size=32, shuffle=False, verbose=0)
    average = steps[0]  # as in Keras, the first step's weights begin it
    for value in steps[1:]:
        average = 0.5 * average + 0.5 * value
    np.testing.assert_allclose(ours.get_weights()[0], average, rtol=1e-5, atol=1e-6)


def test_more_losses_than_outputs() -> None:
    model = dl.Sequential([dl.Input((2,)), dl.layers.Dense(1)])
    model.compile("sgd", loss=["mse", "mse"])
    with pytest.raises(ValueError, match=r"1 outputs .*loss has 2 entries"):
        model.evaluate(np.ones((4, 2)), np.ones((4, 1)), verbose=0)
    model.compile("sgd", loss=["mse"])
    assert isinstance(model.evaluate(np.ones((4, 2)), np.ones((4, 1)), verbose=0), float)
