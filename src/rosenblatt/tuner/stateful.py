"""What has a state of plain data and keeps it in a file, under Keras Tuner's names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rosenblatt.core.files import atomic_write
from rosenblatt.core.types import PathLike


class Stateful:
    """An object whose state can be written to a JSON file and read again.

    A subclass says what its state is.

    >>> import tempfile
    >>> class Counter(Stateful):
    ...     count = 0
    ...     def get_state(self):
    ...         return {"count": self.count}
    ...     def set_state(self, state):
    ...         self.count = state["count"]
    >>> counter, again = Counter(), Counter()
    >>> counter.count = 3
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = counter.save(f"{folder}/counter.json")
    ...     again.reload(f"{folder}/counter.json")
    >>> again.count
    3
    """

    def get_state(self) -> dict[str, Any]:
        """The state as plain data."""
        raise NotImplementedError

    def set_state(self, state: dict[str, Any]) -> None:
        """Take back what `get_state` gave."""
        raise NotImplementedError

    def save(self, fname: PathLike) -> str:
        """Write the state to a JSON file.

        Args:
            fname: the file.

        Returns:
            What was written.
        """
        text = json.dumps(self.get_state())
        with atomic_write(Path(fname)) as file:
            file.write(text.encode())
        return text

    def reload(self, fname: PathLike) -> None:
        """Take back the state from a file that `save` wrote."""
        self.set_state(json.loads(Path(fname).read_text(encoding="utf-8")))
