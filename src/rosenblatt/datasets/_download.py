"""Download one file: bounded, checked, and put in its place only when whole."""

from __future__ import annotations

import contextlib
import http.client
import os
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from rosenblatt.core.errors import FileRefused

_CHUNK = 1 << 16
_TIMEOUT = 30.0  # seconds without a byte


def download(url: str, target: Path, limit: int, check: Callable[[Path], object]) -> None:
    """Fetch `url` into `target`.

    The bytes go to a temporary file beside the target and are checked and flushed to disk before
    they take its name: another process, or a crash, never sees half a file.

    Args:
        url: http or https address.
        target: the file to make; its folder is made too.
        limit: most bytes to accept.
        check: called with the temporary file; raises ValueError where it is not the right one.

    Raises:
        ValueError: too many or too few bytes, or what `check` raises.
        OSError: no connection, an HTTP error, or a folder that cannot be written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    # The suffix stays last, for it tells `check` whether the bytes are gzipped.
    handle, name = tempfile.mkstemp(
        dir=target.parent, prefix=f".{target.stem}.", suffix=target.suffix
    )
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            _fetch(url, file, limit)
            file.flush()
            os.fsync(file.fileno())
        check(temporary)
        temporary.chmod(0o644)  # mkstemp makes it private; a cache may be shared
        temporary.replace(target)
        _sync_folder(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _fetch(url: str, file: BinaryIO, limit: int) -> None:
    request = urllib.request.Request(url, headers={"User-Agent": "rosenblatt"})
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as response:
            total = int(response.headers.get("Content-Length") or 0)
            with _progress(url, total) as show:
                done = _copy(response, file, limit, url, show)
    except http.client.HTTPException as error:  # a broken reply; not an OSError by itself
        raise OSError(f"{type(error).__name__}: {error}") from error
    if done < total:
        raise FileRefused(
            f"Download of {url} broke off.", given=f"{done:,} bytes", expected=f"{total:,}"
        )


def _copy(
    response: http.client.HTTPResponse,
    file: BinaryIO,
    limit: int,
    url: str,
    show: Callable[[int], None],
) -> int:
    done = 0
    while chunk := response.read(_CHUNK):
        done += len(chunk)
        if done > limit:
            raise FileRefused(
                f"Download of {url} is too long.",
                given=f"more than {limit:,} bytes",
                expected=f"at most {limit:,}",
            )
        file.write(chunk)
        show(done)
    return done


@contextlib.contextmanager
def _progress(url: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show bytes on stderr: a line that is rewritten on a terminal, one plain line elsewhere."""
    live = sys.stderr.isatty()
    size = f"{total / 1e6:.1f} MB" if total else "unknown size"
    print(f"Downloading {url} ({size})", file=sys.stderr, flush=True)
    last = 0.0

    def show(done: int) -> None:
        nonlocal last
        now = time.monotonic()
        if live and (now - last > 0.1 or done == total):
            last = now
            share = f" {done / total:4.0%}" if total else ""
            print(f"\r  {done / 1e6:6.1f} MB{share}", end="", file=sys.stderr, flush=True)

    try:
        yield show
    finally:
        if live:
            print(file=sys.stderr)


def _sync_folder(folder: Path) -> None:
    # Makes the new name itself durable; a folder cannot be opened so on Windows.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
