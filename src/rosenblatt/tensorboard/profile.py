"""JAX's profiler, writing where TensorBoard's PROFILE page looks."""

from __future__ import annotations

import os
from typing import Any

import jax

from rosenblatt.core.errors import BadArgument, warn_user


class Profile:
    """Traces a range of batches into `<folder>/plugins/profile/<time>/`.

    Args:
        profile_batch: the first and last batch, counted from 1; one number for one batch; 0 for
            none; or text ("10,20").

    Raises:
        ValueError: something else.

    >>> profile = Profile((10, 20))
    >>> profile.first, profile.last
    (10, 20)
    """

    def __init__(self, profile_batch: Any):
        self.first, self.last = _range(profile_batch)
        self._running = False
        self._step: Any = None

    @property
    def wanted(self) -> bool:
        """Whether there is a batch to trace."""
        return self.last > 0

    def begin(self, batch: int, folder: str | os.PathLike[str]) -> None:
        """Before a batch: start where it is the first one."""
        if batch == self.first:
            try:
                jax.profiler.start_trace(os.fspath(folder))
            except RuntimeError as error:  # one profile at a time
                warn_user(f"TensorBoard: the profiler did not start: {error}", RuntimeWarning)
                return
            self._running = True
        if self._running:
            self._step = jax.profiler.StepTraceAnnotation("train", step_num=batch)
            self._step.__enter__()

    def end(self, batch: int) -> None:
        """After a batch: stop where it is the last one."""
        self._leave_step()
        if batch >= self.last:
            self.stop()

    def stop(self) -> None:
        """Stop and write, where it is running: also where training ended sooner."""
        self._leave_step()
        if self._running:
            self._running = False
            jax.profiler.stop_trace()

    def _leave_step(self) -> None:
        if self._step is not None:
            self._step.__exit__(None, None, None)
            self._step = None


def _range(given: Any) -> tuple[int, int]:
    try:
        parts = given.split(",") if isinstance(given, str) else given
        numbers = [int(part) for part in parts] if isinstance(parts, (list, tuple)) else [parts]
        if all(isinstance(n, int) for n in numbers) and 1 <= len(numbers) <= 2:
            first, last = numbers[0], numbers[-1]
            if 0 <= first <= last and (first > 0 or last == 0):
                return first, last
    except (TypeError, ValueError):
        pass
    raise BadArgument(
        "TensorBoard: bad `profile_batch`.",
        given=repr(given),
        expected="0, the number of a batch, or the first and the last one, e.g. (10, 20)",
    )
