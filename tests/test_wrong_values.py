"""Values of the wrong kind: the answer names who got what, and what was expected."""

import numpy as np
import pytest

import danlu as dl
from danlu import layers

ENDLESS: list = [1]
ENDLESS.append(ENDLESS)


def model():
    made = dl.Sequential([dl.Input((2,)), layers.Dense(1)], name="net")
    made.compile("sgd", "mse")
    return made


def built(optimizer):
    optimizer.build([dl.Variable([1.0])])
    return optimizer


AXIS = "axis is an int or a list of ints, counted with the batch as 0, got axis="
CALLS = {
    "predict": (lambda: model().predict({"a": 1}), r"\[predict\] x is a dict .*x\['a'\] is 1"),
    "fit": (lambda: model().fit({"a": None}, 1), r"\[fit\] x is a dict .*x\['a'\] is None"),
    "endless data": (lambda: model().predict(ENDLESS), r"\[predict\] x is a list that holds"),
    "weights": (lambda: model().set_weights(None), r"\[Sequential 'net'\] weights is a list of"),
    "state": (lambda: built(dl.optimizers.SGD()).set_weights(3), r"\[SGD.set_weights\] .*got"),
    "layers": (lambda: dl.Sequential(True), r"\[Sequential\] layers is a list of layers, such as"),
    "gradients": (lambda: dl.optimizers.Adam().apply(None), r"\[Adam.apply\] grads is a list of"),
    "pairs": (lambda: dl.optimizers.Adam().apply_gradients(None), "is a list of .gradient, var"),
    "variables": (lambda: dl.optimizers.Adam().build(None), r"\[Adam.build\] variables is a list"),
    "thresholds": (lambda: dl.metrics.Precision(thresholds="same"), r"number in \[0, 1\].*'same'"),
    "threshold": (lambda: dl.metrics.BinaryAccuracy(threshold="a"), "threshold is a number"),
    "top_k": (lambda: dl.metrics.Recall(top_k=0), r"\[Recall\] top_k is a positive integer"),
    "batch axis": (lambda: layers.BatchNormalization(axis=1.5), "axis is an int, .*axis=1.5"),
    "layer axis": (lambda: layers.LayerNormalization(axis=[1.5]), AXIS + r"\[1.5\]"),
    "softmax axis": (lambda: layers.Softmax(axis=ENDLESS), AXIS + r"\[1, \[...\]\]"),
    "unit axis": (lambda: layers.UnitNormalization(axis=ENDLESS), AXIS + r"\[1, \[...\]\]"),
    "join axis": (lambda: layers.Concatenate(axis=ENDLESS), r"\[Concatenate\] axis is an int"),
    "reshape": (lambda: layers.Reshape(ENDLESS), r"\[Reshape\] target_shape is a tuple of sizes"),
    "name": (lambda: layers.Dense(1, name=ENDLESS), r"\[Dense\] name is a string without '/'"),
    "name with /": (lambda: dl.Sequential(name="a/b"), r"\[Sequential\] name is a string"),
    "attribute": (lambda: layers.Permute(ENDLESS), r"\[Permute\] attribute 'dims' .*holds itself"),
    "structure": (lambda: dl.tree.flatten(ENDLESS), r"\[flatten\] the structure holds itself"),
    "metrics": (lambda: model().compile("sgd", "mse", metrics=ENDLESS), "holds itself"),
}


@pytest.mark.parametrize("name", CALLS)
def test_values_of_the_wrong_kind(name):
    call, message = CALLS[name]
    with pytest.raises((TypeError, ValueError), match=message):
        call()


def test_axes_of_the_right_kind():
    x = np.ones((2, 3, 4), "float32")
    assert layers.Softmax(axis=(1, 2))(x).numpy().sum() == pytest.approx(2)
    assert layers.Softmax(axis=np.int64(1))(x).numpy().sum() == pytest.approx(8)
    assert layers.Concatenate(axis=np.int64(1))([x, x]).shape == (2, 6, 4)
