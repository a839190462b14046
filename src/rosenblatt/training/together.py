"""What several processes that train one model agree on before they begin."""

from __future__ import annotations

import json
import zlib

import jax
import numpy as np

from rosenblatt.core.errors import BadData
from rosenblatt.data.contract import Source
from rosenblatt.training.engine import Engine
from rosenblatt.training.session import Run


def meet(engine: Engine, source: Source, what: str, *more: object) -> None:
    """See that all processes are here, with the same data.

    Raises:
        RuntimeError: one is elsewhere.
        BadData: one has other data.
    """
    facts = {name: value for name, value in source.position.items() if name != "seed"}
    first = [
        zlib.crc32(np.asarray(leaf).tobytes()) for leaf in jax.tree_util.tree_leaves(source.peek())
    ]
    told = set(engine.placement.meet(what, f"{facts}, {more}, first batch {first}"))
    if len(told) > 1:
        raise BadData(
            f"{what}: the processes have different data or arguments.",
            given="; ".join(sorted(told))[:400],
            expected="the same rows, batch size and epochs on all: each takes its part",
        )


def follow_first(run: Run, engine: Engine) -> None:
    """Begin with the weights, and at the place, of the first."""
    told = engine.placement.meet("the place of the start", json.dumps(run.position()))[0]
    run.go_to(json.loads(told))
    engine.placement.share(engine.variables)
    engine.load()
