"""Every public name has a docstring with an example; tests/test_docs.py runs those of modules."""

from __future__ import annotations

import doctest
import inspect
import sys
from pathlib import Path
from typing import Any

import pytest

import danlu as dl

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))
from make_api import PAGE, members, page  # noqa: E402

MODULES = """ops activations backend callbacks config constraints datasets.cifar10 datasets.digits
    datasets.housing datasets.mnist initializers layers losses metrics models optimizers
    optimizers.schedules random regularizers saving tree utils""".split()


def public() -> dict[str, Any]:
    """Every public function, class and attribute of a tensor by its dotted name."""
    found = {f"dl.{name}": value for name, value in members(dl).items()}
    for path in MODULES:
        module = __import__(f"danlu.{path}", fromlist=["*"])
        found |= {f"dl.{path}.{name}": value for name, value in members(module).items()}
    for cls in (dl.Tensor, dl.Variable):
        for name in dir(cls):
            if name[0] != "_":
                found[f"dl.{cls.__name__}.{name}"] = inspect.getattr_static(cls, name)
    return found


PUBLIC = public()


def test_every_name_has_an_example() -> None:
    docs = {name: inspect.getdoc(value) or "" for name, value in PUBLIC.items()}
    missing = [name for name, doc in docs.items() if ">>> " not in doc]
    assert not missing, f"a docstring with `>>> import danlu as dl` is missing: {missing}"


def test_list_of_what_exists_is_current() -> None:
    assert PAGE.read_text() == page(), f"{PAGE.name}: run python tools/make_api.py"


@pytest.mark.parametrize("cls", (dl.Tensor, dl.Variable))
def test_examples_of_tensors(cls: type) -> None:
    """Types, attributes and methods without a module in which doctest would find them."""
    own = {name: value for name, value in PUBLIC.items() if name.startswith(f"dl.{cls.__name__}")}
    runner = doctest.DocTestRunner()
    report: list[str] = []
    for name, value in own.items():
        doc = inspect.getdoc(value) or ""
        test = doctest.DocTestParser().get_doctest(doc, {"dl": dl}, name, None, None)
        runner.run(test, out=report.append)
    assert runner.tries > len(own)
    assert not runner.failures, "".join(report)
