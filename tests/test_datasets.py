"""Data sets: shapes, dtypes, damaged files, downloads from a local mirror, and being offline."""

import gzip
import hashlib
import io
import os
import struct
import tarfile
from pathlib import Path

import numpy as np
import pytest

from danlu.datasets import _files, cifar10, digits, housing, mnist


def idx(array):
    array = np.asarray(array, np.uint8)
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return b"\0\0\x08" + bytes([array.ndim]) + sizes + array.tobytes()


def mnist_files(train=7, test=3):
    rng = np.random.default_rng(0)
    arrays = {}
    for prefix, n in (("train", train), ("t10k", test)):
        arrays[f"{prefix}-images-idx3-ubyte.gz"] = rng.integers(0, 256, (n, 28, 28), np.uint8)
        arrays[f"{prefix}-labels-idx1-ubyte.gz"] = rng.integers(0, 10, n, np.uint8)
    return arrays


def write_mnist(folder, **kwargs):
    folder.mkdir(parents=True, exist_ok=True)
    arrays = mnist_files(**kwargs)
    for name, array in arrays.items():
        (folder / name).write_bytes(gzip.compress(idx(array)))
    return arrays


def cifar_batch(n, seed=0):
    rng = np.random.default_rng(seed)
    records = rng.integers(0, 256, (n, 3073), np.uint8)
    records[:, 0] %= 10
    return records


def write_cifar(folder, batches=5):
    folder.mkdir(parents=True)
    parts = [cifar_batch(4, seed) for seed in range(batches)]
    for i, records in enumerate(parts, 1):
        (folder / f"data_batch_{i}.bin").write_bytes(records.tobytes())
    test = cifar_batch(3, 99)
    (folder / "test_batch.bin").write_bytes(test.tobytes())
    return parts, test


@pytest.fixture(autouse=True)
def no_network(monkeypatch, tmp_path):
    """Every address fails unless a test sets a file:// mirror."""
    monkeypatch.setenv("DANLU_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DANLU_MIRROR", (tmp_path / "no-mirror").as_uri())


# ------------------------------------------------------------------ embedded data
def test_digits():
    (x_train, y_train), (x_test, y_test) = digits.load_data()
    assert x_train.shape == (1437, 8, 8) and x_test.shape == (360, 8, 8)
    assert y_train.shape == (1437,) and y_test.shape == (360,)
    assert x_train.dtype == y_train.dtype == np.uint8
    assert x_train.max() == 16 and set(y_test) == set(range(10))


def test_digits_are_those_of_scikit_learn():
    sklearn_datasets = pytest.importorskip("sklearn.datasets")
    reference = sklearn_datasets.load_digits()
    (x, y), (x_test, _) = digits.load_data(test_split=0, seed=None)
    np.testing.assert_array_equal(x, reference.images)
    np.testing.assert_array_equal(y, reference.target)
    assert x_test.shape == (0, 8, 8)


def test_digits_split_by_seed():
    (a, _), _ = digits.load_data(seed=1)
    (b, _), _ = digits.load_data(seed=1)
    (c, _), _ = digits.load_data(seed=2)
    assert (a == b).all() and (a != c).any()
    with pytest.raises(ValueError, match=r"\[digits.load_data\] test_split=1.5"):
        digits.load_data(test_split=1.5)


def test_housing():
    (x, y), (x_test, y_test) = housing.load_data()
    assert x.dtype == y.dtype == np.float32
    assert x.shape == (10, 2) and y.shape == (10,) and len(x_test) == len(y_test) == 0
    assert x[0].tolist() == [2104, 3] and y[-1] == 242500 and y.sum() == 3138999


# ------------------------------------------------------------------ where files lie
def test_home_follows_the_environment(monkeypatch):
    monkeypatch.setenv("DANLU_HOME", "/a")
    assert _files.home() == Path("/a")
    monkeypatch.delenv("DANLU_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", "/b")
    assert _files.home() == Path("/b/danlu")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert _files.home() == Path.home() / ".cache" / "danlu"


def test_mnist_from_home(tmp_path):
    arrays = write_mnist(tmp_path / "home" / "mnist")
    (x_train, y_train), (x_test, y_test) = mnist.load_data()
    loaded = (x_train, y_train, x_test, y_test)
    for array, expected in zip(loaded, arrays.values(), strict=True):
        assert array.dtype == np.uint8 and array.flags.writeable
        np.testing.assert_array_equal(array, expected)


def test_mnist_path_unpacked_and_npz(tmp_path):
    arrays = write_mnist(tmp_path)
    for name, array in arrays.items():
        (tmp_path / name).unlink()
        (tmp_path / name.removesuffix(".gz")).write_bytes(idx(array))
    (x_train, y_train), (x_test, y_test) = mnist.load_data(path=tmp_path)
    np.testing.assert_array_equal(x_test, arrays["t10k-images-idx3-ubyte.gz"])
    file = tmp_path / "mnist.npz"
    np.savez(file, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
    (again, _), _ = mnist.load_data(path=str(file))
    np.testing.assert_array_equal(again, x_train)


def test_mnist_npz_is_keras_default_name(tmp_path):
    write_mnist(tmp_path / "home" / "mnist")
    (x_train, _), _ = mnist.load_data(path="mnist.npz")
    assert x_train.shape == (7, 28, 28)


def test_npz_with_pickle_is_refused(tmp_path):
    file = tmp_path / "mnist.npz"
    np.savez(file, x_train=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match=r"mnist.npz is damaged"):
        mnist.load_data(path=file)


@pytest.mark.parametrize("batches", [1, 5])
def test_cifar_path_reads_what_lies_there(tmp_path, batches):
    parts, test = write_cifar(tmp_path / "cifar-10-batches-bin", batches)
    for path in (tmp_path, tmp_path / "cifar-10-batches-bin"):
        (x_train, y_train), (x_test, y_test) = cifar10.load_data(path=path)
        assert x_train.shape == (4 * batches, 32, 32, 3) and y_train.shape == (4 * batches, 1)
        assert x_train.dtype == y_train.dtype == np.uint8 and x_train.flags.c_contiguous
        planes = np.concatenate(parts)[:, 1:].reshape(-1, 3, 32, 32)
        np.testing.assert_array_equal(x_train[:, 5, 9, 2], planes[:, 2, 5, 9])
        np.testing.assert_array_equal(y_test[:, 0], test[:, 0])


# ------------------------------------------------------------------ damaged files
def damage_truncated_gzip(data):
    return data[: len(data) // 2]


def damage_flipped_bit(data):
    return data[:-6] + bytes([data[-6] ^ 1]) + data[-5:]


def damage_not_gzip(data):
    return b"<html>not found</html>"


def damage_short(data):
    return gzip.compress(gzip.decompress(data)[:-5])


def damage_long(data):
    return gzip.compress(gzip.decompress(data) + b"12345")


def damage_magic(data):
    return gzip.compress(b"IDX!" + gzip.decompress(data)[4:])


def damage_type(data):
    return gzip.compress(b"\0\0\x0d\x03" + gzip.decompress(data)[4:])


def damage_header(data):
    return gzip.compress(gzip.decompress(data)[:9])


def damage_huge_sizes(data):
    return gzip.compress(b"\0\0\x08\x03" + b"\xff" * 12)


def damage_empty(data):
    return b""


DAMAGES = [f for name, f in list(globals().items()) if name.startswith("damage_")]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda f: f.__name__)
def test_damaged_mnist(tmp_path, damage):
    write_mnist(tmp_path)
    file = tmp_path / "train-images-idx3-ubyte.gz"
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(ValueError, match=r"\[mnist.load_data\] .*train-images.* is damaged: .*"):
        mnist.load_data(path=tmp_path)


def test_mnist_files_that_do_not_belong_together(tmp_path):
    write_mnist(tmp_path)
    labels = gzip.compress(idx(np.zeros(5, np.uint8)))
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(labels)
    with pytest.raises(ValueError, match=r"train files .* images \(7, 28, 28\), labels \(5,\)"):
        mnist.load_data(path=tmp_path)


def test_damaged_cifar(tmp_path):
    write_cifar(tmp_path / "bin")
    file = tmp_path / "bin" / "data_batch_2.bin"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ValueError, match=r"data_batch_2.bin is damaged: 12291 bytes"):
        cifar10.load_data(path=tmp_path / "bin")
    records = cifar_batch(4)
    records[2, 0] = 10
    file.write_bytes(records.tobytes())
    with pytest.raises(ValueError, match=r"label 10 in record 2"):
        cifar10.load_data(path=tmp_path / "bin")


# ------------------------------------------------------------------ download
def digest(file):
    return hashlib.md5(file.read_bytes()).hexdigest()


@pytest.fixture
def mnist_mirror(tmp_path, monkeypatch):
    folder = tmp_path / "mirror" / "mnist"
    arrays = write_mnist(folder)
    monkeypatch.setenv("DANLU_MIRROR", (tmp_path / "mirror").as_uri() + "/")
    remotes = tuple(r._replace(md5=digest(folder / r.name)) for r in mnist.REMOTES)
    monkeypatch.setattr(mnist, "REMOTES", remotes)
    return arrays


def test_mnist_download(tmp_path, mnist_mirror, capfd):
    (x_train, _), _ = mnist.load_data()
    np.testing.assert_array_equal(x_train, mnist_mirror["train-images-idx3-ubyte.gz"])
    assert sorted(os.listdir(tmp_path / "home" / "mnist")) == sorted(mnist_mirror)
    assert "train-images-idx3-ubyte.gz" in capfd.readouterr().out
    mnist.load_data()
    assert capfd.readouterr().out == ""  # the second load reads the kept files


def test_wrong_digest_keeps_nothing(tmp_path, mnist_mirror):
    file = tmp_path / "mirror" / "mnist" / "t10k-labels-idx1-ubyte.gz"
    file.write_bytes(gzip.compress(idx([1, 2, 3, 4])))
    with pytest.raises(ValueError, match=r"t10k-labels.* has MD5 .* nothing was kept"):
        mnist.load_data()
    kept = os.listdir(tmp_path / "home" / "mnist")
    assert sorted(kept) == sorted(set(mnist_mirror) - {"t10k-labels-idx1-ubyte.gz"})


def test_cifar_download(tmp_path, monkeypatch):
    source = tmp_path / "source" / "cifar-10-batches-bin"
    parts, _ = write_cifar(source)
    archive = tmp_path / "mirror" / "cifar10" / "cifar-10-binary.tar.gz"
    archive.parent.mkdir(parents=True)
    with tarfile.open(archive, "w:gz") as members:
        members.add(source, "cifar-10-batches-bin")
        hostile = tarfile.TarInfo("../outside")
        hostile.size = 3
        members.addfile(hostile, io.BytesIO(b"bad"))
    monkeypatch.setenv("DANLU_MIRROR", (tmp_path / "mirror").as_uri())
    monkeypatch.setattr(cifar10, "REMOTE", cifar10.REMOTE._replace(md5=digest(archive)))
    (x_train, y_train), _ = cifar10.load_data()
    assert x_train.shape == (20, 32, 32, 3)
    np.testing.assert_array_equal(y_train[:, 0], np.concatenate(parts)[:, 0])
    assert os.listdir(tmp_path / "home" / "cifar10") == ["cifar-10-batches-bin"]
    assert not (tmp_path / "home" / "outside").exists()


def test_offline_names_files_and_places(tmp_path):
    home = tmp_path / "home"
    write_mnist(home / "mnist")
    (home / "mnist" / "t10k-images-idx3-ubyte.gz").unlink()
    with pytest.raises(FileNotFoundError) as caught:
        mnist.load_data()
    message = str(caught.value)
    assert f"{home / 'mnist'} lacks t10k-images-idx3-ubyte.gz, and the download failed" in message
    assert "train-labels" not in message
    for remedy in ("path=", "DANLU_HOME", "DANLU_MIRROR"):
        assert remedy in message
    with pytest.raises(FileNotFoundError, match=r"data_batch_1.bin, .* test_batch.bin"):
        cifar10.load_data()


def test_explicit_path_never_downloads(tmp_path, mnist_mirror):
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match=r"empty lacks train-images-idx3-ubyte.gz"):
        mnist.load_data(path=tmp_path / "empty")
    with pytest.raises(FileNotFoundError, match=r"empty lacks data_batch_1.bin"):
        cifar10.load_data(path=tmp_path / "empty")
    with pytest.raises(FileNotFoundError, match=r"path='.*nowhere' does not exist"):
        mnist.load_data(path=str(tmp_path / "nowhere"))


def test_interrupted_download_leaves_no_file(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        with _files.replacing(tmp_path / "file") as stream:
            stream.write(b"half")
            raise KeyboardInterrupt
    assert os.listdir(tmp_path) == []


# ------------------------------------------------------------------ the real files
@pytest.mark.data
@pytest.mark.skipif("DANLU_TEST_DATA" not in os.environ, reason="DANLU_TEST_DATA is not set")
def test_real_files():
    root = Path(os.environ["DANLU_TEST_DATA"])
    (x_train, y_train), (x_test, y_test) = mnist.load_data(path=root / "mnist")
    assert x_train.shape == (60000, 28, 28) and x_test.shape == (10000, 28, 28)
    assert y_train[:8].tolist() == [5, 0, 4, 1, 9, 2, 1, 3] and y_test.shape == (10000,)
    (x_train, y_train), _ = cifar10.load_data(path=root / "cifar10")
    assert x_train.shape[1:] == (32, 32, 3) and set(np.unique(y_train)) == set(range(10))
