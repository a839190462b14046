"""History: what `fit` returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rosenblatt.callbacks.callback import Callback
from rosenblatt.core.faces import on_use
from rosenblatt.core.registry import builtin

if TYPE_CHECKING:
    from rosenblatt.core import html, scalars
else:
    html = on_use("rosenblatt.core.html")
    scalars = on_use("rosenblatt.core.scalars")


@builtin("keras.callbacks")
class History(Callback):
    """Metrics by epoch. A notebook shows them as a table with a curve for each.

    Attributes:
        history: name to list of values, one per epoch.
        epoch: numbers of the epochs.
        params: `epochs`, `steps`, `verbose` of the call.
    """

    state_attributes = ("history", "epoch")

    def __init__(self) -> None:
        super().__init__()
        self.history: dict[str, list[Any]] = {}
        self.epoch: list[int] = []

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Start over."""
        self.epoch = []

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Add an epoch's values."""
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
        self.model.history = self

    def _repr_html_(self) -> str:
        rows = [
            [name, *(f"{one:.4g}" for one in (of[0], min(of), max(of), of[-1])), html.curve(of)]
            for name, values in self.history.items()
            if (of := _numbers(values))
        ]
        heads = ["", "first", "lowest", "highest", "last", f"{len(self.epoch)} epochs"]
        return html.table(heads, rows)


def _numbers(values: list[Any]) -> list[float]:
    """The values of a metric; none where a callback logged something else than numbers."""
    try:
        return [scalars.as_number(one) for one in values]
    except (TypeError, ValueError):
        return []
