"""MNIST: 70,000 handwritten digits, 28x28 (LeCun, Cortes and Burges)."""

from __future__ import annotations

import gzip
import math
import os
import struct
import zlib
from io import BufferedIOBase
from pathlib import Path
from typing import TYPE_CHECKING

from danlu.datasets import _files

from .._lazy import suggesting

if TYPE_CHECKING:
    import numpy as np

BASE = "https://ossci-datasets.s3.amazonaws.com/mnist/"
# The digests are those of torchvision/datasets/mnist.py (github.com/pytorch/vision).
REMOTES = tuple(
    _files.Remote(name, BASE + name, md5)
    for name, md5 in (
        ("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
        ("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"),
        ("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"),
        ("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"),
    )
)


def load_data(
    path: str | os.PathLike[str] | None = None,
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """`(x_train, y_train), (x_test, y_test)`: uint8 images (n, 28, 28), uint8 labels (n,).

    Args:
        path: a folder with the four IDX files (gzip or plain), or an `mnist.npz` as Keras keeps
            it. Default: `$DANLU_HOME/mnist/` or the user's cache; absent files are downloaded.

    Training data are 60,000, test data 10,000 images, in the order of the source; a pixel is 0 for
    paper to 255 for ink; labels are 0..9.

    Raises FileNotFoundError when `path` or a file in it is absent, or when a download fails;
    ValueError for a damaged file.

    >>> import danlu as dl
    >>> import numpy as np
    >>> x, y = np.zeros((5, 28, 28), "uint8"), np.arange(5, dtype="uint8")
    >>> np.savez("five.npz", x_train=x, y_train=y, x_test=x[:2], y_test=y[:2])
    >>> (x_train, y_train), (x_test, y_test) = dl.datasets.mnist.load_data(path="five.npz")
    >>> x_train.shape, y_test.tolist()
    ((5, 28, 28), [0, 1])
    """
    # Keras's default is the bare name "mnist.npz", which means "wherever the cache is".
    if path is not None and os.fspath(path) == "mnist.npz" and not os.path.exists(path):
        path = None
    where = _files.folder("mnist", path)
    if where.is_file():
        return _read_npz(where)
    missing = [remote for remote in REMOTES if _find(where, remote.name) is None]
    if missing and path is not None:
        raise FileNotFoundError(
            f"[mnist.load_data] {where} lacks {', '.join(remote.name for remote in missing)}"
        )

    def fetch():
        for remote in missing:
            _files.download("mnist", remote, where / remote.name)

    _files.fetch_or_explain("mnist", where, [remote.name for remote in missing], fetch)
    x_train, y_train, x_test, y_test = (
        read_idx(_find(where, remote.name) or where / remote.name) for remote in REMOTES
    )
    for part, x, y in (("train", x_train, y_train), ("test", x_test, y_test)):
        if x.ndim != 3 or y.ndim != 1 or len(x) != len(y):
            raise ValueError(
                f"[mnist.load_data] the {part} files in {where} do not belong together: "
                f"images {x.shape}, labels {y.shape}; expected (n, 28, 28) and (n,)"
            )
    return (x_train, y_train), (x_test, y_test)


def _find(where: Path, name: str) -> Path | None:
    """The file as published, or unpacked."""
    for candidate in (where / name, where / name.removesuffix(".gz")):
        if candidate.is_file():
            return candidate
    return None


def read_idx(file: str | os.PathLike[str]) -> np.ndarray:
    """Reads an IDX file of unsigned bytes: two zeros, type 8, rank, big-endian sizes, data.

    A name that ends in ".gz" is unpacked on the way. Raises ValueError for another type, and for a
    file that is torn or too long.

    >>> import danlu as dl
    >>> import numpy as np
    >>> np.array([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9], "uint8").tofile("labels")
    >>> dl.datasets.mnist.read_idx("labels").tolist()
    [7, 8, 9]
    """
    import numpy as np

    file = Path(file)
    try:
        with gzip.open(file, "rb") if file.suffix == ".gz" else open(file, "rb") as stream:
            shape, data = _parse_idx(file, stream)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _files.damaged("mnist", file, f"gzip says: {error}") from error
    return np.frombuffer(data, np.uint8).reshape(shape).copy()


def _parse_idx(file: Path, stream: BufferedIOBase) -> tuple[tuple[int, ...], bytes]:
    head = stream.read(4)
    if len(head) < 4 or head[:2] != b"\0\0":
        raise _files.damaged("mnist", file, f"it starts with {head!r}, not with an IDX header")
    kind, rank = head[2], head[3]
    if kind != 8:
        raise _files.damaged("mnist", file, f"IDX type 0x{kind:02x}, expected 0x08 (bytes)")
    sizes = stream.read(4 * rank)
    if len(sizes) < 4 * rank:
        raise _files.damaged("mnist", file, f"the header ends before its {rank} sizes")
    shape = struct.unpack(f">{rank}I", sizes)
    expected = math.prod(shape)
    data = stream.read()  # to the end: only there does gzip check its sum
    if len(data) != expected:
        raise _files.damaged(
            "mnist", file, f"the header says {shape}, {expected} bytes; there are {len(data)}"
        )
    return shape, data


def _read_npz(file: Path):
    import zipfile

    import numpy as np

    try:
        with np.load(file, allow_pickle=False) as arrays:
            train, test = ((arrays[f"x_{s}"], arrays[f"y_{s}"]) for s in ("train", "test"))
            return train, test
    except (KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise _files.damaged(
            "mnist", file, f"not an npz archive with x_train, y_train, x_test, y_test ({error})"
        ) from error


if not TYPE_CHECKING:
    __getattr__ = suggesting(__name__)
