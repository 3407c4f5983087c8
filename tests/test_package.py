"""The package as users meet it: the command line, the libraries it links, its examples."""

import ast
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import danlu
from danlu import _core

ROOT = Path(__file__).parents[1]
ISAS = ["portable", "baseline", "avx2", "avx512", "avx512bf16", "amx"]  # plainest first
RUNTIMES = (
    "libc.", "libm.", "libstdc++", "libgcc_s", "libgomp", "libomp", "libpthread", "libdl", "librt",
    "ld-linux", "linux-vdso",
)  # fmt: skip


def run(*arguments, cwd=None, **environment):
    """Runs Python, and fails with its output when it fails."""
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, **environment},
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_one_version():
    text = (ROOT / "python" / "danlu" / "_version.py").read_text()
    assert ast.literal_eval(text.split("=")[1].strip()) == danlu.__version__
    try:
        installed = importlib.metadata.version("danlu")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("danlu runs from the source tree")
    assert installed == danlu.__version__


def test_every_public_name_has_a_value():
    missing = []
    for module in (danlu, danlu.ops, danlu.keras, danlu.layers):
        for name in dir(module):
            if name.startswith("__"):
                continue
            try:
                getattr(module, name)
            except (AttributeError, ImportError) as error:
                missing.append(f"{module.__name__}.{name}: {error}")
    assert not missing, "\n".join(missing)


def test_three_dependencies():
    text = (ROOT / "pyproject.toml").read_text()
    dependencies = ast.literal_eval(re.search(r"^dependencies = (\[.*\])$", text, re.M)[1])
    names = {re.match(r"[\w-]+", dependency)[0] for dependency in dependencies}
    assert names == {"numpy", "safetensors", "rich"}


def test_info():
    out = run("-m", "danlu", "info")
    facts = {}
    for line in out.splitlines():
        name, _, value = line.partition(" ")
        facts.setdefault(name, value.strip())
    assert facts["danlu"] == danlu.__version__
    assert facts["ISA"].split()[0] in ISAS
    assert int(facts["threads"].split()[0]) >= 1
    assert re.search(r"lib(g|i)?omp", facts["OpenMP"])
    for name in ("CUDA", "memory", "compiler", "Python", "processor"):
        assert facts[name]


def test_info_with_what_is_not_there():
    done = subprocess.run(
        [sys.executable, "-m", "danlu", "info", "--with", "no_such_module"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr == (
        "[info] cannot import 'no_such_module': No module named 'no_such_module'\n"
    )


def test_demo_wants_an_epoch():
    done = subprocess.run(
        [sys.executable, "-m", "danlu", "demo", "--epochs", "-1"], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "--epochs: a number from 1 on is wanted, not '-1'" in done.stderr


def test_info_says_who_shares_openmp():
    pytest.importorskip("torch")
    code = (
        "import torch, danlu._info as i; facts = i.info()['openmp']; "
        "print(bool(facts['shared_with']) or bool(facts['others']))"
    )
    assert run("-c", code).strip() == "True"


def test_threads_are_obeyed():
    assert run("-c", "import danlu as dl; print(dl.config.num_threads())", OMP_NUM_THREADS="3") == (
        "3\n"
    )


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity on this system")
def test_affinity_is_obeyed(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    code = (
        "import os, sys; os.sched_setaffinity(0, map(int, sys.argv[1:]))\n"
        "import danlu as dl; print(dl.config.num_threads())"
    )
    allowed = sorted(os.sched_getaffinity(0))
    assert run("-c", code, allowed[-1]) == "1\n"
    assert int(run("-c", code, *allowed)) <= len(allowed)
    assert run("-c", code, allowed[-1], OMP_NUM_THREADS="2") == "2\n"  # asked for by name


def test_isa_can_be_lowered():
    code = "from danlu import _core; print(_core.build_info()['isa'])"
    plainest = run("-c", code, DANLU_ISA="baseline").strip()
    best = run("-c", code).strip()
    assert ISAS.index(plainest) <= ISAS.index(best)
    if best in ("amx", "avx512bf16"):
        assert run("-c", code, DANLU_ISA="avx512").strip() == "avx512"


@pytest.mark.skipif(shutil.which("ldd") is None, reason="ldd is not here")
def test_extension_links_runtimes_only():
    out = subprocess.run(["ldd", _core.__file__], capture_output=True, text=True, check=True).stdout
    if "libasan" in out:
        pytest.skip("a sanitized build")
    names = [Path(line.split()[0]).name for line in out.splitlines() if line.strip()]
    assert [name for name in names if not name.startswith(RUNTIMES)] == []


def test_extension_exports_its_entry_only():
    """Two libraries in one process must not see each other's symbols."""
    if shutil.which("nm") is None:
        pytest.skip("nm is not here")
    out = subprocess.run(
        ["nm", "-D", "--defined-only", "--extern-only", _core.__file__],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    names = [line.split()[-1] for line in out.splitlines()]
    assert "PyInit__core" in names
    assert not [name for name in names if name.startswith(("omp_", "GOMP_", "Py_"))]


def test_extension_is_of_this_python():
    assert _core.__file__.endswith(sysconfig.get_config_var("EXT_SUFFIX"))


# ------------------------------------------------------------------ demo and examples
def test_demo_learns_the_digits(tmp_path):
    out = run("-m", "danlu", "demo", "--epochs", 30, "--seed", 0, cwd=tmp_path)
    assert "Epoch 30/30" in out and "accuracy" in out
    assert float(re.search(r"test accuracy ([\d.]+)", out)[1]) >= 0.95


def test_linear_regression(tmp_path):
    out = run(ROOT / "examples" / "linear_regression.py", cwd=tmp_path)
    differences = re.findall(r"relative difference ([\d.e+-]+)", out)
    assert len(differences) == 2 and all(float(d) < 1e-4 for d in differences)


def test_plot_of_the_linear_regression(tmp_path):
    pytest.importorskip("matplotlib")
    script = ROOT / "examples" / "linear_regression.py"
    run(script, "--plot", "housing.png", cwd=tmp_path, MPLCONFIGDIR=str(tmp_path))
    assert (tmp_path / "housing.png").read_bytes().startswith(b"\x89PNG")


def test_loops(tmp_path):
    out = run(ROOT / "examples" / "loops.py", cwd=tmp_path)
    assert "bit for bit" in out
    assert all(float(a) > 0.94 for a in re.findall(r"test accuracy ([\d.]+)", out))


def test_styles(tmp_path):
    out = run(ROOT / "examples" / "styles.py", cwd=tmp_path)
    accuracies = re.findall(r"test accuracy ([\d.]+)", out)
    assert len(accuracies) == 3 and all(float(a) > 0.94 for a in accuracies)


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.skipif("DANLU_TEST_DATA" not in os.environ, reason="DANLU_TEST_DATA is not set")
@pytest.mark.parametrize(("name", "accuracy"), [("mnist", 0.973), ("lenet5", 0.985)])
def test_mnist_examples(name, accuracy, tmp_path):
    data, file = os.environ["DANLU_TEST_DATA"], str(ROOT / "examples" / f"{name}.py")
    code = f"import danlu, runpy; danlu.utils.set_random_seed(0); runpy.run_path({file!r}, "
    out = run("-c", code + "run_name='__main__')", cwd=tmp_path, DANLU_HOME=data)
    assert float(re.findall(r"accuracy:? ([\d.]+)", out)[-1]) >= accuracy
