"""Small stand-ins for image data sets, and a local server to download them from."""

from __future__ import annotations

import dataclasses
import functools
import gzip
import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from rosenblatt.datasets import _cache
from rosenblatt.datasets._idx import IdxFile

SHAPES = {
    "train-images-idx3-ubyte": (6, 4, 3),
    "train-labels-idx1-ubyte": (6,),
    "t10k-images-idx3-ubyte": (2, 4, 3),
    "t10k-labels-idx1-ubyte": (2,),
}


def idx_bytes(array: np.ndarray) -> bytes:
    """An IDX file by its specification, written independently of the reader."""
    dimensions = b"".join(int(size).to_bytes(4, "big") for size in array.shape)
    return b"\0\0\x08" + bytes([array.ndim]) + dimensions + array.tobytes()


@dataclasses.dataclass(frozen=True)
class Tiny:
    """A data set of eight images: what is known of it, and its contents by file name."""

    data: _cache.ImageData
    arrays: dict[str, np.ndarray]

    def write(self, folder: Path, *names: str, compress: bool = True) -> Path:
        """Write the named files (all without a name) into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in names or self.arrays:
            raw = idx_bytes(self.arrays[name])
            if compress:
                (folder / f"{name}.gz").write_bytes(gzip.compress(raw))
            else:
                (folder / name).write_bytes(raw)
        return folder

    def check(self, loaded: tuple) -> None:
        """Assert that a loader gave back these arrays."""
        (x_train, y_train), (x_test, y_test) = loaded
        for got, want in zip((x_train, y_train, x_test, y_test), self.arrays.values(), strict=True):
            assert got.dtype == np.uint8 and got.flags.writeable
            np.testing.assert_array_equal(got, want)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder, set through the environment."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("ROSENBLATT_CACHE_DIR", str(folder))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.delenv("ROSENBLATT_TINY_DIR", raising=False)
    return folder


@pytest.fixture
def tiny(cache: Path) -> Tiny:
    """A data set that is nowhere yet; its one mirror refuses connections."""
    rng = np.random.default_rng(0)
    arrays = {name: rng.integers(0, 256, shape).astype(np.uint8) for name, shape in SHAPES.items()}
    files = tuple(
        IdxFile(name, a.shape, hashlib.md5(idx_bytes(a)).hexdigest()) for name, a in arrays.items()
    )
    data = _cache.ImageData(
        name="tiny",
        folder="tiny",
        files=files,  # type: ignore[arg-type]
        mirrors=("http://127.0.0.1:9/",),
        variable="ROSENBLATT_TINY_DIR",
        system_folder=None,
        install="install tiny",
    )
    return Tiny(data, arrays)


class _Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Count requests in place of logging them."""
        self.server.requests.append(self.path)  # type: ignore[attr-defined]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[http.server.ThreadingHTTPServer]:
    """A server of `tmp_path/"www"`, with `.url` and the list `.requests`."""
    root = tmp_path / "www"
    root.mkdir()
    handler = functools.partial(_Handler, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
        httpd.requests, httpd.root = [], root  # type: ignore[attr-defined]
        httpd.url = f"http://127.0.0.1:{httpd.server_address[1]}/"  # type: ignore[attr-defined]
        thread = threading.Thread(target=httpd.serve_forever, daemon=True)
        thread.start()
        yield httpd
        httpd.shutdown()
        thread.join()
