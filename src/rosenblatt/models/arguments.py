"""What the data arguments of `fit`, `evaluate` and `predict` may be."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from rosenblatt.core.errors import explain
from rosenblatt.core.symbolic import tree_map
from rosenblatt.data.batches import StreamSource, is_stream, make_source
from rosenblatt.data.columns import as_arrays
from rosenblatt.data.split import train_validation_split


def batches_of_inputs(source: Any, steps: int | None) -> Iterator[Any]:
    """The inputs of a source, batch by batch."""
    if isinstance(source, StreamSource):
        for x, *_ in source.batches(n_batches=steps):
            yield x
        return
    for start in range(min(source.n_batches, steps or source.n_batches)):
        rows = slice(start * source.batch_size, (start + 1) * source.batch_size)
        yield tree_map(lambda a, r=rows: a[r], source.data[0])


@contextlib.contextmanager
def naming_batch(number: int, of_a_stream: bool) -> Iterator[None]:
    """Errors about the data of a stream say which batch they are about."""
    try:
        yield
    except ValueError as error:
        if not of_a_stream:
            raise
        raise ValueError(f"Batch {number} of the stream: {error}") from error


def split_off(x: Any, y: Any, weight: Any, share: float, validation_data: Any) -> Any:
    """Take the last share of the rows for validation, where asked to."""
    if not share or validation_data is not None:
        return x, y, weight, validation_data
    if is_stream(x):
        raise ValueError(
            explain(
                "fit: `validation_split` needs arrays.",
                given=f"x of type {type(x).__name__}",
                fix="pass `validation_data=` instead.",
            )
        )
    arrays = tuple(
        as_arrays(part, what) for part, what in ((x, "x"), (y, "y"), (weight, "sample_weight"))
    )
    train, validation = train_validation_split(arrays, share)
    return (*train, validation)


def validation_source(
    data: Any, batch_size: int | None, steps: int | None, prepare: Any = None
) -> Any:
    """The source for `validation_data`, or None.

    Raises:
        ValueError: a tuple of the wrong length.
    """
    if data is None:
        return None
    if isinstance(data, (tuple, list)):
        if len(data) not in (2, 3):
            raise ValueError(
                explain(
                    "fit: `validation_data` has the wrong length.",
                    given=f"{type(data).__name__} of {len(data)}",
                    expected="(x, y) or (x, y, sample_weight)",
                )
            )
        x, y, weight = (*data, None)[:3]
        return make_source(x, y, weight, batch_size, finite="later", prepare=prepare)
    return make_source(data, batch_size=batch_size, steps=steps, finite="later", prepare=prepare)
