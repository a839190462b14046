"""What users of other systems report as wrong: each behaviour that is promised, inside `fit`."""

from __future__ import annotations

import io
import itertools
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt import callbacks

RNG = np.random.default_rng(0)
X = RNG.normal(size=(64, 4)).astype("float32")
Y = (X.sum(1, keepdims=True) > 0).astype("float32")


def model(metrics: Any = ("mae",), optimizer: Any = "sgd", final: Any = None) -> Any:
    made = rb.Sequential([rb.Input((4,)), rb.layers.Dense(4, "tanh"), rb.layers.Dense(1, final)])
    made.compile(optimizer=optimizer, loss="mse", metrics=list(metrics))
    return made


def fit(made: Any, *given: Any, epochs: int = 3, **options: Any) -> Any:
    options = {"validation_data": (X, Y), "batch_size": 16, "verbose": 0, **options}
    return made.fit(X, Y, epochs=epochs, callbacks=list(given), **options)


# -- which way is better ------------------------------------------------------------------------


def inaccuracy(y: Any, p: Any) -> Any:
    return rb.ops.mean(rb.ops.abs(y - p), axis=-1)


def top_recall(y: Any, p: Any) -> Any:
    return rb.ops.mean(y * p, axis=-1)


DIRECTIONS = {
    "val_auc": (rb.metrics.AUC, "max"),
    "val_recall": (rb.metrics.Recall, "max"),
    "val_precision": (rb.metrics.Precision, "max"),
    "val_f1_score": (lambda: rb.metrics.F1Score("macro", threshold=0.5), "max"),
    "val_false_negatives": (rb.metrics.FalseNegatives, "min"),
    "val_root_mean_squared_error": (rb.metrics.RootMeanSquaredError, "min"),
    "val_top_recall": (lambda: top_recall, "max"),
    "val_inaccuracy": (lambda: inaccuracy, None),
}


@pytest.mark.parametrize("name", DIRECTIONS)
def test_the_metric_knows_which_way_is_better(name: str) -> None:
    make, expected = DIRECTIONS[name]
    made = model([make()], final="sigmoid")
    stopping = callbacks.EarlyStopping(name, patience=9)
    if expected is not None:
        fit(made, stopping, epochs=1)
        assert stopping.watch.direction == expected
        return
    with pytest.raises(ValueError) as caught:
        fit(made, stopping, epochs=1)
    assert str(caught.value) == (
        "EarlyStopping: whether a higher 'val_inaccuracy' is better is not known. Fix: pass "
        "`mode='min'` or `mode='max'`."
    )


def test_a_monitor_of_several_numbers() -> None:
    made = model([rb.metrics.F1Score(threshold=0.5, name="f1")], final="sigmoid")
    with pytest.raises(ValueError) as caught:
        fit(made, callbacks.EarlyStopping("f1"), epochs=1)
    assert str(caught.value) == (
        "EarlyStopping watches 'f1', which is not one number. Given: shape (1,). Fix: watch a "
        "metric that averages over classes, for example `F1Score(average='macro')`."
    )


def test_a_checkpoint_of_batches_says_that_it_will_never_see_validation(tmp_path: Path) -> None:
    checkpoint = callbacks.ModelCheckpoint(tmp_path / "m.keras", save_best_only=True, save_freq=4)
    with pytest.warns(UserWarning, match=r"ModelCheckpoint watches 'val_loss', .* loss, mae"):
        fit(model(), checkpoint, epochs=1)


# -- a second fit, an interruption, epochs without validation -------------------------------------


def test_an_object_in_a_second_fit_starts_clean(tmp_path: Path) -> None:
    """Each callback that remembers something: two fits with one object, or an object for each."""

    def watchers(folder: Path) -> list[Any]:
        return [
            callbacks.EarlyStopping(patience=1, restore_best_weights=True),
            callbacks.ReduceLROnPlateau(factor=0.5, patience=1, cooldown=1),
            callbacks.ModelCheckpoint(folder / "best.keras", save_best_only=True),
            callbacks.CSVLogger(folder / "log.csv"),
            callbacks.Timing(),
        ]

    seen = []
    start: Any = None
    for number, same in enumerate((True, False)):
        rb.utils.set_random_seed(3)
        folder = tmp_path / str(number)
        folder.mkdir()
        made = model(optimizer=rb.optimizers.SGD(0.9))
        start = made.get_weights() if start is None else start
        given = watchers(folder)
        for _ in range(2):
            made.set_weights(start)
            made.optimizer.learning_rate = 0.9
            history = fit(made, *given, epochs=6).history
            seen.append((history, made.get_weights(), (folder / "log.csv").read_text()))
            given = given if same else watchers(folder)
    assert seen[1][0] == seen[3][0]
    assert seen[1][2] == seen[3][2]
    for one, other in zip(seen[1][1], seen[3][1], strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_best_so_far_survives_an_interruption(tmp_path: Path) -> None:
    path, threshold = tmp_path / "best.keras", 1e-9  # nothing beats it

    def interrupt(epoch: int, logs: Any = None) -> None:
        if epoch == 1:
            raise KeyboardInterrupt

    def checkpoint() -> Any:
        return callbacks.ModelCheckpoint(
            path, save_best_only=True, initial_value_threshold=threshold
        )

    with pytest.raises(KeyboardInterrupt):
        fit(
            model(), checkpoint(), callbacks.LambdaCallback(on_epoch_begin=interrupt),
            epochs=9, resume_from=tmp_path / "run",
        )  # fmt: skip
    again = checkpoint()
    again.initial_value_threshold = None  # what comes back is the run's best, not this
    rb.backend.clear_session()
    fit(model(), again, epochs=3, resume_from=tmp_path / "run")
    assert again.best == threshold
    assert not path.exists()


@pytest.mark.parametrize("monitor", ["val_loss", "val_mae"])
def test_epochs_without_validation_are_not_counted(
    monitor: str, tmp_path: Path, recwarn: Any
) -> None:
    checkpoint = callbacks.ModelCheckpoint(
        tmp_path / ("{epoch}_{" + monitor + ":.2f}.keras"), monitor, keep=9
    )
    plateau = callbacks.ReduceLROnPlateau(monitor, factor=0.5, patience=1, min_delta=1e9)
    history = fit(
        model(optimizer=rb.optimizers.SGD(0.5)), checkpoint, plateau, epochs=6, validation_freq=2
    ).history
    assert [path.name[0] for path in sorted(tmp_path.iterdir())] == ["2", "4", "6"]
    assert history["learning_rate"] == [0.5, 0.5, 0.5, 0.5, 0.25, 0.25]
    assert not recwarn.list


# -- errors ------------------------------------------------------------------------------------


class Noting(rb.callbacks.Callback):
    """Notes that training began and ended; may fail at a hook."""

    def __init__(self, seen: list[str], name: str, fails: str = ""):
        super().__init__()
        self.seen, self.name, self.fails = seen, name, fails

    def note(self, hook: str) -> None:
        self.seen.append(f"{self.name} {hook}")
        if self.fails == hook:
            raise RuntimeError(f"{self.name} fails")

    def on_train_begin(self, logs: Any = None) -> None:
        self.note("begin")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.note("epoch")

    def on_train_end(self, logs: Any = None) -> None:
        self.note("end")


@pytest.mark.parametrize(
    ("fails", "seen"),
    [
        ("begin", ["a begin", "b begin", "a end"]),
        (
            "epoch",
            [*(f"{n} begin" for n in "abc"), "a epoch", "b epoch", "a end", "b end", "c end"],
        ),
        ("end", [*(f"{n} {h}" for h in ("begin", "epoch", "end") for n in "abc")]),
    ],
)
def test_training_ends_for_everybody(fails: str, seen: list[str]) -> None:
    found: list[str] = []
    given = [Noting(found, "a"), Noting(found, "b", fails), Noting(found, "c")]
    with pytest.raises(RuntimeError, match="b fails") as caught:
        fit(model(), *given, epochs=1)
    assert found == seen
    hook = {"begin": "on_train_begin", "epoch": "on_epoch_end", "end": "on_train_end"}[fails]
    assert caught.value.__notes__ == [f"In callback Noting.{hook}."]


def test_event_files_are_closed_when_another_callback_fails(tmp_path: Path) -> None:
    board = callbacks.TensorBoard(tmp_path)
    with pytest.raises(RuntimeError):
        fit(model(), board, Noting([], "x", "epoch"))
    assert not board._writers
    values = rb.tensorboard.load(tmp_path)
    assert "epoch_loss" in set(values["tag"])


def test_a_misspelt_argument_is_refused() -> None:
    with pytest.raises(TypeError, match="patiance"):
        callbacks.ReduceLROnPlateau(patiance=3)
    with pytest.raises(ValueError) as caught:
        callbacks.ModelCheckpoint("m.keras", keep=0)
    assert str(caught.value) == (
        "ModelCheckpoint: bad `keep`. Given: 0. Expected: a number of files above 0, or None for "
        "all."
    )


# -- what hooks may do -------------------------------------------------------------------------


HOOKS = ("on_epoch_begin", "on_train_batch_begin", "on_train_batch_end", "on_test_batch_end",
         "on_test_begin", "on_epoch_end")  # fmt: skip


@pytest.fixture(scope="module")
def undisturbed() -> dict[str, Any]:
    rb.utils.set_random_seed(5)
    return dict(fit(model(), epochs=2).history)


@pytest.mark.parametrize("hook", HOOKS)
def test_evaluating_in_a_hook_disturbs_nothing(
    hook: str, undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    rb.utils.set_random_seed(5)
    made, found = model(), []

    def busy(*_: Any) -> None:
        found.append(made.evaluate(X[:32], Y[:32], verbose=0)[0])
        made.predict(X[:3], verbose=0)
        made.save(tmp_path / "m.keras")

    history = fit(made, callbacks.LambdaCallback(**{hook: lambda *a, logs=None: busy()}), epochs=2)
    assert history.history == undisturbed
    assert len(found) >= 2 and found[-1] < found[0] + 1
    # Outside of training `evaluate` leaves its metrics in the model, as in Keras.
    loss, mae = made.evaluate(X, Y, verbose=0)
    assert {k: float(v) for k, v in made.get_metrics_result().items()} == {"loss": loss, "mae": mae}


def test_a_layer_frozen_in_a_hook_is_frozen_from_the_next_epoch_on(compiled: list[str]) -> None:
    made, kernels = model(), []

    class Freeze(rb.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            kernels.append(np.array(made.layers[0].kernel))
            if epoch == 1:
                made.layers[0].trainable = False
            if epoch == 2:
                made.layers[0].trainable = True

    fit(made, Freeze(), epochs=4)
    kernels.append(np.array(made.layers[0].kernel))
    moved = [bool(np.abs(a - b).max() > 0) for a, b in itertools.pairwise(kernels)]
    assert moved == [True, False, True, True]


def test_logs_are_plain_floats() -> None:
    seen: list[Any] = []

    class Collect(rb.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            seen.append(logs)

        def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
            seen.append(logs)

        def on_test_end(self, logs: Any = None) -> None:
            seen.append(logs)

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            seen.append(logs)

        def on_train_end(self, logs: Any = None) -> None:
            seen.append(logs)

    history = fit(model(), Collect(), epochs=1)
    assert len(seen) == 4 + 4 + 1 + 1 + 1
    values = [v for logs in seen for v in logs.values()]
    values += [v for found in history.history.values() for v in found]
    assert {type(value) for value in values} == {float}


# -- progress ----------------------------------------------------------------------------------


class Terminal(io.StringIO):
    encoding = "utf-8"  # type: ignore[assignment]

    def isatty(self) -> bool:
        return True


class Notebook(io.StringIO):
    __module__ = "ipykernel.iostream"


class OldTerminal(Terminal):
    encoding = "cp1252"  # type: ignore[assignment]


def shown(stream: Any, monkeypatch: pytest.MonkeyPatch, *given: Any, **options: Any) -> str:
    monkeypatch.setattr(sys, "stdout", stream)
    fit(model(), *given, epochs=2, **{"verbose": 1, **options})
    return str(stream.getvalue())


@pytest.mark.parametrize("stream", [Terminal, Notebook])
def test_progress_is_redrawn_in_a_terminal_and_a_notebook(
    stream: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = shown(stream(), monkeypatch)
    assert text.startswith("Epoch 1/2\n\r4/4 ━━━━━━━━━━━━━━━━━━━━ 0s ")
    last = text.splitlines()[-1]
    assert re.fullmatch(
        r".*4/4 ━{20} 0s \S+/step - loss: \S+ - mae: \S+ - val_loss: \S+ - val_mae: \S+ *", last
    )


def test_a_terminal_that_lacks_the_signs_of_the_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "4/4 ==================== 0s" in shown(OldTerminal(), monkeypatch)


def test_redirected_progress_is_one_clean_line_an_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown(io.StringIO(), monkeypatch)
    assert "\r" not in text
    lines = text.splitlines()
    assert [line[:16] for line in lines] == ["Epoch 1/2 - 4/4 ", "Epoch 2/2 - 4/4 "]
    assert all(re.search(r"/step - loss: \S+ - .* - val_mae: \S+$", line) for line in lines)


def test_the_line_of_an_interrupted_epoch_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    with pytest.raises(RuntimeError, match="x fails"):
        shown(stream, monkeypatch, Noting([], "x", "epoch"))
    assert stream.getvalue().endswith("\n")
    assert stream.getvalue().count("\n") == 2


def test_without_a_console_training_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert len(fit(model(), epochs=2, verbose=1).epoch) == 2
