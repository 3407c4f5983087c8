"""Parity with Keras 3 on JAX; skipped where they are not installed (extra `keras`)."""

import os

import pytest

os.environ["KERAS_BACKEND"] = "jax"
os.environ.setdefault("JAX_PLATFORMS", "cpu")
keras = pytest.importorskip("keras", reason="Keras 3 is not installed: pip install keras jax")
pytest.importorskip("jax", reason="JAX is not installed: pip install jax")


def pytest_collection_modifyitems(items):
    """Keras reads its own variables in a way that NumPy 2 warns of; ours stay errors."""
    ignore = "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
    for item in items:
        if "keras" in item.path.parts:
            item.add_marker(pytest.mark.filterwarnings(ignore))


@pytest.fixture(autouse=True)
def _seeds():
    import danlu as dl

    keras.utils.set_random_seed(7)
    dl.utils.set_random_seed(7)
