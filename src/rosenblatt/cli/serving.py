"""`rosenblatt serve`: a model over HTTP."""

from __future__ import annotations

from pathlib import Path

from rosenblatt.serving import start
from rosenblatt.serving.limits import Limits


def serve(
    model: Path,
    port: int,
    host: str,
    max_bytes: int,
    max_rows: int,
    max_seconds: float,
    max_waiting: int,
) -> None:
    """Serve a model until Ctrl-C or SIGTERM."""
    try:
        start.serve(model, port, host, Limits(max_bytes, max_rows, max_seconds, max_waiting))
    except KeyboardInterrupt:  # while the model is loaded
        print()
