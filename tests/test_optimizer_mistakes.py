"""What optimizers say when they are used wrongly."""

from __future__ import annotations

import numpy as np
import pytest

import danlu as dl

MISTAKES = [
    (lambda: dl.optimizers.get("adm"), ValueError, "unknown optimizer 'adm'.*Did you mean 'adam'"),
    (lambda: dl.optimizers.get(3), ValueError, "cannot make an optimizer of 3"),
    (lambda: dl.optimizers.Adam(lr=0.1), ValueError, "unknown argument 'lr'"),
    (lambda: dl.optimizers.Adam(beta1=0.1), ValueError, "'beta1'.*Did you mean 'beta_1'"),
    (lambda: dl.optimizers.Adam("fast"), ValueError, "learning_rate is a number.*'fast'"),
    (lambda: dl.optimizers.SGD(momentum=2.0), ValueError, r"momentum must lie in \[0, 1\]"),
    (lambda: dl.optimizers.SGD(clipnorm=1.0, clipvalue=1.0), ValueError, "only one of clipnorm"),
    (lambda: dl.optimizers.SGD(gradient_accumulation_steps=1), ValueError, "integer >= 2"),
    (lambda: dl.optimizers.SGD(use_ema=True, ema_momentum=1.5), ValueError, "ema_momentum"),
    (lambda: dl.optimizers.AdamW(weight_decay=None), ValueError, "weight_decay"),
    (lambda: dl.optimizers.SGD().step(), ValueError, r"optimizer.build\(model.trainable_var"),
    (lambda: dl.optimizers.SGD().apply([dl.ones(2)]), ValueError, r"optimizer.build\(variables\)"),
]


@pytest.mark.parametrize(("call", "error", "match"), MISTAKES)
def test_mistakes(call, error, match):
    with pytest.raises(error, match=match):
        call()


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
