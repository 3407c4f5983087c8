"""Optimizers against their formulas in NumPy, and what surrounds the formulas.

Parity with Keras 3 is in `tests/keras/test_optimizers.py`.
"""

from __future__ import annotations

import copy
import inspect
import pickle

import numpy as np
import pytest
from op_harness import recorded

import danlu as dl

SHAPES = [(5, 3), (3,), (2, 3, 2), ()]
RATE = 0.1


def arrays(seed):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape) for shape in SHAPES]


def variables(dtype="float64"):
    return [dl.Variable(value, dtype=dtype, name=f"w{i}") for i, value in enumerate(arrays(0))]


def train(optimizer, variables, steps=5):
    for step in range(steps):
        optimizer.apply([dl.asarray(g) for g in arrays(step + 1)], variables)


def follow(rule, state, steps=5, change=lambda gs, t: gs):
    """The weights after steps of `rule(w, g, state, t)`; `change` prepares the gradients."""
    weights = arrays(0)
    states = [dict(state) for _ in weights]
    for step in range(steps):
        gradients = change(arrays(step + 1), step)
        for i, (w, g) in enumerate(zip(weights, gradients, strict=True)):
            weights[i] = rule(w, g, states[i], step + 1)
    return weights


def assert_same(variables, weights, tolerance=1e-12):
    for variable, weight in zip(variables, weights, strict=True):
        np.testing.assert_allclose(variable.numpy(), weight, rtol=tolerance, atol=tolerance)


# ---- the rules -----------------------------------------------------------------------------------


def sgd(w, g, s, t):
    return w - RATE * g


def momentum(w, g, s, t):
    s["m"] = 0.9 * s["m"] - RATE * g
    return w + s["m"]


def nesterov(w, g, s, t):
    s["m"] = 0.9 * s["m"] - RATE * g
    return w + 0.9 * s["m"] - RATE * g


def rmsprop(w, g, s, t):
    s["v"] = 0.8 * s["v"] + 0.2 * g**2
    return w - RATE * g / np.sqrt(s["v"] + 1e-7)


def centered(w, g, s, t):
    s["v"] = 0.8 * s["v"] + 0.2 * g**2
    s["a"] = 0.8 * s["a"] + 0.2 * g
    s["m"] = 0.5 * s["m"] + RATE * g / np.sqrt(s["v"] - s["a"] ** 2 + 1e-7)
    return w - s["m"]


def adagrad(w, g, s, t):
    s["sum"] = s["sum"] + g**2
    return w - RATE * g / np.sqrt(s["sum"] + 1e-7)


def adadelta(w, g, s, t):
    s["g"] = 0.95 * s["g"] + 0.05 * g**2
    delta = -np.sqrt(s["d"] + 1e-7) / np.sqrt(s["g"] + 1e-7) * g
    s["d"] = 0.95 * s["d"] + 0.05 * delta**2
    return w + RATE * delta


def adam(w, g, s, t):
    s["m"] = 0.9 * s["m"] + 0.1 * g
    s["v"] = 0.999 * s["v"] + 0.001 * g**2
    rate = RATE * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
    return w - rate * s["m"] / (np.sqrt(s["v"]) + 1e-7)


def amsgrad(w, g, s, t):
    s["m"] = 0.9 * s["m"] + 0.1 * g
    s["v"] = 0.999 * s["v"] + 0.001 * g**2
    s["top"] = np.maximum(s["top"], s["v"])
    rate = RATE * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
    return w - rate * s["m"] / (np.sqrt(s["top"]) + 1e-7)


def adamw(w, g, s, t):
    return adam(w - w * 0.1 * RATE, g, s, t)


def adamax(w, g, s, t):
    s["m"] = 0.9 * s["m"] + 0.1 * g
    s["u"] = np.maximum(0.999 * s["u"], np.abs(g))
    return w - RATE * s["m"] / ((1 - 0.9**t) * (s["u"] + 1e-7))


def lion(w, g, s, t):
    step = np.sign(0.9 * s["m"] + 0.1 * g)
    s["m"] = 0.99 * s["m"] + 0.01 * g
    return w - RATE * step


def nadam(w, g, s, t):
    u, u_next = (0.9 * (1 - 0.5 * 0.96**k) for k in (t, t + 1))
    s["p"] = s["p"] * u
    s["m"] = 0.9 * s["m"] + 0.1 * g
    s["v"] = 0.999 * s["v"] + 0.001 * g**2
    m = u_next * s["m"] / (1 - s["p"] * u_next) + (1 - u) * g / (1 - s["p"])
    return w - RATE * m / (np.sqrt(s["v"] / (1 - 0.999**t)) + 1e-7)


RULES = [
    ("SGD", {}, sgd, {}),
    ("SGD", {"momentum": 0.9}, momentum, {"m": 0}),
    ("SGD", {"momentum": 0.9, "nesterov": True}, nesterov, {"m": 0}),
    ("RMSprop", {"rho": 0.8}, rmsprop, {"v": 0}),
    (
        "RMSprop",
        {"rho": 0.8, "momentum": 0.5, "centered": True},
        centered,
        {"v": 0, "a": 0, "m": 0},
    ),
    ("Adagrad", {"initial_accumulator_value": 0.2}, adagrad, {"sum": 0.2}),
    ("Adadelta", {}, adadelta, {"g": 0, "d": 0}),
    ("Adam", {}, adam, {"m": 0, "v": 0}),
    ("Adam", {"amsgrad": True}, amsgrad, {"m": 0, "v": 0, "top": 0}),
    ("AdamW", {"weight_decay": 0.1}, adamw, {"m": 0, "v": 0}),
    ("Adamax", {}, adamax, {"m": 0, "u": 0}),
    ("Nadam", {}, nadam, {"m": 0, "v": 0, "p": 1}),
    ("Lion", {}, lion, {"m": 0}),
]
every_rule = pytest.mark.parametrize(
    ("name", "options", "rule", "state"), RULES, ids=lambda v: v if isinstance(v, str) else ""
)


@every_rule
def test_five_steps(name, options, rule, state):
    # The learning rate is a float32 variable: one that float32 holds exactly.
    optimizer = getattr(dl.optimizers, name)(learning_rate=RATE, **options)
    optimizer._learning_rate = dl.Variable(RATE, dtype="float64", trainable=False)
    mine = variables()
    train(optimizer, mine)
    assert_same(mine, follow(rule, state))
    assert int(optimizer.iterations) == 5


@every_rule
@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_every_dtype(name, options, rule, state, dtype):
    optimizer = getattr(dl.optimizers, name)(learning_rate=RATE, **options)
    mine = variables(dtype)
    train(optimizer, mine, steps=3)
    weights = follow(rule, state, steps=3)
    tolerance = {"float32": 1e-4, "float16": 0.02, "bfloat16": 0.2}[dtype]
    for variable, weight in zip(mine, weights, strict=True):
        assert variable.dtype == dtype
        got = dl.ops.cast(variable, "float32").numpy()
        np.testing.assert_allclose(got, weight, rtol=tolerance, atol=tolerance)


@every_rule
def test_the_same_bits_on_any_number_of_threads(name, options, rule, state):
    rng = np.random.default_rng(0)
    shapes = [(301, 211), (7,), (1,), (40, 1001), (0, 3)]
    starts = [rng.normal(size=s).astype("float32") for s in shapes]
    gradients = [rng.normal(size=s).astype("float32") for s in shapes]
    seen = []
    try:
        for threads in (1, 2, 3, 4):
            dl.config.set_num_threads(threads)
            optimizer = getattr(dl.optimizers, name)(0.01, **options, global_clipnorm=1.0)
            mine = [dl.Variable(s) for s in starts]
            for _ in range(3):
                optimizer.apply([dl.asarray(g) for g in gradients], mine)
            seen.append(b"".join(v.numpy().tobytes() for v in mine))
    finally:
        dl.config.set_num_threads(0)
    assert len(set(seen)) == 1


# ---- what is done to the gradients ---------------------------------------------------------------


def exact(name="SGD", **options):
    optimizer = getattr(dl.optimizers, name)(learning_rate=RATE, **options)
    optimizer._learning_rate = dl.Variable(RATE, dtype="float64", trainable=False)
    return optimizer


def norm(gradients):
    return np.sqrt(sum((g**2).sum() for g in gradients))


CLIPS = {
    "clipvalue": lambda gs, t: [np.clip(g, -0.5, 0.5) for g in gs],
    "clipnorm": lambda gs, t: [g * min(1, 0.5 / norm([g])) for g in gs],
    "global_clipnorm": lambda gs, t: [g * min(1, 0.5 / norm(gs)) for g in gs],
}


@pytest.mark.parametrize("clip", CLIPS)
def test_clipping(clip):
    mine = variables()
    train(exact("Adam", **{clip: 0.5}), mine)
    assert_same(mine, follow(adam, {"m": 0, "v": 0}, change=CLIPS[clip]))


def test_clipping_leaves_small_gradients_alone():
    mine = variables()
    train(exact(clipnorm=1e6), mine)
    assert_same(mine, follow(sgd, {}))


def test_global_clipnorm_of_infinite_gradients_is_nan():
    v = [dl.Variable(np.ones(3)), dl.Variable(np.ones(2))]
    dl.optimizers.SGD(0.1, global_clipnorm=1.0).apply([[1.0, np.inf, 1.0], [1.0, 1.0]], v)
    assert np.isnan(v[0].numpy()).all() and np.isnan(v[1].numpy()).all()


def test_loss_scale_factor():
    mine = variables()
    optimizer = exact(loss_scale_factor=8.0, clipnorm=0.5)
    assert float(optimizer.scale_loss(dl.asarray(2.0))) == 16.0
    for step in range(5):
        optimizer.apply([dl.asarray(8 * g) for g in arrays(step + 1)], mine)
    assert_same(mine, follow(sgd, {}, change=CLIPS["clipnorm"]))


@pytest.mark.parametrize("extra", [{}, {"loss_scale_factor": 4.0}])
def test_gradient_accumulation(extra):
    mine = variables()
    optimizer = exact("Adam", gradient_accumulation_steps=3, **extra)
    for step in range(6):
        scaled = [dl.asarray(g * extra.get("loss_scale_factor", 1)) for g in arrays(step + 1)]
        optimizer.apply(scaled, mine)
    means = [
        [sum(g) / 3 for g in zip(*map(arrays, (a, a + 1, a + 2)), strict=True)] for a in (1, 4)
    ]
    assert_same(mine, follow(adam, {"m": 0, "v": 0}, 2, change=lambda gs, t: means[t]))
    assert int(optimizer.iterations) == 2


def test_moving_average_of_the_weights():
    mine = variables()
    optimizer = exact(use_ema=True, ema_momentum=0.7)
    train(optimizer, mine, 3)
    history = [follow(sgd, {}, steps)[0] for steps in (1, 2, 3)]
    mean = 0.7 * (0.7 * history[0] + 0.3 * history[1]) + 0.3 * history[2]
    np.testing.assert_allclose(mine[0].numpy(), history[2], rtol=1e-12)
    optimizer.finalize_variable_values(mine)
    np.testing.assert_allclose(mine[0].numpy(), mean, rtol=1e-12)


def test_moving_average_overwrites_the_weights_every_so_often():
    mine = variables()
    optimizer = exact(use_ema=True, ema_momentum=0.7, ema_overwrite_frequency=2)
    train(optimizer, mine, 2)
    first, second = (follow(sgd, {}, steps)[0] for steps in (1, 2))
    np.testing.assert_allclose(mine[0].numpy(), 0.7 * first + 0.3 * second, rtol=1e-12)


def test_weight_decay_and_its_exceptions():
    mine = variables()
    optimizer = exact(weight_decay=0.2)
    optimizer.exclude_from_weight_decay(var_list=[mine[0]], var_names=["w2"])
    train(optimizer, mine)

    def decayed(w, g, s, t):
        return sgd(w - w * 0.2 * RATE, g, s, t)

    plain, with_decay = follow(sgd, {}), follow(decayed, {})
    assert_same(mine, [plain[0], with_decay[1], plain[2], with_decay[3]])
    with pytest.raises(ValueError, match="before the optimizer is built"):
        optimizer.exclude_from_weight_decay(var_names=["w0"])


def test_constraints_are_applied_after_the_step():
    v = dl.Variable(np.array([0.05, 1.0]))
    v.constraint = lambda w: dl.maximum(w, 0.0)
    dl.optimizers.SGD(0.1).apply([np.ones(2)], [v])
    np.testing.assert_allclose(v.numpy(), [0.0, 0.9], rtol=1e-6)


# ---- steps ---------------------------------------------------------------------------------------


def test_step_applies_and_clears_the_gradients():
    mine = variables()
    optimizer = exact("Adam")
    optimizer.build(mine)
    for step in range(5):
        for variable, gradient in zip(mine, arrays(step + 1), strict=True):
            dl.sum(variable * gradient).backward()
        optimizer.step()
        assert all(v.grad is None for v in mine)
    assert_same(mine, follow(adam, {"m": 0, "v": 0}))


def test_zero_grad():
    v = dl.Variable([1.0, 2.0])
    optimizer = dl.optimizers.SGD()
    optimizer.zero_grad()
    optimizer.build([v])
    dl.sum(v).backward()
    optimizer.zero_grad()
    assert v.grad is None


def test_strided_and_broadcast_gradients():
    v = dl.Variable(np.zeros((3, 4)))
    g = np.arange(12.0).reshape(4, 3)
    dl.optimizers.SGD(1.0).apply([dl.asarray(g).T], [v])
    np.testing.assert_allclose(v.numpy(), -g.T)
    dl.optimizers.SGD(1.0).apply([dl.broadcast_to(dl.asarray(2.0), (3, 4))], [v])
    np.testing.assert_allclose(v.numpy(), -g.T - 2)


def test_a_value_that_somebody_holds_does_not_change():
    v = dl.Variable(np.ones(3))
    before, view = v.value, v.numpy()
    dl.optimizers.SGD(1.0).apply([np.ones(3)], [v])
    assert before.tolist() == [1, 1, 1]
    assert view.tolist() == [1, 1, 1]
    assert v.numpy().tolist() == [0, 0, 0]


def test_some_of_the_variables():
    mine = variables()
    optimizer = exact()
    optimizer.build(mine)
    gradients = arrays(1)
    optimizer.apply([dl.asarray(gradients[2]), dl.asarray(gradients[0])], [mine[2], mine[0]])
    weights = arrays(0)
    weights[0] -= RATE * gradients[0]
    weights[2] -= RATE * gradients[2]
    assert_same(mine, weights)


def test_missing_gradients_are_named():
    mine = variables()
    optimizer = exact()
    with pytest.warns(UserWarning, match=r"'w1', 'w2'"):
        optimizer.apply([dl.asarray(arrays(1)[0]), None, None, dl.asarray(0.5)], mine)
    mine[1].trainable = False  # frozen on purpose: nothing to say
    optimizer.apply([dl.asarray(arrays(1)[0]), None, dl.zeros((2, 3, 2)), dl.asarray(0.5)], mine)


def test_apply_gradients():
    mine = variables()
    optimizer = exact()
    pairs = zip([dl.asarray(g) for g in arrays(1)], mine, strict=True)
    assert int(optimizer.apply_gradients(pairs)) == 1
    assert_same(mine, follow(sgd, {}, 1))


def test_a_recorded_step_replays():
    """Replayed steps move the weights, the slots and the schedule on as eager ones do."""
    x = dl.asarray(np.random.default_rng(0).normal(size=(8, 3)))

    def run(replays):
        w = dl.Variable(np.ones((3, 2)))
        rate = dl.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5)
        optimizer = dl.optimizers.Adam(rate)
        optimizer.build([w])

        def step():
            dl.sum((x @ w) ** 2).backward()
            optimizer.step()

        step()  # slots exist before the recording
        with recorded() as recording:
            step()
        for _ in range(3):
            recording.replay() if replays else step()
        return w.numpy(), int(optimizer.iterations)

    (replayed, a), (eager, b) = run(True), run(False)
    assert a == b == 5
    np.testing.assert_array_equal(replayed, eager)


def test_fit_scales_the_loss_and_ends_with_the_averages():
    x, y = np.ones((8, 3), "float32"), np.ones((8, 1), "float32")

    def trained(**options):
        model = dl.Sequential([dl.Input((3,)), dl.layers.Dense(1, kernel_initializer="ones")])
        model.compile(optimizer=dl.optimizers.SGD(0.01, **options), loss="mse")
        model.fit(x, y, batch_size=4, epochs=2, verbose=0)
        return model.get_weights()[0], model.optimizer

    plain, _ = trained()
    scaled, _ = trained(loss_scale_factor=16.0)
    np.testing.assert_allclose(plain, scaled, rtol=1e-6)
    averaged, optimizer = trained(use_ema=True, ema_momentum=0.5)
    np.testing.assert_array_equal(averaged, optimizer._averages[0].numpy())
    assert not np.allclose(averaged, plain)


# ---- hyperparameters -----------------------------------------------------------------------------


def test_the_learning_rate_can_be_set():
    v = dl.Variable(np.zeros(1))
    optimizer = dl.optimizers.SGD(1.0)
    optimizer.apply([np.ones(1)], [v])
    optimizer.learning_rate = 0.5
    optimizer.apply([np.ones(1)], [v])
    assert v.numpy().tolist() == [-1.5]
    assert float(optimizer.learning_rate) == 0.5
    assert optimizer.get_config()["learning_rate"] == 0.5


def test_a_function_as_learning_rate():
    v = dl.Variable(np.zeros(1))
    rates = iter([1.0, 0.25])
    optimizer = dl.optimizers.SGD(lambda: next(rates))
    optimizer.apply([np.ones(1)], [v])
    optimizer.apply([np.ones(1)], [v])
    assert v.numpy().tolist() == [-1.25]


def test_a_schedule_of_ones_own():
    class Halving(dl.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step):
            return 1.0 / 2.0 ** dl.ops.cast(step, "float32")

    v = dl.Variable(np.zeros(1))
    optimizer = dl.optimizers.SGD(Halving())
    for _ in range(3):
        optimizer.apply([np.ones(1)], [v])
    assert v.numpy().tolist() == [-1.75]
    with pytest.raises(TypeError, match="follows a schedule"):
        optimizer.learning_rate = 0.1


def test_a_hyperparameter_can_change_between_steps():
    v = dl.Variable(np.zeros(1))
    optimizer = dl.optimizers.SGD(1.0)
    optimizer.apply([np.ones(1) * 5], [v])
    optimizer.clipvalue = 1.0
    optimizer.apply([np.ones(1) * 5], [v])
    assert v.numpy().tolist() == [-6.0]


def test_a_rule_in_python():
    class Momentum(dl.optimizers.Optimizer):
        def __init__(self, learning_rate=RATE, **options):
            super().__init__(learning_rate, **options)

        def build(self, variables):
            super().build(variables)
            self.momentums = self.add_optimizer_variables(variables, "momentum")

        def update_step(self, gradient, variable, learning_rate):
            m = self.momentums[self._get_variable_index(variable)]
            self.assign(m, 0.9 * m - learning_rate * gradient)
            self.assign_add(variable, m)

    options = [
        {},
        {"clipnorm": 0.5, "weight_decay": 0.1},
        {"global_clipnorm": 0.5, "use_ema": True, "ema_overwrite_frequency": 2},
        {"clipvalue": 0.5, "gradient_accumulation_steps": 2, "loss_scale_factor": 2.0},
    ]
    for extra in options:
        mine, others = variables("float32"), variables("float32")
        train(Momentum(**extra), mine)
        train(dl.optimizers.SGD(RATE, momentum=0.9, **extra), others)
        assert_same(mine, [v.numpy() for v in others], 1e-5)


# ---- state ---------------------------------------------------------------------------------------


def test_names_of_the_state():
    optimizer = dl.optimizers.Adam(name="adam")
    v = dl.Variable(np.zeros((2, 3)), name="kernel")
    v.path = "dense/kernel"
    optimizer.build([v])
    assert [w.path for w in optimizer.variables] == [
        "adam/iteration",
        "adam/learning_rate",
        "adam/dense_kernel_momentum",
        "adam/dense_kernel_velocity",
    ]
    assert optimizer.iterations.dtype == "int64"
    assert not any(w.trainable for w in optimizer.variables)


def test_saving_and_loading_the_state():
    a, b = variables(), variables()
    first, second = exact("Adam"), exact("Adam")
    train(first, a, 3)
    second.build(b)
    store = {}
    first.save_own_variables(store)
    second.load_own_variables(store)
    for x, y in zip(a, b, strict=True):
        y.assign(x)
    for optimizer, weights in ((first, a), (second, b)):
        optimizer.apply([dl.asarray(g) for g in arrays(9)], weights)
    assert_same(a, [v.numpy() for v in b], 0)
    with pytest.warns(UserWarning, match="Skipping variable loading"):
        second.load_own_variables({"0": store["0"]})


@every_rule
def test_config(name, options, rule, state):
    optimizer = getattr(dl.optimizers, name)(learning_rate=0.25, **options, clipnorm=1.0)
    config = optimizer.get_config()
    assert config["learning_rate"] == 0.25 and config["clipnorm"] == 1.0
    copy = dl.optimizers.deserialize(dl.optimizers.serialize(optimizer))
    assert type(copy) is type(optimizer)
    assert copy.get_config() == config


def test_config_with_a_schedule():
    schedule = dl.optimizers.schedules.CosineDecay(0.1, 10, warmup_target=0.3, warmup_steps=5)
    copy = dl.optimizers.SGD.from_config(dl.optimizers.SGD(schedule).get_config())
    assert copy._learning_rate.get_config() == schedule.get_config()


def test_arguments_that_all_optimizers_take():
    """By position after an optimizer's own, and spelt out for `help`."""
    sgd = dl.optimizers.SGD(0.1, 0.9, True, 1e-4, 2.0)
    assert (sgd.weight_decay, sgd.clipnorm) == (1e-4, 2.0)
    adamw = dl.optimizers.AdamW(0.1, 0.01, 0.8, 0.99, 1e-8, True, 3.0, name="mine")
    assert (adamw.weight_decay, adamw.amsgrad, adamw.clipnorm, adamw.name) == (
        0.01, True, 3.0, "mine"
    )  # fmt: skip
    for cls in (dl.optimizers.SGD, dl.optimizers.AdamW, dl.optimizers.Nadam):
        shown = list(inspect.signature(cls).parameters)
        assert shown[-2:] == ["name", "unknown"] and "clipnorm" in shown and "shared" not in shown


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
@pytest.mark.parametrize("name", ["SGD", "Adam", "Nadam"])
def test_copies_go_on_apart(name, copied):
    rate = dl.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)
    optimizer = getattr(dl.optimizers, name)(rate, weight_decay=0.1)
    ours = variables()
    optimizer.exclude_from_weight_decay(ours[:1])
    train(optimizer, ours, 2)
    theirs, twin = copied((ours, optimizer))
    before = [v.tolist() for v in ours]
    train(twin, theirs, 3)
    assert [v.tolist() for v in ours] == before
    train(optimizer, ours, 3)
    assert [v.tolist() for v in ours] == [v.tolist() for v in theirs]
