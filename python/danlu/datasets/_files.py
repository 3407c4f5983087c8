"""Where data files lie, how they are fetched, and what is said when they are absent or damaged."""

from __future__ import annotations

import hashlib
import http.client
import os
import tempfile
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

BLOCK = 1 << 18
TIMEOUT_SECONDS = 30


class Remote(NamedTuple):
    """A file that can be downloaded: `DANLU_MIRROR/<dataset>/<name>`, or else `url`."""

    name: str
    url: str
    md5: str


def home() -> Path:
    """`$DANLU_HOME`, or the user's cache folder."""
    if explicit := os.environ.get("DANLU_HOME"):
        return Path(explicit).expanduser()
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "danlu"


def folder(dataset: str, path: str | os.PathLike[str] | None) -> Path:
    """The folder that holds the files of `dataset`; an explicit `path` must exist."""
    if path is None:
        return home() / dataset
    chosen = Path(path).expanduser()
    if not chosen.exists():
        raise FileNotFoundError(
            f"[{dataset}.load_data] path={str(path)!r} does not exist; give the folder that holds "
            f"the data files, or leave path away to use {home() / dataset}"
        )
    return chosen


def source_url(dataset: str, remote: Remote) -> str:
    mirror = os.environ.get("DANLU_MIRROR")
    return f"{mirror.rstrip('/')}/{dataset}/{remote.name}" if mirror else remote.url


@contextmanager
def replacing(target: Path):
    """A temporary file beside `target` that takes its name only when the block succeeds."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
        os.chmod(name, 0o644)
        os.replace(name, target)
    except BaseException:
        os.unlink(name)
        raise


def download(dataset: str, remote: Remote, target: Path) -> None:
    """Fetches `remote` into `target`: progress bar, digest check, atomic rename."""
    url = source_url(dataset, remote)
    digest = hashlib.md5(usedforsecurity=False)
    with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as response:
        size = int(response.headers.get("Content-Length") or 0)
        with replacing(target) as stream, _progress(remote.name, size) as advance:
            received = 0
            while block := response.read(BLOCK):
                stream.write(block)
                digest.update(block)
                received += len(block)
                advance(len(block))
            if size and received != size:
                raise OSError(f"{url} ended after {received} of {size} bytes")
            if digest.hexdigest() != remote.md5:
                raise ValueError(
                    f"[{dataset}.load_data] {url} has MD5 {digest.hexdigest()}, expected "
                    f"{remote.md5}: the file is damaged or another one; nothing was kept. "
                    f"Try again, or set DANLU_MIRROR to another source"
                )


@contextmanager
def _progress(name: str, size: int):
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns) as bar:
        task = bar.add_task(name, total=size or None)
        yield lambda count: bar.advance(task, count)


def fetch_or_explain(
    dataset: str, where: Path, missing: Sequence[str], fetch: Callable[[], None]
) -> None:
    """Runs `fetch`; when the network fails, says which files are missing and where to put them."""
    try:
        fetch()
    except (OSError, http.client.HTTPException) as error:
        raise FileNotFoundError(
            f"[{dataset}.load_data] {where} lacks {', '.join(missing)}, and the download failed "
            f"({error}). Put these files into {where}, or give the folder that holds them as "
            f"path=..., or set DANLU_HOME to a folder with {dataset}/ inside, or DANLU_MIRROR to "
            f"the address of a mirror with {dataset}/ inside"
        ) from None


def damaged(dataset: str, file: Path, why: str) -> ValueError:
    return ValueError(
        f"[{dataset}.load_data] {file} is damaged: {why}. Delete it and load again to download a "
        f"fresh copy, or put a good one in its place"
    )
