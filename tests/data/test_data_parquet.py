"""Rows in Parquet files: each once an epoch, any tail to the bit, few reads, errors in words."""

from __future__ import annotations

import sys
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rosenblatt as rb
from rosenblatt.data.array_source import ArraySource
from rosenblatt.data.finite import refuse
from rosenblatt.data.parquet_folder import ParquetFolder, RowGroup
from rosenblatt.data.parquet_order import WindowedOrder
from rosenblatt.data.parquet_source import ParquetSource
from rosenblatt.data.reading import read
from rosenblatt.data.rows import Inputs

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")


@pytest.fixture(autouse=True)
def no_thread_left():
    yield
    assert [t.name for t in threading.enumerate() if t.name.startswith("rosenblatt")] == []


def table_of(first, rows):
    number = np.arange(first, first + rows, dtype=np.float32)
    return pa.table({"a": number, "b": 2 * number, "y": np.sin(number)})


def write(folder, files):
    """Write files of so many rows, each in row groups of so many."""
    folder.mkdir(parents=True, exist_ok=True)
    first = 0
    for number, (rows, group) in enumerate(files):
        pq.write_table(table_of(first, rows), folder / f"{number}.parquet", row_group_size=group)
        first += rows
    return folder


def source_of(folder, batch=7, window=1 << 30, shuffle=True, seed=3, block_bytes=200):
    files = ParquetFolder(folder)
    order = WindowedOrder(files.groups, window, shuffle, seed)
    columns = ("a", "b"), "y", None
    return ParquetSource(files, columns, order, Inputs(), batch, block_bytes=block_bytes)


def rows_of(blocks):
    """The rows of blocks, and of each whether its parts belong together."""
    found = []
    for block in blocks:
        x, y, _ = block.arrays
        x = x.reshape(-1, 2)
        assert x.shape[0] == y.size
        a = x[: block.n_rows, 0]
        np.testing.assert_array_equal(x[: block.n_rows, 1], 2 * a)
        np.testing.assert_array_equal(y.reshape(-1)[: block.n_rows], np.sin(a))
        assert block.n_batches == -(-block.n_rows // block.batch_size)
        used = x[: block.n_batches * block.batch_size, 0]
        assert (used[block.n_rows :] == a[-1]).all()  # filled up with a real row
        found += a.astype(int).tolist()
    return found


def test_nothing_stays_of_the_bytes_that_were_read(tmp_path):
    files = ParquetFolder(write(tmp_path / "d", [(5000, 5000)] * 9))
    held = []
    for group in files.groups:
        table = files.read(group, ["a", "b", "y"])
        held.append(pa.total_allocated_bytes() - table.nbytes)
        del table
    assert held[-1] - held[0] < 8 * 40_000, held  # a file that stays open keeps 85 kB


# -- the order ---------------------------------------------------------------------------------


@settings(max_examples=40)
@given(
    files=st.lists(st.tuples(st.integers(0, 40), st.integers(1, 15)), min_size=1, max_size=4),
    batch=st.integers(1, 50),
    window=st.integers(1, 90),
    epoch=st.integers(0, 3),
    shuffle=st.booleans(),
    start=st.floats(0, 1),
    block_bytes=st.integers(1, 2000),
)
def test_each_row_once_and_any_tail(
    tmp_path_factory, files, batch, window, epoch, shuffle, start, block_bytes
):
    folder = write(tmp_path_factory.mktemp("rows"), files)
    total = sum(rows for rows, _ in files)
    if not total:
        return
    source = source_of(folder, batch, window, shuffle, block_bytes=block_bytes)
    whole = rows_of(source.epoch(epoch))
    assert sorted(whole) == list(range(total))
    if not shuffle:
        assert whole == sorted(whole)
    first = min(int(start * source.n_batches), source.n_batches - 1)
    again = source_of(folder, batch, window, shuffle, block_bytes=block_bytes)
    again.peek()
    before = again.folder.reads
    assert rows_of(again.epoch(epoch, done=first)) == whole[first * batch :]
    windows = again.order.windows(epoch)
    needed = [w for w in windows if w.first + w.rows > first * batch]
    assert again.folder.reads - before == sum(len(w.groups) for w in needed)


def test_a_window_holds_as_many_rows_as_fit():
    groups = [RowGroup(0, number, rows) for number, rows in enumerate([5, 5, 30, 5, 5, 5])]
    order = WindowedOrder(groups, 12, shuffle=True, seed=0)
    for epoch in range(5):
        windows = order.windows(epoch)
        assert sum(w.rows for w in windows) == 55
        assert all(w.rows <= 12 or len(w.groups) == 1 for w in windows)
        assert sorted(g.number for w in windows for g in w.groups) == [0, 1, 2, 3, 4, 5]
    assert order.windows(0) != order.windows(1)
    assert order.windows(1) == WindowedOrder(groups, 12, shuffle=True, seed=0).windows(1)


def test_an_epoch_reads_each_row_group_once_and_one_window_is_kept(tmp_path):
    folder = write(tmp_path / "d", [(40, 10), (40, 10)])
    for window, reads in ((20, [8, 16, 24]), (1000, [8, 8, 8])):
        source = source_of(folder, window=window)
        source.peek()
        before = source.folder.reads
        orders = []
        for epoch in range(3):
            orders.append(rows_of(source.epoch(epoch)))
            assert source.folder.reads - before == reads[epoch]
        assert len({tuple(order) for order in orders}) == 3


def test_few_row_groups_are_read_before_the_first_block(tmp_path):
    source = source_of(write(tmp_path / "d", [(4000, 10)]), batch=5, window=40)
    source.peek()
    before = source.folder.reads
    blocks = source.epoch(0, done=300)
    next(blocks)
    blocks.close()
    assert 4 <= source.folder.reads - before <= 24  # of 400: its window, and what is read ahead


def test_steps_that_are_no_pass_go_on_around_the_end(tmp_path):
    source = source_of(write(tmp_path / "d", [(20, 4)]), batch=5, window=8)
    passes = [rows_of(source.epoch(epoch)) for epoch in range(2)]
    with pytest.warns(UserWarning, match="go on around the end"):
        epochs = [rows_of(source.epoch(epoch, steps=3)) for epoch in range(2)]
    assert epochs[0] + epochs[1] == (passes[0] + passes[1])[:30]


def test_blocks_are_those_of_the_same_rows_in_memory(tmp_path):
    folder = write(tmp_path / "d", [(70, 9), (33, 9)])
    x = np.stack([np.arange(103, dtype=np.float32), 2 * np.arange(103, dtype=np.float32)], 1)
    arrays = ArraySource((x, np.sin(x[:, 0]), None), batch_size=8, block_bytes=400)
    files = source_of(folder, batch=8, shuffle=False, block_bytes=400)
    for ours, theirs in zip(files.blocks(), arrays.blocks(), strict=True):
        assert (ours.n_rows, ours.n_batches) == (theirs.n_rows, theirs.n_batches)
        for one, other in zip(ours.arrays[:2], theirs.arrays[:2], strict=True):
            np.testing.assert_array_equal(one[: ours.n_batches], other[: ours.n_batches])
    assert [len(b[0]) for b in files.batches()] == [len(b[0]) for b in arrays.batches()]
    assert [len(b[0]) for b in files.batches(2)] == [8, 8]


# -- with a model ------------------------------------------------------------------------------


def small_model():
    rb.utils.set_random_seed(5)
    model = rb.Sequential([rb.Input((2,)), rb.layers.Dense(1)])
    model.compile(loss="mse", optimizer="adam")
    return model


class Killed(Exception):
    pass


class KilledAt(rb.callbacks.Callback):
    """Ends training in the middle of an epoch."""

    def __init__(self, batch):
        super().__init__()
        self.left = batch

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if not self.left:
            raise Killed


def test_models_learn_from_files_as_from_memory(tmp_path):
    folder = write(tmp_path / "d", [(70, 9), (33, 9)])
    whole = table_of(0, 103)
    x, y = np.stack([whole["a"].to_numpy(), whole["b"].to_numpy()], 1), whole["y"].to_numpy()
    files, memory = small_model(), small_model()
    files.fit(rb.data.parquet(folder, "y", shuffle=False), batch_size=8, epochs=2, verbose=0)
    memory.fit(x, y, shuffle=False, batch_size=8, epochs=2, verbose=0)
    for one, other in zip(files.get_weights(), memory.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    data = rb.data.parquet(folder, target="y")
    assert files.evaluate(data, verbose=0) == memory.evaluate(x, y, verbose=0)
    expected = memory.predict(x, verbose=0)
    np.testing.assert_array_equal(files.predict(data, verbose=0), expected)


def test_a_run_that_was_cut_off_goes_on_to_the_bit(tmp_path):
    folder = write(tmp_path / "d", [(60, 10), (60, 10)])
    whole = small_model()
    whole.fit(rb.data.parquet(folder, "y", window=400), batch_size=8, epochs=3, verbose=0)

    def part(*callbacks, **changed):
        model = small_model()
        backup = rb.callbacks.BackupAndRestore(tmp_path / "run", save_freq=2)
        settings = {"window": 400, **changed}
        data = rb.data.parquet(folder, "y", **settings)
        model.fit(data, batch_size=8, epochs=3, verbose=0, callbacks=[backup, *callbacks])
        return model

    with pytest.raises(Killed):
        part(KilledAt(22))
    with pytest.raises(ValueError, match="mixed rows in windows of another size"):
        part(window=800)
    for one, other in zip(part(KilledAt(99)).get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(Killed):
        part(KilledAt(22))
    pq.write_table(table_of(500, 60), folder / "1.parquet", row_group_size=10)
    with pytest.raises(ValueError, match=r"other files, or files that were rewritten.*Fix: tr"):
        part()


def test_class_weights_and_weights_of_rows(tmp_path):
    table = table_of(0, 20).append_column("w", pa.array(np.arange(20.0)))
    table = table.append_column("k", pa.array(np.arange(20) % 2))
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=6)
    data = rb.data.parquet(tmp_path, target="k", weights="w", drop=["y"], shuffle=False)
    assert data.features == ("a", "b")
    source = read(data).batches(8, class_weight={0: 1.0, 1: 10.0})
    weights = np.concatenate([w for _, _, w in source.batches()])
    np.testing.assert_array_equal(weights, np.arange(20) * np.where(np.arange(20) % 2, 10, 1))


def test_columns_go_to_inputs_of_their_names(tmp_path):
    number = np.arange(12, dtype=np.float32)
    table = pa.table({"n": number, "word": [f"w{i % 3}" for i in range(12)], "y": number})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=5)
    word, n = rb.Input((1,), dtype="string", name="word"), rb.Input((1,), name="n")
    lookup = rb.layers.StringLookup(vocabulary=["w0", "w1", "w2"], output_mode="one_hot")
    model = rb.Model([word, n], rb.layers.Concatenate()([lookup(word), n]))
    found = model.predict(rb.data.parquet(tmp_path, target="y"), verbose=0)
    expected = model.predict(
        {"word": np.array([[f"w{i % 3}"] for i in range(12)]), "n": number[:, None]}, verbose=0
    )
    np.testing.assert_array_equal(found, expected)


# -- what is refused -----------------------------------------------------------------------------


def damaged(folder):
    """A file whose footer is whole and whose values are not."""
    path = folder / "0.parquet"
    content = bytearray(path.read_bytes())
    content[4:400] = b"\xff" * 396
    path.write_bytes(content)


def add(folder, name, **columns):
    pq.write_table(pa.table(columns), folder / name)


GONE = "it cannot be read. Given: .*write the file again, or take it out"
CASES = {
    "no folder": (None, r"nowhere: no such file or folder\."),
    "no file": (lambda d: (d / "0.parquet").unlink(), "no Parquet file in this folder. Expected:"),
    "empty file": (
        lambda d: (d / "1.parquet").write_bytes(b""),
        r"1\.parquet: no Parquet file, or a damaged one. Given: an empty file. Expected: a whole",
    ),
    "another format": (
        lambda d: (d / "1.parquet").write_bytes(b"a,b\n1,2\n" * 20),
        r"1\.parquet: no Parquet file, or a damaged one. Given: Parquet magic bytes not found",
    ),
    "cut off": (
        lambda d: (d / "1.parquet").write_bytes((d / "0.parquet").read_bytes()[:-40]),
        r"1\.parquet: no Parquet file, or a damaged one. Given: .*Fix: write it again, or take it",
    ),
    "a column less": (
        lambda d: add(d, "1.parquet", a=[1.0], y=[1.0]),
        r"1\.parquet: column 'b' is missing, which .*0\.parquet has. Given: columns a, y.",
    ),
    "a column more": (
        lambda d: add(d, "1.parquet", a=[1.0], b=[1.0], c=[1.0], y=[1.0]),
        r"0\.parquet: column 'c' is missing, which .*1\.parquet has.",
    ),
    "another kind": (
        lambda d: add(d, "1.parquet", a=[1.0], b=["one"], y=[1.0]),
        r"1\.parquet: column 'b' is of another kind than in .*0\.parquet. Given: string. "
        "Expected: float",
    ),
    "dates in place of words": (
        lambda d: (
            add(d, "0.parquet", a=["one"], b=[1.0], y=[1.0]),
            add(d, "1.parquet", a=pa.array([0], pa.date32()), b=[1.0], y=[1.0]),
        ),
        r"1\.parquet: column 'a' is of another kind than in .*0\.parquet. Given: date32\[day\]. "
        "Expected: string",
    ),
    "no rows": (
        lambda d: add(d, "0.parquet", a=pa.array([], "float32"), y=pa.array([], "float32")),
        r"x is empty: there is no row to work on. Given: 1 files, the first is .*0\.parquet",
    ),
    "values damaged": (damaged, rf"0\.parquet, row group 0: {GONE}"),
    "words": (
        lambda d: add(d, "0.parquet", a=[1.0], b=["one"], y=[1.0]),
        r"0\.parquet, row group 0: x: .*'b'",
    ),
    "a gap": (
        lambda d: add(d, "0.parquet", a=[1.0, None], b=[1.0, 2.0], y=[1.0, 2.0]),
        r"0\.parquet, row group 0: x holds NaN in column 'a'. Given: nan in row 1",
    ),
    "two types": (
        lambda d: (
            add(d, "0.parquet", a=[1.0], b=[1.0], y=[1]),
            add(d, "1.parquet", a=[1.0], b=[1.0], y=[0.5]),
        ),
        r"A row group's columns are of other types than those before it. Given: .*float32 of",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_errors_name_the_file(tmp_path, case):
    change, message = CASES[case]
    folder = write(tmp_path / "d", [(30, 10)])
    if change is None:
        folder = tmp_path / "nowhere"
    else:
        change(folder)

    def intake(batch, suspects):
        refuse(suspects)
        return batch

    def go_through():
        source = read(rb.data.parquet(folder, target="y")).batches(4, shuffle=True, seed=0)
        source.bring(intake)
        list(source.epoch(0))

    with pytest.raises(ValueError, match=f"(?s){message}"):
        go_through()


ARGUMENTS = {
    "target": ({"target": "z"}, r"0\.parquet: there is no column 'z'. Given: columns a, b, y."),
    "drop": ({"drop": "aa"}, r"0\.parquet: there is no column 'aa'. .*did you mean 'a'"),
    "all": ({"drop": ["a", "b"], "target": "y"}, "parquet: no column is left for x."),
    "window": ({"window": "many"}, "parquet: bad `window`. Given: 'many'. Expected: bytes, e.g."),
    "no window": ({"window": 0}, "parquet: bad `window`. Given: 0."),
    "seed": ({"seed": "x"}, "parquet: bad `seed`. Given: 'x'. Expected: an integer or None"),
}


@pytest.mark.parametrize("case", ARGUMENTS)
def test_arguments_are_checked(tmp_path, case):
    arguments, message = ARGUMENTS[case]
    with pytest.raises(ValueError, match=message):
        rb.data.parquet(write(tmp_path / "d", [(30, 10)]), **arguments)


def test_fit_refuses_what_files_do_not_have(tmp_path):
    data = rb.data.parquet(write(tmp_path / "d", [(30, 10)]), target="y")
    model = small_model()
    with pytest.raises(ValueError, match="`y` was passed beside a stream"):
        model.fit(data, np.ones(30), verbose=0)
    with pytest.raises(ValueError, match="`validation_split` needs arrays"):
        model.fit(data, validation_split=0.1, verbose=0)
    with pytest.raises(ValueError, match=r"`shuffle` is out of range for rows in files.*window"):
        model.fit(data, shuffle="batch", verbose=0)


def test_a_file_written_anew_under_way_is_an_error(tmp_path):
    folder = write(tmp_path / "d", [(30, 10), (30, 10)])
    source = source_of(folder)
    pq.write_table(table_of(0, 31), folder / "1.parquet")
    with pytest.raises(ValueError, match=r"1\.parquet: it was rewritten since training began"):
        list(source.epoch(0))


def test_hidden_and_other_files_are_left_out(tmp_path):
    folder = write(tmp_path / "d", [(30, 10)])
    (folder / ".0.abc.parquet").write_bytes(b"half")
    (folder / "_SUCCESS").write_bytes(b"")
    (folder / "notes.txt").write_text("b")
    write(folder / "part", [(5, 5)])
    assert [Path(f).relative_to(folder).as_posix() for f in ParquetFolder(folder).files] == [
        "0.parquet", "part/0.parquet"
    ]  # fmt: skip


SORTED = np.arange(1000, dtype=np.float32)
KINDS = {  # whether there is a warning, the target, the window
    "by the target": (True, SORTED, 500),
    "by the target, all in a window": (False, SORTED, "1MB"),
    "in no order": (False, np.random.default_rng(0).permutation(SORTED), 500),
    "by class": (True, np.repeat([0, 1], 500), 500),
    "by class, in no order": (False, np.arange(1000) % 2, 500),
    "one class": (False, np.zeros(1000), 500),
}


@pytest.mark.parametrize("kind", KINDS)
def test_rows_in_the_order_of_the_target(tmp_path, kind):
    warns, y, window = KINDS[kind]
    pq.write_table(pa.table({"a": SORTED, "y": y}), tmp_path / "a.parquet", row_group_size=20)
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        rb.data.parquet(tmp_path, target="y", window=window)
        rb.data.parquet(tmp_path, target="y", window=window, shuffle=False)
    texts = [str(w.message) for w in found]
    assert len(texts) == warns
    if warns:
        assert "the rows lie in the order of column 'y'" in texts[0]
        assert "Given: windows of 4% of the rows. Expected: at least 10%" in texts[0]


def test_without_pyarrow_the_error_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r'pip install "rosenblatt\[parquet\]"'):
        rb.data.parquet(tmp_path)
