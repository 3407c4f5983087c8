"""CIFAR-10: 60,000 colour images of ten classes, 32x32 (Krizhevsky, 2009)."""

from __future__ import annotations

import os
import tarfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from danlu.datasets import _files

from .._lazy import suggesting

if TYPE_CHECKING:
    import numpy as np

FOLDER = "cifar-10-batches-bin"
TRAIN = tuple(f"data_batch_{i}.bin" for i in range(1, 6))
TEST = "test_batch.bin"
# The digest is that of the data set's page, https://www.cs.toronto.edu/~kriz/cifar.html
REMOTE = _files.Remote(
    "cifar-10-binary.tar.gz",
    "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    "c32a1d4ab5d03f1284b67883e8d87530",
)
class_names = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
RECORD = 1 + 3 * 32 * 32


def load_data(
    path: str | os.PathLike[str] | None = None,
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """`(x_train, y_train), (x_test, y_test)`: uint8 images (n, 32, 32, 3), uint8 labels (n, 1).

    Args:
        path: a folder with the files of the binary version; those of `data_batch_1.bin` to
            `data_batch_5.bin` that lie there are the training data. Default:
            `$DANLU_HOME/cifar10/` or the user's cache, where all six are needed; what is absent
            is downloaded.

    Training data are 50,000, test data 10,000 images, in the order of the source; pixels are 0..255
    in red, green and blue; a label is a place in `class_names`.

    Raises FileNotFoundError when `path` or a file in it is absent, or when a download fails;
    ValueError for a damaged file.

    >>> import danlu as dl
    >>> import numpy as np
    >>> np.zeros((5, 3073), "uint8").tofile("data_batch_1.bin")  # 5 black airplanes
    >>> np.zeros((2, 3073), "uint8").tofile("test_batch.bin")
    >>> (x_train, y_train), (x_test, y_test) = dl.datasets.cifar10.load_data(path=".")
    >>> x_train.shape, y_test.shape
    ((5, 32, 32, 3), (2, 1))
    """
    import numpy as np

    where = _files.folder("cifar10", path)
    if (where / FOLDER).is_dir() or path is None:
        where = where / FOLDER
    if path is None:
        missing = [name for name in (*TRAIN, TEST) if not (where / name).is_file()]
        if missing:
            _files.fetch_or_explain("cifar10", where, missing, lambda: _download(where, missing))
    batches = [where / name for name in TRAIN if (where / name).is_file()]
    if not batches or not (where / TEST).is_file():
        raise FileNotFoundError(
            f"[cifar10.load_data] {where} lacks {TEST if batches else TRAIN[0]}; path= must be a "
            f"folder with the binary version's files, or one with {FOLDER}/ inside"
        )
    parts = [read_batch(file) for file in batches]
    x_train, y_train = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return (x_train, y_train), read_batch(where / TEST)


def read_batch(file: str | os.PathLike[str]) -> tuple[np.ndarray, np.ndarray]:
    """Reads records of one label byte and 3,072 pixel bytes, red plane first.

    Returns uint8 images (n, 32, 32, 3) and labels (n, 1). Raises ValueError for a file that is no
    whole number of records, or has a label above 9.

    >>> import danlu as dl
    >>> import numpy as np
    >>> np.repeat(np.uint8([8, 255, 0, 0]), [1, 1024, 1024, 1024]).tofile("ship.bin")
    >>> x, y = dl.datasets.cifar10.read_batch("ship.bin")
    >>> x[0, 0, 0].tolist(), dl.datasets.cifar10.class_names[y[0, 0]]
    ([255, 0, 0], 'ship')
    """
    import numpy as np

    file = Path(file)
    size = file.stat().st_size
    if size == 0 or size % RECORD:
        raise _files.damaged(
            "cifar10", file, f"{size} bytes are not a whole number of {RECORD}-byte records"
        )
    records = np.fromfile(file, np.uint8).reshape(-1, RECORD)
    y = records[:, :1].copy()
    if y.max() > 9:
        raise _files.damaged("cifar10", file, f"label {y.max()} in record {y.argmax()}, not 0..9")
    planes = records[:, 1:].reshape(-1, 3, 32, 32)
    return np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), y


def _download(where: Path, missing: list[str]) -> None:
    """Fetches the archive and unpacks the missing files, each renamed when it is whole."""
    archive = where.parent / REMOTE.name
    _files.download("cifar10", REMOTE, archive)
    try:
        with tarfile.open(archive) as members:
            for name in missing:
                source = members.extractfile(f"{FOLDER}/{name}")
                if source is None:
                    raise KeyError(name)
                with source, _files.replacing(where / name) as stream:
                    while block := source.read(_files.BLOCK):
                        stream.write(block)
    except (KeyError, tarfile.TarError, EOFError, zlib.error) as error:
        raise _files.damaged("cifar10", archive, str(error)) from error
    archive.unlink()


if not TYPE_CHECKING:
    __getattr__ = suggesting(__name__)
