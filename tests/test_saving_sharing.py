"""Layers that stand in several places of a model: one layer before saving and after loading."""

import copy
import pickle
import re

import numpy as np
import pytest

import danlu as dl
from danlu import layers


def shared_model(wrap=lambda layer: layer):
    """A layer inside an inner model and outside it; two layers of equal arguments beside it."""
    tied = layers.Dense(3, name="tied")
    inputs = dl.Input((2, 3))
    inner = dl.Model(inputs, layers.Dense(3, name="own")(tied(inputs)), name="inner")
    x = dl.Input((2, 3))
    y = layers.add([inner(x), wrap(tied)(x), layers.Dense(3, name="other")(x)])
    return dl.Model(x, y)


@pytest.mark.parametrize(
    "wrap",
    [lambda layer: layer, lambda layer: dl.Sequential([dl.Input((2, 3)), layer])],
    ids=["bare", "in a Sequential"],
)
def test_a_layer_of_two_models_is_one_when_read_again(tmp_path, wrap):
    model = shared_model(wrap)
    model.compile("adam", "mse")
    x = np.linspace(-1, 1, 24, dtype=np.float32).reshape(4, 2, 3)
    model.fit(x, x, verbose=0, shuffle=False)
    model.save(tmp_path / "m.keras")
    copies = [
        dl.models.load_model(tmp_path / "m.keras"),
        copy.deepcopy(model),
        pickle.loads(pickle.dumps(model)),
    ]
    model.fit(x, x, verbose=0, shuffle=False)
    for again in copies:
        assert len(again.variables) == len(model.variables) == 6
        again.fit(x, x, verbose=0, shuffle=False)
        np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))
    fresh = dl.models.model_from_json(model.to_json())
    assert len(fresh.variables) == 6
    assert set(re.findall(r'"shared_object_id": (\d+)', model.to_json())) == {"0"}
    alone = dl.Sequential([dl.Input((3,)), layers.Dense(3), layers.Dense(3)])
    assert "shared_object_id" not in alone.to_json()
