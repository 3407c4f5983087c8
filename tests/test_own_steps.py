"""Models that define `train_step`, `test_step` or `predict_step` themselves."""

import numpy as np
import pytest

import danlu as dl
from danlu import layers

X = np.ones((8, 2), "float32")
Y = np.ones((8, 1), "float32")
WEIGHTS = np.ones(8, "float32")


class Recorder(dl.Model):
    """Keeps the `data` of its steps."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(1)
        self.__dict__["seen"] = []

    def call(self, x):
        x = x["a"] if isinstance(x, dict) else x[0] if isinstance(x, list) else x
        return self.dense(x)

    def train_step(self, data):
        self.seen.append(data)
        return {"loss": 0.0}

    test_step = train_step

    def predict_step(self, data):
        self.seen.append(data)
        return dl.zeros((8, 1))


def form(data):
    """`data` as its tuples, lists and shapes."""
    if isinstance(data, (tuple, list)):
        return type(data)(form(d) for d in data)
    return {k: form(v) for k, v in data.items()} if isinstance(data, dict) else str(data.shape)


@pytest.mark.parametrize(
    ("given", "data"),
    [
        ((X,), "(8, 2)"),
        ((X, Y), ("(8, 2)", "(8, 1)")),
        ((X, Y, WEIGHTS), ("(8, 2)", "(8, 1)", "(8,)")),
        (([X, X],), (["(8, 2)", "(8, 2)"],)),
        (({"a": X},), {"a": "(8, 2)"}),
    ],
)
def test_data_of_arrays_is_that_of_keras(given, data):
    model = Recorder()
    model.compile("sgd", "mse")
    x, y, weights = (*given, None, None)[:3]
    model.fit(x, y, sample_weight=weights, verbose=0)
    model.evaluate(x, y, sample_weight=weights, verbose=0)
    model.predict(x, verbose=0)
    train, test, predict = map(form, model.seen)
    assert train == test == data
    assert predict == (data[0] if isinstance(data, tuple) and len(data) > 1 else data)


@pytest.mark.parametrize("batch", [(X,), (X, Y), (X, Y, WEIGHTS)])
def test_data_of_a_generator_is_what_it_yields(batch):
    model = Recorder()
    model.compile("sgd", "mse")
    model.fit(iter([batch]), verbose=0)
    model.predict(iter([batch]), verbose=0)
    assert [form(data) for data in model.seen] == [form(batch)] * 2


def test_four_parts_are_no_data():
    with pytest.raises(ValueError, match="got 4 parts"):
        dl.utils.unpack_x_y_sample_weight((1, 2, 3, 4))


def test_a_train_step_of_ones_own():
    class Doubles(dl.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1)
            self.seen = dl.metrics.Mean(name="seen")

        def call(self, x):
            return self.dense(x)

        def train_step(self, data):
            x, y = data
            loss = self.compute_loss(y=y, y_pred=self(x, training=True))
            loss.backward()
            self.optimizer.step()
            self.seen.update_state(2.0)
            return {"seen": self.seen.result(), "twice": loss * 2}

    model = Doubles()
    model.compile("sgd", "mse")
    x = np.ones((8, 2), "float32")
    history = model.fit(x, x[:, :1], epochs=2, batch_size=4, verbose=0)
    assert history.history["seen"] == [2.0, 2.0]
    assert history.history["twice"][1] < history.history["twice"][0]


def test_the_optimizer_is_built_before_ones_own_step():
    model = Recorder()
    model.compile(dl.optimizers.SGD(momentum=0.5), "mse")
    model.fit(X, Y, verbose=0)
    assert model.optimizer.built
    assert model.optimizer._trainable_variables == model.trainable_variables
    assert [v.shape for v in model.trainable_variables] == [(2, 1), (1,)]


def test_building_leaves_no_trace():
    class Noisy(Recorder):
        def __init__(self):
            super().__init__()
            self.noise = layers.Dropout(0.5, seed=1)
            self.norm = layers.BatchNormalization()

        def call(self, x):
            y = self.norm(self.noise(self.dense(x), training=True), training=True)
            self.add_loss(dl.sum(y))
            return y

    model = Noisy()
    seed = model.noise.seed_generator.state.numpy().tolist()
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    assert model.losses == []
    assert model.noise.seed_generator.state.numpy().tolist() == seed
    assert model.norm.moving_mean.numpy().tolist() == [0.0]


def test_a_step_may_do_without_call():
    class Pair(dl.Model):
        def __init__(self):
            super().__init__()
            self.scale = self.add_weight((), "ones", name="scale")

        def train_step(self, data):
            loss = dl.mean((self.scale * data - 3.0) ** 2)
            loss.backward()
            self.optimizer.step()
            return {"loss": loss}

    model = Pair()
    model.compile(dl.optimizers.SGD(0.5))
    model.fit(dl.ones((8, 1)), verbose=0)
    assert model.scale.item() == 3.0


def test_layers_made_inside_call_are_named_as_the_cause():
    class Forgetful(dl.Model):
        def call(self, x):
            return layers.Dense(1)(x)

    model = Forgetful()
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match=r"\[fit\] .*made inside `call`.*in __init__"):
        model.fit(X, Y, verbose=0)


class Extra(dl.Model):
    """Adds a metric, and changes one, in `compute_metrics`."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(1, kernel_initializer="zeros")

    def call(self, x):
        return self.dense(x)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        logs = super().compute_metrics(x, y, y_pred, sample_weight)
        weight = 0.0 if sample_weight is None else dl.sum(sample_weight)
        return {**logs, "mae": logs["mae"] * 2, "size": x.shape[0], "weight": weight}


def test_a_compute_metrics_of_ones_own_is_called_for_each_batch():
    model = Extra()
    model.compile(dl.optimizers.SGD(0.0), "mse", metrics=["mae"])
    logs = {"loss": 1.0, "mae": 2.0, "size": 4.0, "weight": 4.0}
    given = {"batch_size": 4, "sample_weight": WEIGHTS, "verbose": 0}
    history = model.fit(X, Y, validation_data=(X, Y), **given).history
    expected = {**logs, **{f"val_{k}": v for k, v in {**logs, "weight": 0.0}.items()}}
    assert history == {k: [v] for k, v in expected.items()}
    assert model.evaluate(X, Y, return_dict=True, **given) == logs
    assert model.evaluate(X, Y, **given) == [1.0, 2.0, 4.0, 4.0]
    logs["size"] = 8.0
    logs["weight"] = 0.0
    assert model.train_on_batch(X, Y, return_dict=True) == logs
    assert model.test_on_batch(X, Y, return_dict=True) == logs
    assert {k: float(v) for k, v in model.train_step((X, Y)).items()} == logs
    assert {k: float(v) for k, v in model.test_step((X, Y)).items()} == logs


def test_a_compute_metrics_that_is_an_attribute_is_called():
    model = dl.Sequential([layers.Dense(1)])
    model.compile(dl.optimizers.SGD(0.0), "mse")
    model.compute_metrics = lambda x, y, y_pred, sample_weight=None: {"size": float(x.shape[0])}
    assert model.evaluate(X, Y, return_dict=True, batch_size=4, verbose=0) == {"size": 4.0}


def test_a_compute_metrics_that_returns_nothing_is_named():
    class Silent(Recorder):
        train_step = dl.Model.train_step

        def compute_metrics(self, x, y, y_pred, sample_weight=None):
            super().compute_metrics(x, y, y_pred, sample_weight)

    model = Silent()
    model.compile("sgd", "mse")
    with pytest.raises(TypeError, match=r"compute_metrics of .*Silent.* returns a dict.*`return`"):
        model.fit(X, Y, verbose=0)


def test_a_compute_loss_without_training():
    class Sevenfold(Extra):
        compute_metrics = dl.Model.compute_metrics

        def compute_loss(self, x, y, y_pred, sample_weight=None):
            return super().compute_loss(x, y, y_pred, sample_weight) * 7

    model = Sevenfold()
    model.compile(dl.optimizers.SGD(0.0), "mse")
    assert model.fit(X, Y, verbose=0).history == {"loss": [7.0]}
    assert model.evaluate(X, Y, verbose=0) == 7.0


def test_metrics_of_ones_own_are_those_reported():
    class Mine(Extra):
        compute_metrics = dl.Model.compute_metrics

        def __init__(self):
            super().__init__()
            self.mine = dl.metrics.Mean(name="mine")

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            loss = super().compute_loss(x, y, y_pred, sample_weight, training)
            self.mine.update_state(loss * 2)
            return loss

        @property
        def metrics(self):
            return [self.mine]

    model = Mine()
    model.compile(dl.optimizers.SGD(0.0), "mse", metrics=["mae"])
    assert model.fit(X, Y, verbose=0).history == {"mine": [2.0]}
    assert model.evaluate(X, Y, verbose=0) == 2.0
