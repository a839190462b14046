"""Where an image data set is looked for, and what a download does."""

from __future__ import annotations

import dataclasses
import gzip
import os
from pathlib import Path
from typing import Any

import pytest

from rosenblatt.datasets import _cache, _download


def served(tiny: Any, server: Any) -> _cache.ImageData:
    return dataclasses.replace(tiny.data, mirrors=(server.url,))


def test_from_the_cache(tiny: Any, cache: Path) -> None:
    tiny.write(cache / "datasets" / "tiny")
    tiny.check(_cache.load(tiny.data))


def test_from_the_cache_uncompressed(tiny: Any, cache: Path) -> None:
    tiny.write(cache / "datasets" / "tiny", compress=False)
    tiny.check(_cache.load(tiny.data))


def test_from_the_system_folder(tiny: Any, tmp_path: Path) -> None:
    system = tiny.write(tmp_path / "system")
    tiny.check(_cache.load(dataclasses.replace(tiny.data, system_folder=str(system))))


def test_the_variable_replaces_the_system_folder(
    tiny: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROSENBLATT_TINY_DIR", str(tiny.write(tmp_path / "mine")))
    data = dataclasses.replace(tiny.data, system_folder=str(tmp_path / "none"))
    tiny.check(_cache.load(data))


def test_download_fills_the_cache_once(
    tiny: Any,
    cache: Path,
    server: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:
    tiny.write(server.root)
    data = served(tiny, server)
    tiny.check(_cache.load(data))
    shown = capsys.readouterr()
    assert shown.out == "" and shown.err.count("Downloading http://127.0.0.1:") == 4
    folder = cache / "datasets" / "tiny"
    assert sorted(os.listdir(folder)) == sorted(f"{file.name}.gz" for file in data.files)
    tiny.check(_cache.load(data))
    assert len(server.requests) == 4


def test_download_fetches_only_what_is_missing(tiny: Any, cache: Path, server: Any) -> None:
    tiny.write(server.root)
    tiny.write(cache / "datasets" / "tiny", "train-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
    tiny.check(_cache.load(served(tiny, server)))
    assert server.requests == [
        "/train-labels-idx1-ubyte.gz",
        "/t10k-images-idx3-ubyte.gz",
    ]


def test_second_mirror(tiny: Any, server: Any) -> None:
    tiny.write(server.root)
    mirrors = (f"{server.url}none/", server.url)
    tiny.check(_cache.load(dataclasses.replace(tiny.data, mirrors=mirrors)))


def test_damaged_cache_is_fetched_again(tiny: Any, cache: Path, server: Any) -> None:
    tiny.write(server.root)
    folder = tiny.write(cache / "datasets" / "tiny")
    (folder / "train-images-idx3-ubyte.gz").write_bytes(b"damaged")
    tiny.check(_cache.load(served(tiny, server)))
    tiny.check(_cache.load(tiny.data))  # the damaged file is gone: no server is needed


def test_nowhere(tiny: Any, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system = tmp_path / "system"
    monkeypatch.setenv("ROSENBLATT_TINY_DIR", str(system))
    with pytest.raises(FileNotFoundError) as error:
        _cache.load(tiny.data)
    folder, message = cache / "datasets" / "tiny", str(error.value)
    assert message.startswith(
        "tiny.load_data: train-images-idx3-ubyte was found in no place. "
        f"Given: no such file in {folder}; no such file in {system}; "
        "http://127.0.0.1:9/train-images-idx3-ubyte.gz: <urlopen error "
    )
    assert message.endswith(
        " Expected: the file in the cache folder, in a system folder, or a working download. "
        f"Fix: one of: (1) put the four files, gzipped or not, into {folder}; "
        "(2) install tiny, or set ROSENBLATT_TINY_DIR to a folder that holds them; "
        "(3) call it again where http://127.0.0.1:9/ can be reached."
    )


def test_a_bad_download_leaves_nothing(tiny: Any, cache: Path, server: Any) -> None:
    name = "train-images-idx3-ubyte.gz"
    bad = {
        "other data": gzip.compress(b"other"),
        "truncated": gzip.compress(bytes(88))[:-4],
        "too long": bytes(200_000),
    }
    for content in bad.values():
        (server.root / name).write_bytes(content)
        with pytest.raises(FileNotFoundError, match="was found in no place"):
            _cache.load(served(tiny, server))
        assert os.listdir(cache / "datasets" / "tiny") == []


def test_an_interrupted_download_leaves_nothing(tiny: Any, cache: Path, server: Any) -> None:
    tiny.write(server.root)

    def interrupt(path: Path) -> None:
        raise KeyboardInterrupt

    target = cache / "a.gz"
    url = f"{server.url}train-labels-idx1-ubyte.gz"
    with pytest.raises(KeyboardInterrupt):
        _download.download(url, target, 1000, interrupt)
    assert os.listdir(cache) == []


def test_a_reply_that_breaks_off(cache: Path, server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(self: object) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(bytes(40))

    monkeypatch.setattr("http.server.SimpleHTTPRequestHandler.do_GET", half)
    url = f"{server.url}a.gz"
    with pytest.raises((ValueError, OSError)) as error:
        _download.download(url, cache / "a.gz", 1000, lambda path: None)
    assert "40 bytes" in str(error.value)
    assert os.listdir(cache) == []


def test_a_cache_folder_that_cannot_be_made(tiny: Any, cache: Path, server: Any) -> None:
    tiny.write(server.root)
    cache.write_text("a file in the way")
    with pytest.raises(FileNotFoundError, match="was found in no place"):
        _cache.load(served(tiny, server))


def test_load_folder(tiny: Any, tmp_path: Path) -> None:
    folder = tiny.write(tmp_path / "mine", compress=False)
    tiny.check(_cache.load_folder(tiny.data, folder))
    (folder / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(FileNotFoundError) as error:
        _cache.load_folder(tiny.data, folder)
    assert str(error.value) == (
        f"tiny.load_data: t10k-labels-idx1-ubyte is missing. Given: folder {folder}. "
        "Expected: t10k-labels-idx1-ubyte or t10k-labels-idx1-ubyte.gz in it."
    )
