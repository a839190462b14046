"""The optional packages: `tensorboard` for its compiled protocol buffers, `google-crc32c`."""

from __future__ import annotations

import functools
from typing import Any

from rosenblatt.core.errors import require

_SUMMARY = "tensorboard.compat.proto.summary_pb2"
_TENSOR = "tensorboard.compat.proto.tensor_pb2"
_EVENT = "tensorboard.compat.proto.event_pb2"


@functools.cache
def load(name: str) -> Any:
    """A module of an optional package, or an error that says how to install it.

    None of the modules asked for here imports TensorFlow, also where it is installed.
    """
    return require(name, "rosenblatt[tensorboard]", "tensorboard")


def summary_pb2() -> Any:
    """Messages `Summary` and `SummaryMetadata`."""
    return load(_SUMMARY)


def tensor_pb2() -> Any:
    """Message `TensorProto`."""
    return load(_TENSOR)


def event_pb2() -> Any:
    """Messages `Event` and `SourceMetadata`."""
    return load(_EVENT)
