"""What optimizers say when they are used wrongly."""

from __future__ import annotations

import math

import numpy as np
import pytest

import danlu as dl

MISTAKES = [
    (lambda: dl.optimizers.get("adm"), ValueError, "unknown optimizer 'adm'.*Did you mean 'adam'"),
    (lambda: dl.optimizers.get(3), ValueError, "cannot make an optimizer of 3"),
    (lambda: dl.optimizers.get(dl.optimizers.Adam), ValueError, r"write Adam\(\)"),
    (lambda: dl.optimizers.Adam(lr=0.1), ValueError, "unknown argument 'lr'"),
    (lambda: dl.optimizers.Adam(beta1=0.1), ValueError, "'beta1'.*Did you mean 'beta_1'"),
    (lambda: dl.optimizers.Adam("fast"), ValueError, "learning_rate is a number.*'fast'"),
    (lambda: dl.optimizers.SGD(momentum=2.0), ValueError, r"momentum must lie in \[0, 1\]"),
    (lambda: dl.optimizers.SGD(clipnorm=1.0, clipvalue=1.0), ValueError, "only one of clipnorm"),
    (lambda: dl.optimizers.SGD(gradient_accumulation_steps=1), ValueError, "integer >= 2"),
    (lambda: dl.optimizers.SGD(use_ema=True, ema_momentum=1.5), ValueError, "ema_momentum"),
    (lambda: dl.optimizers.Lion(beta_1=0.0), ValueError, r"\[Lion\] beta_1 must lie in \(0, 1\]"),
    (
        lambda: dl.optimizers.Adam(epsilon="x"),
        ValueError,
        r"\[Adam\] epsilon must .*number, got 'x'",
    ),
    (
        lambda: dl.optimizers.Adam([0.1, 0.2]),
        ValueError,
        r"learning_rate is a number.*\[0.1, 0.2\]",
    ),
    (
        lambda: dl.optimizers.SGD().apply_gradients([3]),
        ValueError,
        r"\[SGD.apply_gradients\].*got 3",
    ),
    (lambda: dl.optimizers.AdamW(weight_decay=None), ValueError, "weight_decay"),
    (lambda: dl.optimizers.SGD().step(), ValueError, r"optimizer.build\(model.trainable_var"),
    (lambda: dl.optimizers.SGD().apply([dl.ones(2)]), ValueError, r"optimizer.build\(variables\)"),
]


@pytest.mark.parametrize(("call", "error", "match"), MISTAKES)
def test_mistakes(call, error, match):
    with pytest.raises(error, match=match):
        call()


LIMITS = [
    *((clip, bad) for clip in ("clipnorm", "global_clipnorm", "clipvalue") for bad in (-1.0, "1")),
    *(("weight_decay", bad) for bad in (-0.1, math.nan, math.inf, "0.1")),
    *(("loss_scale_factor", bad) for bad in (0, -2.0, math.nan)),
    *(("gradient_accumulation_steps", bad) for bad in (2.5, 1, -2, "2")),
    *(("ema_momentum", bad) for bad in (-0.1, 1.1, None)),
    *(("ema_overwrite_frequency", bad) for bad in (1.5, -1)),
]


class Descent(dl.optimizers.Optimizer):
    def update_step(self, gradient, variable, learning_rate):
        variable.assign_sub(learning_rate * gradient)


@pytest.mark.parametrize("make", [dl.optimizers.SGD, Descent])
@pytest.mark.parametrize(("name", "bad"), LIMITS)
def test_limits_hold_when_made_and_when_set(name, bad, make):
    message = rf"\[{make.__name__}\] {name} must .*, got {bad!r}"
    with pytest.raises(ValueError, match=message):
        make(learning_rate=0.1, **{name: bad})
    optimizer = make(learning_rate=0.1)
    before = getattr(optimizer, name)
    with pytest.raises(ValueError, match=message):
        setattr(optimizer, name, bad)
    assert getattr(optimizer, name) == before


@pytest.mark.parametrize("make", [dl.optimizers.SGD, Descent])
def test_a_limit_of_0_is_none(make):
    for name in ("clipnorm", "global_clipnorm", "clipvalue"):
        v = dl.Variable([5.0])
        make(learning_rate=1.0, **{name: 0}).apply([[3.0]], [v])
        assert v.tolist() == [2.0]


@pytest.mark.parametrize(
    ("optimizer", "name", "value"),
    [
        (dl.optimizers.SGD(), "momentum", 0.9),
        (dl.optimizers.Adam(), "amsgrad", True),
        (dl.optimizers.RMSprop(), "centered", True),
        (dl.optimizers.SGD(), "use_ema", True),
        (dl.optimizers.SGD(), "gradient_accumulation_steps", 2),
        (Descent(0.1), "gradient_accumulation_steps", 2),
        (Descent(0.1), "use_ema", True),
    ],
)
def test_what_needs_state_cannot_be_switched_on_later(optimizer, name, value):
    """The core would read slots that there are not."""
    v = dl.Variable([1.0, 2.0])
    optimizer.build([v])
    before = getattr(optimizer, name)
    with pytest.raises(ValueError, match="of each weight is made when the optimizer is built"):
        setattr(optimizer, name, value)
    assert getattr(optimizer, name) == before
    optimizer.apply([[1.0, 1.0]], [v])
    assert int(optimizer.iterations) == 1


@pytest.mark.parametrize(
    ("options", "off"),
    [
        ({"momentum": 0.9}, {"momentum": 0.0}),
        ({"use_ema": True}, {"use_ema": False}),
        ({"gradient_accumulation_steps": 2}, {"gradient_accumulation_steps": None}),
    ],
)
def test_what_has_state_can_be_switched_off(options, off):
    v = dl.Variable([1.0, 2.0])
    optimizer = dl.optimizers.SGD(0.5, **options)
    optimizer.build([v])
    for name, value in off.items():
        setattr(optimizer, name, value)
    for _ in range(2):
        optimizer.apply([[1.0, 2.0]], [v])
    assert v.tolist() == [0.0, 0.0]


def test_no_gradients_at_all():
    optimizer = dl.optimizers.SGD()
    assert int(optimizer.apply_gradients([])) == int(optimizer.apply_gradients(iter([]))) == 0


def test_learning_rates_that_are_set():
    optimizer = dl.optimizers.SGD(0.5)
    for bad in ("fast", None, [0.1, 0.2], True):
        with pytest.raises(ValueError, match=r"\[SGD\] learning_rate is a number"):
            optimizer.learning_rate = bad
    assert optimizer.learning_rate.item() == 0.5


SCHEDULES = [
    (
        lambda s: s.ExponentialDecay(0.1, 0, 0.5),
        r"\[ExponentialDecay\] decay_steps must be > 0, got 0",
    ),
    (lambda s: s.InverseTimeDecay(0.1, -1, 0.5), r"\[InverseTimeDecay\] decay_steps .*got -1"),
    (
        lambda s: s.PolynomialDecay("x", 10),
        r"\[PolynomialDecay\] initial_learning_rate .*number, got 'x'",
    ),
    (lambda s: s.CosineDecay(0.1, 10, alpha=None), r"\[CosineDecay\] alpha must .*got None"),
    (lambda s: s.CosineDecay(0.1, 10, warmup_target="x"), r"warmup_target must .*or None, got 'x'"),
    (lambda s: s.CosineDecayRestarts(0.1, math.nan), r"first_decay_steps must be > 0, got nan"),
]


@pytest.mark.parametrize(("call", "match"), SCHEDULES)
def test_schedules(call, match):
    with pytest.raises(ValueError, match=match):
        call(dl.optimizers.schedules)


def test_a_subclass_of_a_schedule_keeps_attributes_of_its_own():
    class Named(dl.optimizers.schedules.ExponentialDecay):
        def __init__(self, unit):
            self.unit = unit
            super().__init__(1.0, 1, 0.5)

    assert Named("epochs")(2).item() == 0.25


def test_mistakes_with_gradients():
    v, other = dl.Variable(np.zeros(3)), dl.Variable(np.zeros(3))
    optimizer = dl.optimizers.SGD()
    optimizer.build([v])
    with pytest.raises(ValueError, match="no gradients provided.*backward"):
        optimizer.step()
    with pytest.raises(ValueError, match="no gradients provided"):
        optimizer.apply([None], [v])
    with pytest.raises(ValueError, match=r"shape \(2,\).*\(3,\)"):
        optimizer.apply([np.zeros(2)], [v])
    with pytest.raises(ValueError, match="unknown variable"):
        optimizer.apply([np.zeros(3)], [other])
    with pytest.raises(ValueError, match="2 gradients for 1 variables"):
        optimizer.apply([np.zeros(3), np.zeros(3)], [v])
    with pytest.raises(ValueError, match="2 gradients for the 1 variables"):
        optimizer.apply([np.zeros(3), np.zeros(3)])
    with pytest.raises(ValueError, match="in the list twice"):
        dl.optimizers.SGD().build([v, v])
    assert v.numpy().tolist() == [0, 0, 0]
    assert int(optimizer.iterations) == 0


def test_state_of_other_shapes():
    optimizer = dl.optimizers.SGD(0.1, momentum=0.9)
    optimizer.build([dl.Variable(np.zeros(shape)) for shape in [(5, 3), (2, 3, 2)]])
    state = [v.numpy() for v in optimizer.variables]
    state[0], state[-1] = np.int64(7), np.ones(3)
    with pytest.raises(ValueError, match=r"\[SGD.set_weights\].*shape \(2, 3, 2\), got \(3,\)"):
        optimizer.set_weights(state)
    assert int(optimizer.iterations) == 0
