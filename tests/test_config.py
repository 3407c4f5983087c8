"""The global switches: what they accept, and that they act."""

import numpy as np
import pytest

import danlu as dl


@pytest.fixture(autouse=True)
def _restore():
    yield
    dl.config.set_floatx("float32")
    dl.config.set_epsilon(1e-7)
    dl.config.set_image_data_format("channels_last")


def test_floatx_is_the_dtype_of_new_weights():
    dl.config.set_floatx("float64")
    layer = dl.layers.Dense(3)
    layer.build((None, 4))
    assert layer.kernel.dtype == "float64"
    assert layer(np.ones((2, 4))).dtype == "float64"
    assert dl.losses.mean_squared_error([1.0], [2.0]).dtype == "float64"


@pytest.mark.parametrize("dtype", ["float64", "float16"])
def test_floatx_is_the_dtype_of_new_tensors(dtype):
    dl.config.set_floatx(dtype)
    made = [
        dl.zeros(2), dl.ones(2), dl.empty(2), dl.full(2, 0.5), dl.eye(2), dl.linspace(0, 1, 3),
        dl.arange(3.0), dl.asarray(1.5), dl.asarray([1.5]), dl.ops.identity(2), dl.ops.tri(2),
        dl.ops.one_hot([1], 3), dl.asarray([1, 2]) * 0.5, dl.Variable(1.0),
        dl.Variable(dl.initializers.Zeros(), shape=(2,)), dl.astype(dl.asarray([1]), float),
        dl.mean(dl.asarray([1, 2])), dl.exp(dl.asarray([1])), dl.ops.softmax(dl.asarray([1, 2])),
    ]  # fmt: skip
    assert {str(x.dtype) for x in made} == {dtype}
    assert dl.__array_namespace_info__().default_dtypes()["real floating"] == dtype
    assert dl.asarray(1).dtype == "int64" and dl.asarray(np.float32([1])).dtype == "float32"


def test_image_data_format_is_the_layout_of_new_layers():
    dl.config.set_image_data_format("channels_first")
    layer = dl.layers.Conv2D(4, 3)
    assert layer(np.ones((2, 3, 8, 9), "float32")).shape == (2, 4, 6, 7)
    assert dl.layers.Flatten().data_format == "channels_first"


def test_epsilon_clips_probabilities():
    dl.config.set_epsilon(1e-3)
    loss = dl.losses.sparse_categorical_crossentropy([1], [[1.0, 0.0]])
    np.testing.assert_allclose(np.asarray(loss), [-np.log(1e-3)], rtol=1e-5)


@pytest.mark.parametrize(
    "call",
    [
        lambda: dl.config.set_floatx("int32"),
        lambda: dl.config.set_image_data_format("nhwc"),
        lambda: dl.config.set_num_threads(-1),
    ],
)
def test_wrong_values(call):
    with pytest.raises(ValueError, match="got|0"):
        call()


def test_threads():
    before = dl.config.num_threads()
    dl.config.set_num_threads(1)
    assert dl.config.num_threads() == 1
    dl.config.set_num_threads(before)


def test_memory():
    x = dl.zeros((1000, 1000))
    stats = dl.config.memory_stats()
    assert all(isinstance(v, int) for v in stats.values())
    assert max(stats.values()) >= 4_000_000
    del x
    dl.config.empty_cache()


def test_interactive_logging_chooses_the_bar(capsys):
    model = dl.Sequential([dl.layers.Dense(1)])
    model.compile(optimizer="sgd", loss="mse")
    x, y = np.ones((4, 2), "float32"), np.ones((4, 1), "float32")
    dl.config.disable_interactive_logging()
    try:
        model.fit(x, y)
        assert "\u2501" not in capsys.readouterr().out
    finally:
        dl.config.enable_interactive_logging()
    model.fit(x, y)
    assert "\u2501" in capsys.readouterr().out


@pytest.mark.parametrize("value", [-1, 0, float("nan"), float("inf"), True, "1e-7"])
def test_epsilon_is_positive(value):
    with pytest.raises(ValueError, match=r"\[config.set_epsilon\] value is a number > 0, got"):
        dl.config.set_epsilon(value)
    assert dl.config.epsilon() == 1e-7


def test_threads_are_counted():
    with pytest.raises(ValueError, match=r"\[config.set_num_threads\] .* got True"):
        dl.config.set_num_threads(True)


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("mixed_bfloat16", "do not compute in another dtype than that of their weights yet"),
        ("mixed_flot16", "Did you mean 'mixed_float16'"),
        ("flaot32", "Did you mean 'float32'"),
    ],
)
def test_dtype_policies(policy, message):
    with pytest.raises(ValueError, match=rf"\[config.set_dtype_policy\].*'{policy}'.*{message}"):
        dl.config.set_dtype_policy(policy)
    assert dl.config.dtype_policy() == "float32"
