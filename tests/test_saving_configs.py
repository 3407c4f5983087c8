"""Configurations of models that were altered: a ValueError says where and what, or they load."""

import copy
import json
import re

import numpy as np
import pytest

import danlu as dl
from danlu import layers

DEEP = 0
for _ in range(400):
    DEEP = [DEEP]
JUNK = [None, 1, "x", [], {}, [1, "x"], {"class_name": "Dense", "config": {}}, DEEP]


def network():
    x = dl.Input((4,))
    h = layers.Dense(3, kernel_regularizer="l2")(x)
    model = dl.Model(x, layers.Concatenate()([h, dl.ops.relu(h * 2.0)[:, :2]]))
    rate = dl.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
    model.compile(dl.optimizers.SGD(rate), dl.losses.Huber(), metrics=["mae"])
    return model


def places(value, way=()):
    """The ways to all parts of a JSON value."""
    for key, part in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*way, key)
        if isinstance(part, (dict, list)):
            yield from places(part, (*way, key))


CONFIG = json.loads(network().to_json())


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("junk", JUNK, ids=lambda junk: f"{junk!r:.12}")
def test_every_part_replaced_by_junk(junk):
    refused = 0
    for *way, key in places(CONFIG):
        altered = part = copy.deepcopy(CONFIG)
        for step in way:
            part = part[step]
        part[key] = junk
        try:
            dl.models.model_from_json(json.dumps(altered))
        except ValueError as error:
            assert re.match(r"\[model_from_json\] this (cannot be made|is nested)", str(error))
            refused += 1
    assert refused > 50


ALTERED = {
    "no layers": (("layers",), None, "'layers' is a list of dicts with 'name', 'class_name'"),
    "layers of numbers": (("layers",), [1], "'layers' is a list of dicts.*got 1"),
    "a name": (("layers", 1, "config", "name"), [1], r"name is a string.*got name=\[1\]"),
    "a call": (("layers", 1, "inbound_nodes"), 3, "'inbound_nodes' is a list of dicts, got 3"),
    "arguments": (("layers", 1, "inbound_nodes", 0, "args"), 3, "'args' is a list"),
    "an output": (("output_layers",), [["x", 0, 0]], "no tensor"),
    "no input": (("input_layers",), [], "'input_layers' and 'output_layers' are made of"),
    "units": (("layers", 1, "config", "units"), "x", "units"),
}


@pytest.mark.parametrize("name", ALTERED)
def test_the_message_says_what_is_wrong_and_in_which_file(name, tmp_path, monkeypatch):
    way, value, message = ALTERED[name]
    model = network()
    path = tmp_path / "m.keras"
    config = dl.saving.serialize_keras_object(model)
    part = config = json.loads(json.dumps(config))
    for step in ("config", *way[:-1]):
        part = part[step]
    part[way[-1]] = value
    monkeypatch.setattr("danlu.saving.serialization.serialize_keras_object", lambda _: config)
    model.save(path)
    where = r"\[load_model\] config.json in '.*m.keras' cannot be made into a model: "
    with pytest.raises(ValueError, match=f"{where}.*{message}"):
        dl.models.load_model(path)


def test_compile_arguments_that_are_none(tmp_path, monkeypatch):
    model = network()
    monkeypatch.setattr(type(model), "get_compile_config", lambda self: {"loss": 3})
    model.save(tmp_path / "m.keras")
    with pytest.raises(ValueError, match=r"config.json in '.*m.keras', 'compile_config' cannot"):
        dl.models.load_model(tmp_path / "m.keras")
    assert dl.models.load_model(tmp_path / "m.keras", compile=False)(np.ones((1, 4))).shape[0] == 1


def test_a_class_of_another_module_is_named_with_it():
    config = {"module": "keras.metrics", "class_name": "Dense", "config": {}}
    with pytest.raises(ValueError, match=r"'Dense' of .*'keras.metrics'\. It is in 'keras.layers'"):
        dl.saving.deserialize_keras_object(config)
