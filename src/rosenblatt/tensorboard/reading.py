"""Reading event files back: scalars of all runs as one data frame."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rosenblatt.core.errors import explain, require
from rosenblatt.tensorboard import library, records

_DT_FLOAT, _DT_DOUBLE = 1, 2
_NUMBER = {_DT_FLOAT: struct.Struct("<f"), _DT_DOUBLE: struct.Struct("<d")}
Row = tuple[str, str, int, float, float]


def scalars(logdir: str | os.PathLike[str]) -> Iterator[Row]:
    """Run, tag, step, wall time and value of all scalars below a folder.

    Runs are named by their folders relative to `logdir`; "." is `logdir` itself. Files may be
    written to meanwhile. Scalars of tf.summary, torch.utils.tensorboard and older writers are read.

    Raises:
        FileNotFoundError: no event files there.
        ValueError: a damaged file.
    """
    folder = Path(logdir)
    paths = sorted(folder.rglob("*tfevents*"))
    if not paths:
        raise FileNotFoundError(
            explain("No event files.", given=str(logdir), expected="a folder with runs below it")
        )
    for path in paths:
        run = path.parent.relative_to(folder).as_posix()
        for step, wall_time, tag, value in _scalars_of(path):
            yield run, tag, step, wall_time, value


def _scalars_of(path: Path) -> Iterator[tuple[int, float, str, float]]:
    scalar_tags: set[str] = set()
    for data in records.read_records(path):
        event = library.event_pb2().Event.FromString(data)
        for value in event.summary.value:
            # Some writers say only in a tag's first event what it is.
            if value.metadata.plugin_data.plugin_name == "scalars":
                scalar_tags.add(value.tag)
            if value.WhichOneof("value") == "simple_value":
                yield event.step, event.wall_time, value.tag, value.simple_value
            elif value.tag in scalar_tags:
                yield event.step, event.wall_time, value.tag, _number(value.tensor)


def _number(tensor: Any) -> float:
    if tensor.tensor_content:
        return float(_NUMBER[tensor.dtype].unpack(tensor.tensor_content)[0])
    return float((tensor.float_val or tensor.double_val or [0.0])[0])


def load(logdir: str | os.PathLike[str]) -> Any:
    """The scalars of all runs below a folder.

    Args:
        logdir: the folder.

    Returns:
        A polars data frame with columns run, tag, step, wall_time (seconds since 1970) and value,
        sorted by run, tag and step. (`.to_pandas()` makes a pandas one.)

    Raises:
        FileNotFoundError: no event files there.
        ValueError: a damaged file.
        ImportError: polars is not installed.
    """
    polars = require("polars", "rosenblatt[tables]", "tensorboard.load")
    schema = {
        "run": polars.String,
        "tag": polars.String,
        "step": polars.Int64,
        "wall_time": polars.Float64,
        "value": polars.Float64,
    }
    frame = polars.DataFrame(list(scalars(logdir)), schema=schema, orient="row")
    return frame.sort("run", "tag", "step", maintain_order=True)
