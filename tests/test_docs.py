"""Runs the Python of README.md, docs/ and the docstrings; checks the links between the pages."""

import doctest
import importlib
import os
import pkgutil
import re
from pathlib import Path

import pytest

import danlu

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(danlu.__path__, "danlu.")
    if not module.name.endswith("__main__")
)
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


def blocks(page):
    """The ```python blocks of a page with their line numbers."""
    text = page.read_text()
    for match in BLOCK.finditer(text):
        yield text[: match.start()].count("\n") + 2, match[1]


@pytest.mark.parametrize("page", [p for p in PAGES if next(blocks(p), None)], ids=lambda p: p.name)
def test_python_of_page_runs(page, tmp_path, monkeypatch):
    """Blocks share their names, top to bottom. A block that loads MNIST needs DANLU_TEST_DATA."""
    monkeypatch.chdir(tmp_path)
    if data := os.environ.get("DANLU_TEST_DATA"):
        monkeypatch.setenv("DANLU_HOME", data)
    names = {"__name__": "__main__"}
    for line, code in blocks(page):
        if "mnist" in code and not data:
            continue
        exec(compile("\n" * (line - 1) + code, str(page), "exec"), names)


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples(name, tmp_path, monkeypatch):
    """As a user writes them: without the module's own names. Those of `danlu._core` run, too."""
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name)
    names = {"dl": danlu, "np": importlib.import_module("numpy")}
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    failed, _ = doctest.testmod(module, globs=names, optionflags=flags)
    assert failed == 0, f"{failed} docstring examples of {name} fail; see the captured output"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text())
    dead = [x for x in links if "://" not in x and not (page.parent / x).exists()]
    assert not dead, f"{page.name} links to {dead}"
