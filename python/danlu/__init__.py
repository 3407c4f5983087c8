"""danlu: a deep-learning library in one small wheel.

Tensors and functions have the names of the Python array API standard, models those of Keras 3:

    import danlu as dl

    x = dl.asarray([[1.0, 2.0], [3.0, 4.0]])
    w = dl.Variable(dl.ones((2, 1)))
    loss = dl.mean((x @ w) ** 2)
    loss.backward()
    print(w.grad)

Importing danlu loads the compiled core and nothing else; everything loads on first use.
"""

from __future__ import annotations

import sys

from . import _core
from ._core import Tensor as Tensor
from ._core import Variable as Variable
from ._names import AUTOGRAD, DTYPES, MODELS, STANDARD, SUBMODULES
from ._version import __version__ as __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__array_api_version__ = "2024.12"

e = 2.718281828459045
inf = float("inf")
nan = float("nan")
newaxis = None
pi = 3.141592653589793


def __getattr__(name: str) -> Any:
    value: Any
    if name in SUBMODULES:
        path = f"{__name__}.{name}"
        __import__(path)
        value = sys.modules[path]
    elif name in DTYPES:
        value = getattr(_core, name)
    elif name in STANDARD:
        from . import ops

        value = ops.find(STANDARD[name])
    elif name in AUTOGRAD:
        from . import _autograd

        value = getattr(_autograd, name)
    elif name in MODELS:
        module = f"{__name__}.{MODELS[name]}"
        __import__(module)
        value = getattr(sys.modules[module], name)
    else:
        from ._lazy import absent

        raise absent(__name__, name, __dir__())
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    tables = ("AUTOGRAD", "DTYPES", "MODELS", "STANDARD", "SUBMODULES", "TYPE_CHECKING")
    hidden = {"annotations", "sys", *tables, *(n for n in globals() if n[0] == "_" != n[1])}
    return sorted({*globals(), *SUBMODULES, *DTYPES, *STANDARD, *AUTOGRAD, *MODELS} - hidden)
