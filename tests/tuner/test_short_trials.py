"""Short trials are compiled quickly: which ones, with what results, by one worker and by two."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt import tuner as rt
from rosenblatt.training import effort, programs
from rosenblatt.training.effort import AGREEING, emitters_agree, is_short, quick_options
from rosenblatt.training.placement import HERE

X = np.random.default_rng(0).normal(size=(96, 5)).astype("float32")
Y = np.sin(X.sum(axis=1, keepdims=True))


class Watched(rt.HyperModel):
    """Networks of searched widths; what each trial's programs were, by its width."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: dict[int, Any] = {}

    def build(self, hp: Any) -> Any:
        width = hp.Choice("width", [3, 6])
        hidden = rb.layers.Dense(width, "relu")
        model = rb.Sequential([rb.Input((5,)), hidden, rb.layers.Dense(1)])
        model.compile("adam", "mse", metrics=["mae"])
        return model

    def fit(self, hp: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        session = model.training_session

        def look(epoch: int, logs: Any) -> None:
            keys = [session.engine(kind).placement.key for kind in ("train", "test")]
            self.keys.setdefault(hp["width"], keys)

        callbacks = [*kwargs.pop("callbacks"), rb.callbacks.LambdaCallback(on_epoch_end=look)]
        return super().fit(hp, model, *args, callbacks=callbacks, **kwargs)


def searched(folder: Path, workers: int = 1, **given: Any) -> tuple[Any, Watched, int]:
    """Values and results of a search over two widths, its networks, and programs made."""
    programs.clear()
    watched = Watched()
    tuner = rt.GridSearch(watched, "val_loss", directory=folder, seed=4, workers=workers)
    compiled = programs.statistics.made
    fit = {"epochs": 3, "validation_data": (X, Y), "verbose": 0, **given}
    tuner.search(X, Y, **fit)
    trials = tuner.oracle.trials.values()
    results = {t.hyperparameters["width"]: (t.score, t.metrics.get_config()) for t in trials}
    return results, watched, programs.statistics.made - compiled


def test_this_xla_knows_the_option() -> None:
    assert quick_options() == {"xla_cpu_use_fusion_emitters": False}
    assert HERE.quick is not HERE and HERE.quick is HERE.quick


@pytest.mark.parametrize(
    ("trained", "batches", "epochs", "short"),
    [
        (9_000, 363, 10, True),  # housing
        (9_000, 363, 100, False),
        (100, 1_000, 10, True),
        (100, 1_000, 20, False),  # steps take time whatever they train
        (300_000, 1_563, 10, False),  # Fashion MNIST
        (9_000, None, 1, False),  # a stream
    ],
)
def test_what_counts_as_short(trained: int, batches: int | None, epochs: int, short: bool) -> None:
    assert is_short(trained, batches, epochs) == short


def network(*hidden: Any) -> Any:
    inputs = x = rb.Input((5,))
    for layer in hidden:
        x = layer(x)
    model = rb.Model(inputs, rb.layers.Dense(1, name="end")(x))
    model.compile("sgd", "mse")
    return model


class OfAUser(rb.layers.Dense):
    """A layer of which nobody knows what its `call` does."""


@pytest.mark.parametrize(
    ("hidden", "agree"),
    [
        ([rb.layers.Dense(3, "relu"), rb.layers.Dropout(0.5)], True),
        ([rb.layers.BatchNormalization(), rb.layers.Activation("selu")], True),
        ([rb.layers.Dense(3), rb.layers.LayerNormalization()], False),  # other bits, with tanh say
        ([OfAUser(3)], False),
        ([lambda x: x + 1], False),  # an operation that no layer has
        ([rb.Sequential([rb.Input((5,)), rb.layers.RMSNormalization()])], False),
    ],
)
def test_only_layers_that_are_known_to_agree_are_compiled_quickly(
    hidden: list[Any], agree: bool
) -> None:
    assert emitters_agree(network(*hidden).training_session.task) == agree


def test_layers_that_are_known_to_agree_do() -> None:
    """Every one of them, forth and back, in one network."""

    def trained(quick: bool) -> list[Any]:
        rb.utils.set_random_seed(3)
        inner = [rb.layers.Dense(6, "selu"), rb.layers.BatchNormalization(), rb.layers.ReLU()]
        model = network(
            rb.layers.Normalization(mean=0.1, variance=2.0), rb.layers.Rescaling(0.7, 0.1),
            rb.layers.GaussianNoise(0.1), rb.layers.Reshape((1, 5)), rb.layers.Flatten(),
            rb.Sequential([rb.Input((5,)), *inner]), rb.layers.Dropout(0.2),
            rb.layers.Dense(7, kernel_regularizer="l2", kernel_constraint="max_norm"),
            rb.layers.ELU(), rb.layers.AlphaDropout(0.1), rb.layers.Dense(4, "softmax"),
            rb.layers.LeakyReLU(), rb.layers.Activation("gelu"),
        )  # fmt: skip
        model.compile(rb.optimizers.Adam(clipnorm=0.5), "mse", metrics=["mae"])
        session = model.training_session
        assert {type(layer).__name__ for layer in session.task.layers()} == AGREEING
        session.placement = HERE.quick if quick else HERE
        history = model.fit(X, Y, batch_size=20, epochs=2, verbose=0).history
        return [*history.values(), *(weight.tobytes() for weight in model.get_weights())]

    assert trained(quick=True) == trained(quick=False)


def test_a_model_of_python_code_is_not_compiled_quickly() -> None:
    class Net(rb.Model):
        def __init__(self) -> None:
            super().__init__()
            self.only = rb.layers.Dense(1)

        def call(self, inputs: Any) -> Any:
            return self.only(inputs)

    model = Net()
    model.compile("sgd", "mse")
    assert not emitters_agree(model.training_session.task)


def test_a_short_trial_gives_what_it_gives_without_and_with_any_number_of_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick, watched, compiled = searched(tmp_path / "quick")
    assert set(map(tuple, watched.keys.values())) == {(HERE.quick.key,) * 2}
    assert compiled == 4  # for each width one that trains, one that evaluates
    model = watched.build(rt.HyperParameters())
    before = programs.statistics.made
    model.fit(X, Y, epochs=3, verbose=0)
    assert programs.statistics.made == before + 1  # training outside a search has its own
    beside, _, also_compiled = searched(tmp_path / "two", workers=2)
    monkeypatch.setattr(effort, "_MOST_NUMBERS", 0)
    thorough, watched, _ = searched(tmp_path / "thorough")
    assert set(map(tuple, watched.keys.values())) == {(None, None)}
    assert quick == beside == thorough
    assert also_compiled == 4


def test_quick_programs_on_disk_are_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROSENBLATT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("ROSENBLATT_PROGRAM_CACHE", raising=False)

    def read() -> tuple[int, int]:
        return programs.statistics.compiled, programs.statistics.loaded

    found, watched, _ = searched(tmp_path / "first")
    compiled, loaded = read()
    again, _, made = searched(tmp_path / "second")
    assert again == found
    assert (made, *read()) == (4, compiled, loaded + 4)
    watched.build(rt.HyperParameters()).fit(X, Y, epochs=3, verbose=0)
    assert read() == (compiled + 1, loaded + 4)


def test_all_rounds_of_hyperband_use_the_same_programs(tmp_path: Path) -> None:
    watched = Watched()
    tuner = rt.Hyperband(watched, "val_loss", max_epochs=9, seed=1, directory=tmp_path)
    programs.clear()
    compiled = programs.statistics.made
    tuner.search(X, Y, validation_data=(X, Y), verbose=0)
    widths = {t.hyperparameters["width"] for t in tuner.oracle.trials.values()}
    assert programs.statistics.made - compiled == 2 * len(widths)
    assert {t.hyperparameters["tuner/epochs"] for t in tuner.oracle.trials.values()} > {1, 9}
