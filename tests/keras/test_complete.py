"""Every public class has a row in the table, and every name that was promised exists."""

import inspect

import keras
import pytest
import table

import danlu as dl
from danlu._missing import remedy

MODULES = {
    "layers": (table.LAYERS + table.INPUTS, table.LAYERS_ELSEWHERE),
    "losses": (table.LOSSES, table.LOSSES_ELSEWHERE),
    "metrics": (table.METRICS, table.METRICS_ELSEWHERE),
    "optimizers": (table.OPTIMIZERS, table.OPTIMIZERS_ELSEWHERE),
    "optimizers.schedules": (table.SCHEDULES, table.SCHEDULES_ELSEWHERE),
    "initializers": (table.INITIALIZERS, table.INITIALIZERS_ELSEWHERE),
    "regularizers": (table.REGULARIZERS, table.REGULARIZERS_ELSEWHERE),
    "constraints": (table.CONSTRAINTS, table.CONSTRAINTS_ELSEWHERE),
}
PROMISED = {
    "layers": """Input Dense Activation ReLU Softmax LeakyReLU Flatten Reshape Dropout Embedding
        Conv2D MaxPooling2D AveragePooling2D GlobalAveragePooling2D GlobalMaxPooling2D
        BatchNormalization LayerNormalization ZeroPadding2D Add Concatenate Rescaling""",
    "losses": """MeanSquaredError MeanAbsoluteError BinaryCrossentropy CategoricalCrossentropy
        SparseCategoricalCrossentropy""",
    "metrics": """Accuracy BinaryAccuracy CategoricalAccuracy SparseCategoricalAccuracy
        TopKCategoricalAccuracy SparseTopKCategoricalAccuracy MeanSquaredError MeanAbsoluteError
        Mean""",
    "optimizers": "SGD RMSprop Adagrad Adam AdamW",
    "optimizers.schedules": "ExponentialDecay CosineDecay PiecewiseConstantDecay",
    "initializers": """Zeros Ones Constant RandomNormal RandomUniform TruncatedNormal GlorotNormal
        GlorotUniform HeNormal HeUniform LecunNormal LecunUniform Orthogonal""",
    "regularizers": "L1 L2 L1L2",
    "callbacks": "History Callback EarlyStopping ModelCheckpoint TerminateOnNaN",
}


def module(root, name):
    for part in name.split("."):
        root = getattr(root, part)
    return root


def public_classes(name):
    """Public classes of a module that Keras has under the same name, aliases once."""
    ours, theirs = module(dl, name), module(keras, name)
    found = {}
    for attribute in dir(ours):
        value = getattr(ours, attribute)
        if inspect.isclass(value) and not attribute.startswith("_") and hasattr(theirs, attribute):
            found.setdefault(value, value.__name__)
    return set(found.values())


@pytest.mark.parametrize("name", MODULES)
def test_every_public_class_has_a_row(name):
    rows, elsewhere = MODULES[name]
    missing = public_classes(name) - {row.name for row in rows} - elsewhere
    assert not missing, f"add a row to tests/keras/table.py for {sorted(missing)}"


@pytest.mark.parametrize("name", MODULES)
def test_every_row_has_its_class(name):
    missing = [row.name for row in MODULES[name][0] if not hasattr(module(dl, name), row.name)]
    assert not missing, f"tests/keras/table.py has rows of classes that danlu lacks: {missing}"


def test_every_activation_has_a_row():
    public = {n for n in dir(keras.activations) if not n.startswith("_")}
    ours = {n for n in public if hasattr(dl.activations, n)}
    missing = ours - {row.name for row in table.ACTIVATIONS} - table.ACTIVATIONS_ELSEWHERE
    assert not missing
    assert ours == public, f"activations of Keras that danlu lacks: {public - ours}"


@pytest.mark.parametrize("name", PROMISED)
def test_promised_names_exist(name):
    missing = [n for n in PROMISED[name].split() if not hasattr(module(dl, name), n)]
    assert not missing


@pytest.mark.parametrize("name", MODULES)
def test_the_keras_namespace_is_the_same(name):
    assert module(dl.keras, name) is module(dl, name)


@pytest.mark.parametrize("name", ["layers", "metrics", "losses", "optimizers", "callbacks"])
def test_names_that_danlu_lacks_are_answered(name):
    names = {n for n in dir(module(keras, name)) if n[0] != "_"} - {"serialize", "deserialize"}
    unanswered = [
        n for n in names if not hasattr(module(dl, name), n) and not remedy(f"danlu.{name}", n)
    ]
    assert not unanswered, "add them to danlu/_missing.py"


@pytest.mark.parametrize("name", [*MODULES, "callbacks", "utils", "models", "activations"])
def test_every_alias_of_what_there_is(name):
    """Another name of Keras for a class or function that is here is here, too."""
    ours, theirs = module(dl, name), module(keras, name)
    here = {id(getattr(theirs, n)) for n in dir(theirs) if n[0] != "_" and hasattr(ours, n)}
    aliases = [n for n in dir(theirs) if n[0] != "_" and id(getattr(theirs, n)) in here]
    assert [n for n in aliases if not hasattr(ours, n)] == []
