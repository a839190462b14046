"""The functions of `rosenblatt.summary`, with tf.summary's signatures."""

from __future__ import annotations

import json
from typing import Any, Protocol

import numpy as np

from rosenblatt.core.errors import BadArgument
from rosenblatt.core.types import ArrayLike
from rosenblatt.tensorboard import events, library, values
from rosenblatt.tensorboard.writer import SummaryWriter, current


class HasJson(Protocol):
    """What a model has that is drawn: its configuration."""

    def to_json(self) -> str:
        """As JSON."""


_WAV = b"\x10\x0b"  # AudioPluginData with encoding = WAV


def scalar(name: str, data: Any, step: int | None = None, description: str | None = None) -> bool:
    """Write a number.

    Args:
        name: the tag.
        data: one number (float, NumPy or JAX scalar).
        step: where it stands; the default writer's step if None.
        description: Markdown shown beside the chart.

    Returns:
        Whether it was written: there is a default writer, and `record_if` holds.

    Raises:
        ValueError: no step, or more than one number.

    >>> scalar("loss", 0.5, step=1)  # no writer
    False
    """
    now = current()
    if now.writer is None or not now.on():
        return False
    try:
        number = float(data)
    except (TypeError, ValueError):
        raise BadArgument(
            f"summary.scalar: {name!r} is not one number.",
            given=f"shape {np.shape(data)}" if np.shape(data) else repr(data),
            fix="write its mean, or `summary.histogram` for all values.",
        ) from None
    now.writer.scalar(name, number, now.step_or(step), description)
    return True


def write(
    tag: str,
    tensor: ArrayLike,
    step: int | None = None,
    metadata: Any = None,
    name: str | None = None,
) -> bool:
    """Write an array of numbers or strings under a tag, for any of TensorBoard's plugins.

    Args:
        tag: its name.
        tensor: the array.
        step: where it stands; the default writer's step if None.
        metadata: a `SummaryMetadata`, which names the plugin; none if None.
        name: accepted as in tf.summary; of no effect.

    Returns:
        Whether it was written.
    """
    now = current()
    if not now.on():
        return False
    assert now.writer is not None
    now.writer.value(tag, events.tensor_proto(tensor), now.step_or(step), metadata)
    return True


def histogram(
    name: str,
    data: ArrayLike,
    step: int | None = None,
    buckets: int | None = None,
    description: str | None = None,
) -> bool:
    """Write how values are distributed.

    Args:
        name: the tag.
        data: numbers, of any shape; those that are not finite are not counted.
        step: where it stands.
        buckets: how many, of equal width; 30 if None.
        description: Markdown shown beside the chart.

    Returns:
        Whether it was written.
    """
    if not current().on():
        return False
    table = values.histogram(data, 30 if buckets is None else buckets)
    return write(name, table, step, events.metadata("histograms", description))


def image(
    name: str,
    data: ArrayLike,
    step: int | None = None,
    max_outputs: int = 3,
    description: str | None = None,
) -> bool:
    """Write images.

    Args:
        name: the tag.
        data: (images, height, width, channels); floats from 0 to 1, or uint8.
        step: where they stand.
        max_outputs: the first so many are written.
        description: Markdown shown beside them.

    Returns:
        Whether they were written.

    Raises:
        ValueError: another shape.
    """
    if not current().on():
        return False
    encoded = values.images(data, max_outputs)
    return write(name, encoded, step, events.metadata("images", description))


def text(
    name: str, data: ArrayLike, step: int | None = None, description: str | None = None
) -> bool:
    """Write text, which TensorBoard shows as Markdown.

    Args:
        name: the tag.
        data: a string, or an array of them, which becomes a table.
        step: where it stands.
        description: Markdown shown beside it.

    Returns:
        Whether it was written.
    """
    if not current().on():
        return False
    return write(name, np.asarray(data, dtype=object), step, events.metadata("text", description))


def audio(
    name: str,
    data: ArrayLike,
    sample_rate: int,
    step: int | None = None,
    max_outputs: int = 3,
    encoding: str | None = None,
    description: str | None = None,
) -> bool:
    """Write sounds.

    Args:
        name: the tag.
        data: (sounds, samples, channels) floats from -1 to 1.
        sample_rate: samples a second (Hz).
        step: where they stand.
        max_outputs: the first so many are written.
        encoding: "wav", the only one, or None.
        description: Markdown shown beside them.

    Returns:
        Whether they were written.

    Raises:
        ValueError: another shape, or another encoding.
    """
    if encoding not in (None, "wav"):
        raise BadArgument("summary.audio: bad `encoding`.", given=encoding, expected="wav")
    if not current().on():
        return False
    encoded = values.sounds(data, sample_rate, max_outputs)
    return write(name, encoded, step, events.metadata("audio", description, _WAV))


def keras_model(name: str, data: HasJson, step: int | None = None) -> bool:
    """Write a model's configuration, which TensorBoard draws as the conceptual graph.

    Args:
        name: the tag.
        data: a model with `to_json()`.
        step: where it stands.

    Returns:
        Whether it was written.
    """
    if not current().on():
        return False
    about = events.metadata("graph_keras_model", content=b"1")
    return write(name, np.asarray(data.to_json(), dtype=object), step, about)


def layers_graph(data: HasJson) -> bool:
    """Write a model's layers as the run's graph, which the GRAPHS page opens with.

    That page first asks for a graph of operations; where a run has only the conceptual one, it
    shows an error until that one is chosen.

    Args:
        data: a model with `to_json()`.

    Returns:
        Whether it was written.
    """
    now = current()
    if now.writer is None or not now.on():
        return False
    to_graph = library.load("tensorboard.plugins.graph.keras_util").keras_model_to_graph_def
    now.writer.graph(to_graph(json.loads(data.to_json())))
    return True


def flush(writer: SummaryWriter | None = None) -> None:
    """Flush a writer, the default one if None."""
    chosen = current().writer if writer is None else writer
    if chosen is not None:
        chosen.flush()
