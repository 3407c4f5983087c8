"""Names and arguments that are almost right: the answer names what was meant."""

import inspect
import warnings

import numpy as np
import pytest

import danlu as dl
from danlu.utils.suggest import argument_names, suggestion

MODULES = """layers losses metrics callbacks initializers regularizers constraints optimizers
    optimizers.schedules models""".split()


def module(name):
    found = dl
    for part in name.split("."):
        found = getattr(found, part)
    return found


def public_classes():
    """Every public class that takes arguments, once, by the name of its class."""
    classes = {}
    for name in MODULES:
        for attribute in dir(module(name)):
            value = getattr(module(name), attribute)
            if inspect.isclass(value) and f"danlu.{name}." in f"{value.__module__}.":
                classes[value.__name__] = value
    # The first two are made by calls; a CallbackList takes any parameters of the run.
    others = ("KerasTensor", "InputSpec", "CallbackList")
    return [c for n, c in sorted(classes.items()) if n not in others and n[0] != "_"]


CLASSES = public_classes()
IMAGE = dl.ones((1, 4, 4, 1))


def test_the_classes_are_found():
    assert len(CLASSES) > 130


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_a_misspelt_argument(cls):
    known = argument_names(cls)
    meant = max(known, key=len, default="argument")
    wrong = meant[: len(meant) // 2] + meant[len(meant) // 2 + 1 :]
    with pytest.raises((TypeError, ValueError)) as info:  # ValueError as in Keras: optimizers
        cls(**{wrong: 1})
    message = str(info.value)
    assert message.startswith(f"[{cls.__name__}]") and wrong in message
    if known and len(meant) > 2:
        assert f"Did you mean {meant!r}?" in message


def required(cls):
    """The names of the arguments that a class cannot do without."""
    if cls.__init__ is object.__init__:
        return []
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
    named = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    return [p.name for p in named if p.default is p.empty]


@pytest.mark.parametrize("cls", [c for c in CLASSES if required(c)], ids=lambda cls: cls.__name__)
def test_a_missing_argument(cls):
    with pytest.raises(TypeError) as info:
        cls()
    message = str(info.value)
    assert message.startswith(f"[{cls.__name__}] {required(cls)[0]!r}") and "missing" in message


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: dl.Input(shpe=(3,)), r"\[Input\] .*'shpe'\. Did you mean 'shape'"),
        (lambda: dl.Sequential().save("x", overwite=1), r"\[save\].*Did you mean 'overwrite'"),
        (lambda: dl.Sequential().save(), r"\[save\] 'filepath' is missing"),
        (lambda: dl.grad(abs, argnum=0), r"\[grad\].*Did you mean 'argnums'"),
        (lambda: dl.models.clone_model(model=1, input_tensor=2), "Did you mean 'input_tensors'"),
        (lambda: dl.Model(input=1, output=2), r"\[Model\].*Did you mean 'inputs'"),
        (lambda: dl.layers.Dense(3, inputshape=3), r"\[Dense\].*Did you mean 'input_shape'"),
        (lambda: dl.layers.Dense(3, units=3), r"\[Dense\] got 'units' twice"),
        (lambda: dl.metrics.Mean("a", "float32", 3), r"\[Mean\] takes 2 arguments .* got 3"),
        (lambda: dl.ops.sum([1.0], axs=0), r"\[sum\] .*'axs'\. Did you mean 'axis'"),
        (lambda: dl.sum([1.0], axs=0), r"\[sum\] .*'axs'\. Did you mean 'axis'"),
        (lambda: dl.ones(2).sum(axs=0), r"\[sum\] .*'axs'\. Did you mean 'axis'"),
        (lambda: dl.reshape([1.0], shap=1), r"\[reshape\] .*'shap'\. Did you mean 'shape'"),
        (lambda: dl.ones(2, dtype="flaot32"), r"\[dtype\] 'flaot32' .* Did you mean 'float32'\?"),
        (lambda: dl.sum([1.0], axis="a"), r"\[shape\] expected an integer"),
        (lambda: dl.ops.conv(1, 2, stride=2), r"\[conv\].*Did you mean 'strides'"),
        (lambda: dl.ops.relu(dl.Input((3,)), nme=3), r"\[relu\] got an unknown argument 'nme'"),
    ],
)
def test_arguments_of_functions_and_methods(call, message):
    with pytest.raises(TypeError, match=message):
        call()


def test_a_constructor_of_the_users_own():
    class Mine(dl.layers.Layer):
        def __init__(self, units):
            super().__init__(nme=units)

    class Broken(dl.losses.Loss):
        def __init__(self):
            len(3)

    with pytest.raises(TypeError, match=r"\[Mine\].*'unit'\. Did you mean 'units'"):
        Mine(unit=3)
    with pytest.raises(TypeError, match=r"\[Mine\].*'nme'\. Did you mean 'name'"):
        Mine(3)
    with pytest.raises(TypeError, match="has no len"):
        Broken()


@pytest.mark.parametrize(
    ("call", "meant"),
    [
        (lambda: dl.layers.Conv2D(2, 3, padding="smae"), "same"),
        (lambda: dl.layers.MaxPooling2D(padding="vaild"), "valid"),
        (lambda: dl.layers.Conv2D(2, 3, data_format="chanels_last"), "channels_last"),
        (lambda: dl.layers.Dense(3, dtype="flaot32"), "float32"),
        (lambda: dl.Input((3,), dtype="flaot32"), "float32"),
        (lambda: dl.config.set_floatx("flaot64"), "float64"),
        (lambda: dl.losses.MeanSquaredError(reduction="smu"), "sum"),
        (lambda: dl.Sequential().compile("adma"), "adam"),
        (lambda: dl.ops.conv(IMAGE, dl.ones((3, 3, 1, 1)), padding="smae"), "same"),
        (lambda: dl.ops.max_pool(IMAGE, 2, padding="vaild"), "valid"),
        (lambda: dl.ops.pad([1, 2], 1, mode="reflct"), "reflect"),
    ],
)
def test_values(call, meant):
    with pytest.raises(ValueError, match=rf"Did you mean '{meant}'\?"):
        call()


@pytest.mark.parametrize(
    ("name", "known", "meant"),
    [
        ("adma", ["adam", "adamax", "adamw"], "adam"),
        ("reluu", ["relu6", "relu"], "relu"),
        ("lr", ["learning_rate", "l1"], "learning_rate"),
        ("filter_size", ["filters", "units"], "filters"),
        ("l3", ["l2"], "l2"),
    ],
)
def test_the_nearest_name(name, known, meant):
    assert suggestion(name, known) == f" Did you mean {meant!r}?"


@pytest.mark.parametrize("name", ["x", "kernel", ""])
def test_nothing_is_near(name):
    assert suggestion(name, ["y", "units"]) == ""


@pytest.mark.parametrize(
    ("where", "wrong", "meant"),
    [
        ("optimizers.schedules", "ExponentialDecy", "ExponentialDecay"),
        ("datasets", "mnst", "mnist"),
        ("datasets.mnist", "lod_data", "load_data"),
        ("tree", "flaten", "flatten"),
        ("backend", "epsilo", "epsilon"),
    ],
)
def test_attributes_of_modules(where, wrong, meant):
    with pytest.raises(AttributeError, match=rf"{wrong}'\. Did you mean '{meant}'\?"):
        getattr(module(where), wrong)


def test_warnings_point_at_the_line_of_the_call():
    model = dl.Sequential([dl.Input((4,)), dl.layers.Dense(3)])
    model.compile("sgd", "mse")
    x, y = np.ones((6, 4)), np.zeros((6, 3))

    def batches():
        yield x, y

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(batches(), steps_per_epoch=2, verbose=0)
        model.trainable = False
        model.fit(x, y, verbose=0)
    assert [str(w.message)[:20] for w in caught] == [
        "[fit] the data ran o",
        "[fit] [Sequential 's",
    ]
    assert {w.filename for w in caught} == {__file__}
