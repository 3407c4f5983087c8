"""What `python -m danlu info` prints: the build, the processor, the OpenMP runtime, the memory."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from typing import Any


def info() -> dict[str, Any]:
    """The facts of this process: version, ISA, threads, OpenMP, CUDA, memory."""
    from danlu import _core
    from danlu._version import __version__

    facts: dict[str, Any] = _core.build_info()
    facts["version"] = __version__
    facts["gpus"] = [f"{name} {_core.device_name(name)}" for name in _core.devices()[1:]]
    facts["memory"] = {**_core.memory_stats(), "machine": _machine_memory()}
    return facts


def _machine_memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.machine()


def _gpus(facts: dict[str, Any]) -> str:
    if not facts["cuda"]:
        return "not in this build"
    return ", ".join(facts["gpus"]) or "kernels compiled in, no GPU found"


def report(modules: Sequence[str] = ()) -> str:
    """The facts as text, after importing `modules`, which may bring their own OpenMP."""
    from importlib import import_module

    for module in modules:
        try:
            import_module(module)
        except ImportError as error:
            raise ImportError(f"[info] cannot import {module!r}: {error}") from error
    facts = info()
    openmp, memory = facts["openmp"], facts["memory"]
    shared = openmp["shared_with"]
    lines = [
        ("danlu", facts["version"]),
        ("Python", f"{platform.python_version()} ({platform.python_implementation()})"),
        ("processor", f"{_processor()} ({platform.machine()})"),
        ("ISA", f"{facts['isa']} (set DANLU_ISA for another)"),
        ("threads", f"{facts['threads']} of {os.cpu_count()}"),
        ("OpenMP", openmp["path"] or "linked statically"),
        ("", "shared with " + ", ".join(map(os.path.basename, shared)) if shared else "not shared"),
    ]
    lines += [("", f"another runtime in this process: {path}") for path in openmp["others"]]
    lines += [
        ("CUDA", _gpus(facts)),
        ("compiler", facts["compiler"]),
        (
            "memory",
            f"{memory['in_use'] / 2**20:.1f} MB in use, {memory['cached'] / 2**20:.1f} MB cached, "
            f"{memory['machine'] / 2**30:.1f} GB in the machine",
        ),
    ]
    return "\n".join(f"{name:10} {value}" for name, value in lines)
