"""`danlu.keras` is danlu again: the same modules, the same classes, loaded as late."""

import subprocess
import sys

import pytest

import danlu as dl


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
