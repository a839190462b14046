"""Files of programs on disk, of which only those are read that this user's processes wrote.

What is in them is run, so each begins with a code (HMAC-SHA256) that is made of the file's name and
content with the user's secret. A file from somebody else, a damaged one and one under another's
name have a wrong code: they are removed, and nothing else sees what was in them.
"""

from __future__ import annotations

import contextlib
import hmac
import os
import secrets
import stat
import threading
from pathlib import Path

from rosenblatt.core import config

_HEAD = b"rosenblatt program 1\n"
_CODE_BYTES = 32
_SECRET = "secret"
_DEFAULT_BYTES = 512 << 20
# Links are not followed, and a pipe under a program's name does not make us wait.
_READING = os.O_RDONLY | sum(
    getattr(os, flag, 0) for flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY")
)
_WRITING = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


class Store:
    """Contents by name, in a folder that several processes may use at once.

    Nothing here raises for what is the matter with files: what cannot be read counts as missing,
    and what cannot be written is left out.

    Args:
        folder: a folder that is the user's alone.
        secret: the user's secret.
        limit: bytes that the folder may have; no file has more.
    """

    def __init__(self, folder: Path, secret: bytes, limit: int = _DEFAULT_BYTES):
        self._folder = folder
        self._secret = secret
        self._limit = limit

    def read(self, name: str) -> bytes | None:
        """The content under a name; None where there is none that one of us wrote there."""
        path = self._folder / name
        whole = _read(path, self._limit)
        if whole is None:
            return None
        start = len(_HEAD) + _CODE_BYTES
        code, content = whole[len(_HEAD) : start], whole[start:]
        if whole.startswith(_HEAD) and hmac.compare_digest(code, self._code(name, content)):
            _used_now(path)
            return content
        _remove(path)
        return None

    def write(self, name: str, content: bytes) -> None:
        """Keep a content under a name, whole or not at all."""
        if len(content) + len(_HEAD) + _CODE_BYTES > self._limit:
            return
        part = _part(self._folder)
        try:
            _write_new(part, _HEAD + self._code(name, content) + content)
            os.replace(part, self._folder / name)  # without fsync: a code tells what a crash leaves
        except OSError:  # a full disk, a folder that may not be written to
            _remove(part)

    def _code(self, name: str, content: bytes) -> bytes:
        code = hmac.new(self._secret, _HEAD + name.encode() + b"\n", "sha256")
        code.update(content)
        return code.digest()


def disk_cache_dir() -> Path | None:
    """The folder of programs on disk, or None where it is switched off.

    `ROSENBLATT_PROGRAM_CACHE=0` switches it off; `ROSENBLATT_CACHE_DIR` moves it.
    """
    if os.environ.get("ROSENBLATT_PROGRAM_CACHE", "1").lower() in ("0", "off", "false", "no"):
        return None
    return config.cache_dir() / "programs"


def open_store(folder: Path) -> Store | None:
    """The user's store in a folder; None where the folder cannot be the user's alone.

    Programs that were not used for longest are removed meanwhile, down to
    `ROSENBLATT_PROGRAM_CACHE_BYTES`.

    Args:
        folder: the folder, made where it is missing.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:  # a read-only home
        return None
    secret = _secret_of(folder) if _is_private(folder) else None
    if secret is None:
        return None
    limit = _limit()
    # Nobody waits for it: looking at some thousand files takes longer than reading a program.
    threading.Thread(target=trim, args=(folder, limit), daemon=True).start()
    return Store(folder, secret, limit)


def _limit() -> int:
    text = os.environ.get("ROSENBLATT_PROGRAM_CACHE_BYTES", "")
    return int(text) if text.isdecimal() else _DEFAULT_BYTES


def _user() -> int | None:
    """The user that files must belong to; None on Windows, where a profile is its user's alone."""
    return os.geteuid() if hasattr(os, "geteuid") else None


def _is_private(folder: Path) -> bool:
    """Whether a folder is this user's and nobody else may write to it, which is seen to."""
    user = _user()
    if user is None:
        return True
    try:
        found = folder.stat()
        if found.st_uid != user:
            return False
        if stat.S_IMODE(found.st_mode) & 0o022:
            folder.chmod(0o700)
    except OSError:
        return False
    return True


def _secret_of(folder: Path) -> bytes | None:
    """The user's secret, made where there is none yet; None where that cannot be."""
    path = folder / _SECRET
    found = _read_secret(path)
    if found is not None:
        return found
    part = _part(folder)
    try:
        _write_new(part, secrets.token_bytes(_CODE_BYTES))
        try:
            os.link(part, path)  # of several processes the first one makes it
        except OSError:  # there is one, or there are no links here
            if _read_secret(path) is None:
                os.replace(part, path)
    except OSError:
        return None
    finally:
        _remove(part)
    return _read_secret(path)


def _read_secret(path: Path) -> bytes | None:
    """A secret that nobody else can have read or put there."""
    secret = _read(path, _CODE_BYTES, private=True)
    return secret if secret is not None and len(secret) == _CODE_BYTES else None


def _read(path: Path, limit: int, private: bool = False) -> bytes | None:
    """A file's bytes; None where it is too large, no file, or, if asked, not the user's alone."""
    try:
        descriptor = os.open(path, _READING)
    except OSError:
        return None
    try:
        found = os.fstat(descriptor)
        user = _user()
        foreign = user is not None and (found.st_uid != user or found.st_mode & 0o077)
        if not stat.S_ISREG(found.st_mode) or (private and foreign):
            return None
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return b"" if found.st_size > limit else file.read(limit + 1)
    except OSError:
        return None
    finally:
        os.close(descriptor)


def _part(folder: Path) -> Path:
    """A new name for a file that is not complete yet; `trim` removes what a kill leaves."""
    return folder / f".{secrets.token_hex(8)}.part"


def _write_new(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, _WRITING, 0o600), "wb") as file:
        file.write(content)


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def _used_now(path: Path) -> None:
    """Note when a file was used: many systems do not."""
    with contextlib.suppress(OSError):
        os.utime(path)


def trim(folder: Path, limit: int) -> int:
    """Remove the programs that were not used for longest until the folder is within its limit.

    Args:
        folder: the folder of programs.
        limit: bytes.

    Returns:
        Bytes left.
    """
    entries = []
    try:
        paths = [path for path in folder.iterdir() if path.name != _SECRET]
    except OSError:
        return 0
    for path in paths:
        try:
            found = path.stat()
        except OSError:
            continue
        entries.append((max(found.st_atime, found.st_mtime), found.st_size, path))
    total = sum(size for _, size, _ in entries)
    for _, size, path in sorted(entries):
        if total <= limit:
            break
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
            total -= size
    return total
