"""Events as bytes.

Scalars are encoded by hand, since there may be millions of them; all else by protocol buffers.
"""

from __future__ import annotations

import functools
import math
import struct
from typing import Any

import numpy as np

from rosenblatt.core.wire import varint
from rosenblatt.tensorboard import library

_TIME = struct.Struct("<Bd")  # the field's key, and seconds
_FLOAT = struct.Struct("<f")
_DT_STRING = 7
_NUMBERS = {"float32": 1, "float64": 2, "int32": 3, "uint8": 4, "int64": 9, "bool": 10}
_DTYPES = {np.dtype(name).newbyteorder("<"): number for name, number in _NUMBERS.items()}
# The length of the scalar's 4 bytes, which comes before them.
_PLACEHOLDER = _FLOAT.pack(float("nan"))


@functools.lru_cache(maxsize=1024)
def metadata(plugin: str, description: str | None = None, content: bytes = b"") -> Any:
    """The `SummaryMetadata` that says which of TensorBoard's plugins shows a value.

    Made once for the same arguments: not to be changed.
    """
    kind = library.summary_pb2().SummaryMetadata
    data = kind.PluginData(plugin_name=plugin, content=content)
    return kind(plugin_data=data, summary_description=description or "")


def tensor_proto(array: Any) -> Any:
    """An array of numbers or strings as a `TensorProto`."""
    proto = library.tensor_pb2().TensorProto()
    array = np.asarray(array)
    proto.tensor_shape.SetInParent()
    for size in array.shape:
        proto.tensor_shape.dim.add().size = size
    if array.dtype.kind in "USO":
        proto.dtype = _DT_STRING
        strings = [text if isinstance(text, bytes) else str(text).encode() for text in array.flat]
        proto.string_val.extend(strings)
        return proto
    little = array.dtype.newbyteorder("<")
    proto.dtype = _DTYPES[little]
    proto.tensor_content = array.astype(little, copy=False).tobytes()
    return proto


def event(wall_time: float, step: int, tag: str, tensor: Any, about: Any) -> bytes:
    """An event of one value.

    Args:
        wall_time: seconds since 1970.
        step: where it stands on the axis.
        tag: its name.
        tensor: a `TensorProto`.
        about: a `SummaryMetadata`.
    """
    value = library.summary_pb2().Summary.Value(tag=tag, tensor=tensor, metadata=about)
    summary = library.summary_pb2().Summary(value=[value])
    message = library.event_pb2().Event(wall_time=wall_time, step=step, summary=summary)
    return bytes(message.SerializeToString())


def graph_event(wall_time: float, graph: Any) -> bytes:
    """The event of a run's graph, a `GraphDef`."""
    message = library.event_pb2().Event(wall_time=wall_time, graph_def=graph.SerializeToString())
    return bytes(message.SerializeToString())


def scalar_event(
    wall_time: float, step: int, tag: str, value: float, description: str | None = None
) -> bytes:
    """The event of a float32 number: the bytes that `event` would give.

    >>> array = tensor_proto(np.float32(0.5))
    >>> scalar_event(2.0, 300, "loss", 0.5) == event(2.0, 300, "loss", array, metadata("scalars"))
    True
    """
    before, after = _around_scalar(tag, description)
    counted = b"\x10" + varint(step) if step else b""
    try:
        number = _FLOAT.pack(value)
    except OverflowError:  # a large float64 becomes infinite, as in NumPy
        number = _FLOAT.pack(math.copysign(math.inf, value))
    return b"".join((_TIME.pack(9, wall_time), counted, before, number, after))


@functools.lru_cache(maxsize=4096)
def _around_scalar(tag: str, description: str | None) -> tuple[bytes, bytes]:
    """What stands before and after the number, the same for all of a tag."""
    tensor = tensor_proto(np.float32(0))
    tensor.tensor_content = _PLACEHOLDER
    # wall_time takes 9 bytes; no step.
    whole = event(1.0, 0, tag, tensor, metadata("scalars", description))[9:]
    name = tag.encode()
    place = whole.index(_PLACEHOLDER, whole.index(name) + len(name))
    return whole[:place], whole[place + len(_PLACEHOLDER) :]
