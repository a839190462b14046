"""Every built-in part goes through the kit that is shipped for other people's, by its row."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from test_conformance import CASES as LAYERS
from test_losses_conformance import CASES as LOSSES
from test_metrics_conformance import CASES as METRICS
from test_optimizers_keras import CASES as OPTIMIZERS
from test_own_losses import CASES as OWN_LOSSES
from test_raw_columns import CASES as RAW
from test_tabular_layers import CASES as TABULAR

from rosenblatt import callbacks, layers, losses, metrics, optimizers, testing
from rosenblatt.testing.check import Check

Row = tuple[str, Callable[[], list[Check]]]


def layer_rows() -> Iterator[Row]:
    for name in dict.fromkeys(case.name for case in LAYERS):
        case = next(case for case in LAYERS if case.name == name)
        yield (
            name,
            lambda c=case: testing.layer_checks(
                lambda: c.make(sys.modules["rosenblatt"]), c.inputs(), smooth=c.smooth
            ),
        )


IDS = np.arange(12).reshape(4, 3) % 5
NUMBERS = np.linspace(0.05, 0.95, 12, dtype="float32").reshape(4, 3)
FURTHER: list[tuple[Callable[[], layers.Layer], np.ndarray]] = [
    (lambda: layers.Embedding(5, 2), IDS.astype("int32")),
    (lambda: layers.CategoryEncoding(5), IDS.astype("int32")),
    (lambda: layers.Discretization([0.2, 0.6]), NUMBERS),
    (lambda: layers.Rescaling(2.0, 1.0), NUMBERS),
    (lambda: layers.SpectralNormalization(layers.Dense(2)), NUMBERS),
]


def further_layer_rows() -> Iterator[Row]:
    for make, inputs in FURTHER:
        name = type(make()).__name__
        yield name, lambda m=make, x=inputs: testing.layer_checks(m, x, smooth=False)


def tabular_layer_rows() -> Iterator[Row]:
    for name, (make, inputs, smooth) in TABULAR.items():
        yield (
            name,
            lambda m=make, x=inputs, s=smooth: testing.layer_checks(m, x, smooth=s),
        )
    for name, (make, inputs) in RAW.items():
        yield name, lambda m=make, x=inputs: testing.layer_checks(m, x, smooth=False)


# Their value is of a batch as a whole.
WHOLE_BATCH = (losses.Dice, losses.Tversky, losses.Circle)


def loss_rows() -> Iterator[Row]:
    cases = [*LOSSES, *(case[:4] for case in OWN_LOSSES)]
    for name, arguments, y_true, y_pred in {case[0]: case for case in cases[::-1]}.values():
        cls = getattr(losses, name)
        yield (
            name,
            lambda c=cls, a=arguments, y=y_true, p=y_pred: testing.loss_checks(
                lambda: c(**a),
                np.asarray(y),
                np.asarray(p),
                smooth=False,
                row_independent=c not in WHOLE_BATCH,
            ),
        )


def metric_rows() -> Iterator[Row]:
    for name, arguments, y_true, y_pred, *_ in {case[0]: case for case in METRICS[::-1]}.values():
        cls = getattr(metrics, name)
        yield (
            name,
            lambda c=cls, a=arguments, y=y_true, p=y_pred: testing.metric_checks(
                lambda: c(**a), np.asarray(y), np.asarray(p)
            ),
        )


def optimizer_rows() -> Iterator[Row]:
    for name in dict.fromkeys(name for name, _ in OPTIMIZERS):
        cls = getattr(optimizers, name)
        yield name, lambda c=cls: testing.optimizer_checks(c)


def callback_rows() -> Iterator[Row]:
    for cls in (callbacks.History, callbacks.EarlyStopping, callbacks.TerminateOnNaN,
                callbacks.LambdaCallback, callbacks.Timing):  # fmt: skip
        yield cls.__name__, lambda c=cls: testing.callback_checks(c)
    for make in (lambda: callbacks.ReduceLROnPlateau(patience=1),
                 lambda: callbacks.LearningRateScheduler(lambda epoch, rate: rate)):  # fmt: skip
        name = type(make()).__name__
        yield name, lambda m=make: testing.callback_checks(m, watches_only=False)


LAYER_ROWS = [*layer_rows(), *further_layer_rows(), *tabular_layer_rows()]
ROWS = [
    *LAYER_ROWS,
    *loss_rows(),
    *metric_rows(),
    *optimizer_rows(),
    *callback_rows(),
]
TABLE: list[Any] = [
    pytest.param(check, id=f"{name}: {check}") for name, make in ROWS for check in make()
]


@pytest.mark.parametrize("check", TABLE)
def test_part(check: Check, give_back: Callable[[], None]) -> None:
    give_back()
    check()


def test_every_layer_has_a_row() -> None:
    apart = {
        "Layer", "InputLayer", "InputSpec", "Wrapper", "Lambda", "TFSMLayer", "Pipeline",
        "TLULayer",
        # They take their inputs one by one: tests/layers/test_attention.py.
        "MultiHeadAttention", "GroupQueryAttention", "GroupedQueryAttention",
        # Text and ids are looked up on the host: tests/layers/test_preprocessing.py.
        "StringLookup", "IntegerLookup", "Hashing", "HashedCrossing",
        "HashedWords",  # text too: tests/layers/test_raw_columns.py
    }  # fmt: skip
    classes = {getattr(layers, n).__name__ for n in layers.__all__ if n[0].isupper()} - {"Input"}
    rows = {getattr(layers, name.partition(",")[0]).__name__ for name, _ in LAYER_ROWS}
    assert classes - apart <= rows
