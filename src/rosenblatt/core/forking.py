"""A process that was forked after JAX had started: it would wait for JAX's threads forever."""

from __future__ import annotations

import os
import sys

from rosenblatt.core.errors import explain

_forked = False


def _after_fork() -> None:
    global _forked
    _forked = _forked or _has_started()


def _has_started() -> bool:
    """Whether JAX has threads: from its first array or program on."""
    bridge = sys.modules.get("jax._src.xla_bridge")
    started = getattr(bridge, "backends_are_initialized", None)
    if started is None:  # another JAX: better an error than a process that hangs
        return "jax" in sys.modules
    return bool(started())


if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(after_in_child=_after_fork)


def refuse_forked() -> None:
    """Refuse to compute in a forked child of a process that has computed.

    Raises:
        RuntimeError: this process is one.
    """
    if _forked:
        raise RuntimeError(
            explain(
                "This process was forked from one that had used JAX: its threads were not copied, "
                "and computing would hang.",
                given='a child made by `os.fork` or by multiprocessing\'s "fork"',
                fix='start processes with `multiprocessing.get_context("spawn")`, `joblib` '
                "(loky), or before the first model is used; or use threads, which share a model.",
            )
        )
