"""Callbacks: when they are called, and what those of the package do."""

import math
import re

import numpy as np
import pytest

import danlu as dl
from danlu import callbacks, layers

X = np.ones((8, 2), "float32")
Y = np.ones((8, 1), "float32")


def linear(learning_rate=0.1, loss="mse"):
    model = dl.Sequential([dl.Input(shape=(2,)), layers.Dense(1, kernel_initializer="zeros")])
    model.compile(dl.optimizers.SGD(learning_rate), loss, metrics=["mae"])
    return model


class Replay(callbacks.Callback):
    """Pretends that `name` had these values after the epochs."""

    def __init__(self, name, values):
        super().__init__()
        self.name, self.values = name, values

    def on_epoch_end(self, epoch, logs=None):
        logs[self.name] = self.values[epoch]
        self.model.layers[0].bias.assign([float(epoch)])


def test_order_of_hooks():
    calls = []

    class Record(callbacks.Callback):
        pass

    for name in [n for n in dir(callbacks.Callback) if n.startswith("on_")]:
        if name not in ("on_batch_begin", "on_batch_end"):

            def hook(self, *args, name=name, **kwargs):
                calls.append((name, *args))

            setattr(Record, name, hook)
    model = linear()
    model.fit(X, Y, batch_size=4, validation_data=(X, Y), callbacks=[Record()], verbose=0)
    batches = [("on_train_batch_begin", 0), ("on_train_batch_end", 0)]
    batches += [("on_train_batch_begin", 1), ("on_train_batch_end", 1)]
    test = [("on_test_begin",)]
    for i in range(2):
        test += [("on_test_batch_begin", i), ("on_test_batch_end", i)]
    test += [("on_test_end",)]
    assert calls == [
        ("on_train_begin",),
        ("on_epoch_begin", 0),
        *batches,
        *test,
        ("on_epoch_end", 0),
        ("on_train_end",),
    ]
    calls.clear()
    model.predict(X, callbacks=[Record()], verbose=0)
    assert [c[0] for c in calls] == [
        "on_predict_begin",
        "on_predict_batch_begin",
        "on_predict_batch_end",
        "on_predict_end",
    ]


def test_logs_and_parameters():
    seen = {}

    class Look(callbacks.Callback):
        def on_train_begin(self, logs=None):
            seen["params"] = dict(self.params)

        def on_batch_end(self, batch, logs=None):
            seen["batch"] = dict(logs)

        def on_epoch_end(self, epoch, logs=None):
            seen["epoch"] = dict(logs)

        def on_train_end(self, logs=None):
            seen["end"] = dict(logs)

    model = linear()
    model.fit(X, Y, batch_size=4, epochs=2, validation_data=(X, Y), callbacks=Look(), verbose=0)
    assert seen["params"]["epochs"] == 2 and seen["params"]["steps"] == 2
    assert sorted(seen["batch"]) == ["loss", "mae"]
    assert all(type(v) is float for v in seen["batch"].values())
    assert sorted(seen["epoch"]) == ["loss", "mae", "val_loss", "val_mae"] == sorted(seen["end"])
    assert callbacks.Callback().model is None


def test_what_is_no_callback():
    with pytest.raises(TypeError, match="parentheses"):
        linear().fit(X, Y, callbacks=[callbacks.EarlyStopping], verbose=0)
    with pytest.raises(TypeError, match="is not a dl.callbacks.Callback"):
        linear().fit(X, Y, callbacks=[3], verbose=0)
    with pytest.raises(TypeError, match="3 is not a dl.callbacks.Callback"):
        callbacks.CallbackList().append(3)


@pytest.mark.parametrize(
    ("mode", "values", "patience", "epochs"),
    [
        ("min", [5, 4, 4, 4, 4, 4], 2, 4),
        ("max", [1, 2, 3, 2, 2, 9], 2, 5),
        ("min", [5, 4, 3, 2, 1, 0], 1, 6),
        ("min", [5, 6, 4, 6, 6, 6], 0, 2),
    ],
)
def test_early_stopping(mode, values, patience, epochs):
    stop = callbacks.EarlyStopping("score", mode=mode, patience=patience)
    history = linear().fit(X, Y, epochs=6, callbacks=[Replay("score", values), stop], verbose=0)
    assert len(history.epoch) == epochs


@pytest.mark.parametrize("values", [[3, 1, 2, 2, 2], [3, 1, 2, 0.5, 2]], ids=["stopped", "ran"])
def test_early_stopping_restores_the_best_weights(values):
    model = linear()
    stop = callbacks.EarlyStopping("score", mode="min", patience=3, restore_best_weights=True)
    model.fit(X, Y, epochs=5, callbacks=[Replay("score", values), stop], verbose=0)
    # Replay sets the bias to the number of the epoch.
    assert float(model.layers[0].bias[0]) == values.index(min(values)) == stop.best_epoch


def test_early_stopping_with_baseline_and_late_start():
    stop = callbacks.EarlyStopping("score", mode="min", patience=2, baseline=1.0)
    history = linear().fit(
        X, Y, epochs=6, callbacks=[Replay("score", [5, 4, 3, 3.5, 1.5, 1]), stop], verbose=0
    )
    assert len(history.epoch) == 4  # the baseline was never reached
    stop = callbacks.EarlyStopping("score", mode="min", patience=1, start_from_epoch=3)
    history = linear().fit(
        X, Y, epochs=6, callbacks=[Replay("score", [1, 2, 3, 4, 5, 6]), stop], verbose=0
    )
    assert len(history.epoch) == 5


def test_monitor_of_what_is_not_there():
    with pytest.warns(UserWarning, match="'val_los'.*Did you mean 'val_loss'"):
        linear().fit(
            X, Y, validation_data=(X, Y), callbacks=[callbacks.EarlyStopping("val_los")], verbose=0
        )
    with pytest.raises(ValueError, match="mode='max' or mode='min'"):
        stop = callbacks.EarlyStopping("score")
        linear().fit(X, Y, callbacks=[Replay("score", [1]), stop], verbose=0)


def test_monitor_knows_its_direction():
    model = linear()
    model.compile("sgd", "mse", metrics=["accuracy", "mae"])
    for name, upwards in [("val_accuracy", True), ("mae", False), ("loss", False)]:
        stop = callbacks.EarlyStopping(name)
        model.fit(X, Y, validation_data=(X, Y), callbacks=[stop], verbose=0)
        assert stop._upwards is upwards


def test_terminate_on_nan(capsys):
    model = linear(learning_rate=1e30)
    history = model.fit(
        X * 1e20, Y, batch_size=2, epochs=9, callbacks=[callbacks.TerminateOnNaN()], verbose=0
    )
    assert len(history.epoch) == 1
    assert "Invalid loss, terminating training" in capsys.readouterr().out
    assert not math.isfinite(history.history["loss"][0])


def test_terminate_on_nan_may_raise():
    ended = []
    watch = callbacks.LambdaCallback(on_train_end=ended.append)
    stop = callbacks.TerminateOnNaN(raise_error=True)
    with pytest.raises(RuntimeError, match=r"\[TerminateOnNaN\] the loss is (inf|nan) at batch"):
        linear(learning_rate=1e30).fit(
            X * 1e20, Y, batch_size=2, epochs=9, callbacks=[stop, watch], verbose=0
        )
    assert not ended


def test_learning_rate_scheduler():
    rates = []

    class Look(callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            rates.append(float(self.model.optimizer.learning_rate))

    model = linear(0.5)
    halve = callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2 if epoch else rate)
    history = model.fit(X, Y, epochs=3, callbacks=[halve, Look()], verbose=0)
    assert rates == [0.5, 0.25, 0.125] == history.history["learning_rate"]
    model.fit(
        X, Y, epochs=1, callbacks=[callbacks.LearningRateScheduler(lambda e: 0.75)], verbose=0
    )
    assert float(model.optimizer.learning_rate) == 0.75
    with pytest.raises(ValueError, match="returns a number"):
        model.fit(X, Y, callbacks=[callbacks.LearningRateScheduler(lambda e: None)], verbose=0)


def test_reduce_on_plateau():
    model = linear(1.0)
    reduce = callbacks.ReduceLROnPlateau("score", factor=0.5, patience=1, mode="min", min_lr=0.2)
    values = [4, 4, 4, 4, 4]
    history = model.fit(X, Y, epochs=5, callbacks=[Replay("score", values), reduce], verbose=0)
    assert history.history["learning_rate"] == pytest.approx([1.0, 1.0, 0.5, 0.25, 0.2])
    for factor in (-1.0, 1.0, float("nan"), "0.5"):
        with pytest.raises(ValueError, match=rf"\[ReduceLROnPlateau\] factor .*got {factor!r}"):
            callbacks.ReduceLROnPlateau(factor=factor)


def test_model_checkpoint(tmp_path, capsys):
    path = str(tmp_path / "sub" / "m-{epoch:02d}-{loss:.1f}.keras")
    model = linear()
    save = callbacks.ModelCheckpoint(path, verbose=1)
    model.fit(X, Y, epochs=2, callbacks=[save], verbose=0)
    lines = [line for line in capsys.readouterr().out.splitlines() if line]
    assert [re.sub(r"/\S+", "FILE", line) for line in lines] == [
        f"Epoch {epoch}: {does} model to FILE"
        for epoch in (1, 2)
        for does in ("saving", "finished saving")
    ]
    files = sorted(p.name for p in (tmp_path / "sub").iterdir())
    assert len(files) == 2 and re.fullmatch(r"m-01-\d\.\d\.keras", files[0])
    last = dl.models.load_model(tmp_path / "sub" / files[1])
    np.testing.assert_array_equal(last.predict(X, verbose=0), model.predict(X, verbose=0))


def test_checkpoint_of_the_best(tmp_path):
    path = tmp_path / "best.weights.safetensors"
    model = linear()
    best = callbacks.ModelCheckpoint(
        path, monitor="score", mode="max", save_best_only=True, save_weights_only=True
    )
    model.fit(X, Y, epochs=4, callbacks=[Replay("score", [1, 3, 2, 3]), best], verbose=0)
    fresh = linear()
    fresh.load_weights(path)
    assert float(fresh.layers[0].bias[0]) == 1.0
    with pytest.raises(KeyError, match="nothing"):
        bad = callbacks.ModelCheckpoint(str(tmp_path / "{nothing}.keras"))
        model.fit(X, Y, callbacks=[bad], verbose=0)


def test_checkpoint_by_steps(tmp_path):
    steps = callbacks.ModelCheckpoint(str(tmp_path / "{epoch}-{batch}.keras"), save_freq=3)
    linear().fit(X, Y, batch_size=2, epochs=2, callbacks=[steps], verbose=0)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["1-3.keras", "2-2.keras"]
    with pytest.raises(ValueError, match="save_freq"):
        callbacks.ModelCheckpoint("a.keras", save_freq="batch")


def test_csv_logger(tmp_path):
    path = tmp_path / "log.csv"
    model = linear()
    model.fit(X, Y, epochs=2, callbacks=[callbacks.CSVLogger(path)], verbose=0)
    model.fit(
        X,
        Y,
        epochs=3,
        initial_epoch=2,
        callbacks=[callbacks.CSVLogger(path, append=True)],
        verbose=0,
    )
    lines = path.read_text().splitlines()
    assert lines[0] == "epoch,loss,mae" and [line[0] for line in lines[1:]] == ["0", "1", "2"]
    assert float(lines[3].split(",")[1]) == model.history.history["loss"][0]


def test_lambda_callback():
    epochs = []
    hook = callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: epochs.append((epoch, len(logs)))
    )
    linear().fit(X, Y, epochs=2, callbacks=[hook], verbose=0)
    assert epochs == [(0, 2), (1, 2)]
    with pytest.raises(TypeError, match="Did you mean 'on_epoch_end'"):
        callbacks.LambdaCallback(on_epoch_ends=print)
    with pytest.raises(TypeError, match=r"\[LambdaCallback\] on_epoch_end is a function, got 3"):
        callbacks.LambdaCallback(on_epoch_end=3)


def test_progress_bar_on_a_terminal(monkeypatch):
    import io
    import sys

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    out = Terminal()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setenv("TERM", "xterm")
    bar = dl.utils.Progbar(3, interval=0.0)
    for step in (1, 2, 3):
        bar.update(step, [("loss", float(step))])
    monkeypatch.undo()
    plain = re.sub(r"\x1b\[\d+m", "", out.getvalue())
    drawn = plain.strip("\n").split("\r")[1:]
    assert [d.split(" ")[0] for d in drawn] == ["1/3", "2/3", "3/3"]
    assert [re.search(r"loss: ([\d.]+)", d)[1] for d in drawn] == ["1.0000", "1.5000", "3.0000"]
    assert plain.endswith("\n")


@pytest.mark.parametrize("run", ["fit", "evaluate", "predict"])
def test_an_interrupted_bar_ends_its_line(run, monkeypatch):
    import io
    import sys

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    class Fails(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 2:
                raise RuntimeError("stop")

        on_test_batch_end = on_predict_batch_end = on_train_batch_end

    out = Terminal()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setenv("TERM", "xterm")
    with pytest.raises(RuntimeError, match="stop"):
        data = (X,) if run == "predict" else (X, Y)
        getattr(linear(), run)(*data, batch_size=2, callbacks=[Fails()])
    monkeypatch.undo()
    assert out.getvalue().startswith("\r") and out.getvalue().endswith("\n")


def test_progress_bar_in_ascii(monkeypatch):
    import io
    import sys

    raw = io.BytesIO()
    ascii_only = io.TextIOWrapper(raw, encoding="ascii")
    monkeypatch.setattr(sys, "stdout", ascii_only)
    dl.utils.Progbar(2).update(2)
    monkeypatch.undo()
    assert raw.getvalue().startswith(b"2/2 ====================")


def test_validation_does_not_move_the_bar(capsys):
    pairs = [(X[i : i + 2], Y[i : i + 2]) for i in range(0, 8, 2)]
    linear().fit((pair for pair in pairs), validation_data=(X, Y), verbose=1)
    assert capsys.readouterr().out.startswith("4/4 ━")


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: callbacks.EarlyStopping("loss", patience="3"), "EarlyStopping. patience is a num"),
        (lambda: callbacks.EarlyStopping("loss", min_delta="a"), "min_delta is a number"),
        (lambda: callbacks.EarlyStopping("loss", baseline="a"), "baseline is a number"),
        (lambda: callbacks.EarlyStopping(3), "EarlyStopping. monitor is the name of a metric"),
        (lambda: callbacks.ReduceLROnPlateau(cooldown="1"), "cooldown is a number"),
        (lambda: callbacks.LearningRateScheduler(abs, verbose="x"), "verbose is a number"),
        (lambda: callbacks.ModelCheckpoint(3), "ModelCheckpoint. wants the name of a file"),
        (
            lambda: callbacks.ModelCheckpoint("a.keras", initial_value_threshold="x"),
            "initial_value_threshold is a number",
        ),
        (lambda: callbacks.CSVLogger(None), "CSVLogger. wants the name of a file"),
        (lambda: callbacks.CSVLogger("a.csv", separator=3), "separator is one character"),
    ],
)
def test_arguments_are_checked_when_given(make, match):
    with pytest.raises(TypeError, match=match):
        make()


def test_numbers_of_numpy_are_numbers():
    assert callbacks.EarlyStopping("loss", patience=np.int64(3), min_delta=np.float32(0.5))


def test_a_checkpoint_in_hdf5_warns_once(tmp_path):
    path = str(tmp_path / "w.{epoch}.weights.h5")
    with pytest.warns(UserWarning, match="not HDF5") as record:
        save = callbacks.ModelCheckpoint(path, save_weights_only=True)
        linear().fit(X, Y, epochs=3, verbose=0, callbacks=[save])
    assert len(record) == 1
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("logs", [{"loss": 1.0}, {"val_loss": np.ones(3)}])
def test_a_checkpoint_without_the_monitored_value_is_made(tmp_path, logs):
    model = dl.Sequential([dl.Input((1,)), dl.layers.Dense(1)])
    callback = dl.callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras", save_best_only=True)
    callback.set_model(model)
    for epoch in range(2):
        with pytest.warns(UserWarning, match="'val_loss', which is .*saved without knowing"):
            callback.on_epoch_end(epoch, logs)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["1.keras", "2.keras"]  # as in Keras
    assert callback.best is None
