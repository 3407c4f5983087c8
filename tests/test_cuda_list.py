"""Every kernel has a CUDA twin or a line in cuda_missing.h, and not both. Needs no GPU."""

import re
from pathlib import Path

KERNELS = Path(__file__).parents[1] / "csrc" / "danlu" / "kernels"


def listed() -> set[str]:
    return set(re.findall(r"\bDL_KERNEL\((\w+),", (KERNELS / "kernels.h").read_text()))


def missing() -> list[str]:
    text = (KERNELS / "cuda_missing.h").read_text()
    return re.findall(r"^#define DL_CUDA_MISSING_(\w+) ", text, re.MULTILINE)


def defined() -> list[str]:
    """The functions that .cu files define outside of anonymous namespaces."""
    names = []
    for file in sorted(KERNELS.glob("*.cu")):
        text = re.sub(
            r"^namespace \{.*?^\}  // namespace$", "", file.read_text(), flags=re.M | re.S
        )
        names += re.findall(r"^void (\w+)\([^;]*?\)\s*\{", text, re.MULTILINE)
    return names


def test_the_lists_are_read():
    assert {"copy", "matmul", "softmax"} <= set(defined())
    assert {"copy", "matmul", "softmax"} <= listed()


def test_every_kernel_has_a_twin_or_is_named_missing():
    assert listed() - set(defined()) - set(missing()) == set()


def test_no_kernel_has_both():
    assert set(defined()) & set(missing()) == set()
    assert len(defined()) == len(set(defined()))
    assert len(missing()) == len(set(missing()))


def test_only_kernels_are_named():
    assert set(missing()) - listed() == set()
    assert set(defined()) - listed() == set()
