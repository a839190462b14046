"""The IDX reader refuses everything that is not exactly the known file."""

from __future__ import annotations

import gzip
import hashlib
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rosenblatt.datasets._idx import IdxFile, read_idx

ARRAY = np.arange(12, dtype=np.uint8).reshape(2, 3, 2)
RAW = b"\0\0\x08\x03" + b"\0\0\0\x02\0\0\0\x03\0\0\0\x02" + ARRAY.tobytes()
FILE = IdxFile("tiny-idx3-ubyte", (2, 3, 2), hashlib.md5(RAW).hexdigest())


def refused(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(ValueError) as error:
        read_idx(path, FILE)
    message = str(error.value)
    assert message.startswith(f"Data file {path} ")
    fix = " Fix: delete the file, so that it is fetched again, or put the original in its place."
    assert message.endswith(fix)
    return message.removeprefix(f"Data file {path} ").removesuffix(fix)


def test_reads_plain_and_gzipped(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(RAW)
    (tmp_path / "a.gz").write_bytes(gzip.compress(RAW))
    for path in (tmp_path / "a", tmp_path / "a.gz"):
        array = read_idx(path, FILE)
        np.testing.assert_array_equal(array, ARRAY)
        assert array.dtype == np.uint8 and array.flags.writeable


def test_wrong_magic(tmp_path: Path) -> None:
    for head in (b"\0\0\x0d\x03", b"\0\0\x08\x01", b"PK\x03\x04"):
        assert refused(tmp_path / "a", head + RAW[4:]) == (
            f"is not an IDX file of bytes. Given: {head.hex(' ')}. Expected: 00 00 08 03."
        )
    assert refused(tmp_path / "a", b"") == (
        "is not an IDX file of bytes. Given: . Expected: 00 00 08 03."
    )


def test_wrong_shape_even_a_huge_one(tmp_path: Path) -> None:
    huge = RAW[:4] + b"\xff" * 12 + RAW[16:]
    size = 2**32 - 1
    assert refused(tmp_path / "a", huge) == (
        f"has another shape. Given: ({size}, {size}, {size}). Expected: (2, 3, 2)."
    )


def test_wrong_length(tmp_path: Path) -> None:
    assert refused(tmp_path / "a", RAW[:-1]) == (
        "has the wrong length. Given: 27 bytes. Expected: 28 bytes."
    )
    assert refused(tmp_path / "a", RAW[:9]) == (
        "has the wrong length. Given: 9 bytes. Expected: 28 bytes."
    )
    assert refused(tmp_path / "a", RAW + b"x") == (
        "has the wrong length. Given: more than 28 bytes. Expected: 28 bytes."
    )


def test_wrong_contents(tmp_path: Path) -> None:
    other = RAW[:-1] + b"\xff"
    assert refused(tmp_path / "a", other) == (
        f"is damaged or holds other data. Given: md5 {hashlib.md5(other).hexdigest()}. "
        f"Expected: md5 {FILE.md5} (tiny-idx3-ubyte)."
    )


def test_not_whole_gzip(tmp_path: Path) -> None:
    packed = gzip.compress(RAW)
    for content in (b"plain bytes", packed[:-10], packed[:12] + b"\xff\xff\xff" + packed[15:]):
        assert refused(tmp_path / "a.gz", content).startswith("is not a whole gzip file. Given: ")


def test_gzip_bomb_is_read_no_further_than_the_known_size(tmp_path: Path) -> None:
    bomb = gzip.compress(RAW + bytes(100_000_000))
    tracemalloc.start()
    try:
        refused(tmp_path / "a.gz", bomb)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 5_000_000


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_idx(tmp_path / "none.gz", FILE)


@given(st.binary(max_size=60))
def test_any_bytes_are_refused_with_a_value_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    for name in ("a", "a.gz"):
        refused(tmp_path_factory.mktemp("fuzz") / name, content)
