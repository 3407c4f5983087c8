"""Draws: their distributions, what repeats and what does not, and dropout."""

from __future__ import annotations

import math
import random
import threading

import numpy as np
import pytest
from op_harness import recorded

import danlu as dl

N = 100_000
X = dl.ones((40_000,))  # large enough for draws without the interpreter lock


def draw(name, *args, seed=1, **kwargs):
    return getattr(dl.random, name)(*args, seed=seed, **kwargs).numpy()


def assert_moments(x, mean, stddev, fourth=None):
    """Mean and standard deviation within five standard errors."""
    x = x.astype("float64").ravel()
    kurtosis = 3.0 if fourth is None else fourth
    assert abs(x.mean() - mean) < 5 * stddev / math.sqrt(x.size)
    assert abs(x.var() - stddev**2) < 5 * stddev**2 * math.sqrt((kurtosis - 1) / x.size)


def assert_follows(x, cumulative):
    """Kolmogorov and Smirnov: the greatest distance to the distribution function, p > 1e-6."""
    x = np.sort(x.astype("float64").ravel())
    steps = np.arange(1, x.size + 1) / x.size
    distance = np.abs(cumulative(x) - steps).max() + 1 / x.size
    assert distance < math.sqrt(math.log(2e6) / 2 / x.size)


def normal_cumulative(x):
    return np.array([0.5 * math.erfc(-v / math.sqrt(2)) for v in x])


# ---- state ---------------------------------------------------------------------------------------


def test_an_integer_seed_repeats():
    a, b = draw("normal", (50,), seed=3), draw("normal", (50,), seed=3)
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, draw("normal", (50,), seed=4))


def test_a_generator_moves_on():
    generator = dl.random.SeedGenerator(3)
    first, second = (dl.random.normal((50,), seed=generator).numpy() for _ in range(2))
    assert not np.array_equal(first, second)
    assert generator.state.numpy().tolist() == [3, 2]
    again = dl.random.SeedGenerator(3)
    np.testing.assert_array_equal(first, dl.random.normal((50,), seed=again).numpy())
    np.testing.assert_array_equal(first, draw("normal", (50,), seed=3))


def test_next_is_the_state_of_the_next_draw():
    generator = dl.random.SeedGenerator(5)
    state = generator.next()
    assert state.numpy().tolist() == [5, 0]
    assert generator.state.numpy().tolist() == [5, 1]
    np.testing.assert_array_equal(draw("uniform", (5,), seed=state), draw("uniform", (5,), seed=5))


@pytest.mark.parametrize("seed", [1, np.int64(1), dl.asarray([1, 0], dtype="uint32")])
def test_seeds_of_every_kind(seed):
    for name, args in (("normal", ()), ("beta", (2.0, 3.0)), ("gamma", (2.0,))):
        np.testing.assert_array_equal(draw(name, (50,), *args), draw(name, (50,), *args, seed=seed))
    assert np.unique(draw("beta", (50,), 2.0, 2.0, seed=seed)).size == 50
    if isinstance(seed, np.int64):
        assert type(dl.random.SeedGenerator(seed).get_config()["seed"]) is int


def test_threads_that_share_a_generator_draw_different_numbers():
    generator, seen = dl.random.SeedGenerator(1), []

    def work():
        for _ in range(200):
            seen.append(tuple(dl.random.uniform((40_000,), seed=generator)[:3].tolist()))
            seen.append(tuple(dl.random.dropout(X, 0.5, seed=generator)[:64].tolist()))
            generator.next()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert generator.state.tolist() == [1, 8 * 200 * 3]
    assert len(set(seen)) == len(seen) == 8 * 200 * 2


def test_the_counter_wraps():
    generator = dl.random.SeedGenerator(1)
    generator.state.assign([1, 2**32 - 1])
    dl.random.uniform((2,), seed=generator)
    assert generator.state.numpy().tolist() == [1, 0]


def test_the_global_seed():
    def program():
        layer = dl.random.SeedGenerator()
        start = dl.initializers.GlorotUniform()
        return [
            dl.random.normal((5,)).numpy(),
            dl.random.uniform((5,)).numpy(),
            dl.random.normal((5,), seed=layer).numpy(),
            start((5, 5)).numpy(),
        ]

    dl.utils.set_random_seed(17)
    first = program()
    dl.utils.set_random_seed(17)
    for a, b in zip(first, program(), strict=True):
        np.testing.assert_array_equal(a, b)
    dl.utils.set_random_seed(18)
    assert not np.array_equal(first[0], program()[0])


def test_set_random_seed_is_for_python_and_numpy_too():
    def draw():
        return random.random(), np.random.rand(), dl.random.uniform(()).item()

    dl.utils.set_random_seed(2**32 - 1)
    first = draw()
    again = draw()
    assert all(a != b for a, b in zip(first, again, strict=True))
    dl.utils.set_random_seed(np.int64(2**32 - 1))
    assert draw() == first
    random.seed(2**32 - 1)
    np.random.seed(2**32 - 1)
    assert (random.random(), np.random.rand()) == first[:2]


@pytest.mark.parametrize("seed", [-1, 2**32, 1.0, True, "7", None])
def test_set_random_seed_refuses(seed):
    dl.utils.set_random_seed(3)
    first = random.random(), np.random.rand(), dl.random.uniform(()).item()
    dl.utils.set_random_seed(3)
    with pytest.raises(ValueError, match="seed .*integer"):
        dl.utils.set_random_seed(seed)
    assert (random.random(), np.random.rand(), dl.random.uniform(()).item()) == first


def test_config_of_a_generator():
    generator = dl.random.SeedGenerator(3, name="mine")
    assert generator.get_config() == {"seed": 3, "name": "mine"}
    copy = dl.random.SeedGenerator.from_config(generator.get_config())
    assert copy.state.numpy().tolist() == [3, 0]
    assert generator.state.dtype == "uint32"
    assert not generator.state.trainable


@pytest.mark.parametrize("seed", ["a", 1.5, -1, 2**32, [1, 2]])
def test_wrong_seeds(seed):
    with pytest.raises(ValueError, match="seed must be an integer"):
        dl.random.normal((2,), seed=seed)


def test_a_recorded_draw_draws_new_numbers_when_replayed():
    generator = dl.random.SeedGenerator(3)
    with recorded() as recording:
        x = dl.random.uniform((40,), seed=generator)
    seen = [np.array(x.numpy())]
    for _ in range(2):
        recording.replay()
        seen.append(np.array(x.numpy()))
    assert generator.state.numpy().tolist() == [3, 3]
    want = dl.random.SeedGenerator(3)
    for values in seen:
        np.testing.assert_array_equal(values, dl.random.uniform((40,), seed=want).numpy())


DRAWS = [
    ("uniform", ((70_001,),), {}),
    ("normal", ((70_001,),), {}),
    ("normal", ((70_001,),), {"dtype": "float64"}),
    ("truncated_normal", ((70_001,),), {}),
    ("randint", ((70_001,), 0, 1000), {}),
    ("gamma", ((5_001,), 1.7), {}),
    ("binomial", ((5_001,), 100, 0.3), {}),
    ("categorical", (np.zeros((501, 7)), 11), {}),
]


@pytest.mark.parametrize(("name", "args", "kwargs"), DRAWS)
def test_the_same_bits_on_any_number_of_threads(name, args, kwargs):
    seen = []
    try:
        for threads in (1, 2, 3, 4):
            dl.config.set_num_threads(threads)
            seen.append(draw(name, *args, **kwargs).tobytes())
    finally:
        dl.config.set_num_threads(0)
    assert len(set(seen)) == 1


@pytest.mark.parametrize("name", ["uniform", "normal", "truncated_normal", "randint"])
def test_a_shorter_draw_is_the_beginning_of_a_longer_one(name):
    args = (0, 100) if name == "randint" else ()
    long = draw(name, (1000,), *args)
    np.testing.assert_array_equal(draw(name, (7,), *args), long[:7])
    np.testing.assert_array_equal(draw(name, (3, 67), *args).ravel(), long[:201])
    assert draw(name, (0, 3), *args).shape == (0, 3)
    assert draw(name, (), *args).shape == ()


def test_philox_itself():
    """Random123's known answer for Philox4x32-10 fixes the integers, here and on a GPU."""
    # The words of block 0 under seed 0, draw 0, in the order in which a draw uses them.
    words = reference_philox(seed=0, draw=0, block=0)
    x = draw("uniform", (49,), seed=0)
    got = [x[i] for i in (0, 16, 32, 48)]  # the four words of a block lie 16 apart
    assert got == [np.float32(word >> 8) * np.float32(2**-24) for word in words]


def reference_philox(seed, draw, block):
    counter = [block & 0xFFFFFFFF, block >> 32, draw, 0]
    key = [seed, 0x64616E6C]
    for _ in range(10):
        p0, p1 = 0xD2511F53 * counter[0], 0xCD9E8D57 * counter[2]
        counter = [
            (p1 >> 32) ^ counter[1] ^ key[0],
            p1 & 0xFFFFFFFF,
            (p0 >> 32) ^ counter[3] ^ key[1],
            p0 & 0xFFFFFFFF,
        ]
        key = [(key[0] + 0x9E3779B9) & 0xFFFFFFFF, (key[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return counter


# ---- distributions -------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
def test_uniform(dtype):
    x = draw("uniform", (N,), -2.0, 3.0, dtype=dtype)
    assert x.dtype == dtype
    assert x.min() >= -2 and x.max() < 3
    assert_moments(x, 0.5, 5 / math.sqrt(12), fourth=1.8)
    if dtype != "float16":
        assert_follows(x, lambda v: (v + 2) / 5)


def test_uniform_never_reaches_maxval():
    x = draw("uniform", (1_000_000,), 1.0, 1.0 + 2**-20)
    assert x.max() < np.float32(1.0 + 2**-20)
    half = draw("uniform", (N,), 0.0, 1.0, dtype="float16")
    assert half.max() < 1


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_normal(dtype):
    x = draw("normal", (N,), 1.0, 2.0, dtype=dtype)
    assert x.dtype == dtype
    assert_moments(x, 1, 2)
    assert_follows((x - 1) / 2, normal_cumulative)
    pairs = x[: N // 64 * 64].reshape(-1, 4, 16)
    halves = np.corrcoef(pairs[:, 0].ravel(), pairs[:, 1].ravel())[0, 1]
    assert abs(halves) < 5 / math.sqrt(N / 4)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_truncated_normal(dtype):
    x = draw("truncated_normal", (N,), 0.0, 1.0, dtype=dtype)
    assert np.abs(x).max() <= 2
    assert np.abs(x).max() > 1.99
    assert_moments(x, 0, 0.87962566103423978, fourth=2.4)
    low = normal_cumulative([-2.0])[0]
    assert_follows(x, lambda v: (normal_cumulative(v) - low) / (1 - 2 * low))


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint8", "int8"])
def test_randint(dtype):
    x = draw("randint", (N,), -5 if dtype != "uint8" else 3, 12, dtype=dtype)
    low = int(x.min())
    assert x.dtype == dtype
    assert (low, int(x.max())) == ((-5, 11) if dtype != "uint8" else (3, 11))
    counts = np.bincount(x.astype("int64") - low)
    expected = N / counts.size
    assert ((counts - expected) ** 2 / expected).sum() < counts.size + 6 * math.sqrt(
        2 * counts.size
    )


def test_randint_over_the_whole_range():
    x = draw("randint", (1000,), -(2**63), 2**63 - 1, dtype="int64")
    assert x.min() < -(2**62) and x.max() > 2**62


def test_categorical():
    p = np.array([[0.1, 0.2, 0.7], [0.5, 0.0, 0.5]])
    with np.errstate(divide="ignore"):
        x = draw("categorical", np.log(p), N)
    assert x.shape == (2, N)
    assert x.dtype == "int32"
    for row, want in zip(x, p, strict=True):
        got = np.bincount(row, minlength=3) / N
        assert (np.abs(got - want) <= 5 * np.sqrt(want * (1 - want) / N)).all()


@pytest.mark.parametrize("alpha", [0.3, 1.0, 7.5])
def test_gamma(alpha):
    x = draw("gamma", (N,), alpha, dtype="float64")
    assert x.min() > 0
    assert_moments(x, alpha, math.sqrt(alpha), fourth=3 + 6 / alpha)


def test_gamma_of_many_parameters():
    x = draw("gamma", (N, 2), np.array([0.5, 20.0]))
    assert_moments(x[:, 0], 0.5, math.sqrt(0.5), fourth=15)
    assert_moments(x[:, 1], 20, math.sqrt(20))


def test_beta():
    x = draw("beta", (N,), 2.0, 3.0)
    assert 0 < x.min() and x.max() < 1
    assert_moments(x, 0.4, 0.2, fourth=2.4)


def test_beta_at_its_limits():
    x = draw("beta", (N,), 0.001, 0.001)  # where the gamma variables underflow
    assert np.isfinite(x).all() and abs(x.mean() - 0.5) < 0.02
    inf = math.inf
    assert (draw("beta", (3,), inf, 1.0) == 1).all() and (draw("beta", (3,), 1.0, inf) == 0).all()
    for alpha, beta in ((0.0, 1.0), (1.0, -1.0), (math.nan, 1.0), (inf, inf)):
        assert np.isnan(draw("beta", (3,), alpha, beta)).all()


@pytest.mark.parametrize("alpha", [1e39, 1e301, math.inf])
def test_gamma_of_large_parameters(alpha):
    np.testing.assert_allclose(draw("gamma", (3,), alpha, dtype="float64"), alpha, rtol=1e-15)
    for none in (0.0, -1.0, math.nan):
        assert np.isnan(draw("gamma", (3,), none)).all()


def test_binomial_at_its_limits():
    assert (draw("binomial", (3,), 2.0**52, 0.0) == 0).all()
    assert (draw("binomial", (3,), 2.0**52, 1.0) == 2.0**52).all()
    for n, p in ((math.inf, 0.5), (math.nan, 0.5), (-1, 0.5), (5, math.nan), (5, 1.5)):
        assert np.isnan(draw("binomial", (3,), n, p)).all()


def test_ranges_that_a_dtype_does_not_have():
    for low, high, dtype in (
        (-3e38, 3e38, "float32"),
        (0.0, math.inf, "float64"),
        (math.nan, 1.0, "float32"),
        (0.0, 1e5, "float16"),
    ):
        with pytest.raises(ValueError, match=r"\[uniform\].*finite"):
            dl.random.uniform((3,), low, high, dtype=dtype)
    assert np.unique(draw("uniform", (50,), -3e38, 3e38, dtype="float64")).size == 50
    assert np.abs(draw("uniform", (N,), -6e4, 6e4, dtype="float16").astype(float)).mean() > 2.9e4
    for low, high, dtype in ((0, 129, "int8"), (-129, 3, "int8"), (-1, 3, "uint32")):
        with pytest.raises(ValueError, match=rf"\[randint\] {dtype} does not hold"):
            dl.random.randint((3,), low, high, dtype=dtype)
    x = draw("randint", (N,), -128, 128, dtype="int8")
    assert x.min() == -128 and x.max() == 127
    with pytest.raises(ValueError, match=r"\[categorical\] int8 does not hold the number 299"):
        dl.random.categorical(dl.zeros((1, 300)), 2, dtype="int8")


@pytest.mark.parametrize(("n", "p"), [(1, 0.3), (10, 0.5), (1000, 0.2), (50, 0.0), (50, 1.0)])
def test_binomial(n, p):
    x = draw("binomial", (N // 4,), n, p)
    assert np.array_equal(x, np.floor(x)) and x.min() >= 0 and x.max() <= n
    if 0 < p < 1:
        variance = n * p * (1 - p)
        fourth = 3 + (1 - 6 * p * (1 - p)) / variance
        assert_moments(x, n * p, math.sqrt(variance), fourth)
    else:
        assert (x == n * p).all()


def test_shuffle():
    x = np.arange(1001 * 3).reshape(1001, 3)
    y = dl.random.shuffle(x, seed=1).numpy()
    assert not np.array_equal(x, y)
    np.testing.assert_array_equal(np.sort(y[:, 0]), x[:, 0])
    np.testing.assert_array_equal(y[:, 1], y[:, 0] + 1)  # rows stay together
    z = dl.random.shuffle(x, axis=1, seed=2).numpy()
    np.testing.assert_array_equal(np.sort(z, axis=1), x)


def test_every_permutation_is_equally_likely():
    generator = dl.random.SeedGenerator(1)
    counts = {}
    for _ in range(6000):
        order = tuple(dl.random.shuffle(dl.arange(3), seed=generator).tolist())
        counts[order] = counts.get(order, 0) + 1
    assert len(counts) == 6
    assert all(abs(count - 1000) < 5 * math.sqrt(1000 * 5 / 6) for count in counts.values())


BAD = [
    (lambda: dl.random.uniform((2,), dtype="int32"), "floating point dtype, got int32"),
    (lambda: dl.random.randint((2,), 0, 5, dtype="float32"), "integer dtype, got float32"),
    (lambda: dl.random.randint((2,), 5, 5), r"\[5, 5\)"),
    (lambda: dl.random.categorical(np.zeros(3), 2), r"\(3,\).*\(batch, classes\)"),
    (lambda: dl.random.dropout(dl.ones(3), 1.5), r"\[0, 1\], got 1.5"),
    (lambda: dl.random.dropout(dl.ones(3), "a"), r"\[dropout\] rate must lie in .*got 'a'"),
    (
        lambda: dl.random.dropout(dl.ones((2, 3)), 0.5, (1, 2, 3)),
        r"\(1, 2, 3\) does not broad.*2, 3",
    ),
    (
        lambda: dl.random.dropout(dl.ones((2, 1)), 0.5, (2, 3)),
        r"\[dropout\].*\(2, 3\) does not broad",
    ),
    (lambda: dl.random.beta((3,), 2.0, 2.0, "int32"), r"\[beta\].*floating point dtype, got int32"),
]


@pytest.mark.parametrize(("call", "match"), BAD)
def test_wrong_arguments(call, match):
    with pytest.raises(ValueError, match=match):
        call()


@pytest.mark.parametrize(("x", "axis"), [([[1, 2]], 2), ([[1, 2]], -3), (3, 0)])
def test_shuffle_along_an_axis_that_there_is_not(x, axis):
    with pytest.raises(IndexError, match=rf"\[shuffle\] axis {axis} is out of bounds"):
        dl.random.shuffle(x, axis=axis)


# ---- dropout -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
def test_dropout(dtype):
    x = dl.ops.cast(np.linspace(1, 2, N).reshape(4, -1), dtype)
    y = dl.random.dropout(x, 0.3, seed=1)
    assert y.dtype == dtype
    values, inputs = y.numpy().astype("float64"), x.numpy().astype("float64")
    kept = values != 0
    assert abs(kept.mean() - 0.7) < 5 * math.sqrt(0.21 / N)
    tolerance = 1e-3 if dtype == "float16" else 1e-6
    np.testing.assert_allclose(values[kept], inputs[kept] / 0.7, rtol=tolerance)


def test_dropout_sets_even_infinities_to_zero():
    x = np.full(1000, np.inf, "float32")
    y = dl.random.dropout(x, 0.5, seed=1).numpy()
    assert set(y.tolist()) == {0.0, math.inf}


def test_the_gradient_of_dropout_has_the_mask_of_its_call():
    generator = dl.random.SeedGenerator(1)
    x = dl.Variable(np.ones((37, 53), "float32"))
    y = dl.random.dropout(x, 0.4, seed=generator)
    dl.random.dropout(x, 0.4, seed=generator)  # another draw in between
    weights = np.random.default_rng(0).normal(size=(37, 53)).astype("float32")
    dl.sum(y * weights).backward()
    np.testing.assert_allclose(x.grad.numpy(), y.numpy() * weights, rtol=1e-6)


def test_second_gradient_of_dropout():
    x = dl.asarray(np.linspace(1, 2, 30))

    def f(x):
        return dl.sum(dl.random.dropout(x, 0.5, seed=7) ** 3)

    mask = dl.random.dropout(dl.ones_like(x), 0.5, seed=7).numpy()
    second = dl.grad(lambda x: dl.sum(dl.grad(f)(x)))(x)
    np.testing.assert_allclose(second.numpy(), 6 * x.numpy() * mask**3, rtol=1e-12)


def test_dropout_with_a_noise_shape():
    x = dl.ones((6, 50, 7))
    y = dl.random.dropout(x, 0.5, noise_shape=(None, 50, 1), seed=1).numpy()
    assert (y == y[:, :, :1]).all()
    assert 0 < (y[:, :, 0] == 0).mean() < 1
    np.testing.assert_array_equal(y[:, :, 0], draw("dropout", np.ones((6, 50)), 0.5))
    x = np.full((6, 50, 7), np.inf, "float32")
    y = draw("dropout", x, 0.5, noise_shape=(None, 1))  # of the last two axes
    assert (y == y[:1, :, :1]).all() and set(y.ravel().tolist()) == {0.0, math.inf}


def test_dropout_at_its_limits():
    x = dl.ones((3, 5))
    np.testing.assert_array_equal(dl.random.dropout(x, 0.0).numpy(), np.ones((3, 5)))
    np.testing.assert_array_equal(dl.random.dropout(x, 1.0).numpy(), np.zeros((3, 5)))
    assert dl.random.dropout([1.0, 2.0], 0).tolist() == [1.0, 2.0]
    assert dl.random.dropout([1.0, math.nan], 1).tolist() == [0.0, 0.0]
    gradient = dl.grad(lambda x: dl.sum(dl.random.dropout(x, 1)))(x)
    np.testing.assert_array_equal(gradient.numpy(), np.zeros((3, 5)))


def test_dropout_on_any_number_of_threads():
    x = np.random.default_rng(0).normal(size=(301, 457)).astype("float32")
    seen = []
    try:
        for threads in (1, 2, 3, 4):
            dl.config.set_num_threads(threads)
            seen.append(dl.random.dropout(x, 0.3, seed=1).numpy().tobytes())
    finally:
        dl.config.set_num_threads(0)
    assert len(set(seen)) == 1


@pytest.mark.parametrize("seed", [-5, 2**32, True, 1.5])
def test_a_bad_seed_seeds_nothing(seed: object) -> None:
    import random

    dl.utils.set_random_seed(3)
    before = random.getstate(), np.random.get_state()[1].tolist()
    with pytest.raises(ValueError, match=r"\[set_random_seed\] seed is an integer"):
        dl.utils.set_random_seed(seed)  # type: ignore[arg-type]
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before
