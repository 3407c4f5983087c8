"""Sequential models: lists of layers, built when the shape is known."""

import numpy as np
import pytest

import danlu as dl
from danlu import layers


def test_the_course_notes_model():
    from danlu.keras.layers import Dense
    from danlu.keras.models import Sequential

    dl.utils.clear_session()
    first = Dense(units=6, input_shape=(8,), activation="relu")
    model = Sequential([first, Dense(units=6, activation="relu"), Dense(4, activation="softmax")])
    assert model.built and model.input_shape == (None, 8) and model.output_shape == (None, 4)
    assert [layer.name for layer in model.layers] == ["dense", "dense_1", "dense_2"]
    assert [v.path for v in model.weights[:2]] == [
        "sequential/dense/kernel",
        "sequential/dense/bias",
    ]
    assert model.count_params() == 8 * 6 + 6 + 6 * 6 + 6 + 6 * 4 + 4
    out = model.predict(np.ones((3, 8)), verbose=0)
    assert isinstance(out, np.ndarray)
    np.testing.assert_allclose(out.sum(-1), np.ones(3), rtol=1e-5)


def test_built_by_the_first_data():
    model = dl.Sequential([layers.Dense(3), layers.Dense(2)])
    assert not model.built and model.weights == []
    with pytest.raises(AttributeError, match="no output_shape yet"):
        _ = model.output_shape
    assert model(np.ones((5, 4), "float32")).shape == (5, 2)
    assert model.built and model.input_shape == (None, 4)
    assert model(np.ones((2, 4), "float32")).shape == (2, 2)


def test_built_by_hand():
    model = dl.Sequential([layers.Dense(3)])
    model.build((None, 7))
    assert model.layers[0].kernel.shape == (7, 3)


def test_add_and_pop():
    model = dl.Sequential(name="net")
    model.add(dl.Input(shape=(4,)))
    model.add(layers.Dense(3, name="a"))
    assert model.output_shape == (None, 3)
    model.add(layers.Dense(2, name="b"))
    assert model.output_shape == (None, 2) and len(model.weights) == 4
    assert model.pop().name == "b"
    assert model.output_shape == (None, 3) and len(model.weights) == 2
    assert [layer.name for layer in model.layers] == ["a"]
    assert model.get_layer("a") is model.layers[0] is model.get_layer(index=0)
    with pytest.raises(ValueError, match="Did you mean 'a'"):
        model.get_layer("aa")


def test_what_is_no_layer():
    with pytest.raises(TypeError, match="made of layers"):
        dl.Sequential([3])
    with pytest.raises(TypeError, match="parentheses"):
        dl.Sequential([layers.Flatten])
    with pytest.raises(ValueError, match="named 'a' already"):
        dl.Sequential([layers.Dense(1, name="a"), layers.Dense(1, name="a")])
    with pytest.raises(ValueError, match="no layers"):
        dl.Sequential()(np.ones((1, 2), "float32"))


def test_wrong_width_between_layers():
    dense = layers.Dense(3, name="d")
    dense.build((None, 5))
    with pytest.raises(ValueError, match=r"\[Dense 'd'\] wants .*got shape \(None, 4\)"):
        dl.Sequential([dl.Input(shape=(4,)), dense])


def test_a_layer_that_does_not_fit_is_not_added():
    model = dl.Sequential()
    with pytest.raises(ValueError, match="fewer than the window"):
        model.add(layers.Conv2D(2, 9, input_shape=(5, 5, 1)))
        model.add(layers.Flatten())
    model = dl.Sequential([dl.Input((5, 5, 1)), layers.Conv2D(2, 3)])
    before = model.get_weights()
    with pytest.raises(ValueError, match="fewer than the window"):
        model.add(layers.Conv2D(2, 9))
    assert [type(layer).__name__ for layer in model.layers] == ["Conv2D"]
    model.add(layers.Flatten())
    assert model.output_shape == (None, 18)
    np.testing.assert_array_equal(model.get_weights()[0], before[0])


def test_models_inside():
    inner = dl.Sequential([dl.Input(shape=(4,)), layers.Dense(3)], name="inner")
    outer = dl.Sequential([inner, layers.Dense(2)])
    assert outer.built and outer.input_shape == (None, 4)
    assert len(outer.weights) == 4 and outer.weights[0] is inner.weights[0]


def test_config():
    model = dl.Sequential(
        [dl.Input(shape=(4,)), layers.Dense(3, activation="relu"), layers.Dense(2)]
    )
    copy = dl.Sequential.from_config(model.get_config())
    assert copy.built and copy.name == model.name
    copy.set_weights(model.get_weights())
    x = np.ones((2, 4), "float32")
    np.testing.assert_array_equal(copy(x).numpy(), model(x).numpy())
    deferred = dl.Sequential.from_config(dl.Sequential([layers.Dense(3)]).get_config())
    assert not deferred.built and deferred(x).shape == (2, 3)


def test_sequential_in_a_functional_model():
    block = dl.Sequential([layers.Dense(3), layers.Dense(2)])
    inputs = dl.Input(shape=(5,))
    model = dl.Model(inputs, block(inputs))
    assert model.output_shape == (None, 2) and len(model.weights) == 4


def test_a_symbolic_output_is_no_layer():
    dense = layers.Dense(1, name="head")
    model = dl.Sequential([dl.Input((8,))])
    for tensor in (dense(layers.Dense(8)(dl.Input((8,)))), dl.ops.relu(dl.Input((8,)))):
        with pytest.raises(ValueError, match=r"made of layers.*symbolic output.*dl.Model\(inputs"):
            model.add(tensor)
        with pytest.raises(ValueError, match="symbolic output"):
            dl.Sequential([tensor])
    assert model.layers == []


def summary(model, **options):
    lines = []
    model.summary(print_fn=lines.append, **options)
    return "".join(lines)


def test_summary():
    model = dl.Sequential(
        [dl.Input(shape=(28, 28)), layers.Flatten(name="flat"), layers.Dense(10, name="out")],
        name="net",
    )
    text = summary(model, line_length=80)
    assert 'Model: "net"' in text
    for cell in ("flat (Flatten)", "out (Dense)", "(None, 784)", "(None, 10)", "7,850"):
        assert cell in text
    assert "Total params: 7,850 (30.66 KB)" in text
    assert "Non-trainable params: 0 (0.00 B)" in text
    assert "Optimizer params" not in text


def test_summary_of_an_unbuilt_model():
    text = summary(dl.Sequential([layers.Dense(10)]), line_length=80)
    assert "?" in text and "0 (unbuilt)" in text


def test_summary_with_connections():
    a, b = dl.Input(shape=(3,), name="a"), dl.Input(shape=(3,), name="b")
    model = dl.Model([a, b], layers.Add(name="sum")([a, b]))
    text = summary(model, line_length=120)
    assert "Connected to" in text and "a[0][0], b[0][0]" in text


def test_errors_name_the_sequential():
    model = dl.Sequential([dl.Input((3,)), layers.Dense(2)], name="net")
    for call in (model, lambda x: model.predict(x, verbose=0), model.compute_output_spec):
        with pytest.raises(ValueError, match=r"^\[Sequential 'net'\] wants inputs of shape"):
            call(np.ones((2, 5)) if call is not model.compute_output_spec else dl.Input((5,)))
