"""What several processes that train one model agree on before they begin, and at each block."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Iterator
from dataclasses import replace

import jax
import numpy as np

from rosenblatt.core.errors import BadData
from rosenblatt.core.types import Tree
from rosenblatt.data.contract import Block, Source, shapes_of
from rosenblatt.data.stream_source import StreamSource
from rosenblatt.training.engine import Engine
from rosenblatt.training.placement import Placement
from rosenblatt.training.session import Run

_END = "end"


def meet(engine: Engine, source: Source, what: str, *more: object) -> None:
    """See that all processes are here, with the same data or each with its part.

    Raises:
        RuntimeError: one is elsewhere.
        BadData: one has other data; arrays or files where each is to give a part of its own.
    """
    placement = engine.placement
    facts = {name: value for name, value in source.position.items() if name != "seed"}
    batch = source.peek()
    first = shapes_of(batch) if placement.gives_parts else checksums(batch)
    told = set(placement.meet(what, f"{facts}, {more}, first batch {first}"))
    if isinstance(source, StreamSource):
        # Blocks must end at the same batch on all, whatever their clocks say.
        source.patience, source.filled = math.inf, not placement.gives_parts
    elif placement.gives_parts:
        raise BadData(
            f"{what}: rows in arrays and files are the same on all processes.",
            given="DataParallel(auto_shard_dataset=False)",
            expected="a generator or a `PyDataset`, which gives this process's part of each batch",
            fix="leave `auto_shard_dataset` out: of the same arrays each process takes its part.",
        )
    if len(told) > 1:
        raise BadData(
            f"{what}: the processes have different data or arguments.",
            given="; ".join(sorted(told))[:400],
            expected="the same rows, batch size and epochs on all: each takes its part",
            fix="where each process's stream gives its own part of every batch, "
            "`DataParallel(auto_shard_dataset=False)`."
            if isinstance(source, StreamSource)
            else None,
        )


def meet_rows(placement: Placement, x: Tree, what: str) -> None:
    """See that all processes are here, with the same rows to predict.

    Raises:
        RuntimeError: one is elsewhere.
        BadData: one has other rows.
    """
    told = placement.meet(what, f"{len(jax.tree_util.tree_leaves(x)[0])} rows, {checksums(x)}")
    if len(set(told)) > 1:
        raise BadData(
            f"{what}: the processes have different rows.",
            given="; ".join(told)[:400],
            expected="the same on all: each computes its part, and all get all predictions",
        )


def checksums(arrays: Tree) -> list[int]:
    """A number for each array of a nest, which says whether two processes have the same."""
    return [zlib.crc32(np.asarray(leaf).tobytes()) for leaf in jax.tree_util.tree_leaves(arrays)]


def agreed(engine: Engine, source: Source, blocks: Iterator[Block], what: str) -> Iterator[Block]:
    """The blocks of a pass, of which all processes have the same, or each its part.

    Rows in arrays and files were compared before. What comes next in a stream is unknown, and a
    process that had a batch more than the others would wait for them forever.

    Args:
        engine: that takes the blocks.
        source: where they come from.
        blocks: this process's.
        what: the call, for messages.

    Raises:
        BadData: they do not fit those of the other processes.
    """
    if not isinstance(source, StreamSource):
        yield from blocks
        return
    placement = engine.placement
    while True:
        block = next(blocks, None)
        told = placement.meet(f"{what}: a block of its stream", _told(block, placement))
        _check(told, what, placement)
        if block is None:
            return
        yield _joined(block, placement, what) if placement.gives_parts else block


def _told(block: Block | None, placement: Placement) -> str:
    """What this process has next."""
    if block is None:
        return _END
    rows = f"{block.n_batches} batches of {block.batch_size} rows, {block.n_rows} in all"
    shapes = [str(shape) for shape in shapes_of(block.arrays)]
    if placement.gives_parts:
        return f"{rows}; {shapes}"
    used = jax.tree_util.tree_map(lambda a: a[: block.n_batches], block.arrays)
    return f"{rows}; {shapes}; {checksums(used)}"


def _check(told: list[str], what: str, placement: Placement) -> None:
    """Refuse blocks that do not fit each other."""
    other = next((number for number, words in enumerate(told) if words != told[0]), None)
    if other is None:
        return
    given = f"process 0: {told[0]}; process {other}: {told[other]}"
    if _END in told:
        first = told.index(_END)
        raise BadData(
            f"{what}: the stream of process {first} ended before those of others.",
            given=given[:400],
            expected="as many batches on all processes",
            fix="pass `steps_per_epoch=` and a stream without an end, or cut the data evenly.",
        )
    if placement.gives_parts:
        raise BadData(
            f"{what}: the processes give parts of different sizes.",
            given=given[:400],
            expected="as many batches on all, each of as many rows",
            fix="cut each batch evenly, and leave out rows that are too many.",
        )
    raise BadData(
        f"{what}: the processes give different batches.",
        given=given[:400],
        expected="the same on all, of which each takes its part",
        fix="draw from one seed on all; or, where each process gives its own part of every batch, "
        "`DataParallel(auto_shard_dataset=False)`.",
    )


def _joined(block: Block, placement: Placement, what: str) -> Block:
    """The block of all rows, where this process has its part."""
    rows, parts = block.batch_size, jax.process_count()
    devices = placement.devices // parts
    if rows % devices:
        raise BadData(
            f"{what}: a process's part of a batch does not divide among its devices.",
            given=f"{rows} rows, {devices} devices of each process",
            expected=f"a multiple of {devices} rows from each process",
        )
    return replace(
        block,
        arrays=placement.join(block.arrays),
        n_rows=block.n_rows * parts,
        batch_size=rows * parts,
    )


def follow_first(run: Run, engine: Engine) -> None:
    """Begin with the weights, and at the place, of the first."""
    told = engine.placement.meet("the place of the start", json.dumps(run.position()))[0]
    run.go_to(json.loads(told))
    engine.placement.share(engine.variables)
    engine.load()
