"""get_file: a file from the network, once, into a folder."""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rosenblatt.core.errors import BadArgument, FileRefused, explain, warn_user
from rosenblatt.core.printing import say
from rosenblatt.core.types import PathLike
from rosenblatt.utils.progbar import Progbar

_CHUNK = 1 << 16
_TIMEOUT = 60.0  # seconds without a byte


def get_file(
    fname: PathLike | None = None,
    origin: str | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: str = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: str | Sequence[str] | None = "auto",
    cache_dir: PathLike | None = None,
    force_download: bool = False,
) -> str:
    """Download a file where it is not in the cache yet; a cut-off download leaves nothing behind.

    Args:
        fname: the file's name in the cache; that of the address if None.
        origin: the address: http, https, ftp or file.
        untar: older form of `extract`, for tar archives.
        md5_hash: older form of `file_hash`.
        file_hash: checksum that the file must have, MD5 or SHA-256. Give one: what is downloaded
            comes from anyone.
        cache_subdir: folder in the cache, or a folder anywhere.
        hash_algorithm: "md5", "sha256", or "auto", by the checksum's length.
        extract: unpack the archive into a folder.
        archive_format: "tar", "zip", both, or "auto".
        cache_dir: the cache; `$KERAS_HOME` or `~/.keras` if None.
        force_download: download it again.

    Returns:
        The path of the file, or of the folder with what was in it.

    Raises:
        BadArgument: no address; a `fname` that is a path.
        FileRefused: another checksum.
        OSError: it cannot be downloaded.
    """
    if origin is None:
        raise BadArgument("get_file: `origin`, the address of the file, is missing.")
    name = os.fspath(fname) if fname else os.path.basename(urlsplit(origin).path)
    if not name or os.sep in name:
        raise BadArgument(
            "get_file: `fname` must be a name, not a path.",
            given=repr(name),
            fix="say the folder with `cache_dir` and `cache_subdir`.",
        )
    if md5_hash is not None and file_hash is None:
        file_hash, hash_algorithm = md5_hash, "md5"
    home = cache_dir or os.environ.get("KERAS_HOME") or Path.home() / ".keras"
    folder = Path(home).expanduser() / cache_subdir
    folder.mkdir(parents=True, exist_ok=True)
    unpacks = extract or untar
    target, unpacked = _places(folder, name, bool(fname), unpacks)
    have = target.exists() and not force_download
    if have and file_hash is not None and _digest(target, hash_algorithm, file_hash) != file_hash:
        say(f"{target} has another checksum than {file_hash}: it is downloaded again.")
        have = False
    if not have:
        say(f"Downloading data from {origin}")
        _download(origin, target, file_hash, hash_algorithm)
    if not unpacks:
        return str(target)
    _unpack(target, unpacked, "tar" if untar else archive_format)
    return str(unpacked)


def _places(folder: Path, name: str, given: bool, unpacks: bool) -> tuple[Path, Path]:
    """Where the file goes, and where what is in it."""
    if not unpacks:
        return folder / name, folder
    if given and "." in name:
        return folder / name, folder / f"{name.partition('.')[0]}_extracted"
    return folder / f"{name}_archive", folder / name


def _download(origin: str, target: Path, file_hash: str | None, algorithm: str) -> None:
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            _fetch(origin, file)
        if file_hash is not None and _digest(part, algorithm, file_hash) != file_hash:
            raise FileRefused(
                "get_file: incomplete or corrupted file detected: it has another checksum.",
                given=f"{_digest(part, algorithm, file_hash)} of {origin}",
                expected=file_hash,
            )
        part.chmod(0o644)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _fetch(origin: str, file: Any) -> None:
    try:
        with urllib.request.urlopen(origin, timeout=_TIMEOUT) as answer:
            size = answer.headers.get("Content-Length")
            bar, done = Progbar(int(size) if size else None, unit_name="byte"), 0
            while chunk := answer.read(_CHUNK):
                file.write(chunk)
                done += len(chunk)
                bar.update(done)
    except urllib.error.URLError as error:
        raise OSError(
            explain(
                f"get_file: {origin} cannot be downloaded (URL fetch failure).",
                given=getattr(error, "reason", error),
            )
        ) from error


def _digest(path: Path, algorithm: str, expected: str) -> str:
    sha = algorithm == "sha256" or (algorithm == "auto" and len(expected) == 64)
    found = hashlib.sha256() if sha else hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            found.update(chunk)
    return found.hexdigest()


def _unpack(file: Path, folder: Path, formats: str | Sequence[str] | None) -> None:
    """Unpack an archive; nothing in it gets out of the folder."""
    wanted = {"auto": ("tar", "zip"), None: ()}.get(formats, formats)  # type: ignore[arg-type]
    wanted = (wanted,) if isinstance(wanted, str) else tuple(wanted or ())
    with tempfile.TemporaryDirectory(dir=file.parent) as work:
        place = Path(work, "new")
        if "tar" in wanted and tarfile.is_tarfile(file):
            with tarfile.open(file) as tar:
                tar.extractall(place, filter="data")
        elif "zip" in wanted and zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as archive:
                archive.extractall(place)
        else:
            warn_user(f"get_file: could not extract archive {file}: it is none of {wanted}.")
            return
        if folder.exists():
            shutil.copytree(place, folder, dirs_exist_ok=True)
        else:
            place.rename(folder)
