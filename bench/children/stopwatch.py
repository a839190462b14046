"""Times of a part of a child's work."""

from __future__ import annotations

import time


class Stopwatch:
    """Runs from its making on."""

    def __init__(self) -> None:
        """Start."""
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def read(self) -> tuple[float, float]:
        """Seconds since the start: wall, and the processor's of all threads."""
        return time.perf_counter() - self._wall, time.process_time() - self._cpu
