"""Streams: generators, PyDataset, DataLoader; prefetch that ends cleanly."""

from __future__ import annotations

import gc
import itertools
import threading
import time

import numpy as np
import pandas as pd
import pytest
import torch

from rosenblatt.data import PyDataset, StreamSource, read
from rosenblatt.data.finite import refuse
from rosenblatt.data.prefetch import prefetch


def ours():
    return [t.name for t in threading.enumerate() if t.name.startswith("rosenblatt")]


@pytest.fixture(autouse=True)
def no_thread_left():
    yield
    if ours():
        gc.collect()
    assert ours() == []


def batch(start, rows=4, features=2):
    y = np.arange(start, start + rows, dtype=np.float32)
    return np.repeat(y[:, None], features, axis=1), y


def endless():
    for start in itertools.count(0, 4):
        yield batch(start)


def rows_of(blocks):
    return [int(v) for b in blocks for v in b.arrays[1].reshape(-1)[: b.n_rows]]


class Numbers(PyDataset):
    def __init__(self, count=5, **kwargs):
        super().__init__(**kwargs)
        self.count, self.calls = count, []

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        return batch(4 * index)

    def on_epoch_begin(self):
        self.calls.append("begin")

    def on_epoch_end(self):
        self.calls.append("end")


def test_generator_goes_on_where_the_epoch_stopped():
    source = read(endless()).batches()
    assert source.n_batches is None
    assert rows_of(source.epoch(0, 3)) == list(range(12))
    assert rows_of(source.epoch(0, 2)) == list(range(12, 20))
    assert [b[1][0] for b in source.batches(2)] == [20, 24]


def test_peek_takes_nothing():
    source = read(endless()).batches()
    assert source.peek()[1].tolist() == [0, 1, 2, 3]
    assert source.peek()[1].tolist() == [0, 1, 2, 3]
    assert rows_of(source.epoch(0, 2)) == list(range(8))
    dataset = read(Numbers(2)).batches()
    dataset.peek()
    assert rows_of(dataset.epoch(0)) == list(range(8))


def test_blocks_have_one_shape_and_full_batches():
    source = StreamSource((batch(4 * i) for i in range(10)), block_bytes=4 * 12 * 4)
    blocks = list(source.epoch(0))
    assert [b.n_batches for b in blocks] == [4, 4, 2]
    assert {b.arrays[0].shape for b in blocks} == {(4, 4, 2)}
    assert rows_of(blocks) == list(range(40))
    assert blocks[2].arrays[1][2:].tolist() == [[39] * 4] * 2  # padding: a real row


def test_by_batch():
    blocks = list(read(Numbers(5)).batches().epoch(0, by_batch=True))
    assert [b.n_batches for b in blocks] == [1] * 5
    assert {b.arrays[1].shape for b in blocks} == {(1, 4)}


def test_batches_that_are_done():
    assert rows_of(read(Numbers(5)).batches().epoch(0, done=3)) == list(range(12, 20))


def test_a_smaller_batch_ends_its_block_and_keeps_the_shape():
    sizes = [4, 4, 3, 4, 2]
    starts = np.cumsum([0, *sizes[:-1]])
    source = StreamSource([batch(s, n) for s, n in zip(starts, sizes, strict=True)])
    blocks = list(source.epoch(0))
    assert [(b.n_rows, b.n_batches, b.batch_size) for b in blocks] == [(11, 3, 4), (6, 2, 4)]
    assert rows_of(blocks) == list(range(17))


def test_a_larger_batch_or_another_shape_begins_a_block():
    items = [batch(0, 2), batch(2, 4), batch(6, 4, features=3)]
    blocks = list(StreamSource(items).epoch(0))
    assert [b.arrays[0].shape[1:] for b in blocks] == [(2, 2), (4, 2), (4, 3)]


def test_a_slow_stream_is_given_on_early():
    def slow():
        for start in range(0, 12, 4):
            time.sleep(0.12)
            yield batch(start)

    iterator = StreamSource(slow()).epoch(0)
    first = next(iterator)
    assert first.n_batches == 1
    assert rows_of([first, *iterator]) == list(range(12))


@pytest.mark.parametrize("workers", [1, 3])
def test_py_dataset(workers):
    data = Numbers(6, workers=workers, max_queue_size=2)
    source = read(data).batches()
    assert source.n_batches == 6
    assert rows_of(source.epoch(0)) == list(range(24))
    assert rows_of(source.epoch(0)) == list(range(24))
    assert data.calls == ["begin", "end"] * 2


def test_py_dataset_in_processes():
    source = read(Numbers(2, workers=1, use_multiprocessing=True)).batches()
    assert rows_of(source.epoch(0)) == list(range(8))


def test_py_dataset_shuffles_batches_by_seed_and_epoch():
    first, again = (read(Numbers(6)).batches(shuffle=True, seed=1) for _ in range(2))
    rows = rows_of(first.epoch(4))
    assert rows != list(range(24))
    assert sorted(rows) == list(range(24))
    assert rows == rows_of(again.epoch(4))
    assert rows != rows_of(again.epoch(5))


def test_py_dataset_steps_go_round():
    source = read(Numbers(4)).batches()
    assert rows_of(source.epoch(0, 2)) == list(range(8))
    assert rows_of(source.epoch(0, 2)) == list(range(8, 16))
    assert rows_of(source.epoch(0, 2)) == list(range(8))
    list(source.batches(1))
    with pytest.warns(UserWarning, match="The data ran out after 1 of 3 steps; the pass ends"):
        list(source.epoch(0, 3))


def test_py_dataset_without_super_init():
    class Bare(PyDataset):
        def __init__(self):
            pass

        def __len__(self):
            return 2

        def __getitem__(self, index):
            return batch(4 * index)

    with pytest.warns(UserWarning, match=r"^Bare was made without `super\(\).__init__"):
        assert rows_of(read(Bare()).batches().epoch(0)) == list(range(8))


def test_py_dataset_messages():
    class Nothing(PyDataset):
        pass

    with pytest.raises(NotImplementedError) as info:
        read(Nothing()).batches()
    assert str(info.value) == (
        "Nothing does not say how many batches it has. Fix: define `__len__(self)`, or the "
        "property `num_batches` (None: endless)."
    )
    with pytest.raises(NotImplementedError) as info:
        Nothing()[0]
    assert str(info.value) == (
        "Nothing has no `__getitem__` method. Fix: define `__getitem__(self, index)` that returns "
        "the batch `(x, y)`."
    )


def test_endless_data_need_steps():
    class Endless(Numbers):
        num_batches = None

    source = read(Endless()).batches()
    with pytest.raises(ValueError) as info:
        list(source.epoch(0))
    assert str(info.value) == (
        "The data have no end, so an epoch needs a number of steps. Fix: pass `steps_per_epoch=` "
        "(fit), `validation_steps=` or `steps=`."
    )
    assert rows_of(source.epoch(0, 2)) == list(range(8))
    assert rows_of(source.epoch(0, 1)) == list(range(8, 12))


def test_real_keras_py_dataset():
    keras = pytest.importorskip("keras")

    class Theirs(keras.utils.PyDataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return batch(4 * index)

    assert rows_of(read(Theirs()).batches(shuffle=True, seed=1).epoch(0))[:1] in ([0], [4])


@pytest.mark.filterwarnings("ignore")
def test_torch_data_loader():
    x, y = batch(0, 10)
    tensors = torch.utils.data.TensorDataset(torch.from_numpy(x), torch.from_numpy(y))
    source = read(torch.utils.data.DataLoader(tensors, batch_size=4)).batches()
    assert source.n_batches == 3
    assert rows_of(source.epoch(0)) == list(range(10))
    assert rows_of(source.epoch(0)) == list(range(10))
    with pytest.raises(ValueError) as info:
        read(tensors).batches()
    assert str(info.value) == (
        "x is a PyTorch Dataset, which gives single samples. Fix: wrap it: "
        "`torch.utils.data.DataLoader(x, batch_size=32, shuffle=True)`."
    )


@pytest.mark.filterwarnings("ignore")
def test_tf_data():
    tf = pytest.importorskip("tensorflow")
    data = tf.data.Dataset.from_tensor_slices(batch(0, 10)).batch(4)
    source = read(data).batches()
    assert source.n_batches == 3
    assert rows_of(source.epoch(0)) == list(range(10))
    assert read(data.repeat()).batches().endless
    with pytest.raises(ValueError, match="a stream must give batches, not single samples"):
        list(read(data.unbatch()).batches().batches())


def test_other_iterables_and_their_length():
    class Again:
        def __iter__(self):
            return (batch(4 * i) for i in range(3))

    source = read(Again()).batches()
    assert source.n_batches is None
    source.peek()
    assert rows_of(source.epoch(0)) == list(range(12))
    assert source.n_batches == 3
    assert rows_of(source.epoch(0)) == list(range(12))


def test_batches_of_frames_dicts_and_x_alone():
    def frames():
        yield {"a": pd.DataFrame({"p": [1.0], "q": [2.0]})}

    ((x, y, weight),) = read(frames()).batches().batches()
    assert x["a"].tolist() == [[1, 2]]
    assert y is None
    assert weight is None


def test_class_weight_is_multiplied():
    def weighted():
        yield np.ones((2, 1)), np.array([0, 1]), np.array([2.0, 3.0])

    ((_, _, weight),) = read(weighted()).batches(class_weight={1: 10.0}).batches()
    assert weight.tolist() == [2.0, 30.0]


def refusing(batch, suspects):
    refuse(suspects)
    return batch


def error_of(items):
    source = StreamSource(iter(items))
    source.bring(refusing)
    with pytest.raises(ValueError) as info:
        list(source.epoch(0))
    return str(info.value)


def test_bad_batches():
    good = batch(0)
    nan = (np.full((2, 2), np.nan, np.float32), np.zeros(2))
    assert error_of([good, nan]).startswith(
        "Batch 1 of the stream: x holds NaN in columns 0, 1. Given: nan in row 0 "
    )
    assert error_of([(pd.DataFrame({"p": [np.nan]}), [0])]).startswith(
        "Batch 0 of the stream: x holds NaN in column 'p'."
    )
    assert error_of([good, good[:1]]) == (
        "Batch 1 of the stream: It has other parts than the first batch. Given: x. Expected: x, y."
    )
    assert error_of([(1, 2, 3, 4)]) == (
        "Batch 0 of the stream: It is not a batch. Given: a tuple of 4 items. Expected: (x,), (x, "
        "y) or (x, y, sample_weight). Fix: put several inputs into a tuple or dict of their own: "
        "`((a, b, c, d), y)`."
    )
    assert error_of([(np.ones(3), np.ones(2))]).startswith(
        "Batch 0 of the stream: The data do not have the same number of rows. Given: x: 3, y: 2."
    )
    assert len(list(StreamSource(iter([nan])).epoch(0))) == 1


def test_exhausted_generator():
    source = read(batch(4 * i) for i in range(2)).batches()
    list(source.epoch(0))
    with pytest.warns(UserWarning, match="read to their end") as caught:
        assert list(source.epoch(0)) == []
    assert str(caught[0].message) == (
        "The data were read to their end in an earlier pass: this one has no batch. Make the "
        "generator endless (`while True:`) and pass `steps_per_epoch=`, or pass a `PyDataset`, "
        "which can be read again."
    )
    with pytest.raises(ValueError) as info:
        list(read(batch(4 * i) for i in range(0)).batches().epoch(0))
    assert str(info.value) == (
        "The generator has no batch left: it was read to its end, or gave none. Given: an object "
        "of type generator. Fix: make it endless (`while True:`) and pass `steps_per_epoch=`, or "
        "pass a `PyDataset`, which can be read again."
    )
    with pytest.raises(ValueError, match="no batch left"):
        read(iter([])).batches().peek()


def test_empty_data():
    with pytest.raises(ValueError) as info:
        read(Numbers(0)).batches().peek()
    assert str(info.value) == (
        "The data gave no batch. Given: an object of type Numbers. Expected: at least one batch."
    )


def test_generator_that_runs_out():
    source = read(batch(4 * i) for i in range(3)).batches()
    with pytest.warns(UserWarning, match="ran out") as caught:
        assert rows_of(source.epoch(0, 5)) == list(range(12))
    assert str(caught[0].message) == (
        "The data ran out after 3 of 5 steps; the pass ends here. Give `steps_per_epoch * epochs` "
        "batches, or fewer steps."
    )


def test_stopping_early_ends_the_thread():
    iterator = StreamSource(endless(), block_bytes=1000).epoch(0, 10**9)
    next(iterator)
    assert ours() == ["rosenblatt-prefetch"]
    iterator.close()
    assert ours() == []


def test_stopping_early_ends_the_workers():
    source = read(Numbers(10_000, workers=3)).batches()
    iterator = source.batches()
    next(iterator)
    iterator.close()
    assert source.data.calls == ["begin", "end"]
    assert ours() == []


def test_the_users_error_comes_through():
    def broken():
        yield batch(0)
        raise RuntimeError("disk on fire")

    items = read(broken()).batches().batches()
    next(items)
    with pytest.raises(RuntimeError, match="disk on fire"):
        next(items)


def test_prefetch_keeps_to_its_limit():
    made = []

    def items():
        for i in range(100):
            made.append(i)
            yield i

    iterator = prefetch(items(), lambda _: 10, limit=30)
    next(iterator)
    time.sleep(0.1)
    assert len(made) <= 5  # one taken, three waiting, one in the producer's hand
    assert list(iterator) == list(range(1, 100))


def test_memory_of_a_long_stream_stays_flat():
    x = np.ones((1024, 256), np.float32)  # 1 MB

    def pages():
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1])

    source = StreamSource((x, x[:, 0]) for _ in range(600))
    before, most = pages(), 0
    for _ in source.epoch(0):
        most = max(most, pages())
    assert (most - before) * 4096 < 64 << 20
