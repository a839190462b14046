"""Files of programs: only what this user's processes wrote is read, whatever lies in the folder."""

from __future__ import annotations

import errno
import os
import resource
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rosenblatt.training import store
from rosenblatt.training.store import Store, disk_cache_dir, open_store, trim

CONTENT = bytes(range(256)) * 40


def opened(folder: Path) -> Store:
    found = open_store(folder)
    assert found is not None
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of programs with one content, `name`."""
    path = tmp_path / "programs"
    opened(path).write("name", CONTENT)
    return path


def test_a_content_is_read_again_by_another_process(folder: Path) -> None:
    assert opened(folder).read("name") == CONTENT
    assert opened(folder).read("other") is None
    assert sorted(path.name for path in folder.iterdir()) == ["name", "secret"]


def test_only_the_user_can_read_and_write(folder: Path) -> None:
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir())}
    assert modes == {"programs": 0o700, "name": 0o600, "secret": 0o600}


def cut(whole: bytes) -> bytes:
    return whole[: len(whole) // 2]


def flipped(place: int) -> Callable[[bytes], bytes]:
    def change(whole: bytes) -> bytes:
        changed = bytearray(whole)
        changed[place] ^= 1
        return bytes(changed)

    return change


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda whole: b"",
    "cut off": cut,
    "one byte short": lambda whole: whole[:-1],
    "one byte long": lambda whole: whole + b"\0",
    "of zeros": lambda whole: bytes(len(whole)),
    "without its head": lambda whole: whole[21:],
    "of another version": lambda whole: whole.replace(b"program 1\n", b"program 2\n", 1),
    "only a head": lambda whole: whole[:21],
    "a code and no content": lambda whole: whole[:53],
    "another code": flipped(30),
    "another first byte": flipped(53),
    "another last byte": flipped(-1),
    "a pickle": lambda whole: b"\x80\x05K\x01.",
}


@pytest.mark.parametrize("what", DAMAGE)
def test_a_damaged_file_is_not_read_and_removed(folder: Path, what: str) -> None:
    path = folder / "name"
    whole = path.read_bytes()
    assert DAMAGE[what](whole) != whole
    path.write_bytes(DAMAGE[what](whole))
    assert opened(folder).read("name") is None
    assert not path.exists()
    opened(folder).write("name", b"new")
    assert opened(folder).read("name") == b"new"


def test_every_byte_counts(folder: Path) -> None:
    found = opened(folder)
    found.write("name", b"content")
    whole = (folder / "name").read_bytes()
    for place in range(len(whole)):
        (folder / "name").write_bytes(flipped(place)(whole))
        assert found.read("name") is None


def test_a_file_under_anothers_name_is_not_read(folder: Path) -> None:
    (folder / "name").rename(folder / "other")
    assert opened(folder).read("other") is None
    assert not (folder / "other").exists()


def test_a_file_of_another_user_is_not_read(folder: Path, tmp_path: Path) -> None:
    stranger = tmp_path / "stranger"
    opened(stranger).write("name", b"evil")
    (stranger / "name").replace(folder / "name")
    assert opened(folder).read("name") is None


def test_a_file_larger_than_the_folder_may_be_is_not_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (folder / "name").open("ab") as file:
        file.truncate(1 << 40)  # takes no place on the disk
    assert opened(folder).read("name") is None
    assert not (folder / "name").exists()
    monkeypatch.setenv("ROSENBLATT_PROGRAM_CACHE_BYTES", "1000")
    small = opened(folder)
    small.write("name", CONTENT)
    assert small.read("name") is None and not (folder / "name").exists()


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_what_is_no_file_is_not_read(folder: Path, kind: str) -> None:
    path = folder / "name"
    if kind == "link":
        path.rename(folder / "elsewhere")
        path.symlink_to(folder / "elsewhere")
    else:
        path.unlink()
        path.mkdir() if kind == "folder" else os.mkfifo(path)
    found = opened(folder)
    assert found.read("name") is None
    found.write("name", CONTENT)
    assert found.read("name") == (None if kind == "folder" else CONTENT)
    assert not list(folder.glob(".*"))


@pytest.mark.parametrize(
    "damage", ["short", "long", "empty", "readable", "link", "pipe", "of another user"]
)
def test_a_secret_that_others_may_know_is_replaced(
    folder: Path, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "secret"
    known = path.read_bytes()
    if damage in ("short", "long", "empty"):
        path.write_bytes({"short": known[:-1], "long": known + b"!", "empty": b""}[damage])
    elif damage == "readable":
        path.chmod(0o644)
    elif damage == "of another user":
        if os.geteuid() != 0:
            pytest.skip("only root gives files away")
        os.chown(path, 12345, -1)
    else:
        path.rename(folder / "elsewhere")
        path.symlink_to(folder / "elsewhere") if damage == "link" else os.mkfifo(path)
    assert opened(folder).read("name") is None
    assert path.read_bytes() != known and not path.is_symlink()
    opened(folder).write("name", b"new")
    assert opened(folder).read("name") == b"new"


def test_a_folder_of_somebody_else_is_not_used(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: folder.stat().st_uid + 1)
    assert open_store(folder) is None


def test_a_folder_that_others_may_write_to_is_closed(folder: Path) -> None:
    folder.chmod(0o777)
    assert opened(folder).read("name") == CONTENT
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_where_no_folder_can_be_there_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert open_store(tmp_path / "file") is None
    assert open_store(tmp_path / "file" / "programs") is None


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EMFILE])
def test_what_cannot_be_written_is_left_out(
    folder: Path, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = opened(folder)
    opening = os.open

    def refuse(path: Path, flags: int, *mode: int) -> int:
        if flags & os.O_CREAT:
            raise OSError(code, os.strerror(code), str(path))
        return opening(path, flags, *mode)

    monkeypatch.setattr(os, "open", refuse)
    found.write("new", CONTENT)
    assert found.read("new") is None
    assert found.read("name") == CONTENT
    assert open_store(folder.parent / "without a secret") is None
    assert sorted(path.name for path in folder.iterdir()) == ["name", "secret"]


def test_a_full_disk_leaves_nothing_half_written(folder: Path) -> None:
    found = opened(folder)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))  # Python ignores SIGXFSZ
    try:
        found.write("name", CONTENT)
        found.write("new", CONTENT)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert found.read("name") == CONTENT and found.read("new") is None
    assert sorted(path.name for path in folder.iterdir()) == ["name", "secret"]


def test_what_a_kill_leaves_is_not_read_and_is_trimmed(folder: Path) -> None:
    kill = (
        "import os, sys, pathlib\n"
        "from rosenblatt.training import store\n"
        "found = store.open_store(pathlib.Path(sys.argv[1]))\n"
        "store.os.replace = lambda *_: os._exit(9)\n"
        "found.write('name', b'half')\n"
    )
    done = subprocess.run([sys.executable, "-c", kill, str(folder)], timeout=600)
    assert done.returncode == 9
    assert len(list(folder.glob(".*.part"))) == 1
    assert opened(folder).read("name") == CONTENT
    assert trim(folder, 0) == 0
    assert [path.name for path in folder.iterdir()] == ["secret"]


def test_processes_that_begin_at_once_have_one_secret(tmp_path: Path) -> None:
    each = (
        "import sys, pathlib\n"
        "from rosenblatt.training.store import open_store\n"
        "sys.stdin.read()\n"
        "found = open_store(pathlib.Path(sys.argv[1]))\n"
        "for turn in range(50):\n"
        "    found.write(f'{turn}', str(turn).encode() * 5000)\n"
        "    assert found.read(f'{turn}') == str(turn).encode() * 5000\n"
    )
    command = [sys.executable, "-c", each, str(tmp_path / "programs")]
    running = [subprocess.Popen(command, stdin=subprocess.PIPE) for _ in range(8)]
    for process in running:
        process.communicate(timeout=600)
    assert [process.returncode for process in running] == [0] * 8
    found = opened(tmp_path / "programs")
    assert all(found.read(f"{turn}") == str(turn).encode() * 5000 for turn in range(50))
    assert len(list((tmp_path / "programs").iterdir())) == 51


def test_without_links_there_is_a_secret_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "no links on this disk")

    monkeypatch.setattr(store.os, "link", refuse)
    opened(tmp_path / "programs").write("name", CONTENT)
    assert opened(tmp_path / "programs").read("name") == CONTENT


def test_windows_has_no_owners(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "geteuid")
    opened(tmp_path / "programs").write("name", CONTENT)
    assert opened(tmp_path / "programs").read("name") == CONTENT


def test_the_folder_is_trimmed_oldest_first_and_keeps_the_secret(tmp_path: Path) -> None:
    for age, name in ((4, "secret"), (3, "old"), (2, "middle"), (1, "new")):
        path = tmp_path / name
        path.write_bytes(b"x" * 100)
        os.utime(path, (1e9 - age, 1e9 - age))
    assert trim(tmp_path, 250) == 200
    assert sorted(p.name for p in tmp_path.iterdir()) == ["middle", "new", "secret"]
    assert trim(tmp_path / "missing", 250) == 0


def test_reading_counts_as_use(folder: Path) -> None:
    os.utime(folder / "name", (1e9, 1e9))
    assert opened(folder).read("name") == CONTENT
    assert (folder / "name").stat().st_mtime > 1.5e9


def test_the_folder_can_be_moved_and_switched_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROSENBLATT_CACHE_DIR", str(tmp_path))
    assert disk_cache_dir() == tmp_path / "programs"
    monkeypatch.setenv("ROSENBLATT_PROGRAM_CACHE", "0")
    assert disk_cache_dir() is None
