"""rosenblatt.summary against the events of tf.summary, torch.utils.tensorboard, and by hand."""

from __future__ import annotations

import io
import sys
import threading
import time
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt.tensorboard import events as encoding
from rosenblatt.tensorboard import records, values

pytest.importorskip("tensorboard", reason="needs the extra tensorboard")

from calls import write_all
from google.protobuf import text_format
from PIL import Image
from tensorboard.compat.proto import event_pb2
from tensorboard.plugins.hparams import plugin_data_pb2
from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig
from tensorboard.util.tensor_util import make_ndarray

HERE = Path(__file__).parent


def values_of(path: Path) -> list[tuple[int, Any]]:
    """Step and `Summary.Value` of each event."""
    events = [event_pb2.Event.FromString(data) for data in records.read_records(path)]
    return [(event.step, value) for event in events for value in event.summary.value]


def written(folder: Path) -> list[tuple[int, Any]]:
    """Those of the one file in a folder."""
    (path,) = folder.glob("*tfevents*")
    return values_of(path)


def array(tensor: Any) -> Any:
    """Numbers of a tensor, or its strings with images decoded."""
    shape = [dim.size for dim in tensor.tensor_shape.dim]
    if tensor.dtype == 7:
        return shape, [decoded(text) for text in tensor.string_val]
    dtype = {1: "<f4", 2: "<f8"}[tensor.dtype]
    return shape, np.frombuffer(tensor.tensor_content, dtype).tolist()


def decoded(text: bytes) -> Any:
    if not text.startswith(b"\x89PNG"):
        return text
    image = Image.open(io.BytesIO(text))
    return image.mode, np.asarray(image).tolist()


def hparams_of(value: Any) -> Any:
    """What the HPARAMS page reads: maps have no order, so messages are compared."""
    return plugin_data_pb2.HParamsPluginData.FromString(value.metadata.plugin_data.content)


@pytest.fixture
def ours(tmp_path: Path) -> list[tuple[int, Any]]:
    with rb.summary.create_file_writer(tmp_path).as_default():
        write_all(rb.summary, rb.tensorboard.hparams)
    return written(tmp_path)


def test_equal_to_tf_summary(ours: list[tuple[int, Any]]) -> None:
    golden = values_of(HERE / "golden.tfevents")
    assert [(step, value.tag) for step, value in ours] == [(s, v.tag) for s, v in golden]
    for (_, mine), (_, theirs) in zip(ours, golden, strict=True):
        assert mine.tensor.dtype == theirs.tensor.dtype, mine.tag
        if mine.tensor.dtype == 2:  # edges of buckets may differ in the last bit
            assert array(mine.tensor)[0] == array(theirs.tensor)[0]
            np.testing.assert_allclose(
                array(mine.tensor)[1], array(theirs.tensor)[1], rtol=1e-14, atol=1e-15
            )
        else:
            assert array(mine.tensor) == array(theirs.tensor), mine.tag
        if mine.tag.startswith("_hparams_"):
            assert hparams_of(mine) == hparams_of(theirs)
        else:
            assert mine.metadata == theirs.metadata, mine.tag


def test_scalars_by_hand_are_those_of_protocol_buffers() -> None:
    for tag in ("loss", "ü" * 100, "x" * 5000, ""):
        for step in (0, 1, 127, 128, 16384, 2**62, -3):
            for number in (0.0, 0.1, -1e30, 1e300, -1e300, float("inf"), float("nan")):
                for description in (None, "a text"):
                    with np.errstate(over="ignore"):
                        tensor = encoding.tensor_proto(np.float64(number).astype("float32"))
                    about = encoding.metadata("scalars", description)
                    expected = encoding.event(5.5, step, tag, tensor, about)
                    given = encoding.scalar_event(5.5, step, tag, number, description)
                    assert given == expected


def test_equal_to_torch(tmp_path: Path) -> None:
    tensorboard = pytest.importorskip("torch.utils.tensorboard", reason="needs torch")
    from tensorboard.backend.event_processing.plugin_event_accumulator import EventAccumulator

    picture = np.linspace(0, 1, 24).reshape(2, 4, 3).astype("float32")
    theirs = tensorboard.SummaryWriter(str(tmp_path / "torch"))
    for step in range(5):
        theirs.add_scalar("loss", 1 / (step + 1), step)
    theirs.add_image("picture", (picture * 255).astype("uint8"), 2, dataformats="HWC")
    theirs.add_text("note", "hello", 3)
    theirs.close()
    with rb.summary.create_file_writer(tmp_path / "ours").as_default():
        for step in range(5):
            rb.summary.scalar("loss", 1 / (step + 1), step=step)
        rb.summary.image("picture", (picture * 255).astype("uint8")[np.newaxis], step=2)
        rb.summary.text("note", ["hello"], step=3)
    read = {}
    for name in ("torch", "ours"):
        accumulator = EventAccumulator(str(tmp_path / name))
        accumulator.Reload()
        read[name] = {
            tag.removesuffix("/text_summary"): [
                (event.step, array_of(event.tensor_proto)) for event in accumulator.Tensors(tag)
            ]
            for tag in accumulator.Tags()["tensors"]
        }
    assert read["ours"] == read["torch"]
    frames = [rb.tensorboard.load(tmp_path / name).drop("wall_time") for name in ("torch", "ours")]
    assert frames[0].equals(frames[1])
    assert frames[0]["step"].to_list() == [0, 1, 2, 3, 4]


def test_histograms_and_sounds_equal_torchs(tmp_path: Path) -> None:
    tensorboard = pytest.importorskip("torch.utils.tensorboard", reason="needs torch")
    from tensorboard.backend.event_processing.plugin_event_accumulator import EventAccumulator

    draw = np.random.default_rng(0).normal(size=500).astype("float32")
    sound = np.sin(np.arange(400) / 7).astype("float32")
    theirs = tensorboard.SummaryWriter(str(tmp_path / "torch"))
    theirs.add_histogram("w", draw, 3, bins=12)
    theirs.add_audio("tone", sound[np.newaxis], 4, sample_rate=8000)
    theirs.close()
    with rb.summary.create_file_writer(tmp_path / "ours").as_default():
        rb.summary.histogram("w", draw, step=3, buckets=12)
        rb.summary.audio("tone", sound[np.newaxis, :, np.newaxis], 8000, step=4)
    tables, tones = [], []
    for name in ("torch", "ours"):
        accumulator = EventAccumulator(str(tmp_path / name))
        accumulator.Reload()
        (histogram,), (audio,) = accumulator.Tensors("w"), accumulator.Tensors("tone")
        assert (histogram.step, audio.step) == (3, 4)
        assert accumulator.PluginTagToContent("histograms").keys() == {"w"}
        assert accumulator.PluginTagToContent("audio").keys() == {"tone"}
        tables.append(make_ndarray(histogram.tensor_proto))
        with wave.open(io.BytesIO(audio.tensor_proto.string_val[0])) as file:
            about = (file.getframerate(), file.getnchannels(), file.getsampwidth())
            assert about == (8000, 1, 2)
            tones.append(np.frombuffer(file.readframes(400), "<i2").astype(int))
    np.testing.assert_allclose(tables[0], tables[1], rtol=1e-6, atol=1e-6)
    # PyTorch multiplies by 2¹⁵ − 1 and cuts off, TensorFlow and we by 2¹⁵, and round.
    np.testing.assert_allclose(tones[0], tones[1], atol=2)
    assert len(tones[0]) == 400


def array_of(tensor: Any) -> Any:
    if tensor.dtype == 7:
        return [decoded(text) for text in tensor.string_val]
    return np.frombuffer(tensor.tensor_content, "<f4").tolist() or list(tensor.float_val)


def test_no_writer_no_event(tmp_path: Path) -> None:
    assert not rb.summary.scalar("a", 1, step=1)
    writer = rb.summary.create_file_writer(tmp_path)
    with writer.as_default(step=7):
        assert rb.summary.should_record_summaries()
        with rb.summary.record_if(False):
            assert not rb.summary.histogram("a", [1])
            assert not rb.summary.should_record_summaries()
        with rb.summary.record_if(lambda: rb.summary.get_step() % 2 == 0):
            assert not rb.summary.scalar("odd", 1)
            rb.summary.set_step(8)
            assert rb.summary.scalar("even", 1)
        seen = []
        thread = threading.Thread(target=lambda: seen.append(rb.summary.scalar("a", 1, step=1)))
        thread.start()
        thread.join()
        assert seen == [False]  # a default writer is that of its thread, as in TensorFlow
    assert rb.summary.get_step() is None
    assert [(step, value.tag) for step, value in written(tmp_path)] == [(8, "even")]
    rb.summary.flush()
    rb.summary.flush(writer)
    writer.close()


def test_histograms() -> None:
    nan = values.histogram([np.nan, 1.0, np.inf, 3.0, -np.inf], buckets=2)
    assert nan.tolist() == [[1, 2, 1], [2, 3, 1]]
    assert values.histogram([np.nan], buckets=2).tolist() == [[0, 0, 0], [0, 0, 0]]
    huge = values.histogram([-1.5e308, 0.0, 1.5e308, np.inf], buckets=3)
    np.testing.assert_allclose(huge[:, 0], [-1.5e308, -0.5e308, 0.5e308])
    assert huge[:, 2].tolist() == [1, 1, 1]
    assert huge[-1, 1] == 1.5e308
    tiny = values.histogram([0.0, 5e-324], buckets=3)  # no room for buckets between them
    assert tiny[:, 2].sum() == 2
    single = values.histogram(np.float32([np.finfo("float32").max, -1]), buckets=1)
    assert single.tolist() == [[-1.0, float(np.finfo("float32").max), 2.0]]
    draw = np.random.default_rng(0).normal(size=1000)
    counts, edges = np.histogram(draw, 30)
    table = values.histogram(draw)
    np.testing.assert_allclose(table[:, 0], edges[:-1])
    np.testing.assert_array_equal(table[:, 2], counts)


def test_pixels() -> None:
    kinds = {
        "bool": ([True, False], [255, 0]),
        "uint16": ([65535, 256, 255], [255, 1, 0]),
        "int8": ([127, -5, 1], [254, 0, 2]),
        "float64": ([-1.0, 0.5, 2.0, np.nan], [0, 127, 255, 0]),
    }
    for dtype, (given, expected) in kinds.items():
        assert values.to_uint8(np.array(given, dtype)).tolist() == expected, dtype


MESSAGES = {
    "summary: no `step`. Expected: a whole number. Fix: write `step=…`, or "
    "`with writer.as_default(step=…):`.": lambda: rb.summary.scalar("a", 1.0),
    "summary.scalar: 'a' is not one number. Given: shape (2,). Fix: write its mean, or "
    "`summary.histogram` for all values.": lambda: rb.summary.scalar("a", [1.0, 2.0], step=1),
    "summary.image: bad shape of `data`. Given: (2, 2). Expected: (images, height, width, "
    "channels) with 1 to 4 channels. Fix: for one image, write `data[np.newaxis]`; for grey ones "
    "without an axis of channels, `data[..., np.newaxis]`.": lambda: rb.summary.image(
        "a", np.ones((2, 2)), step=1
    ),
    "summary.audio: bad `data`. Given: int64 of shape (3,). Expected: floats from -1 to 1 of shape "
    "(sounds, samples, channels). Fix: for one sound, write "
    "`data[np.newaxis, :, np.newaxis]`.": lambda: rb.summary.audio("a", np.arange(3), 8000, step=1),
    "summary.audio: bad `encoding`. Given: mp3. Expected: wav.": lambda: rb.summary.audio(
        "a", np.ones((1, 1, 1)), 8000, step=1, encoding="mp3"
    ),
    "summary.embedding: bad shape of 'e'. Given: (3,). Expected: (points, dimensions). Fix: write "
    "`data.reshape(len(data), -1)`.": lambda: rb.summary.embedding("e", [1, 2, 3], step=0),
    "summary.embedding: bad number of `metadata`. Given: 1. Expected: 2, one for each "
    "point.": lambda: rb.summary.embedding("e", np.eye(2), step=0, metadata=["a"]),
    "hparams: bad value of 'a'. Given: list: [1]. Expected: a bool, a number or a "
    "string.": lambda: rb.summary.hparams({"a": [1]}),
    "Discrete: bad values of 'a'. Given: [1, 'x']. Expected: values of one kind: bools, numbers or "
    "strings.": lambda: rb.summary.hparams_config(
        [rb.tensorboard.hparams.HParam("a", rb.tensorboard.hparams.Discrete([1, "x"]))], []
    ),
}


@pytest.mark.parametrize("text", MESSAGES)
def test_messages(text: str, tmp_path: Path) -> None:
    writer = rb.summary.create_file_writer(tmp_path)
    with writer.as_default(), pytest.raises((ValueError, TypeError)) as caught:
        MESSAGES[text]()
    writer.close()
    assert str(caught.value) == text


def test_embedding(tmp_path: Path) -> None:
    points = np.arange(6, dtype="float32").reshape(3, 2) / 3
    pictures = np.arange(3 * 2 * 2 * 3, dtype="uint8").reshape(3, 2, 2, 3)
    writer = rb.summary.create_file_writer(tmp_path)
    with writer.as_default(step=4):
        rb.summary.embedding("codes", np.zeros((2, 2)))
        rb.summary.embedding("codes", points, metadata=["a", "b\tc", 3], sprites=pictures)
        rb.summary.embedding(
            "rows", points, step=0, metadata=[[1, 2]] * 3, metadata_header=["x", "y"]
        )
    writer.close()
    config = text_format.Parse((tmp_path / "projector_config.pbtxt").read_text(), ProjectorConfig())
    codes, rows = config.embeddings
    assert (codes.tensor_name, rows.tensor_name) == ("codes:00004", "rows:00000")
    read = np.loadtxt(tmp_path / codes.tensor_path, delimiter="\t", dtype="float32")
    np.testing.assert_array_equal(read, points)
    assert (tmp_path / codes.metadata_path).read_text() == "a\nb c\n3\n"
    assert (tmp_path / rows.metadata_path).read_text() == "x\ty\n1\t2\n1\t2\n1\t2\n"
    assert list(codes.sprite.single_image_dim) == [2, 2]
    sprite = np.asarray(Image.open(tmp_path / codes.sprite.image_path))
    np.testing.assert_array_equal(sprite[:2, :2], pictures[0])
    np.testing.assert_array_equal(sprite[:2, 2:], pictures[1])
    np.testing.assert_array_equal(sprite[2:, :2], pictures[2])
    assert not sprite[2:, 2:].any()


def test_hparams_of_one_kind_are_one_group(tmp_path: Path) -> None:
    with rb.summary.create_file_writer(tmp_path).as_default():
        rb.summary.hparams({"a": 1, "b": np.float32(0.5)})
        rb.summary.hparams({"b": 0.5, rb.tensorboard.hparams.HParam("a"): 1})
        rb.summary.hparams({"a": 2})
    groups = [hparams_of(value).session_start_info for _, value in written(tmp_path)]
    assert groups[0].group_name == groups[1].group_name != groups[2].group_name
    assert abs(groups[0].start_time_secs - time.time()) < 600
    assert groups[0].hparams["b"].number_value == 0.5


def test_no_files_to_load(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        rb.tensorboard.load(tmp_path)
    assert str(caught.value) == (
        f"No event files. Given: {tmp_path}. Expected: a folder with runs below it."
    )


def test_load_without_polars(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(ImportError, match=r"Expected: an installed 'polars'\. Fix: pip install"):
        rb.tensorboard.load(tmp_path)
