"""Files written whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from rosenblatt.core.errors import explain

_SPACE = "free some space, or name another place; what was there before is as it was."
_RIGHTS = "name a folder that you may write to."
_FIXES = {
    errno.ENOSPC: _SPACE, errno.EDQUOT: _SPACE, errno.EFBIG: _SPACE,
    errno.EACCES: _RIGHTS, errno.EPERM: _RIGHTS, errno.EROFS: _RIGHTS,
}  # fmt: skip


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Write a file beside its place, and put it there once it is complete and on the disk.

    Args:
        path: where the file is to be; its folder must exist.

    Yields:
        The path to write to: a new name in the same folder, with the same ending.

    Raises:
        OSError: the disk is full, or the folder cannot be written to; the old file stays.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with replacing(Path(folder) / "a.txt") as part:
    ...         _ = part.write_text("done")
    ...     [file.name for file in Path(folder).iterdir()]
    ['a.txt']
    """
    with _beside(path) as (part, target):
        # Not mkstemp: the finished file gets the usual rights, not the owner's alone.
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        yield part
        with part.open("rb") as file:
            _settle(file, part, target)


@contextmanager
def _beside(path: str | os.PathLike[str]) -> Iterator[tuple[Path, Path]]:
    """A new name beside a path's file, and that file; renamed to it at the end."""
    target = Path(os.path.realpath(path))  # a link stays a link; the file it names is replaced
    part = target.with_name(f".{target.stem[:40]}.{secrets.token_hex(4)}{target.suffix}")
    try:
        yield part, target
        os.replace(part, target)
    except BaseException as error:
        part.unlink(missing_ok=True)
        if not isinstance(error, OSError) or error.errno is None:
            raise
        if error.filename not in (None, str(part)):
            raise
        # The system's message names the temporary file, which means nothing to the user.
        problem = f"Cannot write {os.fspath(path)!r}: {error.strerror}."
        raise type(error)(error.errno, explain(problem, fix=_FIXES.get(error.errno))) from error


def _settle(file: BinaryIO, part: Path, target: Path) -> None:
    """Give a finished file the rights of the one it replaces, and force it to the disk."""
    with suppress(FileNotFoundError):
        part.chmod(target.stat().st_mode & 0o7777)
    os.fsync(file.fileno())


@contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Write a binary file so that a crash or an error leaves the old file or the new one, whole.

    Args:
        path: where the file is to be.

    Yields:
        A binary file to write to. When the block ends, its content is forced to the disk and takes
        the place of `path`; when the block raises, `path` stays as it was.

    Raises:
        FileNotFoundError: the folder does not exist.
        OSError: the disk is full, or the folder cannot be written to.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with atomic_write(Path(folder) / "a.bin") as file:
    ...         _ = file.write(b"done")
    ...     (Path(folder) / "a.bin").read_bytes()
    b'done'
    """
    folder = os.path.dirname(os.path.realpath(path))
    if not os.path.isdir(folder):
        raise FileNotFoundError(
            explain(
                f"Cannot write {os.fspath(path)!r}: folder {folder!r} does not exist.",
                fix=f"create it: `pathlib.Path({folder!r}).mkdir(parents=True)`.",
            )
        )
    with _beside(path) as (part, target), part.open("x+b") as file:
        yield file
        file.flush()
        _settle(file, part, target)


def read_files(folder: Path, pattern: str) -> dict[str, bytes]:
    """The files in a folder that match a pattern, by their places in it.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_files(Path(folder), {"a/b.txt": b"done"})
    ...     read_files(Path(folder), "*/*")
    {'a/b.txt': b'done'}
    """
    found = [path for path in folder.glob(pattern) if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def write_files(folder: Path, files: dict[str, bytes]) -> None:
    """Write files at their places in a folder, each whole or not at all."""
    for place, content in files.items():
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as file:
            file.write(content)
