"""Processes that train one model: what they tell each other outside of programs."""

from __future__ import annotations

import functools
import json
import os
import threading
from typing import Any, NoReturn

import jax

from rosenblatt.core.errors import explain

# How long a process waits for the others to come to the same point; compiling is part of it.
_SECONDS = 300.0
_CHUNK = 1 << 20  # bytes of a message of the coordination service, which takes four million


class Meeting:
    """What the processes of a run tell each other, by JAX's coordination service.

    Each call is a point that every process comes to. One that does not come, or is elsewhere, is an
    error on all, not a wait without end.

    Args:
        client: of the coordination service.
        process: this process's number.
        processes: how many there are.
        seconds: how long to wait for the others.
    """

    def __init__(self, client: Any, process: int, processes: int, seconds: float = _SECONDS):
        self.process, self.processes = process, processes
        self._client, self._milliseconds = client, int(1000 * seconds)
        self._number = 0
        self._lock = threading.Lock()

    def exchange(self, what: str, told: str = "") -> list[str]:
        """What every process tells at this point, in the order of their numbers.

        Args:
            what: where the program is, as `evaluate of model "m"`; the same on all.
            told: what this process tells.

        Raises:
            RuntimeError: another process is elsewhere, has ended, or did not come in time.
        """
        with self._lock:
            self._number += 1
            place = f"rosenblatt/{self._number}"
            self._client.key_value_set(f"{place}/{self.process}", json.dumps([what, told]))
            self._wait(place, what)
            found = [json.loads(self._read(f"{place}/{n}")) for n in range(self.processes)]
            if self._number > 1:  # all have read what was told at the point before
                self._client.key_value_delete(f"rosenblatt/{self._number - 1}/{self.process}")
        for number, (other, _) in enumerate(found):
            if other != what:
                raise RuntimeError(
                    explain(
                        "The processes are at different points of the program.",
                        given=f"process {self.process}: {what}; process {number}: {other}",
                        expected="the same calls, in the same order, on all",
                        fix="take the call out of `if rosenblatt.distribution.is_main():`; give "
                        "all processes the same callbacks.",
                    )
                )
        return [words for _, words in found]

    def from_first(self, what: str, content: bytes) -> bytes:
        """What the first process has, on all.

        Args:
            what: as of `exchange`.
            content: this process's; that of the first one is given.
        """
        size = int(self.exchange(what, str(len(content)))[0])
        place = f"rosenblatt/from first/{self._number}"
        starts = range(0, size, _CHUNK)
        if self.process == 0:
            for start in starts:
                self._client.key_value_set_bytes(
                    f"{place}/{start}", content[start : start + _CHUNK]
                )
            found = content
        else:
            get = self._client.blocking_key_value_get_bytes
            found = b"".join(get(f"{place}/{start}", self._milliseconds) for start in starts)
        self.exchange(f"{what}, taken")
        if self.process == 0:
            for start in starts:
                self._client.key_value_delete(f"{place}/{start}")
        return found

    def _wait(self, place: str, what: str) -> None:
        try:
            self._client.wait_at_barrier(place, self._milliseconds)
        except jax.errors.JaxRuntimeError as error:
            self._refuse(what, error)

    def _read(self, key: str) -> str:
        found: str = self._client.blocking_key_value_get(key, self._milliseconds)
        return found

    def _refuse(self, what: str, error: Exception) -> NoReturn:
        raise RuntimeError(
            explain(
                f"{what}: not every process came to this point within "
                f"{self._milliseconds / 1000:.0f} s.",
                given=str(error).splitlines()[0][:200],
                expected=f"the same call on all {self.processes} processes",
                fix="take it out of `if rosenblatt.distribution.is_main():`; look for an error of "
                "another process.",
            )
        ) from error


@functools.cache
def meeting() -> Meeting | None:
    """The meeting of this run's processes; None where there is one process."""
    if jax.process_count() == 1:
        return None
    from jax._src import distributed  # the service has no public name

    seconds = float(os.environ.get("ROSENBLATT_MEETING_SECONDS", _SECONDS))
    client = distributed.global_state.client
    return Meeting(client, jax.process_index(), jax.process_count(), seconds)
