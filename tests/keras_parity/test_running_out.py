"""Data that end early, steps beyond the data, no batch at all: `fit`, `evaluate`, `predict`."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb

keras = pytest.importorskip("keras")
X = np.linspace(-1, 1, 24, dtype="float32").reshape(8, 3)
Y = X[:, :1].copy()


def generator(batches: int, fails: int | None = None) -> Iterator[Any]:
    for number in range(batches):
        if number == fails:
            raise RuntimeError("the disk is gone")
        yield X[2 * number : 2 * number + 2], Y[2 * number : 2 * number + 2]


def py_dataset(library: Any, batches: int) -> Any:
    class Batches(library.utils.PyDataset):
        num_batches = batches

        def __getitem__(self, number: int) -> Any:
            return X[2 * number : 2 * number + 2], Y[2 * number : 2 * number + 2]

    return Batches()


def given(library: Any, source: str, batches: int) -> dict[str, Any]:
    """So many batches of two rows, as `fit` takes them."""
    if source == "arrays":
        return {"x": X[: 2 * batches], "y": Y[: 2 * batches], "batch_size": 2}
    return {"x": generator(batches) if source == "generator" else py_dataset(library, batches)}


Use = Callable[[Any, Any, list[Any]], Any]


def fit(source: str, batches: int, **options: Any) -> Use:
    def use(library: Any, model: Any, callbacks: list[Any]) -> Any:
        data = given(library, source, batches)
        return model.fit(**data, **options, shuffle=False, callbacks=callbacks, verbose=0)

    return use


def validate(source: str, batches: int, steps: int | None) -> Use:
    def use(library: Any, model: Any, callbacks: list[Any]) -> Any:
        held_out = given(library, source, batches)
        pair = (held_out["x"], held_out["y"]) if source == "arrays" else held_out["x"]
        return model.fit(
            X[:4], Y[:4], 2, 3, validation_data=pair, validation_steps=steps, shuffle=False,
            callbacks=callbacks, verbose=0,
        )  # fmt: skip

    return use


def other(method: str, source: str, batches: int, steps: int | None = None) -> Use:
    def use(library: Any, model: Any, callbacks: list[Any]) -> Any:
        data = given(library, source, batches)
        if method == "predict":
            data.pop("y", None)
        return getattr(model, method)(**data, steps=steps, callbacks=callbacks, verbose=0)

    return use


def failing(method: str, fails: int) -> Use:
    def use(library: Any, model: Any, callbacks: list[Any]) -> Any:
        data = generator(4, fails)
        if method == "validation":
            return model.fit(X, Y, validation_data=data, callbacks=callbacks, verbose=0)
        return getattr(model, method)(data, callbacks=callbacks, verbose=0)

    return use


def rows() -> dict[str, Use]:
    found: dict[str, Use] = {}
    for source in ("arrays", "generator", "PyDataset"):
        for epochs, steps in ((1, None), (3, None), (3, 2), (2, 3), (3, 3), (1, 6), (3, 6)):
            name = f"fit {source}, {epochs} epochs of {steps} steps"
            found[name] = fit(source, 4, epochs=epochs, steps_per_epoch=steps)
        for steps in (None, 2, 6):
            found[f"validation {source}, {steps} steps"] = validate(source, 4, steps)
            for method in ("evaluate", "predict"):
                found[f"{method} {source}, {steps} steps"] = other(method, source, 4, steps)
        found[f"fit {source}, empty"] = fit(source, 0)
        found[f"fit {source}, empty, 2 steps"] = fit(source, 0, steps_per_epoch=2)
        found[f"validation {source}, empty"] = validate(source, 0, None)
        found[f"evaluate {source}, empty"] = other("evaluate", source, 0)
        found[f"predict {source}, empty"] = other("predict", source, 0)
    for method in ("fit", "evaluate", "predict", "validation"):
        found[f"{method} generator, failing at 0"] = failing(method, 0)
        found[f"{method} generator, failing at 2"] = failing(method, 2)
    return found


ROWS = rows()
# Where we differ on purpose, said in docs/differences.md.
DIFFERENCES = (
    (r"fit arrays, \d epochs of [36] steps", "epochs go on around the end of the data"),
    (r"fit generator, 3 epochs of (None|3|6) steps", "its first two batches are not used again"),
    (r"validation generator, .* steps", "its first two batches are not used again"),
    (r"(fit|evaluate|predict) generator, (1 epochs of )?None steps", "one pass was asked for"),
    (r"fit generator, failing at 2|validation generator, failing at .", "`on_train_end` is called"),
    (r".*, empty.*", "a ValueError that says so"),
)


def used(library: Any, use: Use) -> tuple[Any, str, list[str]]:
    """What a call gave or raised, the hooks that it called, and its warnings."""
    log: list[str] = []

    class Watch(library.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            log.append(f"epoch {epoch}")

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            log.append(f"train {batch}")

        def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
            log.append(f"test {batch}")

        def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
            log.append(f"predict {batch}")

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            log.append("end " + ", ".join(sorted(logs)))

        def on_train_end(self, logs: Any = None) -> None:
            log.append("over")

    dense = library.layers.Dense(1, kernel_initializer="ones")
    model = library.Sequential([library.Input((3,)), dense])
    model.compile("sgd", "mse", metrics=["mae"])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            found = use(library, model, [Watch()])
        except Exception as error:
            found = error
    if hasattr(found, "history"):
        found = found.epoch, {k: np.round(v, 4).tolist() for k, v in found.history.items()}
    elif not isinstance(found, Exception):
        found = np.round(np.asarray(found), 4).tolist()
    return found, "; ".join(log), [str(one.message) for one in caught]


def alike(ours: tuple[Any, str, list[str]], theirs: tuple[Any, str, list[str]]) -> bool:
    if isinstance(theirs[0], Exception):
        same = type(ours[0]) is type(theirs[0]) and str(ours[0]) == str(theirs[0])
    else:
        same = ours[0] == theirs[0] and bool(ours[2]) == bool(theirs[2])
    return same and ours[1] == theirs[1]


@pytest.mark.parametrize("name", ROWS)
def test_as_keras(name: str) -> None:
    ours, theirs = used(rb, ROWS[name]), used(keras, ROWS[name])
    reason = next((why for rule, why in DIFFERENCES if re.fullmatch(rule, name)), None)
    assert alike(ours, theirs) == (reason is None), (ours, theirs)
    if "empty" in name:
        assert isinstance(ours[0], ValueError), ours
        assert re.search("no row|no batch", str(ours[0]))
    elif reason is not None and isinstance(theirs[0], tuple):
        assert ours[0][0] == theirs[0][0]  # as many epochs, with the same names of metrics
        assert ours[0][1].keys() == theirs[0][1].keys()


def test_a_generator_that_was_read_to_its_end() -> None:
    found, log, said = used(rb, ROWS["fit generator, 3 epochs of None steps"])
    assert log.count("train") == 4
    assert found[0] == [0, 1, 2]
    assert len({*found[1]["loss"]}) == 1  # nothing was trained, so the values are those before
    assert said == [
        "The data were read to their end in an earlier pass: this one has no batch. Make the "
        "generator endless (`while True:`) and pass `steps_per_epoch=`, or pass a `PyDataset`, "
        "which can be read again."
    ] * 2  # fmt: skip
    found, _, said = used(rb, ROWS["validation generator, None steps"])
    assert len({*found[1]["val_loss"]}) == 1
    assert len(said) == 2


def test_steps_beyond_the_data() -> None:
    assert used(rb, ROWS["evaluate arrays, 6 steps"])[2] == [
        "The data ran out after 4 of 6 steps; the pass ends here. Give `steps_per_epoch * epochs` "
        "batches, or fewer steps."
    ]
    whole = used(rb, ROWS["evaluate arrays, None steps"])[0]
    assert used(rb, ROWS["evaluate arrays, 6 steps"])[0] == whole  # no row counts twice
    assert used(rb, ROWS["fit arrays, 3 epochs of 6 steps"])[2] == [  # once
        "An epoch has 6 steps, and a pass over the data 4 batches: epochs go on around the end of "
        "the data."
    ]


def test_each_validation_uses_the_same_rows() -> None:
    for source in ("arrays", "PyDataset"):
        model = rb.Sequential([rb.Input((3,)), rb.layers.Dense(1)])
        model.compile(rb.optimizers.SGD(0.0), "mse")
        losses = validate(source, 4, 2)(rb, model, []).history["val_loss"]
        assert len({*losses}) == 1


def test_steps_of_a_validation_without_a_batch_size() -> None:
    def losses(library: Any) -> Any:
        def use(library: Any, model: Any, callbacks: list[Any]) -> Any:
            return model.fit(
                X, Y, epochs=2, validation_data=(X[:5], Y[:5]), validation_steps=2, shuffle=False,
                callbacks=callbacks, verbose=0,
            )  # fmt: skip

        return used(library, use)

    assert losses(rb) == losses(keras)  # two batches of all rows, of three and two rows


def test_values_of_an_epoch_without_a_batch_have_no_old_validation() -> None:
    model = rb.Sequential([rb.Input((3,)), rb.layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.warns(UserWarning, match="read to their end"):
        history = model.fit(
            generator(4), epochs=3, validation_data=(X, Y), validation_freq=2, verbose=0
        ).history
    assert (len(history["loss"]), len(history["val_loss"])) == (3, 1)
