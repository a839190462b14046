"""Lower layers of a trained network, used again for another task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rosenblatt import optimizers
from rosenblatt.callbacks.history import History
from rosenblatt.core.errors import BadArgument, nearest
from rosenblatt.core.types import Identifier, Tree
from rosenblatt.layers.base import Layer
from rosenblatt.layers.input import InputLayer
from rosenblatt.models.cloning import clone_model
from rosenblatt.models.model import Functional, Model


def transfer(
    model: Model, head: Layer | Sequence[Layer], last_layer: str | int | None = None
) -> Functional:
    """A network with the lower layers of a trained one, copied and frozen, below new layers.

    Lower layers find what is common to related tasks, so that a new one can be learnt from few
    rows. The trained network is left as it is.

    Args:
        model: a trained Sequential or functional model with one input.
        head: the layer or layers to put on top, made for the new task.
        last_layer: the last layer to keep, by its name or its index in `model.layers`; the one
            before the output layer if None.

    Returns:
        A functional model whose copied layers have `trainable=False`. Compile it, fit it, then let
        `unfreeze` free them; or let `fit_transferred` do all of it.

    Raises:
        ValueError: a model of another kind, a layer that does not exist.

    Yosinski et al., "How transferable are features in deep neural networks?", 2014.

    >>> import rosenblatt as rb
    >>> old = rb.Sequential(
    ...     [rb.Input((4,)), rb.layers.Dense(9, "relu", name="low"), rb.layers.Dense(8)]
    ... )
    >>> new = transfer(old, rb.layers.Dense(1, name="new"))
    >>> [(layer.name, layer.trainable) for layer in new.layers[1:]]
    [('low', False), ('new', True)]
    >>> bool((new.get_layer("low").kernel.numpy() == old.get_layer("low").kernel.numpy()).all())
    True
    """
    body = _body(model, last_layer)
    copy = clone_model(body)
    copy.set_weights(body.get_weights())
    outputs = copy.outputs[0]
    for layer in copy.layers:
        layer.trainable = False
    for layer in [head] if isinstance(head, Layer) else head:
        outputs = layer(outputs)
    return Functional(copy.inputs[0], outputs, name=f"{model.name}_transferred")


def unfreeze(model: Model) -> list[str]:
    """Let all layers of a model train again; compile it again afterwards, with a lower rate.

    Returns:
        The names of the layers that were frozen.

    >>> import rosenblatt as rb
    >>> model = rb.Sequential([rb.Input((4,)), rb.layers.Dense(2, name="a")])
    >>> model.layers[0].trainable = False
    >>> unfreeze(model), model.layers[0].trainable
    (['a'], True)
    """
    frozen = [
        layer.name
        for layer in model.training_session.task.layers()
        if layer is not model and not layer.trainable and not isinstance(layer, InputLayer)
    ]
    model.trainable = True
    return frozen


def fit_transferred(
    model: Model,
    x: Tree,
    y: Tree,
    *,
    loss: Identifier,
    metrics: Sequence[Identifier] | None = None,
    learning_rate: float = 1e-3,
    rate_after: float | None = None,
    frozen_epochs: int = 10,
    epochs: int = 30,
    **options: Any,
) -> History:
    """Train a transferred network in two stages: the new layers alone, then all of them, slowly.

    New layers begin with random weights, whose large gradients would spoil the copied ones; so
    these are frozen first, and train later at a lower rate.

    Args:
        model: what `transfer` returned.
        x, y: data of the new task, as in `fit`.
        loss, metrics: as in `compile`.
        learning_rate: Adam's, while the lower layers are frozen.
        rate_after: Adam's when all layers train; a tenth of it if None.
        frozen_epochs: epochs of the first stage.
        epochs: epochs in all.
        options: of `fit`, for both stages (`validation_data`, `batch_size`, `verbose`, ...).

    Returns:
        The history of all epochs.

    Raises:
        ValueError: more frozen epochs than epochs.

    >>> import numpy as np
    >>> import rosenblatt as rb
    >>> old = rb.Sequential([rb.Input((2,)), rb.layers.Dense(3, "relu"), rb.layers.Dense(5)])
    >>> new = transfer(old, rb.layers.Dense(1))
    >>> x, y = np.ones((8, 2)), np.ones((8, 1))
    >>> history = fit_transferred(
    ...     new, x, y, loss="mse", frozen_epochs=1, epochs=3, verbose=0
    ... )
    >>> history.epoch
    [0, 1, 2]
    """
    if not 0 <= frozen_epochs <= epochs:
        raise BadArgument(
            "fit_transferred: bad `frozen_epochs`.",
            given=frozen_epochs,
            expected=f"0 to epochs={epochs}, of which they are a part",
        )
    first = History()
    if frozen_epochs:
        model.compile(optimizers.Adam(learning_rate), loss=loss, metrics=metrics)
        first = model.fit(x, y, epochs=frozen_epochs, **options)
    if frozen_epochs == epochs:
        return first
    unfreeze(model)
    rate_after = learning_rate / 10 if rate_after is None else rate_after
    model.compile(optimizers.Adam(rate_after), loss=loss, metrics=metrics)
    second = model.fit(x, y, initial_epoch=frozen_epochs, epochs=epochs, **options)
    second.epoch = [*first.epoch, *second.epoch]
    for name, values in second.history.items():
        values[:0] = first.history.get(name, [])
    return second


def _body(model: Model, last_layer: str | int | None) -> Functional:
    if model.training_session.task.graph is None or len(model.inputs) != 1:
        raise BadArgument(
            "transfer: layers can be taken from a Sequential or functional model with one "
            "input, which is built.",
            given=f"{type(model).__name__} {model.name!r}",
            fix="build it, or take its layers by hand: `Model(m.input, m.get_layer(...).output)`.",
        )
    layers = [layer for layer in model.layers if not isinstance(layer, InputLayer)]
    names = [layer.name for layer in layers]
    wanted = -2 if last_layer is None else last_layer
    by_name = isinstance(wanted, str)
    try:
        layer = layers[names.index(wanted) if isinstance(wanted, str) else wanted]
    except (ValueError, IndexError):
        raise BadArgument(
            f"transfer: model {model.name!r} has no such layer.",
            given=repr(wanted),
            expected=None if by_name else f"an index of its {len(layers)} layers, or a name",
            fix=nearest(str(wanted), names) if by_name else None,
        ) from None
    return Functional(model.inputs[0], layer.output)
