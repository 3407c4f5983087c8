"""Layers and models that decide themselves what is saved of them, and how they are built."""

import numpy as np
import pytest

import danlu as dl
from danlu import layers, saving


@saving.register_keras_serializable(package="tests")
class Table(layers.Layer):
    """Says itself what is saved of it, and how it is built."""

    def build(self, input_shape):
        self.w = self.add_weight((input_shape[-1], 3), "ones", name="w")

    def call(self, x):
        return dl.matmul(x, self.w)

    def get_build_config(self):
        return {"width": self.w.shape[0]}

    def build_from_config(self, config):
        assert config == {"width": 2}
        self.w = self.add_weight((config["width"], 3), "zeros", name="w")

    def save_own_variables(self, store):
        super().save_own_variables(store)
        store["words"] = self.words

    def load_own_variables(self, store):
        self.words = store["words"]
        super().load_own_variables({"0": store["0"]})


def _of_table(kind, table):
    head = layers.Dense(1)
    if kind == "sequential":
        return dl.Sequential([dl.Input((2,)), table, head])
    if kind == "deferred":
        model = dl.Sequential([table, head])
        model.build((None, 2))
        return model
    x = dl.Input((2,))
    return dl.Model(x, head(table(x)))


@pytest.mark.parametrize("kind", ["sequential", "deferred", "functional"])
def test_layers_that_save_and_build_themselves(tmp_path, kind):
    table = Table()
    table.words = np.arange(4)
    model = _of_table(kind, table)
    table.w.assign(np.arange(6.0).reshape(2, 3))
    model.save(tmp_path / "m.keras")
    model.save_weights(tmp_path / "m.safetensors")
    names = saving.safetensors.load(tmp_path / "m.safetensors").keys()
    assert sorted(names) == ["dense/bias", "dense/kernel", "table/vars/0", "table/vars/words"]
    again = dl.models.load_model(tmp_path / "m.keras")
    x = np.ones((3, 2), "float32")
    assert (again(x).numpy() == model(x).numpy()).all()
    (loaded,) = [layer for layer in again.layers if isinstance(layer, Table)]
    assert loaded.words.tolist() == [0, 1, 2, 3]
    loaded.words = None
    again.load_weights(tmp_path / "m.safetensors")
    assert loaded.words.tolist() == [0, 1, 2, 3]


def test_a_file_that_a_layer_of_its_own_cannot_read(tmp_path):
    table = Table()
    table.words = np.arange(4)
    model = _of_table("functional", table)
    model.save_weights(tmp_path / "m.safetensors")
    arrays = saving.safetensors.load(tmp_path / "m.safetensors")
    del arrays["table/vars/words"]
    (tmp_path / "m.safetensors").write_bytes(saving.safetensors.dumps(arrays))
    with pytest.raises(ValueError, match=r"load_own_variables of \[Table .*KeyError: 'words'"):
        model.load_weights(tmp_path / "m.safetensors")
    with pytest.warns(UserWarning, match="load_own_variables"):
        model.load_weights(tmp_path / "m.safetensors", skip_mismatch=True)
    with pytest.raises(ValueError, match=r"has 1 weights \['w'\].*got \['1'\]"):
        layers.Layer.load_own_variables(table, {"1": 0.0})


class Second(layers.Layer):
    """Reads its second weight otherwise than the first, and fails then."""

    error = ValueError

    def build(self, input_shape):
        self.a = self.add_weight((2,), "zeros", name="a")
        self.b = self.add_weight((2,), "zeros", name="b", trainable=False)

    def call(self, x):
        return x + self.a + self.b

    def load_own_variables(self, store):
        self.a.assign(store["0"])
        if self.error is not None:
            raise self.error("no b")
        self.b.assign(store["1"])


@pytest.mark.parametrize("error", [ValueError, TypeError, AttributeError, ZeroDivisionError])
def test_a_layer_that_fails_to_load_leaves_the_model_as_it_was(tmp_path, error):
    model = dl.Sequential([dl.Input((2,)), layers.Dense(2), Second()])
    model.save_weights(tmp_path / "m.safetensors")
    saved = model.get_weights()
    model.set_weights([np.full_like(w, 7) for w in saved])
    model.layers[1].error = error
    with pytest.raises(ValueError, match=rf"of \[Second .*\['0', '1'\]: {error.__name__}: no b"):
        model.load_weights(tmp_path / "m.safetensors")
    assert all((w == 7).all() for w in model.get_weights())
    with pytest.warns(UserWarning, match="load_own_variables"):
        model.load_weights(tmp_path / "m.safetensors", skip_mismatch=True)
    kernel, *others = model.get_weights()
    assert (kernel == saved[0]).all() and [(w == 7).all() for w in others] == [False, True, True]
    model.layers[1].error = None
    model.load_weights(tmp_path / "m.safetensors")
    assert all((a == b).all() for a, b in zip(model.get_weights(), saved, strict=True))


@pytest.mark.parametrize(
    "key, value, message",
    [
        (3, 1.0, r"\[Table '.*'\] has the key 3: .*'3'"),
        ("words", "text", r"\[Table '.*'\] puts 'text' under 'words'"),
        ("words", None, "puts None under 'words'"),
        ("words", [[1], [2, 3]], "under 'words'"),
        ("words", 1j, "under 'words'"),
    ],
)
def test_values_that_no_store_takes(tmp_path, key, value, message):
    table = Table()
    table.words = 0
    model = _of_table("functional", table)
    table.save_own_variables = lambda store: store.update({key: value})
    with pytest.raises(TypeError, match=rf"^\[save\] save_own_variables of .*{message}"):
        model.save_weights(tmp_path / "m.safetensors")


def test_a_model_that_builds_and_compiles_itself(tmp_path):
    def error(y, y_pred):
        return dl.mean((y - y_pred) ** 2)

    class Own(dl.Model):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.dense = layers.Dense(1)

        def call(self, x):
            return self.dense(x["a"])

        def get_build_config(self):
            return {"width": 2}

        def build_from_config(self, config):
            self.dense.build((None, config["width"]))

        def compile_from_config(self, config):
            super().compile_from_config(config)
            self.compiled_by = "own"

    model, data = Own(), {"a": np.ones((4, 2), "float32")}
    model.compile("adam", error)
    model.fit(data, np.ones((4, 1)), verbose=0)
    model.save(tmp_path / "m.keras")
    again = dl.models.load_model(tmp_path / "m.keras", custom_objects={"Own": Own, "error": error})
    assert (again(data).numpy() == model(data).numpy()).all()
    assert again.compiled_by == "own" and again.loss is error
    assert again.optimizer.iterations.item() == 1
    config = saving.serialize_keras_object(model)
    again = saving.deserialize_keras_object(config, {"Own": Own, "error": error})
    assert again.compiled_by == "own" and again.built


@saving.register_keras_serializable(package="tests")
class Counting(dl.optimizers.SGD):
    """Keeps a number that is no Variable."""

    seen = 0

    def save_own_variables(self, store):
        super().save_own_variables(store)
        store["seen"] = self.seen

    def load_own_variables(self, store):
        self.seen = int(store.pop("seen"))
        super().load_own_variables(store)


def test_an_optimizer_that_saves_itself(tmp_path):
    model = dl.Sequential([dl.Input((2,)), layers.Dense(1)])
    model.compile(Counting(0.1, momentum=0.9), "mse")
    model.fit(np.ones((8, 2)), np.ones((8, 1)), batch_size=2, verbose=0)
    model.optimizer.seen = 7
    model.save(tmp_path / "m.keras")
    again = dl.models.load_model(tmp_path / "m.keras")
    assert again.optimizer.seen == 7 and again.optimizer.iterations.item() == 4
    for ours, theirs in zip(model.optimizer.variables, again.optimizer.variables, strict=True):
        assert (ours.numpy() == theirs.numpy()).all()


def test_an_optimizer_of_values_that_no_store_takes(tmp_path):
    model = dl.Sequential([dl.Input((2,)), layers.Dense(1)])
    model.compile(Counting(0.1), "mse")
    model.fit(np.ones((8, 2)), np.ones((8, 1)), verbose=0)
    model.optimizer.seen = "many"
    with pytest.raises(TypeError, match="of Counting puts 'many' under 'seen'"):
        model.save(tmp_path / "m.keras")
    model.optimizer.seen = [7, 8]
    model.save(tmp_path / "m.keras")
    with pytest.raises(ValueError, match="load_own_variables of Counting .*TypeError"):
        dl.models.load_model(tmp_path / "m.keras")
