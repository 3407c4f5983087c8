"""Saving and loading: models, weights, objects; and files that are torn or hostile."""

import copy
import io
import json
import os
import pickle
import struct
import zipfile

import numpy as np
import pytest

import danlu as dl
from danlu import layers, saving


@saving.register_keras_serializable(package="tests")
class Scale(layers.Layer):
    def __init__(self, factor=1.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def build(self, input_shape):
        self.w = self.add_weight(shape=input_shape[-1:], initializer="ones", name="w")

    def call(self, x):
        return x * self.w * self.factor


@saving.register_keras_serializable(package="tests")
def halve(x):
    return x * 0.5


class Plain(layers.Layer):
    def call(self, x):
        return x + 1.0


def network(**options):
    return dl.Sequential(
        [
            dl.Input(shape=(4,)),
            layers.Dense(6, activation="relu", kernel_regularizer=dl.regularizers.L2(1e-4)),
            layers.BatchNormalization(),
            layers.Dropout(0.3),
            layers.Dense(3, activation="softmax"),
        ],
        **options,
    )


def trained(epochs=2, **options):
    dl.utils.set_random_seed(0)
    model = network()
    compile_arguments = {"optimizer": "adam", "metrics": ["accuracy"], **options}
    model.compile(loss="sparse_categorical_crossentropy", **compile_arguments)
    model.fit(X, Y, batch_size=8, epochs=epochs, verbose=0)
    return model


X = np.random.default_rng(0).standard_normal((40, 4)).astype("float32")
Y = np.arange(40) % 3


def same(a, b):
    return all(np.array_equal(x, y) for x, y in zip(a.get_weights(), b.get_weights(), strict=True))


def test_a_saved_model_predicts_the_same(tmp_path):
    model = trained()
    path = tmp_path / "m.keras"
    model.save(path)
    loaded = dl.models.load_model(path)
    np.testing.assert_array_equal(model.predict(X, verbose=0), loaded.predict(X, verbose=0))
    assert loaded.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)
    assert loaded.name == model.name and type(loaded) is dl.Sequential
    assert [v.path for v in loaded.weights] == [v.path for v in model.weights]
    assert dl.saving.load_model(path, compile=False).compiled is False
    assert sorted(os.listdir(tmp_path)) == ["m.keras"]  # nothing temporary is left


@pytest.mark.parametrize(
    "optimizer",
    [
        "adam",
        lambda: dl.optimizers.SGD(dl.optimizers.schedules.ExponentialDecay(0.1, 5, 0.9), 0.9),
    ],
)
def test_training_resumes_to_the_same_bits(tmp_path, optimizer):
    make = optimizer if callable(optimizer) else lambda: optimizer
    whole = trained(epochs=5, optimizer=make())
    half = trained(epochs=2, optimizer=make())
    half.save(tmp_path / "half.keras")
    dl.utils.set_random_seed(99)
    rest = dl.models.load_model(tmp_path / "half.keras")
    rest.fit(X, Y, batch_size=8, epochs=5, initial_epoch=2, verbose=0)
    assert same(whole, rest) and not same(whole, half)
    assert int(rest.optimizer.iterations) == 25


@pytest.mark.parametrize("every", [None, 3])
def test_moving_averages_resume_to_the_same_bits(tmp_path, every):
    def fit(model, **options):
        model.fit(X, Y, batch_size=8, epochs=3, verbose=0, **options)

    optimizer = dl.optimizers.Adam(use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=every)
    whole = trained(epochs=0, optimizer=optimizer)
    # At the end of an epoch; at the end of `fit` the averages are in the place of the weights.
    fit(whole, callbacks=[dl.callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras")])
    rest = dl.models.load_model(tmp_path / "1.keras")
    fit(rest, initial_epoch=1)
    assert same(whole, rest)


def test_equal_models_are_equal_files(tmp_path):
    trained().save(tmp_path / "a.keras")
    dl.utils.clear_session()
    model = trained()
    model.save(tmp_path / "b.keras")
    model.save(tmp_path / "c.keras")
    assert (tmp_path / "b.keras").read_bytes() == (tmp_path / "c.keras").read_bytes()


def test_layers_frozen_after_training(tmp_path):
    """The saved optimizer knows weights that the loaded model does not train."""
    model = network()
    model.compile("adam", "mse")
    model.fit(np.ones((4, 4)), np.ones((4, 3)), verbose=0)
    model.layers[0].trainable = False
    model.save(tmp_path / "m.keras")
    with pytest.warns(UserWarning, match="optimizer of .* begins anew"):
        loaded = dl.models.load_model(tmp_path / "m.keras")
    assert not loaded.layers[0].trainable and int(loaded.optimizer.iterations) == 0
    x = np.ones((2, 4))
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))
    loaded.fit(np.ones((4, 4)), np.ones((4, 3)), verbose=0)


def test_functional_and_nested_models(tmp_path):
    a, b = dl.Input(shape=(3,), name="a"), dl.Input(shape=(3,), name="b")
    inner = dl.Sequential([dl.Input(shape=(3,)), layers.Dense(2)], name="inner")
    merged = layers.Concatenate()([inner(a), inner(b), a * 2.0])
    model = dl.Model({"a": a, "b": b}, {"out": layers.Dense(1)(merged)})
    model.compile("sgd", {"out": "mse"})
    x = {"a": X[:, :3], "b": X[:, 1:]}
    model.fit(x, {"out": X[:, :1]}, verbose=0)
    model.save(tmp_path / "m.danlu")
    loaded = dl.models.load_model(tmp_path / "m.danlu")
    np.testing.assert_array_equal(
        loaded.predict(x, verbose=0)["out"], model.predict(x, verbose=0)["out"]
    )
    loaded.fit(x, {"out": X[:, :1]}, verbose=0)


@pytest.mark.parametrize(
    "key",
    [np.s_[:, 1:3], np.s_[..., 1], np.s_[:, None], np.s_[:, ::2], np.s_[:, [0, 2]], np.s_[1:], 0],
    ids=str,
)
def test_graphs_that_index(tmp_path, key):
    inputs = dl.Input((6,))
    model = dl.Model(inputs, inputs[key])
    path = tmp_path / "model.keras"
    model.save(path)
    x = dl.reshape(dl.arange(24.0), (4, 6))
    for again in (dl.models.load_model(path), pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(again(x).numpy(), x.numpy()[key])


def test_custom_objects(tmp_path):
    inputs = [dl.Input(shape=(4,)), Scale(3.0), Plain(), layers.Dense(2, activation=halve)]
    model = dl.Sequential(inputs)
    model.save(tmp_path / "m.keras")
    loaded = dl.models.load_model(tmp_path / "m.keras", custom_objects={"Plain": Plain})
    assert loaded.layers[0].factor == 3.0 and loaded.layers[2].activation is halve
    np.testing.assert_array_equal(model.predict(X, verbose=0), loaded.predict(X, verbose=0))
    with saving.custom_object_scope({"Plain": Plain}):
        dl.models.load_model(tmp_path / "m.keras")


def test_unknown_classes_are_not_looked_for(tmp_path):
    config = {"module": "os", "class_name": "system", "config": {}, "registered_name": None}
    for module, name in [("os", "system"), ("subprocess", "Popen"), ("builtins", "eval")]:
        config.update(module=module, class_name=name)
        with pytest.raises(ValueError, match=f"unknown class '{name}'"):
            saving.deserialize_keras_object(config)
    function = {"module": "os", "class_name": "function", "config": "system"}
    with pytest.raises(ValueError, match="unknown function 'system'"):
        saving.deserialize_keras_object(function)
    with pytest.raises(ValueError, match="Did you mean 'Dense'"):
        saving.deserialize_keras_object(
            {"module": "keras.layers", "class_name": "Dens", "config": {}}
        )
    with pytest.raises(ValueError, match="byte code"):
        saving.deserialize_keras_object({"class_name": "__lambda__", "config": {"value": "x"}})


@pytest.mark.parametrize(
    "value",
    [
        None, True, 3, 2.5, "text", [1, [2, "x"]], {"a": {"b": [1]}}, (1, 2),
        slice(1, None, 2), Ellipsis,
    ],
)  # fmt: skip
def test_plain_values(value):
    plain = saving.serialize_keras_object(value)
    assert saving.deserialize_keras_object(plain) == value


def test_arrays_and_objects():
    array = np.arange(6, dtype="int16").reshape(2, 3)
    back = saving.deserialize_keras_object(saving.serialize_keras_object(array))
    assert back.dtype == array.dtype and (back == array).all()
    tensor = saving.deserialize_keras_object(saving.serialize_keras_object(dl.asarray([1.0, 2.0])))
    assert isinstance(tensor, dl.Tensor) and tensor.tolist() == [1.0, 2.0]
    assert saving.serialize_keras_object(np.float32(0.5)) == 0.5
    plain = json.loads(json.dumps(saving.serialize_keras_object(dl.optimizers.Adam(0.25))))
    assert plain["module"] == "keras.optimizers"
    assert float(saving.deserialize_keras_object(plain).learning_rate) == 0.25
    with pytest.raises(ValueError, match="lambda"):
        saving.serialize_keras_object(lambda x: x)
    with pytest.raises(TypeError, match="get_config"):
        saving.serialize_keras_object(object())


def test_weights_fit_models_of_other_names(tmp_path):
    path = tmp_path / "m.weights.safetensors"
    model = trained()
    model.save_weights(path)
    other = network(name="other")
    other.load_weights(path)
    assert same(model, other)
    from safetensors.numpy import load_file

    names = sorted(load_file(path))
    assert names[:2] == ["batch_normalization/beta", "batch_normalization/gamma"]
    assert "dense_1/kernel" in names and "dropout/seed_generator_state" in names


def test_weights_from_a_saved_model(tmp_path):
    model = trained()
    model.save(tmp_path / "m.keras")
    other = network()
    other.load_weights(tmp_path / "m.keras")
    assert same(model, other)


def test_weights_of_a_subclass(tmp_path):
    class Net(dl.Model):
        def __init__(self):
            super().__init__()
            self.blocks = [layers.Dense(3) for _ in range(2)]
            self.out = Scale()

        def call(self, x):
            for block in self.blocks:
                x = block(x)
            return self.out(x)

    first, second = Net(), Net()
    with pytest.raises(ValueError, match="no weights to save yet"):
        first.save_weights(tmp_path / "n.safetensors")
    first(X)
    first.save_weights(tmp_path / "n.safetensors")
    with pytest.raises(ValueError, match="not built"):
        second.load_weights(tmp_path / "n.safetensors")
    second(X)
    second.load_weights(tmp_path / "n.safetensors")
    assert same(first, second)


def test_weights_that_do_not_fit(tmp_path):
    path = tmp_path / "m.safetensors"
    trained().save_weights(path)
    wide = dl.Sequential([dl.Input(shape=(4,)), layers.Dense(7), layers.Dense(3)])
    before = wide.get_weights()
    with pytest.raises(ValueError, match=r"another model.*dense/kernel has shape \(4, 7\)"):
        wide.load_weights(path)
    assert all((a == b).all() for a, b in zip(before, wide.get_weights(), strict=True))
    thin = dl.Sequential([dl.Input(shape=(4,)), layers.Dense(6), layers.Dense(9)])
    with pytest.warns(UserWarning, match="skipped"):
        thin.load_weights(path, skip_mismatch=True)
    np.testing.assert_array_equal(thin.get_weights()[0], trained().get_weights()[0])


def test_names_of_files(tmp_path):
    model = trained()
    for name in ("m", "m.txt", "m.pkl"):
        with pytest.raises(ValueError, match=r"\.keras"):
            model.save(tmp_path / name)
        with pytest.raises(ValueError, match=r"\.safetensors"):
            model.save_weights(tmp_path / name)
    with pytest.warns(UserWarning, match="not HDF5"):
        model.save_weights(tmp_path / "m.weights.h5")
    other = network()
    other.load_weights(tmp_path / "m.weights.h5")
    assert same(model, other)
    with pytest.warns(UserWarning, match="not HDF5"):
        model.save(tmp_path / "m.h5")
    assert same(dl.models.load_model(tmp_path / "m.h5"), model)
    model.save_weights(tmp_path / "m.safetensors")
    with pytest.raises(FileExistsError):
        model.save_weights(tmp_path / "m.safetensors", overwrite=False)
    with pytest.raises(FileNotFoundError, match="no folder"):
        model.save(tmp_path / "no" / "m.keras")
    with pytest.raises(FileNotFoundError, match="no file"):
        dl.models.load_model(tmp_path / "none.keras")


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    model = trained()
    path = tmp_path / "m.keras"
    model.save(path)
    before = path.read_bytes()

    def full(*args):
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        model.save(path)
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["m.keras"]


def test_hdf5_of_keras_is_recognised(tmp_path):
    path = tmp_path / "k.weights.h5"
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + b"\0" * 100)
    with pytest.raises(ValueError, match="HDF5 file of Keras.*set_weights"):
        network().load_weights(path)


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "m.keras"
    trained().save(path)
    return path.read_bytes()


def test_every_cut_of_an_archive_is_an_error(archive, tmp_path):
    path = tmp_path / "m.keras"
    for keep in [*range(0, len(archive), len(archive) // 37), len(archive) - 1]:
        path.write_bytes(archive[:keep])
        with pytest.raises(ValueError, match="load_model"):
            dl.models.load_model(path)


def test_flipped_bytes_are_found(archive, tmp_path):
    path = tmp_path / "m.keras"
    with zipfile.ZipFile(io.BytesIO(archive)) as z:
        info = z.getinfo("model.safetensors")
    at = archive.index(b"model.safetensors", info.header_offset) + 17 + info.file_size // 2
    path.write_bytes(archive[:at] + bytes([archive[at] ^ 1]) + archive[at + 1 :])
    with pytest.raises(ValueError, match="damaged"):
        dl.models.load_model(path)


def repacked(archive, path, compression=zipfile.ZIP_STORED, **replaced):
    with (
        zipfile.ZipFile(io.BytesIO(archive)) as old,
        zipfile.ZipFile(path, "w", compression) as new,
    ):
        for name in old.namelist():
            data = replaced.get(name.replace(".", "_"), old.read(name))
            if data is not None:
                new.writestr(name, data)


def test_archives_that_danlu_did_not_write(archive, tmp_path):
    path = tmp_path / "m.keras"
    repacked(archive, path, zipfile.ZIP_DEFLATED, model_safetensors=b"\0" * 50_000_000)
    with pytest.raises(ValueError, match="compressed"):
        dl.models.load_model(path)
    repacked(archive, path, model_safetensors=None)
    with pytest.raises(ValueError, match="no model.safetensors"):
        dl.models.load_model(path)
    repacked(archive, path, config_json=b"{oops")
    with pytest.raises(ValueError, match="not JSON"):
        dl.models.load_model(path)
    repacked(archive, path, config_json=b"[" * 100_000)
    with pytest.raises(ValueError, match="not JSON"):
        dl.models.load_model(path)
    repacked(archive, path, config_json=b"[1, 2]")
    with pytest.raises(ValueError, match="not a model"):
        dl.models.load_model(path)
    with zipfile.ZipFile(path, "w") as z:
        z.writestr("config.json", "{}")
        z.writestr("model.weights.h5", "x")
    with pytest.raises(ValueError, match=r"written by Keras.*set_weights"):
        dl.models.load_model(path)
    path.write_bytes(b"no zip at all")
    with pytest.raises(ValueError, match="not a sound danlu archive"):
        dl.models.load_model(path)


def torn(header, body=b"\0" * 16):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def entry(dtype="F32", shape=(2,), offsets=(0, 8)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


HOSTILE = {
    "empty": (b"", "has 0 bytes"),
    "short": (b"\0" * 7, "has 7 bytes"),
    "huge header": (struct.pack("<Q", 2**63) + b"{}", "claims 9223372036854775808 bytes"),
    "header past the end": (struct.pack("<Q", 100) + b"{}", "claims 100 bytes"),
    "no json": (torn(b"{oops}"), "not JSON"),
    "not utf-8": (torn(b'{"\xff": 1}'), "not JSON"),
    "deep json": (torn(b"[" * 100_000), "not JSON"),
    "twice": (torn(b'{"a":1,"a":2}'), "twice"),
    "list": (torn([1]), "not an object"),
    "no entry": (torn({"a": 3}), "described by 3"),
    "overlap": (torn({"a": entry(), "b": entry(offsets=(4, 12))}), "overlap"),
    "gap": (torn({"a": entry(offsets=(4, 12))}), "gap"),
    "too long": (torn({"a": entry(shape=(9,), offsets=(0, 36))}), "need 36 bytes, there are 16"),
    "left over": (torn({"a": entry()}), "need 8 bytes, there are 16"),
    "wrong size": (torn({"a": entry(shape=(3,))}), "needs 12 bytes"),
    "negative": (torn({"a": entry(shape=(-2,))}), "has shape"),
    "float size": (torn({"a": entry(shape=(2.0,))}), "has shape"),
    "bool size": (torn({"a": entry(shape=(True, 2))}), "has shape"),
    "overflow": (torn({"a": entry(shape=(2**62, 2**62, 4))}), "needs"),
    "too many axes": (torn({"a": entry(shape=(1,) * 65)}), "has shape"),
    "backwards": (torn({"a": entry(offsets=(8, 0))}), "has offsets"),
    "dtype": (torn({"a": entry(dtype="PICKLE")}), "has dtype"),
    "metadata": (torn({"__metadata__": 3}), "metadata"),
    "metadata of lists": (torn({"__metadata__": {"format": [1, 2]}}, b""), "expected a string"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_safetensors(name, tmp_path):
    data, message = HOSTILE[name]
    path = tmp_path / "w.safetensors"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=rf"not a sound safetensors file: .*{message}"):
        network().load_weights(path)


def test_weights_in_shards(tmp_path):
    model, path = network(), tmp_path / "net.weights.json"
    model.save_weights(path, max_shard_size=1e-7)  # 100 bytes
    files = sorted(file.name for file in tmp_path.iterdir())
    assert files[0] == "net.weights.json" and len(files) > 3
    assert files[1] == "net.weights_00001.safetensors"
    index = json.loads(path.read_text())
    assert index["metadata"]["total_size"] >= sum(w.nbytes for w in model.get_weights())
    assert set(index["weight_map"].values()) == set(files[1:])
    copy = network()
    copy.load_weights(path)
    for a, b in zip(copy.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    model.save_weights(tmp_path / "one.weights.json", max_shard_size=1)
    assert (tmp_path / "one.weights_00001.safetensors").exists()
    assert not (tmp_path / "one.weights_00002.safetensors").exists()
    with pytest.raises(FileExistsError):
        model.save_weights(path, overwrite=False, max_shard_size=1)
    with pytest.raises(ValueError, match=r"ends in \.weights\.json"):
        model.save_weights(tmp_path / "net.safetensors", max_shard_size=1)
    with pytest.raises(ValueError, match="max_shard_size is a number of GB > 0, got 0"):
        model.save_weights(path, max_shard_size=0)


@pytest.mark.parametrize(
    ("index", "message"),
    [
        ("{", "is not JSON"),
        ("[]", "no 'weight_map'"),
        ('{"weight_map": {"w": "../other.safetensors"}}', "not the name of a file beside it"),
        ('{"weight_map": {"w": 3}}', "not the name of a file beside it"),
        ('{"weight_map": {"w": "absent.safetensors"}}', "there is no file"),
        ('{"weight_map": {"w": "whole.safetensors"}}', "differ in"),
    ],
)
def test_hostile_index_of_shards(tmp_path, index, message):
    network().save_weights(tmp_path / "whole.safetensors")
    (tmp_path / "net.weights.json").write_text(index)
    with pytest.raises(ValueError, match=rf"\[load_weights\] .*not a sound index.*{message}"):
        network().load_weights(tmp_path / "net.weights.json")


def test_weights_of_every_dtype(tmp_path):
    class Many(layers.Layer):
        def build(self, input_shape):
            for dtype in ("float64", "float16", "int8", "int64", "uint32", "bool"):
                self.add_weight(shape=(2,), dtype=dtype, trainable=False, name=dtype)

        def call(self, x):
            return x

    class Net(dl.Model):
        def __init__(self):
            super().__init__()
            self.many = Many()

        def call(self, x):
            return self.many(x)

    first, second = Net(), Net()
    for model in (first, second):
        model(X)
    for variable in first.weights:
        variable.assign(np.array([1, 0]).astype(str(variable.dtype)))
    first.save_weights(tmp_path / "m.safetensors")
    second.load_weights(tmp_path / "m.safetensors")
    assert same(first, second) and len(second.get_weights()) == 6


def test_weights_of_bfloat16(tmp_path):
    pytest.importorskip("ml_dtypes")  # to write them
    model = dl.Sequential([dl.Input((2,)), layers.Dense(3, dtype="bfloat16")])
    model.compile("adam", "mse")
    model.fit(np.ones((4, 2)), np.ones((4, 3)), verbose=0)
    model.save_weights(tmp_path / "m.safetensors")
    again = dl.models.clone_model(model)
    again.load_weights(tmp_path / "m.safetensors")
    assert same(model, again) and again.weights[0].dtype == "bfloat16"
    model.save(tmp_path / "m.keras")
    again = dl.models.load_model(tmp_path / "m.keras")
    for ours, theirs in zip(model.optimizer.variables, again.optimizer.variables, strict=True):
        assert ours.dtype == theirs.dtype and (ours.numpy() == theirs.numpy()).all()


def test_model_config_round_trip():
    model = trained()
    copy = dl.models.model_from_json(model.to_json(indent=1))
    assert copy.compiled and copy.get_config() == model.get_config()
    assert not same(copy, model)


@saving.register_keras_serializable(package="tests")
class Net(dl.Model):
    def __init__(self, units=5, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.hidden = layers.Dense(units, activation="relu")
        self.out = layers.Dense(3, activation="softmax")

    def call(self, x, training=None):
        return self.out(self.hidden(x))


def test_a_subclass_is_saved_whole(tmp_path):
    model = Net(7)
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "m.keras")
    loaded = dl.models.load_model(tmp_path / "m.keras")
    assert type(loaded) is Net and loaded.units == 7 and same(model, loaded)
    for one in (model, loaded):
        dl.utils.set_random_seed(5)
        one.fit(X, Y, shuffle=False, verbose=0)
    assert same(model, loaded)


@pytest.mark.parametrize("copy", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_are_apart(copy):
    model = trained()
    twin = copy(model)
    assert same(model, twin) and int(twin.optimizer.iterations) == int(model.optimizer.iterations)
    twin.fit(X, Y, verbose=0)
    assert not same(model, twin)
    inputs = dl.Input(shape=(4,))
    functional = copy(dl.Model(inputs, inputs * 2.0))
    np.testing.assert_array_equal(functional(X).numpy(), X * 2)


@pytest.mark.parametrize("text", ["{}", "3", "[]", "null", "{", "", '{"a": 1}'])
def test_json_that_is_no_model(text):
    with pytest.raises(ValueError, match=r"^\[model_from_json\] (wants what|this is not JSON)"):
        dl.models.model_from_json(text)


def test_a_scope_is_looked_through_by_name():
    def cube(x):
        return x**3

    class Cubic(dl.losses.Loss):
        def call(self, y_true, y_pred):
            return dl.abs(y_true - y_pred) ** 3

    with saving.custom_object_scope({"cube": cube, "Cubic": Cubic}):
        assert dl.activations.get("cube") is cube
        assert layers.Dense(2, activation="cube").activation is cube
        assert isinstance(dl.losses.get("Cubic"), Cubic)
    with pytest.raises(ValueError, match="unknown activation 'cube'"):
        dl.activations.get("cube")
