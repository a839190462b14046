"""Event files: framing, damage, threads, processes, kills, and no TensorFlow."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt.tensorboard import records
from rosenblatt.tensorboard.event_file import EventFile

pytest.importorskip("tensorboard", reason="needs the extra tensorboard")

from tensorboard.compat.proto import event_pb2
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import PyRecordReader_New

HERE = Path(__file__).parent


def events(folder: Path) -> list:
    """All events of the one file in a folder."""
    (path,) = folder.glob("*tfevents*")
    return [event_pb2.Event.FromString(data) for data in records.read_records(path)]


def tensorboard_records(path: Path) -> list[bytes]:
    """The records as TensorBoard's own reader finds them."""
    reader, found = PyRecordReader_New(str(path)), []
    while True:
        try:
            reader.GetNext()
        except Exception:  # its own kind of end of file
            return found
        found.append(reader.record())


def test_frame_by_hand_and_by_tensorboards_reader(tmp_path: Path) -> None:
    # RFC 3720, B.4: the CRC32C of 32 zeros is 0x8a9136aa.
    crc = 0x8A9136AA
    masked = ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
    record = records.frame(bytes(32))
    assert record[:8] == struct.pack("<Q", 32)
    assert record[12:-4] == bytes(32)
    assert record[-4:] == struct.pack("<I", masked)
    contents = [b"", b"a", bytes(range(256)) * 300]
    (tmp_path / "file").write_bytes(b"".join(map(records.frame, contents)))
    assert tensorboard_records(tmp_path / "file") == contents
    assert list(records.read_records(tmp_path / "file")) == contents


def test_reads_the_golden_file_of_tensorflow() -> None:
    golden = HERE / "golden.tfevents"
    ours = list(records.read_records(golden))
    assert len(ours) == 17
    assert ours == tensorboard_records(golden)


def test_a_cut_off_record_ends_the_reading_and_a_wrong_one_is_told(tmp_path: Path) -> None:
    path = tmp_path / "events.out.tfevents.1"
    whole = b"".join(map(records.frame, (b"first", b"second")))
    first = len(records.frame(b"first"))
    for size in range(first, len(whole)):
        path.write_bytes(whole[:size])
        assert list(records.read_records(path)) == [b"first"]
    for place in (first, first + 13):  # in the length, in the data
        wrong = bytearray(whole)
        wrong[place] ^= 1
        path.write_bytes(wrong)
        with pytest.raises(ValueError) as caught:
            list(records.read_records(path))
        assert str(caught.value) == (
            f"{path}: not an event file, or a damaged one. Given: a wrong checksum in the record "
            "at byte 21."
        )


def test_events_are_there_soon_without_a_flush(tmp_path: Path) -> None:
    writer = rb.summary.create_file_writer(tmp_path, flush_millis=20)
    writer.scalar("a", 1.0, step=1)
    end = time.monotonic() + 600
    while len(events(tmp_path)) < 2 and time.monotonic() < end:
        time.sleep(0.01)
    assert len(events(tmp_path)) == 2
    writer.close()


def test_max_queue(tmp_path: Path) -> None:
    writer = rb.summary.create_file_writer(
        tmp_path, max_queue=3, flush_millis=10**6, filename_suffix=".mine"
    )
    counts = []
    for step in range(4):
        writer.scalar("a", 1.0, step=step)
        counts.append(len(events(tmp_path)) - 1)
    assert counts == [0, 0, 3, 3]
    assert [path.suffix for path in tmp_path.iterdir()] == [".mine"]
    writer.close()
    assert len(events(tmp_path)) == 5
    with pytest.raises(ValueError, match="This summary writer is closed"):
        writer.scalar("a", 1.0, step=9)


def test_threads_share_a_writer(tmp_path: Path) -> None:
    writer = rb.summary.create_file_writer(tmp_path, flush_millis=1)

    def work(name: str) -> None:
        for step in range(500):
            writer.scalar(name, step, step=step)

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.close()
    frame = rb.tensorboard.load(tmp_path)
    assert frame["tag"].to_list() == [name for name in "abcd" for _ in range(500)]
    assert frame["value"].to_list() == list(range(500)) * 4


_WRITER = """
import sys, threading
import rosenblatt as rb

def work(number):
    writer = rb.summary.create_file_writer(sys.argv[1], flush_millis=5)
    with writer.as_default():
        for step in range(200):
            rb.summary.scalar(f"{sys.argv[2]}/{number}", step, step=step)
            if not step % 50:
                rb.summary.histogram(f"{sys.argv[2]}/h{number}", [step, 1], step=step)
    writer.close()

threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


def test_processes_and_threads_write_to_one_folder(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_multiplexer import EventMultiplexer

    processes = [
        subprocess.Popen([sys.executable, "-c", _WRITER, tmp_path, f"process{n}"]) for n in range(3)
    ]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert len(list(tmp_path.iterdir())) == 9
    frame = rb.tensorboard.load(tmp_path)
    names = [f"process{n}/{t}" for n in range(3) for t in range(3)]
    assert frame["tag"].to_list() == [name for name in names for _ in range(200)]
    assert frame["value"].to_list() == list(range(200)) * 9
    runs = EventMultiplexer().AddRunsFromDirectory(str(tmp_path))
    runs.Reload()
    tags = runs.GetAccumulator(".").Tags()["tensors"]
    assert {tag for tag in tags if "/h" not in tag} == set(names)
    assert len(tags) == 18


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")
def test_a_forked_process_goes_on_in_its_own_file(tmp_path: Path) -> None:
    writer = rb.summary.create_file_writer(tmp_path, flush_millis=10**6)
    writer.scalar("parent", 0, step=0)  # in the buffer when the process is forked

    def work(number: int) -> None:
        writer.scalar(f"child{number}", number, step=1)
        writer.close()

    context = multiprocessing.get_context("fork")
    children = [context.Process(target=work, args=(number,)) for number in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    writer.scalar("parent", 1, step=1)
    writer.close()
    frame = rb.tensorboard.load(tmp_path)
    assert len(list(tmp_path.iterdir())) == 3
    assert frame["tag"].to_list() == ["child0", "child1", "parent", "parent"]


def test_an_event_file_on_a_full_disk_tears_no_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = EventFile(tmp_path, flush_seconds=10**6)
    file.write(event_pb2.Event(step=1).SerializeToString())
    write, calls = os.write, []

    def full(descriptor: int, data: bytes) -> int:
        calls.append(len(data))
        if len(calls) == 1:
            return write(descriptor, bytes(data[:5]))
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        file.flush()
    monkeypatch.undo()
    file.close()
    assert [event.step for event in events(tmp_path)] == [0, 1]


_TRAINING = """
import sys
import numpy as np
import rosenblatt as rb

x, y = np.ones((64, 3), "float32"), np.ones((64, 1), "float32")
model = rb.Sequential([rb.Input((3,)), rb.layers.Dense(50), rb.layers.Dense(1)])
model.compile("sgd", "mse")
board = rb.callbacks.TensorBoard(sys.argv[1], histogram_freq=1, write_images=True)
tell = rb.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, flush=True))
model.fit(x, y, epochs=10**6, verbose=0, callbacks=[board, tell])
"""


@pytest.mark.parametrize("kills", [1, pytest.param(20, marks=pytest.mark.soak)])
def test_a_killed_training_leaves_every_epoch_it_ended(kills: int, tmp_path: Path) -> None:
    moments = random.Random(kills)
    for number in range(kills):
        process = subprocess.Popen(
            [sys.executable, "-c", _TRAINING, tmp_path / str(number)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "0\n"
        time.sleep(moments.uniform(0.01, 0.3))
        process.send_signal(signal.SIGKILL)
        told = [0, *(int(line) for line in process.stdout.read().splitlines() if line)]
        process.wait()
        process.stdout.close()
        frame = rb.tensorboard.load(tmp_path / str(number))
        steps = frame.filter(frame["tag"] == "epoch_loss")["step"].to_list()
        assert steps == list(range(len(steps)))
        # The last line may have been cut off, which is then a smaller number.
        assert len(steps) > max(told[:-1] or told)
        (path,) = (tmp_path / str(number)).glob("train/*tfevents*")
        assert len(tensorboard_records(path)) == len(list(records.read_records(path)))


_VICTIM = """
import sys
import rosenblatt as rb
writer = rb.summary.create_file_writer(sys.argv[1], max_queue=7)
print("ready", flush=True)
for step in range(10**9):
    writer.scalar("loss", step, step=step)
    if step % 50 == 0:
        writer.flush()
        print(step, flush=True)
"""


@pytest.mark.parametrize("kills", [4, pytest.param(100, marks=pytest.mark.soak)])
def test_killed_at_random_moments_everything_flushed_is_readable(
    kills: int, tmp_path: Path
) -> None:
    """One process after another is killed at a moment that is drawn."""
    moments = random.Random(kills)
    for number in range(kills):
        folder = tmp_path / str(number)
        process = subprocess.Popen(
            [sys.executable, "-c", _VICTIM, folder], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(moments.uniform(0.01, 0.2))
        process.send_signal(signal.SIGKILL)
        told = [int(line) for line in process.stdout.read().splitlines() if line.isdigit()]
        process.wait()
        process.stdout.close()
        steps = [event.step for event in events(folder)[1:]]
        assert steps == list(range(len(steps)))
        assert len(steps) > (told[-1] if told else -1)
        (path,) = folder.iterdir()
        assert len(tensorboard_records(path)) == len(steps) + 1


def test_cut_at_any_byte_a_file_is_readable(tmp_path: Path) -> None:
    """What a kill in the midst of a write can leave: 100 random lengths."""
    writer = rb.summary.create_file_writer(tmp_path / "whole")
    with writer.as_default():
        for step in range(50):
            rb.summary.scalar("loss", step, step=step)
            rb.summary.histogram("w", np.arange(5), step=step)
    writer.close()
    (path,) = (tmp_path / "whole").iterdir()
    whole = path.read_bytes()
    lengths = [len(records.frame(data)) for data in records.read_records(path)]
    ends = np.cumsum(lengths)
    assert ends[-1] == len(whole)
    draw = random.Random(1)
    part = tmp_path / "part"
    for _ in range(100):
        size = draw.randrange(len(whole))
        part.write_bytes(whole[:size])
        count = int((ends <= size).sum())
        assert len(list(records.read_records(part))) == count
        assert len(tensorboard_records(part)) == count


def test_tensorflow_is_never_imported(tmp_path: Path) -> None:
    code = """
import sys, numpy as np, rosenblatt as rb
sys.path.insert(0, sys.argv[2])
from calls import write_all, fit
writer = rb.summary.create_file_writer(sys.argv[1])
with writer.as_default():
    write_all(rb.summary, rb.tensorboard.hparams)
    rb.summary.embedding("e", np.eye(3), step=0)
writer.close()
fit(rb, sys.argv[1] + "/fit", histogram_freq=1)
rb.tensorboard.load(sys.argv[1])
print([name for name in ("tensorflow", "torch", "keras") if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, tmp_path, HERE],
        capture_output=True,
        text=True,
        timeout=1800,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "[]\n"


def test_a_missing_package_is_told(tmp_path: Path) -> None:
    code = """
import sys
sys.modules["tensorboard"] = None
import rosenblatt as rb
for call in (rb.summary.create_file_writer, rb.tensorboard.start):
    try:
        call(sys.argv[1])
    except ImportError as error:
        print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path], capture_output=True, text=True, timeout=1800
    )
    assert done.stdout == 2 * (
        "tensorboard: an optional dependency is missing. Expected: an installed 'tensorboard'. "
        'Fix: pip install "rosenblatt[tensorboard]"\n'
    ), done.stderr
