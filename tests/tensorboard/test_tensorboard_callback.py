"""The callbacks TensorBoard and HParams against Keras's table of tags, and by hand."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt.callbacks import CallbackList
from rosenblatt.tensorboard import records
from rosenblatt.tensorboard.profile import Profile

pytest.importorskip("tensorboard", reason="needs the extra tensorboard")

from calls import CALLBACKS, fit
from google.protobuf import text_format
from tensorboard.compat.proto import event_pb2
from tensorboard.plugins.hparams import plugin_data_pb2
from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig

HERE = Path(__file__).parent
KERAS = json.loads((HERE / "keras_tags.json").read_text())


def values_of(folder: Path) -> dict[str, list[tuple[int, str, Any]]]:
    """Run to step, tag and value of everything in it."""
    found: dict[str, list[tuple[int, str, Any]]] = {}
    for path in sorted(folder.rglob("*tfevents*")):
        run = found.setdefault(path.parent.relative_to(folder).as_posix(), [])
        for data in records.read_records(path):
            event = event_pb2.Event.FromString(data)
            run += [(event.step, value.tag, value) for value in event.summary.value]
    return found


def tags(folder: Path) -> dict[str, dict[str, Any]]:
    """Run to tag to plugin and steps."""
    table: dict[str, dict[str, Any]] = {}
    for run, found in values_of(folder).items():
        for step, tag, value in found:
            entry = [value.metadata.plugin_data.plugin_name, []]
            table.setdefault(run, {}).setdefault(tag, entry)[1].append(step)
    return table


@pytest.mark.parametrize("name", CALLBACKS)
def test_keras_tags_plugins_and_steps(name: str, tmp_path: Path) -> None:
    fit(rb, tmp_path, **CALLBACKS[name])
    expected = json.loads(json.dumps(KERAS[name]))
    if name == "batches":
        # Where N does not divide an epoch's batches Keras loses epochs' values: a difference.
        for run in expected.values():
            for tag, (_, steps) in run.items():
                if tag.startswith(("epoch_", "evaluation_")):
                    steps[:] = [0, 1, 2] if tag.startswith("epoch_") else [5, 10, 15]
    assert tags(tmp_path) == expected


def test_values_are_those_of_history_and_weights(tmp_path: Path) -> None:
    model = fit(rb, tmp_path, histogram_freq=1, write_images=True)
    frame = rb.tensorboard.load(tmp_path)
    for name, values in model.history.history.items():
        run, tag = ("validation", name[4:]) if name.startswith("val_") else ("train", name)
        read = frame.filter((frame["run"] == run) & (frame["tag"] == f"epoch_{tag}"))
        np.testing.assert_allclose(read["value"].to_list(), values, rtol=1e-6)
    rates = frame.filter(frame["tag"] == "epoch_learning_rate")["value"].to_list()
    assert rates == pytest.approx([1e-3] * 3)
    last = {tag: value for _, tag, value in values_of(tmp_path)["train"]}
    kernel = np.asarray(model.layers[1].kernel)
    table = np.frombuffer(last["hidden/kernel/histogram"].tensor.tensor_content).reshape(-1, 3)
    assert table[:, 2].sum() == kernel.size
    assert table[0, 0] == kernel.min()
    assert table[-1, 1] == kernel.max()
    # Keras turns a kernel so that it is wider than high.
    assert list(last["hidden/kernel/image"].tensor.string_val[:2]) == [b"3", b"2"]
    graph = json.loads(last["keras"].tensor.string_val[0]) if "keras" in last else None
    assert graph == json.loads(model.to_json())


def test_batches_are_stopped_at_only_where_asked_for(tmp_path: Path) -> None:
    def stops(**options: Any) -> bool:
        return CallbackList([rb.callbacks.TensorBoard(tmp_path, **options)]).train_batches

    assert not stops(histogram_freq=1, write_steps_per_second=True)
    assert stops(update_freq="batch")
    assert stops(update_freq=100)
    assert stops(profile_batch=3)


def test_everything_of_an_epoch_is_in_the_files_when_it_is_over(tmp_path: Path) -> None:
    seen = []
    look = rb.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(tags(tmp_path)["train"]["epoch_loss"][1])
    )
    model = rb.Sequential([rb.Input((2,)), rb.layers.Dense(1)])
    model.compile(loss="mse")
    x, y = np.ones((4, 2), "float32"), np.ones((4, 1), "float32")
    model.fit(x, y, epochs=3, verbose=0, callbacks=[rb.callbacks.TensorBoard(tmp_path), look])
    assert seen == [[0], [0, 1], [0, 1, 2]]


def test_a_second_fit_and_evaluate_write_new_files(tmp_path: Path) -> None:
    callback = rb.callbacks.TensorBoard(tmp_path, write_graph=False)
    model = rb.Sequential([rb.Input((2,)), rb.layers.Dense(1)])
    model.compile(loss="mse")
    x, y = np.ones((4, 2), "float32"), np.ones((4, 1), "float32")
    for _ in range(2):
        model.fit(x, y, epochs=1, verbose=0, callbacks=[callback])
    model.evaluate(x, y, verbose=0, callbacks=[callback])
    found = tags(tmp_path)
    assert found["train"]["epoch_loss"] == ["scalars", [0, 0]]
    assert found["validation"]["evaluation_loss_vs_iterations"] == ["scalars", [2]]
    assert len(list((tmp_path / "train").iterdir())) == 2


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_profile_of_exactly_those_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import jax

    steps: list[int] = []
    annotation = jax.profiler.StepTraceAnnotation

    def note(name: str, step_num: int) -> Any:
        steps.append(step_num)
        return annotation(name, step_num=step_num)

    monkeypatch.setattr(jax.profiler, "StepTraceAnnotation", note)
    fit(rb, tmp_path, profile_batch=(7, 8))
    assert steps == [7, 8]
    (trace,) = tmp_path.glob("train/plugins/profile/*/*.xplane.pb")
    assert trace.stat().st_size > 1000
    convert = pytest.importorskip("xprof.convert.raw_to_tool_data", reason="needs xprof")
    text, _ = convert.xspace_to_tool_data([str(trace)], "trace_viewer@", {})
    events = {event.get("name") for event in json.loads(text)["traceEvents"]}
    assert {name for name in events if re.fullmatch(r"train \d+", name or "")} == {
        "train 7",
        "train 8",
    }
    assert "batch_loss" not in tags(tmp_path)["train"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_a_profile_ends_with_training(tmp_path: Path) -> None:
    fit(rb, tmp_path, profile_batch=(15, 100))
    assert len(list(tmp_path.glob("train/plugins/profile/*/*.xplane.pb"))) == 1


@pytest.mark.parametrize(
    ("given", "expected"),
    [(0, (0, 0)), (5, (5, 5)), ((2, 4), (2, 4)), ("2,4", (2, 4)), ("3", (3, 3)), ([1, 1], (1, 1))],
)
def test_profile_batch(given: Any, expected: Any) -> None:
    profile = Profile(given)
    assert (profile.first, profile.last) == expected
    assert profile.wanted == (expected != (0, 0))


def embedding_model() -> Any:
    inputs = rb.Input((1,), dtype="int32")
    hidden = rb.layers.Flatten()(rb.layers.Embedding(4, 2, name="places")(inputs))
    model = rb.Model(inputs, rb.layers.Dense(1)(hidden))
    model.compile(loss="mse")
    return model


@pytest.mark.parametrize("labels", ["places.tsv", {"places": "places.tsv"}, None])
def test_embeddings(labels: Any, tmp_path: Path) -> None:
    model = embedding_model()
    callback = rb.callbacks.TensorBoard(tmp_path, embeddings_freq=2, embeddings_metadata=labels)
    (tmp_path / "places.tsv").write_text("a\nb\nc\nd\n")
    x, y = np.arange(4).reshape(4, 1), np.ones((4, 1), "float32")
    model.fit(x, y, epochs=3, verbose=0, callbacks=[callback])
    train = tmp_path / "train"
    config = text_format.Parse((train / "projector_config.pbtxt").read_text(), ProjectorConfig())
    assert [info.tensor_name for info in config.embeddings] == ["places:00000", "places:00002"]
    for info in config.embeddings:
        assert ((train / info.metadata_path).read_text()[:1] == "a") if labels else True
        assert bool(info.metadata_path) == bool(labels)
    table = np.loadtxt(train / config.embeddings[1].tensor_path, dtype="float32")
    np.testing.assert_array_equal(table, np.asarray(model.layers[1].embeddings))
    assert (train / "keras_embedding.ckpt-2.weights.h5").is_file()


def test_hparams(tmp_path: Path) -> None:
    callbacks = [
        rb.callbacks.TensorBoard(tmp_path, write_graph=False),
        rb.callbacks.HParams(tmp_path, {"units": 2}, trial_id="first"),
    ]
    model = embedding_model()
    x, y = np.arange(4).reshape(4, 1), np.ones((4, 1), "float32")
    model.fit(x, y, epochs=1, verbose=0, callbacks=callbacks)
    start, end = (
        plugin_data_pb2.HParamsPluginData.FromString(value.metadata.plugin_data.content)
        for _, _, value in values_of(tmp_path)["."]
    )
    assert start.session_start_info.group_name == "first"
    assert start.session_start_info.hparams["units"].number_value == 2
    assert end.session_end_info.status == 1
    writer = rb.summary.create_file_writer(tmp_path / "other")
    model.fit(x, y, epochs=1, verbose=0, callbacks=[rb.callbacks.HParams(writer, {"units": 3})])
    writer.scalar("still", 1.0, step=0)  # a writer that was given stays open
    writer.close()
    assert len(values_of(tmp_path / "other")["."]) == 3


def test_batches_go_on_counting_where_a_run_was_cut_off(tmp_path: Path) -> None:
    callback = rb.callbacks.TensorBoard(tmp_path, update_freq="batch")
    callback.on_train_begin()
    callback.set_state({"batch": 10})
    callback._before_batch(0)
    callback._after_batch(0, {"loss": 1.0})
    callback.on_train_end()
    assert callback.get_state() == {"batch": 11}
    assert tags(tmp_path)["train"]["batch_loss"] == ["scalars", [11]]


class Mystery(rb.layers.Layer):
    """A layer that has no configuration."""

    def call(self, x: Any) -> Any:
        return x

    def get_config(self) -> dict[str, Any]:
        raise TypeError("no configuration")


def test_a_graph_that_cannot_be_written_is_warned_of(tmp_path: Path) -> None:
    model = rb.Sequential([rb.Input((2,)), Mystery()])
    callback = rb.callbacks.TensorBoard(tmp_path)
    with pytest.warns(UserWarning, match="the model's graph is not written: no configuration"):
        callback.set_model(model)


MESSAGES = {
    "TensorBoard: bad `update_freq`. Given: 0. Expected: 'epoch', 'batch', or a number of batches "
    "above 0.": lambda: rb.callbacks.TensorBoard(update_freq=0),
    "TensorBoard: bad `profile_batch`. Given: (5, 2). Expected: 0, the number of a batch, or the "
    "first and the last one, e.g. (10, 20).": lambda: rb.callbacks.TensorBoard(
        profile_batch=(5, 2)
    ),
    "TensorBoard: `embeddings_metadata` names a layer that is no Embedding layer of the model. "
    "Given: 'place'. Expected: ['places']. Fix: did you mean 'places'?": lambda: (
        rb.callbacks.TensorBoard(embeddings_freq=1, embeddings_metadata={"place": "x"}).set_model(
            embedding_model()
        )
    ),
}


@pytest.mark.parametrize("text", MESSAGES)
def test_messages(text: str) -> None:
    with pytest.raises(ValueError) as caught:
        MESSAGES[text]()
    assert str(caught.value) == text
