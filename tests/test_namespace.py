"""`danlu.keras` is danlu again: the same modules, the same classes, loaded as late."""

import re
import subprocess
import sys
from importlib import import_module

import pytest

import danlu as dl
from danlu import _missing


def run(code):
    """The output of a program in a fresh interpreter."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_course_imports():
    from danlu.keras.datasets import mnist
    from danlu.keras.layers import Activation, Dense
    from danlu.keras.models import Sequential
    from danlu.keras.optimizers.schedules import ExponentialDecay

    assert Dense is dl.layers.Dense
    assert Activation is dl.layers.Activation
    assert Sequential is dl.models.Sequential is dl.Sequential
    assert mnist is dl.datasets.mnist
    assert ExponentialDecay is dl.optimizers.schedules.ExponentialDecay


def test_modules_are_the_same():
    import danlu.keras.datasets.mnist
    import danlu.keras.layers

    assert danlu.keras.layers is dl.layers
    assert danlu.keras.datasets.mnist is dl.datasets.mnist
    assert dl.layers.__name__ == "danlu.layers"
    assert dl.layers.__spec__.name == "danlu.layers"


def test_the_alias_may_come_first():
    code = """
import danlu.keras.losses as first
import danlu.losses
from danlu.keras import backend_that_is_not_there
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "ImportError" in done.stderr and "backend_that_is_not_there" in done.stderr
    assert run("import danlu.keras.losses as a, danlu.losses as b; print(a is b)") == "True"


def test_attributes():
    tf = dl
    assert tf.keras.layers.Flatten is dl.layers.Flatten
    assert tf.keras.Sequential is dl.Sequential
    assert tf.keras.ops.relu is dl.ops.relu
    assert tf.keras.__version__ == dl.__version__
    with pytest.raises(AttributeError, match="Did you mean 'Layer'"):
        _ = tf.keras.layer
    with pytest.raises(ModuleNotFoundError, match=r"danlu\.keras\.nothing"):
        __import__("danlu.keras.nothing")


def test_nothing_loads_before_it_is_used():
    code = "import sys, danlu.keras; print('danlu.layers' in sys.modules, 'numpy' in sys.modules)"
    assert run(code) == "False False"
    assert run("import sys, danlu.layers; print('danlu.models' in sys.modules)") == "False"


def test_all_names_at_once():
    code = (
        "from danlu.keras import *; from danlu.keras.layers import *; print(Dense is layers.Dense)"
    )
    assert run(code) == "True"


def test_names_at_the_top_of_keras():
    for name in "Initializer InputSpec Loss Metric Optimizer Regularizer DTypePolicy".split():
        assert getattr(dl.keras, name) is getattr(dl, name)
        assert name in dir(dl)
    assert isinstance(dl.losses.MeanSquaredError(), dl.Loss)


ABSENT = [
    ("layers", "Dens", ". Did you mean 'Dense'?"),
    ("layers", "LSTM", ": danlu does not have it yet"),
    ("layers", "Conv1D", ": danlu does not have it yet"),
    ("layers", "SeparableConv2D", ": use DepthwiseConv2D, then Conv2D of kernel_size 1"),
    ("layers", "nothing_like_it_at_all", ""),
    ("metrics", "AUC", ": danlu does not have it yet"),
    ("losses", "gett", ". Did you mean 'get'?"),
    ("ops", "softmx", ". Did you mean 'softmax'?"),
    ("ops", "svd", ": danlu does not have it yet"),
    ("keras", "applications", ": danlu does not have it yet"),
    ("", "GradientTape", ": use loss.backward() or dl.value_and_grad"),
    ("", "constant", ": use dl.asarray"),
    ("", "cast", ": it is dl.ops.cast"),
    ("", "Dense", ": it is dl.layers.Dense"),
    ("", "core", ""),  # not _core
]


@pytest.mark.parametrize(("module", "name", "answer"), ABSENT, ids=lambda value: value)
def test_absent_names(module, name, answer):
    path = f"danlu.{module}".rstrip(".")
    found = import_module(path)
    assert not hasattr(found, name)
    with pytest.raises(AttributeError) as attribute:
        getattr(found, name)
    with pytest.raises(ImportError) as imported:
        exec(f"from {path} import {name}")
    assert str(attribute.value).partition(repr(name))[2] == answer
    message = str(imported.value)
    assert message.startswith(f"cannot import name {name!r} from 'danlu")
    assert message.endswith(answer or "'")


def test_an_answer_comes_once():
    done = subprocess.run(
        [sys.executable, "-c", "import danlu; danlu.layers.Dens"], capture_output=True, text=True
    )
    assert done.stderr.count("Did you mean") == 1


def test_modules_of_keras_that_are_absent():
    with pytest.raises(ModuleNotFoundError, match=r"keras\.preprocessing': danlu does not have"):
        import_module("danlu.keras.preprocessing.image")


def test_what_to_use_instead_exists():
    for names in _missing.INSTEAD.values():
        for name, answer in names.items():
            for path in re.findall(r"\bdl\.([\w.]*\w)", answer):
                value = dl
                for part in path.split("."):
                    assert hasattr(value, part), (name, answer)
                    value = getattr(value, part)


@pytest.mark.parametrize(
    "name", ["", "layers", "callbacks", "datasets", "models", "saving", "utils"]
)
def test_dir_lists_what_is_public(name):
    module = import_module(f"danlu.{name}".rstrip("."))
    public = [n for n in dir(module) if n[:2] != "__"]
    assert not {"attach", "annotations", "sys", "context"} & set(public)
    assert all(n[0] != "_" and hasattr(module, n) for n in public)
