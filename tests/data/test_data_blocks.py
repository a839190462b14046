"""Arrays as blocks: every row once, one shape, no shared buffers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rosenblatt.data import ArraySource, array_source
from rosenblatt.data.contract import batches_per_block


def real_rows(block, part=0):
    array = block.arrays[part]
    return array.reshape(-1, *array.shape[2:])[: block.n_rows]


@given(
    rows=st.integers(1, 300),
    batch_size=st.integers(1, 40),
    shuffle=st.sampled_from([True, False, "batch"]),
    block_bytes=st.integers(1, 3000),
    epoch=st.integers(0, 1000),
    max_batches=st.none() | st.integers(1, 5),
)
def test_an_epoch_has_every_row_once(rows, batch_size, shuffle, block_bytes, epoch, max_batches):
    x = np.arange(rows, dtype=np.int32)
    y = (x * 2).astype(np.float32)[:, None]
    source = ArraySource((x, y, None), batch_size, shuffle, seed=7, block_bytes=block_bytes)
    blocks = list(source.blocks(epoch, max_batches=max_batches))
    seen = np.concatenate([real_rows(block) for block in blocks])
    assert sorted(seen.tolist()) == x.tolist()
    np.testing.assert_array_equal(np.concatenate([real_rows(b, 1) for b in blocks])[:, 0], 2 * seen)
    if shuffle is False:
        assert seen.tolist() == x.tolist()
    assert sum(block.n_batches for block in blocks) == source.n_batches == -(-rows // batch_size)
    for block in blocks:
        capacity = min(source.block_batches, max_batches or source.block_batches)
        assert block.arrays[0].shape == (capacity, batch_size)
        assert block.arrays[1].shape == (capacity, batch_size, 1)
        assert block.arrays[2] is None
        assert -(-block.n_rows // batch_size) == block.n_batches
        filled = block.arrays[0][: block.n_batches]
        assert set(filled.ravel().tolist()) <= set(x.tolist())  # padding: real rows
    for block in blocks[:-1]:
        assert block.n_rows == block.n_batches * batch_size


@pytest.mark.parametrize("shuffle", [True, False])
def test_nothing_is_written_behind_the_last_batch(monkeypatch, shuffle):
    def marked(shape, dtype):
        return np.full(shape, -1, dtype)

    monkeypatch.setattr(array_source, "aligned_empty", marked)
    source = ArraySource((np.arange(8), None, None), 3, shuffle, seed=0)
    block = next(source.blocks(0))
    assert source.block_batches > block.n_batches == 3
    written = block.arrays[0] >= 0
    assert written[:3].all() and not written[3:].any()


def test_order_comes_from_seed_and_epoch():
    x = np.arange(100)
    source = ArraySource((x, None, None), 10, True, seed=3)
    expected = np.random.default_rng((3, 5)).permutation(100)
    assert real_rows(next(source.blocks(5))).tolist() == expected.tolist()
    assert source.order.rows(5).tolist() != source.order.rows(6).tolist()
    again = ArraySource((x, None, None), 10, True, seed=3)
    assert again.order.rows(6).tolist() == source.order.rows(6).tolist()


def test_part_of_an_epoch():
    source = ArraySource((np.arange(100), None, None), 10, True, seed=0)
    whole = real_rows(next(source.blocks(2)))
    part = next(source.blocks(2, first_batch=3, n_batches=2))
    assert real_rows(part).tolist() == whole[30:50].tolist()
    assert part.n_batches == 2
    assert list(source.blocks(2, first_batch=10)) == []


def test_shuffled_batches_stay_whole():
    source = ArraySource((np.arange(23), None, None), 5, "batch", seed=1)
    rows = real_rows(next(source.blocks(0)))
    assert rows[20:].tolist() == [20, 21, 22]
    starts = rows[:20:5]
    assert sorted(starts.tolist()) == [0, 5, 10, 15]
    assert rows[:20].tolist() == [s + i for s in starts for i in range(5)]


def test_unshuffled_full_blocks_are_views():
    x = np.ones((100, 4), np.float32)
    source = ArraySource((x, None, None), 5, block_bytes=160)
    assert source.block_batches == 2
    assert all(np.shares_memory(block.arrays[0], x) for block in source.blocks(0))


def test_blocks_share_no_memory():
    x = np.random.default_rng(0).random((100, 4), np.float32)
    blocks = list(ArraySource((x, None, None), 5, True, block_bytes=160).blocks(0))
    assert not any(np.shares_memory(blocks[0].arrays[0], b.arrays[0]) for b in blocks[1:])
    assert all(block.arrays[0].ctypes.data % 64 == 0 for block in blocks)


def test_block_size_does_not_depend_on_the_rows():
    few, many = (ArraySource((np.ones((n, 8)), None, None), 32, True) for n in (3, 50_000))
    assert few.block_batches == many.block_batches == 512
    assert batches_per_block(100_000, 4 << 20) == 41
    assert batches_per_block(10**9, 4 << 20) == 1


def test_parts_are_nests():
    data = ({"a": np.arange(4), "b": np.arange(4)}, [np.arange(4), None], None)
    block = next(ArraySource(data, 2, True, seed=0).blocks(0))
    a, b = (array[: block.n_batches] for array in (block.arrays[0]["a"], block.arrays[1][0]))
    assert a.tolist() == b.tolist()
    assert block.arrays[1][1] is None


def test_slices_of_columns_are_made_contiguous_once():
    x = np.random.default_rng(0).random((50, 8), np.float32)
    source = ArraySource((x[:, 2:], None, None), 5, True, seed=0)
    assert source.data[0].flags.c_contiguous
    np.testing.assert_array_equal(real_rows(next(source.blocks(0))), x[source.order.rows(0)][:, 2:])


def test_peek_gives_the_first_rows():
    x, y, weight = ArraySource((np.arange(5), np.arange(5), None), 2, True).peek()
    assert x.tolist() == y.tolist() == [0, 1]
    assert weight is None


@pytest.mark.parametrize("bad", [0, -1, 2.5, "32", True])
def test_bad_batch_size(bad):
    with pytest.raises(ValueError) as info:
        ArraySource((np.arange(5), None, None), bad)
    assert str(info.value) == (
        f"`batch_size` is out of range. Given: {bad!r}. Expected: a positive integer, e.g. 32."
    )


def test_bad_shuffle():
    with pytest.raises(ValueError) as info:
        ArraySource((np.arange(5), None, None), 2, "rows")
    assert str(info.value) == (
        "`shuffle` is out of range. Given: 'rows'. Expected: True, False, 'batch', or a function "
        "of the epoch's number."
    )


def test_the_order_of_a_function():
    seen = []

    def order(epoch):
        seen.append(epoch)
        return np.roll(np.arange(5), epoch)

    source = ArraySource((np.arange(5), None, None), 2, order)
    for epoch in range(3):
        (block,) = source.blocks(epoch=epoch)
        assert block.arrays[0].reshape(-1)[:5].tolist() == np.roll(np.arange(5), epoch).tolist()
    assert seen == [0, 1, 2]
    for wrong in ([0, 1], [0, 1, 2, 3, 5], np.arange(5.0)):
        with pytest.raises(ValueError) as info:
            next(ArraySource((np.arange(5), None, None), 2, lambda _, o=wrong: o).blocks(epoch=0))
        assert str(info.value).startswith("`shuffle` gave no order of the rows. Given: shape (")
        assert str(info.value).endswith("Expected: 5 integers from 0 to 4.")
