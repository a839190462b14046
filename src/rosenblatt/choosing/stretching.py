"""Stretch pants: a network larger than needed, kept from overfitting instead of cut to size."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from rosenblatt import layers
from rosenblatt.callbacks.callback import Callback
from rosenblatt.callbacks.early_stopping import EarlyStopping
from rosenblatt.callbacks.history import History
from rosenblatt.choosing.sizes import NetworkSpec
from rosenblatt.core.errors import BadArgument
from rosenblatt.core.types import Tree
from rosenblatt.models.sequential import Sequential
from rosenblatt.regularizers import L2


@dataclass
class StretchPants:
    """A wide network, and how to train it.

    Attributes:
        model: the network, compiled.
        dropout: after each hidden layer.
        l2: on each hidden kernel.
        patience: epochs without a better validation loss after which training ends.
    """

    model: Sequential
    dropout: float
    l2: float
    patience: int

    def fit(
        self,
        x: Tree,
        y: Tree,
        *,
        epochs: int = 1_000,
        callbacks: Iterable[Callback] | None = None,
        **options: Any,
    ) -> History:
        """Train until the validation loss no longer falls, and keep the best weights.

        Args:
            x, y: as in the model's `fit`.
            epochs: the most epochs.
            callbacks: further ones.
            options: of `fit`; `validation_split=0.1` unless `validation_data` is given.
        """
        if options.get("validation_data") is None:
            options.setdefault("validation_split", 0.1)
        stop = EarlyStopping(patience=self.patience, restore_best_weights=True)
        return self.model.fit(x, y, epochs=epochs, callbacks=[stop, *(callbacks or [])], **options)


def stretch_pants(
    network: NetworkSpec | Sequential, rows: int | None = None, factor: int = 4
) -> StretchPants:
    """The same network with wider layers, dropout and a penalty, for training with early stopping.

    Instead of looking for the right number of units, take too many and let early stopping and
    regularization keep them from overfitting. The more parameters there are for each row, the
    stronger they are: with r parameters a row, dropout is 0.1 (1 + log10(1 + r)), 0.5 at most, and
    the penalty 1e-5 (1 + r), 1e-3 at most.

    Args:
        network: what `recommend` returned, or a compiled Sequential model, which stays as it is.
        rows: rows to train on; a spec knows them.
        factor: how many times wider the hidden Dense layers become.

    Returns:
        An object with the new `model`; its `fit` trains with early stopping in one call.

    Raises:
        ValueError: a model of other kind, or one without hidden Dense layers.

    Géron, Hands-On Machine Learning, 3rd ed., chapter 10, after V. Vanhoucke.

    >>> from rosenblatt.choosing import recommend
    >>> x = np.random.default_rng(0).normal(size=(300, 4))
    >>> wide = stretch_pants(recommend(x, x[:, 0] * x[:, 1]))
    >>> wide.model.layers[0].units, round(wide.dropout, 2)
    (64, 0.13)
    """
    model = network.build() if isinstance(network, NetworkSpec) else network
    rows = network.rows if isinstance(network, NetworkSpec) and rows is None else rows
    if not isinstance(model, Sequential) or not rows or not model.built:
        raise BadArgument(
            "stretch_pants: a spec of `recommend`, or a compiled Sequential model and `rows`.",
            given=f"{type(network).__name__}, rows={rows}",
        )
    hidden = [layer for layer in model.layers[:-1] if isinstance(layer, layers.Dense)]
    if not hidden:
        raise BadArgument(
            f"stretch_pants: model {model.name!r} has no hidden Dense layer to widen."
        )
    widened = {id(layer): factor * layer.units for layer in hidden}
    sizes = [int(np.prod(hidden[0].kernel.shape[:1])), *widened.values()]
    parameters = sum(a * b for a, b in itertools.pairwise(sizes))
    per_row = parameters / rows
    dropout = min(0.5, 0.1 * (1 + float(np.log10(1 + per_row))))
    l2 = min(1e-3, 1e-5 * (1 + per_row))
    parts: list[Any] = [layers.Input(model.input_shape[1:])]
    adapted = []
    for layer in model.layers:
        if isinstance(layer, layers.Dropout):
            continue
        settings = layer.get_config()
        if id(layer) in widened:
            settings |= {"units": widened[id(layer)], "kernel_regularizer": L2(l2)}
        parts.append(type(layer).from_config(settings))
        if isinstance(layer, layers.Normalization):
            adapted.append((layer, parts[-1]))
        if id(layer) in widened:
            parts.append(layers.Dropout(dropout))
    wide = Sequential(parts, name=f"{model.name}_wide")
    for old, new in adapted:
        new.set_weights(old.get_weights())
    wide.compile_from_config(model.get_compile_config())
    return StretchPants(wide, dropout, l2, patience=max(5, min(30, 20_000 // max(rows, 1))))
